"""Compiling a workspace: what will be collected and built, in which order, and whether it is sound.

Nothing here reads data. References are resolved, cycles refused, and every model and rule is bound
against empty tables of the contracts' types, by the same engine that will run it; so a column that
does not exist or a type that does not match is found before anything runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from catalog.contract import Contract
from catalog.errors import CityBrainError, Location, Problems
from pipelines.binding import Binder
from pipelines.errors import PipelineError
from pipelines.models import Reference, parse_query
from pipelines.reading import row_rules
from pipelines.workspace import Model, Workspace
from quality.rules import Rule, rules_of
from quality.split import MaskPlan


@dataclass(frozen=True, slots=True)
class Step:
    """One resource to produce.

    Attributes:
        references: tables that the model's SQL reads, and where it says so; None when there is no
            SQL, or none that could be parsed.
        parents: tables that foreign keys refer to; the step waits for them too.
        masks: the row rules as bits.
    """

    name: str
    kind: Literal["collect", "build"]
    contract: Contract
    rules: tuple[Rule, ...]
    masks: MaskPlan
    references: tuple[Reference, ...] | None = None
    parents: tuple[str, ...] = ()
    model: Model | None = None

    @property
    def database(self) -> str:
        """The database that the resource belongs to."""
        return self.contract.database

    @property
    def inputs(self) -> tuple[str, ...]:
        """Tables that the model's SQL reads."""
        return tuple(reference.name for reference in self.references or ())

    @property
    def optional(self) -> frozenset[str]:
        """Inputs that may be missing."""
        return frozenset(self.contract.optional_inputs)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Every table that must be settled before this step starts."""
        return tuple(dict.fromkeys((*self.inputs, *self.parents)))


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled workspace: its steps, each after everything it waits for."""

    workspace: Workspace
    steps: Mapping[str, Step]

    def upstream(self, names: Iterable[str]) -> set[str]:
        """The given steps and everything they wait for, directly or not."""
        return _closure(names, {n: s.waits_for for n, s in self.steps.items()})

    def downstream(self, names: Iterable[str]) -> set[str]:
        """The given steps and everything that waits for them, directly or not."""
        waiting: dict[str, list[str]] = {name: [] for name in self.steps}
        for name, step in self.steps.items():
            for other in step.waits_for:
                waiting[other].append(name)
        return _closure(names, waiting)


def _closure(names: Iterable[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(edges.get(name, ()))
    return found


def compile_workspace(workspace: Workspace) -> Plan:
    """Compile a loaded workspace.

    Raises:
        Problems: everything that is wrong with the workspace, the loader's findings included.
    """
    problems: list[CityBrainError] = list(workspace.problems)
    steps = {
        step.name: step
        for step in (
            *(_collect_step(c, problems) for c in workspace.collected.values()),
            *(_build_step(m, problems) for m in workspace.models.values()),
        )
    }
    broken = _broken_names(workspace)
    dangling: set[str] = set()
    for step in steps.values():
        faults = _check_references(step, workspace, broken)
        problems += faults
        # What a model does not find, or finds broken, the engine need not say again.
        if faults or any(name not in steps for name in step.waits_for):
            dangling.add(step.name)
    ordered = _ordered(steps, problems)
    with Binder(workspace) as binder:
        for step in ordered:
            if step.name not in dangling:
                problems += binder.check(step.contract, step.rules, step.model)
    if problems:
        raise Problems(problems)
    return Plan(workspace, {step.name: step for step in ordered})


def _broken_names(workspace: Workspace) -> set[str]:
    """Tables whose own contract has faults: a reference to one is not a second fault."""
    names = set()
    for problem in workspace.problems:
        if problem.where:
            folder, stem = problem.where.path.parent.name, problem.where.path.stem
            names |= {f"raw.{folder}__{stem}", f"{folder}.{stem}"}
    return names


def _rules(contract: Contract, problems: list[CityBrainError]) -> tuple[Rule, ...]:
    rules, faults = rules_of(contract)
    problems.extend(faults)
    return tuple(rules)


def _parents(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.params["references"] for r in rules if r.kind == "foreign_key"))


def _collect_step(contract: Contract, problems: list[CityBrainError]) -> Step:
    rules = _rules(contract, problems)
    masks = row_rules(contract, rules)
    return Step(contract.name, "collect", contract, rules, masks, parents=_parents(rules))


def _build_step(model: Model, problems: list[CityBrainError]) -> Step:
    rules = _rules(model.contract, problems)
    query, faults = parse_query(model.sql, model.path)
    problems.extend(faults)
    return Step(
        model.name,
        "build",
        model.contract,
        rules,
        row_rules(model.contract, rules),
        references=query.references if query else None,
        parents=_parents(rules),
        model=model,
    )


def _check_references(step: Step, workspace: Workspace, broken: set[str]) -> list[CityBrainError]:
    known = workspace.contracts
    found: list[CityBrainError] = []

    def unknown(name: str, where: Location) -> None:
        if name not in known and name not in broken:
            near = difflib.get_close_matches(name, known, n=1)
            hint = near[0] if near else "-"
            found.append(PipelineError("unknown_table", where=where, name=name, hint=hint))

    if step.model is not None:
        for reference in step.references or ():
            unknown(reference.name, Location(step.model.path, reference.line))
        for name in step.contract.optional_inputs:
            if step.references is not None and name not in step.inputs:
                where = Location(step.contract.path, 1)
                found.append(PipelineError("optional_unused", where=where, name=name))
    for rule in step.rules:
        if rule.kind == "foreign_key":
            unknown(rule.params["references"], rule.where)
            found += _foreign_key(step.contract, rule, known)
    return found


def _foreign_key(
    contract: Contract, rule: Rule, known: Mapping[str, Contract]
) -> list[CityBrainError]:
    """A foreign key's fields exist on both sides and can be compared."""
    parent = known.get(rule.params["references"])
    found: list[CityBrainError] = []
    for name, target in zip(rule.fields, rule.params["to"], strict=True) if parent else ():
        assert parent is not None
        own, other = contract.field_named(name), parent.field_named(target)
        if other is None:
            found.append(
                PipelineError("unknown_field", where=rule.where, field=target, resource=parent.name)
            )
        elif own is not None and _family(own.logical_type) != _family(other.logical_type):
            found.append(
                PipelineError(
                    "foreign_key_type",
                    where=rule.where,
                    field=name,
                    type=own.logical_type,
                    target=f"{parent.name}.{target}",
                    target_type=other.logical_type,
                )
            )
    return found


def _family(logical_type: str) -> str:
    return "number" if logical_type == "integer" else logical_type


def _ordered(steps: Mapping[str, Step], problems: list[CityBrainError]) -> list[Step]:
    """Steps in dependency order, ties by database layer and name; a cycle is a problem."""
    sorter = TopologicalSorter(
        {name: [w for w in step.waits_for if w in steps] for name, step in sorted(steps.items())}
    )
    try:
        return [steps[name] for name in sorter.static_order()]
    except CycleError as error:
        cycle = error.args[1]
        first = steps[cycle[0]]
        path = first.model.path if first.model else first.contract.path
        chain = " -> ".join(reversed(cycle))
        problems.append(PipelineError("cycle", where=Location(path, 1), chain=chain))
        return []
