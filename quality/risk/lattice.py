"""The generalisation lattice: one rung a field, what is known of each node, and what follows.

If a node fails, every node that refines it fails; if it holds, every node that it refines holds
(predictive tagging: El Emam et al., OLA, JAMIA 2009; Kohlmayer et al., Flash, 2012). One rung refines
another when each of its groups lies within one group of the other; that is read from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quality.errors import QualityError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Node = tuple[int, ...]
UNKNOWN, FAILS, HOLDS, DONE = 0, 1, 2, 3
MOST_NODES = 5_000_000


class Lattice:
    """States and losses of all nodes, as arrays with one axis a field.

    Attributes:
        floor: a node's information loss without suppression; never more than the loss with it,
            and never less than the floor of a node that refines it.
    """

    def __init__(
        self, losses: Sequence[Sequence[float]], refines: Sequence[Sequence[Sequence[bool]]]
    ) -> None:
        """Build the lattice.

        Args:
            losses: loss in [0, 1] per field and rung.
            refines: per field, whether rung `a` refines rung `b` (`[a][b]`).

        Raises:
            QualityError: `risk_lattice` when there are more than five million nodes.
        """
        import numpy as np

        self.shape = tuple(len(rungs) for rungs in losses)
        size = int(np.prod(self.shape, dtype=np.float64))
        if size > MOST_NODES:
            raise QualityError("risk_lattice", nodes=size, most=MOST_NODES)
        order = [_partial_order(np.array(table, dtype=bool)) for table in refines]
        self._above = [[np.flatnonzero(table[r]) for r in range(len(table))] for table in order]
        self._below = [[np.flatnonzero(table[:, r]) for r in range(len(table))] for table in order]
        self.state = np.zeros(self.shape, dtype=np.int8)
        self.floor = _added(np, losses) / len(losses)
        height = _added(np, [range(length) for length in self.shape])
        self._open = np.lexsort((height.ravel(), self.floor.ravel()))

    @property
    def top(self) -> Node:
        """The node with the last rung of every field."""
        return tuple(length - 1 for length in self.shape)

    def next_open(self) -> Node | None:
        """The node of least floor that may still be a solution."""
        import numpy as np

        states = self.state.ravel()[self._open]
        self._open = self._open[(states == UNKNOWN) | (states == HOLDS)]
        if not len(self._open):
            return None
        return tuple(int(part) for part in np.unravel_index(self._open[0], self.shape))

    def mark(self, node: Node, holds: bool) -> None:
        """Record a check, and what follows from it."""
        import numpy as np

        if holds:
            where = np.ix_(*[self._above[f][r] for f, r in enumerate(node)])
            part = self.state[where]
            self.state[where] = np.where(part == UNKNOWN, HOLDS, part)
        else:
            where = np.ix_(*[self._below[f][r] for f, r in enumerate(node)])
            self.state[where] = FAILS

    def settle(self, node: Node, loss: float) -> None:
        """The node needs no more attention, nor does any that it refines and that loses as much."""
        import numpy as np

        where = np.ix_(*[self._above[f][r] for f, r in enumerate(node)])
        self.state[where] = np.where(self.floor[where] >= loss, DONE, self.state[where])
        self.state[node] = DONE

    def reject(self, node: Node) -> None:
        """The node is no solution; nothing follows for others."""
        self.state[node] = DONE

    def bound(self) -> float:
        """The least floor of the nodes known to hold: what a better solution must beat."""
        holding = self.floor[self.state == HOLDS]
        return float(holding.min()) if holding.size else float("inf")

    @property
    def any_holds(self) -> bool:
        """Whether a node is known to hold that was not looked at yet."""
        return bool((self.state == HOLDS).any())

    def chain(self, node: Node) -> list[Node]:
        """Nodes upwards from `node`, each refining the next, as long as they would be better.

        The cheapest step is taken first: the chain gets long, and a failure at its end settles a
        large part of the lattice at once.
        """
        bound = self.bound()
        found = [node]
        while True:
            steps = [s for s in self._steps(found[-1]) if self.state[s] == UNKNOWN]
            best = min(steps, key=lambda s: (self.floor[s], s), default=None)
            if best is None or self.floor[best] >= bound:
                return found
            found.append(best)

    def refines(self, finer: Node, coarser: Node) -> bool:
        """Whether each rung of one node is at or below the other's."""
        pairs = enumerate(zip(finer, coarser, strict=True))
        return all(high in self._above[f][low] for f, (low, high) in pairs)

    def _steps(self, node: Node) -> list[Node]:
        return [
            (*node[:f], int(higher), *node[f + 1 :])
            for f, rung in enumerate(node)
            for higher in self._above[f][rung]
            if higher != rung
        ]


def _partial_order(refines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of two rungs that say the same, the first counts as the lower one."""
    import numpy as np

    same = refines & refines.T
    return refines & ~(same & ~np.triu(np.ones_like(refines)))


def _added(np: Any, parts: Sequence[Any]) -> Any:
    """An array with one axis a part: the sum of the parts' entries."""
    total = np.zeros(())
    for part in parts:
        total = total[..., None] + np.asarray(part, dtype=np.float64)
    return total
