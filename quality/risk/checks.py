"""Checking one node of the lattice: grouping its integer codes in the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from quality.risk import statements
from quality.risk.cells import Cells, new_name
from quality.risk.encode import Encoded
from quality.risk.lattice import Node
from quality.risk.measure import assess, least_size, measure_cells, read_sizes, size_failures
from quality.risk.policy import RiskPolicy
from quality.risk.report import RiskReport


class Checker:
    """Whether nodes satisfy a policy.

    Attributes:
        rows: all rows.
        budget: rows that may be suppressed.
        checks: nodes checked so far.
    """

    def __init__(self, encoded: Encoded, policy: RiskPolicy, suppression: Fraction) -> None:
        self._encoded = encoded
        self._policy = policy
        self._con = encoded.cells.con
        self.rows = int(encoded.cells.row(f"SELECT sum(n) FROM {encoded.combos}")[0] or 0)
        self.budget = int(self.rows * suppression)
        self._least = least_size(policy.thresholds)
        self.checks = 0

    def holds(self, node: Node) -> bool:
        """The monotone part of the policy: all of it without suppression.

        With suppression: that the rows to suppress are within the budget.
        """
        self.checks += 1
        if self.budget:
            return self._to_suppress(node) <= self.budget
        return self._sizes_pass(node) and self._spread_passes(node)

    def release(self, node: Node, floor: float) -> tuple[RiskReport, int, float]:
        """What the node would release: its report, suppressed rows and exact loss."""
        with self._rolled(node) as cells:
            if not self.budget:
                return measure_cells(cells, self._policy), 0, floor
            suppressed, loss = self._suppress(cells, node, floor)
            return measure_cells(cells, self._policy), suppressed, loss

    def _cells(self, node: Node, source: str) -> Cells:
        full = self._encoded.cells
        keys = self._encoded.columns(node)
        return Cells(self._con, source, keys, full.sensitive, full.ordered)

    def _sizes_pass(self, node: Node) -> bool:
        bounds = self._policy.thresholds
        counted = read_sizes(self._cells(node, self._encoded.combos), bounds)
        assert counted is not None
        return not size_failures(counted, assess(counted, self._policy), bounds)

    def _spread_passes(self, node: Node) -> bool:
        bounds = self._policy.thresholds
        cells = self._cells(node, self._encoded.cells.source)
        for place in range(len(cells.sensitive)):
            if bounds.l and cells.row(statements.diversity(cells, place))[0] < bounds.l:
                return False
            if bounds.t is not None and cells.row(statements.distance(cells, place))[0] > bounds.t:
                return False
        return True

    @contextmanager
    def _rolled(self, node: Node) -> Iterator[Cells]:
        """The node's classes with sensitive values, as a table of its own."""
        name = new_name("node")
        full = self._encoded.cells
        keys = self._encoded.columns(node)
        chosen = ", ".join([*keys, *full.sensitive])
        self._con.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {chosen}, CAST(sum(n) AS BIGINT) AS n "
            f"FROM {full.source} GROUP BY ALL"
        )
        try:
            yield self._cells(node, name)
        finally:
            self._con.execute(f"DROP TABLE IF EXISTS {name}")

    def _to_suppress(self, node: Node) -> int:
        """Rows in classes that are too small or have too few sensitive values."""
        needs_values = self._policy.thresholds.l is not None
        encoded = self._encoded
        source = encoded.cells.source if needs_values else encoded.combos
        small = self._small_sql(self._cells(node, source))
        found = self._con.execute(f"SELECT coalesce(sum(f), 0) FROM ({small})").fetchone()
        return int(found[0]) if found else 0

    def _small_sql(self, cells: Cells) -> str:
        """The classes to suppress: their codes and sizes `f`. NULL counts as a sensitive value."""
        few = [f"sum(n) < {self._least}"]
        if (fewest := self._policy.thresholds.l) is not None:
            few += [
                f"count(DISTINCT {s}) + max(CAST({s} IS NULL AS INTEGER)) < {fewest}"
                for s in cells.sensitive
            ]
        keys = ", ".join(cells.keys)
        return (
            f"SELECT {keys}, sum(n) AS f FROM {cells.source} "
            f"GROUP BY {keys} HAVING {' OR '.join(few)}"
        )

    def _suppress(self, cells: Cells, node: Node, floor: float) -> tuple[int, float]:
        """Remove the classes; the rows removed and the loss with them."""
        penalties = " + ".join(
            f"(SELECT any_value(p{rung}) FROM {self._encoded.domains[f]} WHERE c{rung} = {key})"
            for f, (rung, key) in enumerate(zip(node, cells.keys, strict=True))
        )
        small = new_name("small")
        self._con.execute(f"CREATE TEMP TABLE {small} AS {self._small_sql(cells)}")
        try:
            rows, kept = cells.row(
                f"SELECT coalesce(sum(f), 0), coalesce(sum(f * ({penalties})), 0) FROM {small}"
            )
            same = " AND ".join(f"{small}.{key} = {cells.source}.{key}" for key in cells.keys)
            self._con.execute(f"DELETE FROM {cells.source} USING {small} WHERE {same}")
        finally:
            self._con.execute(f"DROP TABLE IF EXISTS {small}")
        lost = float(rows) - float(kept) / len(node)
        return int(rows), floor + lost / self.rows
