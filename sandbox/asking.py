"""Which fields of which views a question uses, and whose data they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from catalog.lineage import ROW
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
    every question. Of a collected table whose rows are counted the field is `*`. What only decides
    which rows there are has been answered for when the view was compiled (its justifications).
    """
    contracts = workspace.workspace.contracts
    found: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    for view, names in used.items():
        privacy = contracts[view].privacy
        told: dict[tuple[str, str], set[str]] = {}
        for table, column in _collected(
            workspace, [(view, name) for name in (*names, *([privacy.column] if privacy else ()))]
        ):
            told.setdefault((contracts[table].department or "", table), set()).add(column)
        by_department: dict[str, dict[str, tuple[str, ...]]] = {}
        for (department, table), columns in sorted(told.items()):
            by_department.setdefault(department, {})[table] = tuple(sorted(columns))
        found[view] = by_department
    return found


def _collected(
    workspace: Workspace, columns: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """The fields of collected tables that columns are made of."""
    contracts, waiting = workspace.workspace.contracts, list(columns)
    seen = set(waiting)
    while waiting:
        table, column = waiting.pop()
        contract, lineage = contracts.get(table), workspace.lineage.get(table)
        if contract is not None and contract.database == "raw":
            yield table, column
        if lineage is None:
            continue
        if column == ROW:
            sources = {(of, ROW) for of in lineage.rows_of}
        else:
            # A CASE that writes `'fail'` where a collected field says so tells that field.
            made_of = (e for e in lineage.columns.get(column, ()) if e.direct or e.how == "case")
            sources = {(edge.table, edge.column) for edge in made_of}
        waiting += sources - seen
        seen |= sources
