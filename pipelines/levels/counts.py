"""The count of a statistical release: a number of rows, and of the very rows that are shown.

The gate asks at every publish that no count is small. That says something of the other columns only
if each of their values comes from the rows that the count beside it has counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog.contract import Contract
from catalog.errors import CityBrainError
from catalog.lineage import ROW, Edge, ModelLineage, Placed
from pipelines.errors import PipelineError
from pipelines.levels.infer import Column, Levels
from pipelines.levels.paths import Ways
from pipelines.levels.rows import OWN, key_places

_GUARDS = ("having", "filter", "case")


class CountCheck:
    """Checks the counts of one plan's statistical releases."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._levels: Levels = ways.levels
        self._lineage: Mapping[str, ModelLineage] = ways.lineage
        self._owned: dict[tuple[Column, str], bool] = {}

    def problems(self, contract: Contract, ceiling: str) -> Iterator[CityBrainError]:
        """A statistical release proves by its lineage that its rows are groups."""
        release = contract.release
        if release is None or release.count is None:
            return
        count = (contract.name, release.count)
        where = self._ways.declared_at(count)
        if not self._counts(count):
            yield PipelineError("release_count", where=where, column=release.count)
            return
        others = [item.name for item in contract.fields if item.name != release.count]
        shown = [name for name in others if self._secret((contract.name, name), ceiling)]
        foreign = [n for n in shown if not self._beside(count, (contract.name, n), ceiling)]
        if foreign:
            columns = ", ".join(foreign)
            yield PipelineError(
                "release_count_other", where=where, column=release.count, columns=columns
            )
        bare = [n for n in shown if n not in foreign and not self._guarded(contract.name, n)]
        if bare and self._suppressed(count):
            yield PipelineError(
                "release_count_bare", where=where, column=release.count, columns=", ".join(bare)
            )

    # -- is it a count --------------------------------------------------------------------------

    def _counts(self, column: Column) -> bool:
        direct, known = self._direct(column), self._levels.tables.get(column[0])
        if known is not None and known.doubled:
            return False
        # What is looked up may stand there often: it is not what is counted.
        lineage = self._lineage.get(column[0])
        beside = lineage.looked_up if lineage else frozenset[int]()
        counted = (
            s.table for s in self._places(column) if s.column == ROW and s.place not in beside
        )
        once = all(self._once(table) for table in counted)
        return once and bool(direct) and all(self._is_count(edge) for edge in direct)

    def _is_count(self, edge: Edge) -> bool:
        """An unchanged count(*), with small ones left out or not, or a column that is one."""
        if edge.column == ROW:
            suppressed = all(step.kind == "suppress" for step in edge.masks)
            return edge.how == "count" or (edge.how == "masking" and suppressed)
        return edge.how == "identity" and self._counts((edge.table, edge.column))

    def _suppressed(self, count: Column) -> bool:
        direct = self._direct(count)
        if any(step.kind == "suppress" for edge in direct for step in edge.masks):
            return True
        return any(self._suppressed((e.table, e.column)) for e in direct if e.column != ROW)

    def _direct(self, column: Column) -> list[Edge]:
        lineage = self._lineage.get(column[0])
        edges = lineage.columns.get(column[1], ()) if lineage else ()
        return [edge for edge in edges if edge.direct]

    # -- is it of what is shown -----------------------------------------------------------------

    def _beside(self, count: Column, other: Column, ceiling: str) -> bool:
        """Whether what is secret in a column comes from the rows that a count of its table counts."""
        counted = self._places(count)
        return self._wholly(other, ceiling) and all(
            any(self._same(source, item, ceiling) for item in counted)
            for source in self._places(other)
            if self._secret((source.table, source.column), ceiling)
        )

    def _same(self, source: Placed, counted: Placed, ceiling: str) -> bool:
        if source.place != counted.place:
            return False
        column = (source.table, source.column)
        if counted.column == ROW:
            return self._own(column, ceiling)
        if source.table != counted.table:
            return False
        return self._beside((counted.table, counted.column), column, ceiling)

    def _own(self, column: Column, ceiling: str) -> bool:
        """Whether what is secret in a column is of the table's own rows, all the way up."""
        known = self._owned.get((column, ceiling))
        if known is None:
            places, lineage = self._once(column[0]), self._lineage.get(column[0])
            whole = lineage is None or column[1] not in lineage.partial
            known = (
                whole
                and self._wholly(column, ceiling)
                and all(
                    source.place in places and self._own((source.table, source.column), ceiling)
                    for source in self._places(column)
                    if self._secret((source.table, source.column), ceiling)
                )
            )
            self._owned[column, ceiling] = known
        return known

    def _wholly(self, column: Column, ceiling: str) -> bool:
        """Whether a column that holds several sources' values, each in other rows, has only secret ones:
        beside public values one secret could be told."""
        lineage = self._lineage.get(column[0])
        if lineage is None or column[1] not in lineage.united:
            return True
        return all(self._secret((s.table, s.column), ceiling) for s in self._places(column))

    def _once(self, table: str) -> frozenset[int]:
        """The places of which each row stands in a table once: its own, unless rows are repeated, and
        the one that its whole key comes from, for the gate would find the key twice."""
        known, lineage = self._levels.tables.get(table), self._lineage.get(table)
        own = frozenset() if known is not None and ROW in known.repeated else frozenset({OWN})
        return own | (key_places(self._ways.contracts[table], lineage) if lineage else frozenset())

    def _places(self, column: Column) -> frozenset[Placed]:
        lineage = self._lineage.get(column[0])
        return lineage.places.get(column[1], frozenset()) if lineage else frozenset()

    def _secret(self, column: Column, ceiling: str) -> bool:
        """Whether anything above the ceiling got into a column, masked or not."""
        known = self._levels.column(column)
        return known is not None and any(self._levels.of(o) > ceiling for o in known.origins)

    # -- is it hidden where the count is --------------------------------------------------------

    def _guarded(self, table: str, name: str) -> bool:
        """Whether a column, or which rows there are, depends on a count: if it depends on it as it
        should is what the gate finds out."""
        lineage = self._lineage.get(table)
        if lineage is None:
            return False
        edges = (*lineage.columns.get(name, ()), *lineage.rows)
        if any(edge.how in _GUARDS and self._of_count(edge) for edge in edges if not edge.direct):
            return True
        above = {(e.table, e.column) for e in edges if e.direct and e.column != ROW}
        return any(self._guarded(*column) for column in above)

    def _of_count(self, edge: Edge) -> bool:
        return edge.column == ROW or self._counts((edge.table, edge.column))
