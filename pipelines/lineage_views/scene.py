"""What a picture of lineage shows: which tables, columns and lines, and how much it leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from catalog.lineage import ROW
from pipelines.duck import table_columns
from pipelines.levels.infer import Column
from pipelines.lineage_views.graph import Link, View, columns_of

MAX_TABLES = 20
MAX_COLUMNS = 32
MAX_DASHED = 6
"""More dependences than this between two tables are drawn as one line from table to table."""


@dataclass(slots=True)
class Strand:
    """One line of the picture.

    Attributes:
        source, target: a column, or `*` for the table as a whole.
        links: the edges that it stands for.
    """

    source: Column
    target: Column
    direct: bool
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture's content.

    Attributes:
        tables: columns to show, by table.
        hidden: how many more columns of the view each table has.
        left_out: tables, columns and edges that are not drawn.
    """

    tables: dict[str, list[str]]
    hidden: dict[str, int]
    strands: list[Strand]
    left_out: tuple[int, int, int]


def scene_of(view: View) -> Scene:
    """Choose what to draw: the nearest tables, of each the columns that lines lead to."""
    tables = _nearest(view)
    # A rule's line would lead from a table to itself; the text says what rules look at.
    between = [x for x in view.links if x.source[0] != x.target[0]]
    links = [x for x in between if x.source[0] in tables and x.target[0] in tables]
    strands = [*_direct(links), *_indirect(links)]
    wanted = {end for s in strands for end in (s.source, s.target)}
    wanted |= set(columns_of(view.plan, view.target))
    columns = {table: _columns(view, table, wanted) for table in tables}
    shown = {t: names[:MAX_COLUMNS] for t, names in columns.items()}
    hidden = {t: len(names) - MAX_COLUMNS for t, names in columns.items()}
    drawn = [s for s in strands if _visible(s.source, shown) and _visible(s.target, shown)]
    every = {table for table, _ in view.nodes}
    lost = sum(len(s.links) for s in strands) - sum(len(s.links) for s in drawn)
    left_out = (
        len(every) - len(tables),
        sum(max(0, count) for count in hidden.values()),
        len(view.links) - len(links) + lost,
    )
    return Scene(shown, hidden, drawn, left_out)


def _nearest(view: View) -> set[str]:
    """Tables by their distance, those that values pass before those only depended on."""
    carrying = {end[0] for link in view.links if link.direct for end in link[:2]}
    distance: dict[str, int] = {}
    for (table, _), steps in view.nodes.items():
        distance[table] = min(abs(steps), distance.get(table, abs(steps)))
    linked = {end[0] for link in view.links for end in link[:2]} | {view.target.table}
    ordered = sorted(
        linked, key=lambda t: (t != view.target.table, t not in carrying, distance[t], t)
    )
    return set(ordered[:MAX_TABLES])


def _direct(links: Iterable[Link]) -> list[Strand]:
    return _stranded((link for link in links if link.direct), whole=set())


def _indirect(links: Iterable[Link]) -> list[Strand]:
    """Dependences: one by one where they are few, else from table to table."""
    links = list(links)
    pairs: dict[tuple[str, str], set[tuple[Column, Column]]] = {}
    for link in links:
        if link.how != "rows" and not link.direct:
            ends = (link.source, link.target)
            pairs.setdefault((link.source[0], link.target[0]), set()).add(ends)
    joined = {(link.source[0], link.target[0]) for link in links if link.direct} | set(pairs)
    whole = {pair for pair, ends in pairs.items() if len(ends) > MAX_DASHED}
    # That a table's rows are read goes without saying where another line says so.
    kept = [
        link
        for link in links
        if not link.direct
        and (link.how != "rows" or (link.source[0], link.target[0]) not in joined)
    ]
    return _stranded(kept, whole)


def _stranded(links: Iterable[Link], whole: set[tuple[str, str]]) -> list[Strand]:
    found: dict[tuple[Column, Column], Strand] = {}
    for link in links:
        source, target = link.source, link.target
        if (source[0], target[0]) in whole:
            source, target = (source[0], ROW), (target[0], ROW)
        strand = found.setdefault((source, target), Strand(source, target, link.direct))
        strand.links.append(link)
    return sorted(found.values(), key=lambda s: (s.source, s.target))


def _columns(view: View, table: str, wanted: set[Column]) -> list[str]:
    """The wanted columns of a table in the contract's order."""
    names = [column.name for column in table_columns(view.plan.workspace.contracts[table])]
    return [name for name in names if (table, name) in wanted]


def _visible(column: Column, shown: dict[str, list[str]]) -> bool:
    return column[1] == ROW or column[1] in shown[column[0]]
