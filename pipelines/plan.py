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
from catalog.errors import CatalogError, CityBrainError, Location, Problems
from catalog.lineage import ModelLineage
from catalog.resources.claims import repeated_claims
from catalog.resources.terms import closed_but_shared, share_type_of, unknown_relations
from pipelines.asread import refuse_lost_columns
from pipelines.binding import Binder
from pipelines.duck import table_columns
from pipelines.incremental.inparts import local_parts
from pipelines.incremental.locality import Local
from pipelines.levels.infer import Levels, collected_levels, derived_levels
from pipelines.levels.paths import Ways
from pipelines.levels.releases import ReleaseCheck
from pipelines.lineage.model import model_lineage
from pipelines.lineage.types import kind_of
from pipelines.masking.calls import PREFIX, mask_calls
from pipelines.masking.keys import KeyUse
from pipelines.models import Reference, parse_query
from pipelines.portability import check_portable
from pipelines.proofs import Proofs
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
        local: of a model that is computed in parts, the proof that it can be.
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
    local: Local | None = None

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
        today: the day on which justifications must still hold; the city's by default.

    Raises:
        Problems: everything that is wrong with the workspace, the loader's findings included.
    """
    today = today or workspace.settings.today
    proofs = Proofs(workspace, today)
    work = _Work(workspace, proofs, list(workspace.problems))
    steps = {
        step.name: step
        for step in (
            *(_collect_step(c, work) for c in workspace.collected.values()),
            *(_build_step(m, work) for m in workspace.models.values()),
        )
    }
    _refer(steps, work)
    ordered = in_order(steps, work.problems)
    for name, faults in repeated_claims(workspace.contracts).items():
        work.found(steps[name], faults)
    with Binder(workspace) as binder:
        for step in ordered:
            if step.name not in work.dangling and not proofs.bound(step):
                work.found(step, binder.check(step.contract, step.rules, step.model, step.inputs))
                if step.name not in work.faulty:
                    work.found(step, check_portable(workspace, step))
    _trace(ordered, binder.outputs, work)
    levels = _levels(ordered, proofs)
    check = ReleaseCheck(
        ways_of(workspace, proofs.lineage, levels), workspace.settings.channels, today
    )
    for step in ordered:
        if step.name in proofs.lineage and not proofs.judged(step):
            work.found(step, check.problems(step.contract))
    _terms(ordered, levels, work)
    local = _local(ordered, work)
    sound = [
        replace(_with_masks(step, work), local=local.get(step.name))
        for step in ordered
        if work.sound(step)
    ]
    proofs.save(sound)
    if work.problems:
        raise Problems(work.problems)
    return Plan(workspace, {step.name: step for step in sound}, proofs.lineage, levels)


@dataclass(slots=True)
class _Work:
    """What the parts of one compile hand to each other.

    Attributes:
        trees: parsed models.
        faulty: steps with at least one problem.
        dangling: steps that refer to what is not there, or is broken.
    """

    workspace: Workspace
    proofs: Proofs
    problems: list[CityBrainError]
    trees: dict[str, exp.Query] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
    dangling: set[str] = field(default_factory=set)

    def sound(self, step: Step) -> bool:
        """Whether a step was proven to the end, and all that it was proven from."""
        proven = all(name in self.proofs.levels for name in (step.name, *step.waits_for))
        return proven and step.name not in self.dangling and step.name not in self.faulty

    def found(self, step: Step | Contract, problems: Iterable[CityBrainError]) -> None:
        """Note the problems of a step."""
        known = len(self.problems)
        self.problems += problems
        if len(self.problems) > known:
            self.faulty.add(step.name)

    def tree(self, model: Model) -> exp.Query:
        """The syntax tree of a model that can be parsed."""
        if model.name not in self.trees:
            query, _ = parse_query(model.sql, model.path)
            assert query is not None
            self.trees[model.name] = query.tree
        return self.trees[model.name]


def _refer(steps: Mapping[str, Step], work: _Work) -> None:
    """Check what steps refer to."""
    broken, known = broken_names(work.workspace), work.workspace.contracts
    for step in steps.values():
        faults = check_references(step, known, broken)
        work.found(step, faults)
        # What a model does not find, or finds broken, the engine need not say again.
        if faults or any(name not in steps for name in step.waits_for):
            work.dangling.add(step.name)


def _with_masks(step: Step, work: _Work) -> Step:
    """The step with what its engine must be given for its masks."""
    if step.model is None or PREFIX not in step.model.sql.lower():
        return step
    proof = work.proofs.read(step.name)
    if proof is not None:
        return replace(step, masking=proof.masking, keys=proof.keys)
    calls = list(mask_calls(work.tree(step.model), step.model.path))
    uses = frozenset(call.use for call in calls if call.use is not None)
    return replace(step, masking=frozenset(call.function.name for call in calls), keys=uses)


def _local(ordered: Sequence[Step], work: _Work) -> dict[str, Local]:
    """The proofs that models which are computed in parts can be."""
    found: dict[str, Local] = {}
    for step in ordered:
        if step.model is None or not step.contract.materialisation.incremental:
            continue
        if work.sound(step):
            try:
                found[step.name] = local_parts(
                    step, work.tree(step.model), work.workspace.contracts
                )
            except CityBrainError as error:
                work.found(step, [error])
    return found


def ways_of(workspace: Workspace, lineage: Mapping[str, ModelLineage], levels: Levels) -> Ways:
    """Finds ways through a workspace's lineage."""
    models = {name: model.path for name, model in workspace.models.items()}
    return Ways(workspace.contracts, models, lineage, levels)


def _trace(ordered: Sequence[Step], outputs: Mapping[str, Sequence[str]], work: _Work) -> None:
    """Find the lineage of every model that binds, and whose inputs do."""
    found, collected = work.proofs.lineage, work.workspace.collected
    contracts = work.workspace.contracts
    schema = {
        name: tuple(column.name for column in table_columns(contract))
        for name, contract in contracts.items()
    }
    keys = {name: frozenset(contract.primary_key) for name, contract in contracts.items()}
    types = {
        name: {column.name: kind_of(column.type) for column in table_columns(contract)}
        for name, contract in contracts.items()
    }
    for step in ordered:
        model, inputs_sound = step.model, all(n in found or n in collected for n in step.inputs)
        if model is None or step.references is None:
            continue  # collected, or it could not be parsed
        if not inputs_sound or step.name in work.dangling:
            continue
        if work.proofs.bound(step):
            work.proofs.take_lineage(step)
        elif step.name in outputs:
            try:
                tree, names = work.tree(model), outputs[step.name]
                refuse_lost_columns(model.sql, tree, model.path)
                lineage = model_lineage(tree, model.path, schema, names, keys, types)
                found.put(step.name, lineage)
            except CityBrainError as error:
                work.found(step, [error])


def _levels(ordered: Sequence[Step], proofs: Proofs) -> Levels:
    """The levels of collected tables and of every model with lineage."""
    levels = Levels(proofs.levels)
    for step in ordered:
        if step.model is None:
            proofs.take_levels(step)  # there are none, but what they are made from is noted
            proofs.levels.put(step.name, collected_levels(step.contract, levels, {}))
        elif step.name in proofs.lineage and not proofs.take_levels(step):
            lineage = proofs.lineage[step.name]
            proofs.levels.put(step.name, derived_levels(step.contract, lineage, levels, {}))
    return levels


def _terms(ordered: Sequence[Step], levels: Levels, work: _Work) -> None:
    """Hold declared terms against inferred levels, and relations against what is there."""
    for step in ordered:
        contract = step.contract
        faults = [
            closed_but_shared(contract, item, levels.of((step.name, item.name)))
            for item in contract.fields
            if share_type_of(contract, item) == 1
        ]
        work.found(step, [fault for fault in faults if fault is not None])
        for name in unknown_relations(contract, work.workspace.contracts):
            where = Location(contract.path)
            work.found(step, [CatalogError("related_unknown", where=where, name=name)])


def _rules(contract: Contract, work: _Work) -> tuple[Rule, ...]:
    rules, faults = rules_of(contract)
    work.found(contract, faults)
    return tuple(rules)


def _parents(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.params["references"] for r in rules if r.kind == "foreign_key"))


def _collect_step(contract: Contract, work: _Work) -> Step:
    rules = _rules(contract, work)
    masks = row_rules(contract, rules)
    return Step(contract.name, "collect", contract, rules, masks, parents=_parents(rules))


def _build_step(model: Model, work: _Work) -> Step:
    rules = _rules(model.contract, work)
    return Step(
        model.name,
        "build",
        model.contract,
        rules,
        row_rules(model.contract, rules),
        references=_references(model, work),
        parents=_parents(rules),
        model=model,
    )


def _references(model: Model, work: _Work) -> tuple[Reference, ...] | None:
    proof = work.proofs.read(model.name)
    if proof is not None:
        return proof.references
    query, faults = parse_query(model.sql, model.path)
    work.found(model.contract, faults)
    if query is None:
        return None
    work.trees[model.name] = query.tree
    return query.references
