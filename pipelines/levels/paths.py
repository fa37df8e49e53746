"""The way from an origin to a column, one hop a line: what an author must see to mend a leak."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.contract import Contract
from catalog.errors import Location
from catalog.lineage import ROW, Edge, ModelLineage
from pipelines.levels.infer import Column, Levels


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


@dataclass(frozen=True, slots=True)
class Ways:
    """Finds ways through a plan's lineage."""

    contracts: Mapping[str, Contract]
    models: Mapping[str, Path]
    lineage: Mapping[str, ModelLineage]
    levels: Levels

    def between(self, origin: Column, column: Column) -> list[Hop]:
        """The shortest way by which `column` carries `origin` or depends on it, origin first."""
        edges: dict[Column, tuple[Column, Edge]] = {}
        todo, seen = deque([column]), {column}
        while todo:
            here = todo.popleft()
            if here == origin:
                return self._hops(origin, column, edges)
            for edge in self._sources(here):
                source = (edge.table, edge.column)
                if source not in seen and self._reaches(source, origin):
                    seen.add(source)
                    edges[source] = (here, edge)
                    todo.append(source)
        return []

    def _sources(self, column: Column) -> Iterator[Edge]:
        lineage = self.lineage.get(column[0])
        if lineage is None:
            return
        if column[1] != ROW:
            yield from lineage.columns.get(column[1], ())
        yield from lineage.rows

    def _reaches(self, source: Column, origin: Column) -> bool:
        known = self.levels.column(source)
        if known is None:
            return False
        return source == origin or origin in known.origins or origin in self.levels.hints(source)

    def _hops(
        self, origin: Column, column: Column, edges: Mapping[Column, tuple[Column, Edge]]
    ) -> list[Hop]:
        hops = [Hop(*origin, self.levels.of(origin), "source", (), self.declared_at(origin))]
        here = origin
        while here != column:
            here, edge = edges[here]
            masks = tuple(str(step) for step in edge.masks)
            where = Location(self.models[here[0]], edge.line or 1)
            hops.append(Hop(*here, self.levels.of(here), edge.how, masks, where))
        return hops

    def declared_at(self, column: Column) -> Location:
        """Where the contract declares a column."""
        contract = self.contracts[column[0]]
        item = contract.field_named(column[1])
        return item.where if item else Location(contract.path, 1)
