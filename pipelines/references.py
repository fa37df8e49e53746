"""What steps refer to: the tables exist, foreign keys can be compared, nothing goes in a circle."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from catalog.contract import Contract
from catalog.errors import CityBrainError, Location
from pipelines.errors import PipelineError
from pipelines.workspace import Workspace
from quality.rules import Rule

if TYPE_CHECKING:
    from pipelines.plan import Step


def broken_names(workspace: Workspace) -> set[str]:
    """Tables whose own contract has faults: a reference to one is not a second fault."""
    names = set()
    for problem in workspace.problems:
        if problem.where:
            folder, stem = problem.where.path.parent.name, problem.where.path.stem
            names |= {f"raw.{folder}__{stem}", f"{folder}.{stem}"}
    return names


def check_references(
    step: Step, known: Mapping[str, Contract], broken: set[str]
) -> list[CityBrainError]:
    """What is wrong with the tables that a step refers to."""
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


def in_order(steps: Mapping[str, Step], problems: list[CityBrainError]) -> list[Step]:
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
