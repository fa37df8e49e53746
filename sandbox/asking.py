"""Which fields of which views a question uses, and whose data they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from pipelines.plan import Plan as Workspace
from sandbox.sql.tree import Column, Question


def used_fields(question: Question) -> dict[str, tuple[str, ...]]:
    """By view, the fields that a question names; a view of which only rows are counted has none."""
    found: dict[str, set[str]] = {view: set() for view in question.views}
    for column in _columns(question):
        found[column.view].add(column.name)
    return {view: tuple(sorted(names)) for view, names in found.items()}


def _columns(node: object) -> Iterator[Column]:
    if isinstance(node, Column):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from _columns(part)
    elif is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            yield from _columns(getattr(node, item.name))


def sources_of(
    workspace: Workspace, used: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, dict[str, tuple[str, ...]]]]:
    """By view and department, the collected resources and fields whose values an answer tells of.

    They are what the named fields are made of, and what says whose a row is: for that is counted by
    every question. What only decides which rows there are has been answered for when the view was
    compiled (its justifications).
    """
    contracts, levels = workspace.workspace.contracts, workspace.levels
    found: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    for view, names in used.items():
        privacy = contracts[view].privacy
        told: dict[tuple[str, str], set[str]] = {}
        for name in {*names, *([privacy.column] if privacy else ())}:
            known = levels.column((view, name))
            for table, column in known.origins if known else ():
                contract = contracts.get(table)
                if contract is not None and contract.database == "raw":
                    told.setdefault((contract.department or "", table), set()).add(column)
        by_department: dict[str, dict[str, tuple[str, ...]]] = {}
        for (department, table), columns in sorted(told.items()):
            by_department.setdefault(department, {})[table] = tuple(sorted(columns))
        found[view] = by_department
    return found
