"""The search for generalisations that pass: best first, exact, over the whole lattice.

Which criteria are monotone, so that one check settles many nodes: generalising merges classes. The
smallest class never shrinks, the number of classes never grows (so theta max, theta mean and the GB/T
42460 result never rise), the distinct sensitive values of a merged class are at least those of its
parts, and its distance from the table is at most the largest of theirs (the distance is convex), so
k, l and t all stay satisfied. With suppression only "rows in classes that are too small or too
uniform" is monotone; the mean and t of the rows that are left are checked at each solution itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import duckdb

from quality.predicates import quoted
from quality.risk.checks import Checker
from quality.risk.encode import encode
from quality.risk.hierarchies import LEAVE_OUT, Ladder, Rung
from quality.risk.lattice import FAILS, HOLDS, UNKNOWN, Lattice, Node
from quality.risk.measure import least_size
from quality.risk.policy import RiskPolicy
from quality.risk.report import RiskReport


@dataclass(frozen=True, slots=True)
class Proposal:
    """A generalisation that passes.

    Attributes:
        rungs: what to do with each quasi-identifier.
        loss: information lost, 0 (nothing) to 1 (everything): see `quality.risk.encode`. A
            suppressed row counts as lost entirely.
        suppressed_rows: rows of classes that stay too small or too uniform and must be left out.
        report: the risk of what would be released.
        proven: no generalisation of these ladders loses less, except the proposals before this
            one and those that generalise further than one of them; False when time ran out.
    """

    rungs: Mapping[str, Rung]
    loss: float
    suppressed_rows: int
    report: RiskReport
    proven: bool

    def to_dict(self) -> dict[str, Any]:
        """The proposal for JSON, without SQL (declared groups hold values)."""
        return {
            "rungs": {
                name: {"name": rung.name, "mask": rung.mask(name)}
                for name, rung in self.rungs.items()
            },
            "loss": self.loss,
            "suppressed_rows": self.suppressed_rows,
            "proven": self.proven,
            "report": self.report.to_dict(),
        }

    def release_sql(self, relation_sql: str, columns: Sequence[str]) -> str:
        """The SELECT of what would be released: generalised columns, fields left out as NULL."""
        chosen = ", ".join(
            f"{self.rungs[name].expression(quoted(name))} AS {quoted(name)}"
            if name in self.rungs
            else quoted(name)
            for name in columns
        )
        general = f"SELECT {chosen} FROM ({relation_sql})"
        return (
            f"SELECT * FROM ({general}){self._suppression()}" if self.suppressed_rows else general
        )

    def _suppression(self) -> str:
        """The condition that keeps large and diverse classes; NULL counts as a sensitive value."""
        bounds = self.report.thresholds
        group = f"OVER (PARTITION BY {', '.join(quoted(name) for name in self.rungs)})"
        tests = [f"count(*) {group} >= {least_size(bounds)}"]
        if bounds.l is not None:
            tests += [
                f"count(DISTINCT {column}) {group} + max(CAST({column} IS NULL AS INTEGER)) {group} "
                f">= {bounds.l}"
                for column in map(quoted, self.report.sensitive)
            ]
        return f" QUALIFY {' AND '.join(tests)}"

    @property
    def left_out(self) -> tuple[str, ...]:
        """The quasi-identifiers that must go."""
        return tuple(name for name, rung in self.rungs.items() if rung.name == LEAVE_OUT)


def propose(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    policy: RiskPolicy,
    ladders: Mapping[str, Ladder],
    *,
    limit: int = 5,
    seconds: float = 60.0,
    suppression: float | Fraction = 0,
) -> list[Proposal]:
    """The generalisations that pass and lose least, best first.

    None of them generalises another one further without losing less. Direct identifiers are taken
    to be left out.

    Args:
        relation_sql: a SELECT of the rows before generalisation. It is run once.
        ladders: a ladder for every quasi-identifier (`ladders_for`).
        seconds: after this time the best that is known is returned, with `proven` False.
        suppression: the share of the rows that may be left out, 0..1.

    Returns:
        An empty list when nothing passes, not even leaving out every quasi-identifier, or when
        there are no rows.

    Raises:
        QualityError: `risk_ladder` for a quasi-identifier without a ladder, `risk_lattice` when
            the ladders have too many combinations; as `measure`.
    """
    deadline = time.monotonic() + seconds
    policy = replace(policy, direct=())
    with encode(con, relation_sql, policy, ladders) as encoded:
        lattice = Lattice(encoded.losses, encoded.refines)
        checker = Checker(encoded, policy, Fraction(suppression))
        if not checker.rows:
            return []
        found = _best_first(lattice, checker, limit, deadline)
    return [
        Proposal(
            rungs={
                name: ladders[name].rungs[rung]
                for name, rung in zip(policy.quasi_identifiers, solution.node, strict=True)
            },
            loss=solution.loss,
            suppressed_rows=solution.suppressed,
            report=solution.report,
            proven=solution.proven,
        )
        for solution in found
    ]


@dataclass(frozen=True, slots=True)
class _Solution:
    node: Node
    loss: float
    suppressed: int
    report: RiskReport
    proven: bool = False


def _best_first(lattice: Lattice, checker: Checker, limit: int, deadline: float) -> list[_Solution]:
    """Nodes in the order of their floor, until no open node can lose less than those found."""
    found: list[_Solution] = []
    rest = float("inf")
    while (node := lattice.next_open()) is not None:
        late = time.monotonic() > deadline
        rest = float(lattice.floor[node])
        if len(found) >= limit and (late or rest >= found[limit - 1].loss):
            break
        if late and lattice.state[node] == UNKNOWN and (found or lattice.any_holds):
            known = _known(lattice)
            if known is None:
                break
            node = known
        elif lattice.state[node] == UNKNOWN and not _settle(lattice, checker, node):
            continue
        _evaluate(lattice, checker, node, found)
    else:
        rest = float("inf")
    return [replace(solution, proven=solution.loss <= rest) for solution in found[:limit]]


def _known(lattice: Lattice) -> Node | None:
    """The best node that is known to hold."""
    import numpy as np

    floors = np.where(lattice.state == HOLDS, lattice.floor, np.inf)
    place = np.unravel_index(int(floors.argmin()), lattice.shape)
    node = tuple(int(part) for part in place)
    return node if lattice.state[node] == HOLDS else None


def _evaluate(lattice: Lattice, checker: Checker, node: Node, found: list[_Solution]) -> None:
    """Add the node to the solutions if what it releases passes."""
    report, suppressed, loss = checker.release(node, float(lattice.floor[node]))
    if not report.passed:
        lattice.reject(node)
        return
    dominated = any(lattice.refines(other.node, node) and other.loss <= loss for other in found)
    if not dominated:
        found.append(_Solution(node, loss, suppressed, report))
        found.sort(key=lambda solution: solution.loss)
    lattice.settle(node, loss)


def _settle(lattice: Lattice, checker: Checker, node: Node) -> bool:
    """Find out whether a node holds, by bisecting a chain above it.

    Once a solution is known the chain ends below its loss, and its end is checked first: most
    likely it fails, and everything below with it.
    """
    chain = lattice.chain(node)
    low, high = 0, len(chain) - 1
    middle = high if lattice.bound() < float("inf") else (low + high) // 2
    while low <= high:
        holds = checker.holds(chain[middle])
        lattice.mark(chain[middle], holds)
        if holds:
            high = middle - 1
        else:
            low = middle + 1
        middle = (low + high) // 2
    return bool(lattice.state[node] != FAILS)
