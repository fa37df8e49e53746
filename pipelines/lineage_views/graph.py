"""The lineage of a whole plan as one graph, and the part of it that somebody asks about.

A node is a column, or `*`: the rows of a table. What decides which rows a table has leads to its
`*`, and every column of the table depends on that; such *member* links carry no edge of their own.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from catalog.lineage import ROW, MaskUse, ModelLineage
from pipelines.duck import table_columns
from pipelines.errors import PipelineError
from pipelines.levels.infer import Column
from pipelines.plan import Plan

Direction = Literal["up", "down", "both"]


class Target(NamedTuple):
    """A resource, or one of its columns (`*`: its rows)."""

    table: str
    column: str | None

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table


class Link(NamedTuple):
    """One edge between two columns.

    Attributes:
        source, target: the columns; either may be the rows (`*`) of a table.
        direct, how, masks, line: as in `catalog.lineage.Edge`.
        member: not an edge of a model: the target is a column of the table whose rows the source is.
    """

    source: Column
    target: Column
    direct: bool
    how: str
    masks: tuple[MaskUse, ...] = ()
    line: int = 0
    member: bool = False


Links = Mapping[Column, list[Link]]


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be reached in one direction.

    Attributes:
        nodes: columns and their distance in steps; those asked about are 0.
        links: every link on the way.
    """

    nodes: Mapping[Column, int] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The part of a plan's lineage that was asked for."""

    plan: Plan
    target: Target
    direction: Direction
    depth: int | None
    direct_only: bool
    up: Reach
    down: Reach

    @property
    def nodes(self) -> dict[Column, int]:
        """Columns and their distance; upstream ones are negative."""
        return {**self.down.nodes, **{c: -d for c, d in self.up.nodes.items()}}

    @property
    def links(self) -> list[Link]:
        """Every edge once, without member links."""
        both = dict.fromkeys((*self.up.links, *self.down.links))
        return [link for link in both if not link.member]


class Graph:
    """The links of a plan by the column that they lead into, and out of."""

    def __init__(self, plan: Plan) -> None:
        self.into: dict[Column, list[Link]] = {}
        self.out_of: dict[Column, list[Link]] = {}
        for link in _links(plan):
            self.into.setdefault(link.target, []).append(link)
            self.out_of.setdefault(link.source, []).append(link)

    def up(self, start: Iterable[Column], depth: int | None, direct_only: bool) -> Reach:
        """What the columns are made of and depend on."""
        return _reach(start, self.into, "up", depth, direct_only)

    def down(self, start: Iterable[Column], depth: int | None, direct_only: bool) -> Reach:
        """What is made of the columns and depends on them."""
        return _reach(start, self.out_of, "down", depth, direct_only)


def _links(plan: Plan) -> Iterator[Link]:
    for table, levels in plan.levels.tables.items():
        lineage = plan.lineage.get(table) or ModelLineage({}, ())
        for name, edges in lineage.columns.items():
            for edge in edges:
                yield Link((edge.table, edge.column), (table, name), *edge[2:6])
        rows = (*lineage.rows, *levels.decided)
        for edge in rows:
            yield Link((edge.table, edge.column), (table, ROW), *edge[2:6])
        for name in levels.columns if rows else ():
            if name != ROW:
                yield Link((table, ROW), (table, name), False, "rows", member=True)


def _reach(
    start: Iterable[Column], links: Links, way: str, depth: int | None, direct_only: bool
) -> Reach:
    """Walk breadth first. Member links take no step."""
    nodes = dict.fromkeys(start, 0)
    todo = deque(nodes)
    found: dict[Link, None] = {}
    while todo:
        here = todo.popleft()
        for link in links.get(here, ()):
            step = nodes[here] + (0 if link.member else 1)
            if (direct_only and not link.direct) or (depth is not None and step > depth):
                continue
            found[link] = None
            far = link.source if way == "up" else link.target
            if step < nodes.get(far, step + 1):
                nodes[far] = step
                (todo.appendleft if link.member else todo.append)(far)
    return Reach(nodes, tuple(found))


def lineage_view(
    plan: Plan,
    name: str,
    direction: Direction = "both",
    *,
    depth: int | None = None,
    direct_only: bool = False,
) -> View:
    """What a resource or a column comes from (`up`) and leads to (`down`).

    Args:
        name: `database.table` or `database.table.column`.
        depth: follow so many steps from model to model; all by default.
        direct_only: leave out what is only depended on.

    Raises:
        PipelineError: `unknown_table` or `lineage_unknown_field`, with the nearest name.
    """
    target = parse_target(plan, name)
    start = columns_of(plan, target)
    graph = Graph(plan)
    none = Reach(dict.fromkeys(start, 0))
    up = graph.up(start, depth, direct_only) if direction != "down" else none
    down = graph.down(start, depth, direct_only) if direction != "up" else none
    return View(plan, target, direction, depth, direct_only, up, down)


def parse_target(plan: Plan, name: str) -> Target:
    """The resource or column that a name means.

    Raises:
        PipelineError: there is none of that name.
    """
    parts = name.split(".")
    table = ".".join(parts[:2])
    contract = plan.workspace.contracts.get(table)
    if contract is None or len(parts) > 3:
        near = _near(table, plan.workspace.contracts)
        raise PipelineError("unknown_table", name=name if contract else table, hint=near)
    if len(parts) == 2:
        return Target(table, None)
    names = [column.name for column in table_columns(contract)]
    if parts[2] != ROW and parts[2] not in names:
        hint = _near(parts[2], names)
        raise PipelineError("lineage_unknown_field", resource=table, field=parts[2], hint=hint)
    return Target(table, parts[2])


def parse_column(plan: Plan, name: str) -> Column:
    """The column that a name means.

    Raises:
        PipelineError: `lineage_needs_field` for the name of a resource, else as `parse_target`.
    """
    target = parse_target(plan, name)
    if target.column is None:
        names = [item.name for item in plan.workspace.contracts[target.table].fields]
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise PipelineError("lineage_needs_field", resource=target.table, fields=shown)
    return target.table, target.column


def columns_of(plan: Plan, target: Target) -> list[Column]:
    """The columns that a target stands for: one, or all fields of a resource and its rows."""
    if target.column is not None:
        return [(target.table, target.column)]
    fields = plan.workspace.contracts[target.table].fields
    return [*((target.table, item.name) for item in fields), (target.table, ROW)]


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if not found:  # a table without its database
        tails = {known_name.rpartition(".")[2]: known_name for known_name in names}
        found = [tails[t] for t in difflib.get_close_matches(name, tails, n=1)]
    return found[0] if found else "-"
