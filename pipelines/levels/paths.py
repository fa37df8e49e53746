"""The way from an origin to a column, one hop a line: what an author must see to mend a leak."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.contract import Contract
from catalog.errors import Location
from catalog.lineage import ROW, Edge, ModelLineage
from pipelines.levels.infer import Column, Levels
from pipelines.levels.rules import RULE
from pipelines.levels.views import View, level_behind


@dataclass(frozen=True, slots=True)
class Hop:
    """One column on a way.

    Attributes:
        how: the kind of edge that leads here; `source` for the first.
        masks: masking steps on that edge, as written.
        where: the line that names the source, or the field's declaration for the first.
    """

    table: str
    column: str
    level: str
    how: str
    masks: tuple[str, ...]
    where: Location

    def text(self, root: Path) -> str:
        """One line: `raw.tax__firm.income  L3  source  contracts/tax/firm.yaml:31`."""
        place = self.where.path
        shown = place.relative_to(root) if place.is_relative_to(root) else place
        treated = " ".join([self.how, *self.masks])
        return f"{self.table}.{self.column}  {self.level}  {treated}  {shown}:{self.where.line}"


State = tuple[Column, bool]
"""A column, and whether the way from it to the column asked about is a dependence."""


class WaysTo:
    """Shortest ways to one column, all found in one walk; by value alone, or with a dependence on
    the way: the two kinds are kept apart.

    Args:
        wanted: edges that may be taken.
    """

    def __init__(self, ways: Ways, column: Column, wanted: Callable[[Edge], bool]) -> None:
        self._ways = ways
        self._column = column
        self._next: dict[State, tuple[State, Edge]] = {}
        start: State = (column, False)
        todo = deque([start])
        while todo:
            state = todo.popleft()
            for edge in ways.into(state[0]):
                far: State = ((edge.table, edge.column), state[1] or not edge.direct)
                if far not in self._next and far != start and wanted(edge):
                    self._next[far] = (state, edge)
                    todo.append(far)

    def way(self, origin: Column, *, depends: bool) -> tuple[Hop, ...]:
        """The way from `origin`, the origin first; empty when there is none of this kind."""
        state: State = (origin, depends)
        if state not in self._next and (depends or origin != self._column):
            return ()
        hops = [self._ways.start(origin)]
        while state in self._next:
            state, edge = self._next[state]
            hops.append(self._ways.hop(state[0], edge))
        return tuple(hops)


@dataclass(frozen=True, slots=True)
class Ways:
    """Finds ways through a plan's lineage."""

    contracts: Mapping[str, Contract]
    models: Mapping[str, Path]
    lineage: Mapping[str, ModelLineage]
    levels: Levels

    def carrying(self, origin: Column, column: Column) -> tuple[Hop, ...]:
        """A shortest way by which the value of `origin` gets into `column`, past as few masks as its
        level there is due to."""
        known = self.levels.column(column)
        views = known.origins.get(origin) if known else None
        return self._chosen(origin, column, views, depends=False)

    def influencing(self, origin: Column, column: Column) -> tuple[Hop, ...]:
        """The same for the effect of `origin` on `column`, or on the rows of its table (`*`)."""
        views = self.levels.hints(column).get(origin)
        return self._chosen(origin, column, views, depends=True)

    def to(self, column: Column, wanted: Callable[[Edge], bool]) -> WaysTo:
        """Ways to a column along the wanted edges."""
        return WaysTo(self, column, wanted)

    def _chosen(
        self, origin: Column, column: Column, views: Collection[View] | None, *, depends: bool
    ) -> tuple[Hop, ...]:
        level = self.levels.of(origin)

        def near(edge: Edge) -> bool:
            return (depends or edge.direct) and self._reaches((edge.table, edge.column), origin)

        # Where masks do not lower it, a way around them is what the reader must see.
        if views is None or level_behind(level, views) == level:
            bare = self.to(column, lambda edge: not edge.masks and near(edge))
            hops = bare.way(origin, depends=depends)
            if hops:
                return hops
        return self.to(column, near).way(origin, depends=depends)

    def into(self, column: Column) -> Iterator[Edge]:
        """The edges into a column; what decides which rows its table has leads straight to it."""
        known = self.levels.tables.get(column[0])
        yield from known.decided if known else ()
        lineage = self.lineage.get(column[0])
        if lineage is None:
            return
        yield from lineage.columns.get(column[1], ())
        yield from lineage.rows
        if column[1] == ROW:
            yield from lineage.order

    def _reaches(self, source: Column, origin: Column) -> bool:
        known = self.levels.column(source)
        if known is None:
            return False
        order = self.levels.tables[source[0]].order if source[1] == ROW else {}
        carried = source == origin or origin in known.origins
        return carried or origin in self.levels.hints(source) or origin in order

    def start(self, origin: Column) -> Hop:
        """The first hop of a way."""
        return Hop(*origin, self.levels.of(origin), "source", (), self.declared_at(origin))

    def hop(self, column: Column, edge: Edge) -> Hop:
        """The hop that an edge into a column is."""
        masks = tuple(str(step) for step in edge.masks)
        written = self.contracts[column[0]].path if edge.how == RULE else self.models[column[0]]
        where = Location(written, edge.line or 1)
        return Hop(*column, self.levels.of(column), edge.how, masks, where)

    def declared_at(self, column: Column) -> Location:
        """Where the contract declares a column."""
        contract = self.contracts[column[0]]
        item = contract.field_named(column[1])
        return item.where if item else Location(contract.path, 1)
