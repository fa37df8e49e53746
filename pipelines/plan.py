"""Compiling a workspace: what will be collected and built, in which order, and whether it is sound.

Nothing here reads data. References are resolved, cycles refused, and every model and rule is bound
against empty tables of the contracts' types, by the same engine that will run it; so a column that
does not exist or a type that does not match is found before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from sqlglot import exp

from catalog.contract import Contract
from catalog.errors import CityBrainError, Problems
from catalog.lineage import ModelLineage
from pipelines.binding import Binder
from pipelines.duck import table_columns
from pipelines.levels.infer import Levels, infer_levels
from pipelines.levels.paths import Ways
from pipelines.levels.releases import ReleaseCheck
from pipelines.lineage.model import model_lineage
from pipelines.masking.calls import mask_calls
from pipelines.masking.keys import KeyUse
from pipelines.models import Reference, parse_query
from pipelines.reading import row_rules
from pipelines.references import broken_names, check_references, in_order
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
        masking: names of the masking functions that the model calls.
        keys: the keys that they need.
    """

    name: str
    kind: Literal["collect", "build"]
    contract: Contract
    rules: tuple[Rule, ...]
    masks: MaskPlan
    references: tuple[Reference, ...] | None = None
    parents: tuple[str, ...] = ()
    model: Model | None = None
    masking: frozenset[str] = frozenset()
    keys: frozenset[KeyUse] = frozenset()

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
    """The compiled workspace: its steps, each after everything it waits for.

    Attributes:
        lineage: of every model, column by column.
        levels: how sensitive every column is.
    """

    workspace: Workspace
    steps: Mapping[str, Step]
    lineage: Mapping[str, ModelLineage] = field(default_factory=dict)
    levels: Levels = field(default_factory=lambda: Levels({}))

    @property
    def ways(self) -> Ways:
        """Finds the way from one column to another."""
        return ways_of(self.workspace, self.lineage, self.levels)

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


def compile_workspace(workspace: Workspace, today: date | None = None) -> Plan:
    """Compile a loaded workspace.

    Args:
        today: the day on which justifications must still hold; the machine's by default.

    Raises:
        Problems: everything that is wrong with the workspace, the loader's findings included.
    """
    problems: list[CityBrainError] = list(workspace.problems)
    trees: dict[str, exp.Query] = {}
    steps = {
        step.name: step
        for step in (
            *(_collect_step(c, problems) for c in workspace.collected.values()),
            *(_build_step(m, trees, problems) for m in workspace.models.values()),
        )
    }
    broken, known = broken_names(workspace), workspace.contracts
    dangling: set[str] = set()
    for step in steps.values():
        faults = check_references(step, known, broken)
        problems += faults
        # What a model does not find, or finds broken, the engine need not say again.
        if faults or any(name not in steps for name in step.waits_for):
            dangling.add(step.name)
    ordered = in_order(steps, problems)
    with Binder(workspace) as binder:
        for step in ordered:
            if step.name not in dangling:
                problems += binder.check(step.contract, step.rules, step.model)
    lineage = _lineage(workspace, ordered, trees, binder.outputs, problems)
    levels = infer_levels([step.contract for step in ordered], lineage)
    check = ReleaseCheck(
        ways_of(workspace, lineage, levels), workspace.settings.channels, today or date.today()
    )
    for step in ordered:
        if step.name in lineage:
            problems += check.problems(step.contract)
    if problems:
        raise Problems(problems)
    steps = {step.name: _with_masks(step, trees) for step in ordered}
    return Plan(workspace, steps, lineage, levels)


def _with_masks(step: Step, trees: Mapping[str, exp.Query]) -> Step:
    """The step with what its engine must be given for its masks."""
    if step.model is None:
        return step
    calls = list(mask_calls(trees[step.name], step.model.path))
    uses = frozenset(call.use for call in calls if call.use is not None)
    return replace(step, masking=frozenset(call.function.name for call in calls), keys=uses)


def ways_of(workspace: Workspace, lineage: Mapping[str, ModelLineage], levels: Levels) -> Ways:
    """Finds ways through a workspace's lineage."""
    models = {name: model.path for name, model in workspace.models.items()}
    return Ways(workspace.contracts, models, lineage, levels)


def _lineage(
    workspace: Workspace,
    ordered: Sequence[Step],
    trees: Mapping[str, exp.Query],
    outputs: Mapping[str, Sequence[str]],
    problems: list[CityBrainError],
) -> dict[str, ModelLineage]:
    """The lineage of every model that binds, and whose inputs do."""
    schema = {
        name: tuple(column.name for column in table_columns(contract))
        for name, contract in workspace.contracts.items()
    }
    found: dict[str, ModelLineage] = {}
    for step in ordered:
        sound = all(n in found or n in workspace.collected for n in step.inputs)
        if step.model is None or not sound or step.name not in outputs:
            continue
        names = outputs[step.name]
        try:
            found[step.name] = model_lineage(trees[step.name], step.model.path, schema, names)
        except CityBrainError as error:
            problems.append(error)
    return found


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


def _build_step(model: Model, trees: dict[str, exp.Query], problems: list[CityBrainError]) -> Step:
    rules = _rules(model.contract, problems)
    query, faults = parse_query(model.sql, model.path)
    problems.extend(faults)
    if query is not None:
        trees[model.name] = query.tree
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
