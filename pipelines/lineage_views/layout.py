"""Where the boxes of a picture stand: a layered layout from left to right, with ports.

The classic four steps (Sugiyama, Tagawa and Toda 1981): layers by the longest way, thin dummies
where an edge passes a layer, an order by the mean of the neighbours, and positions as near to the
neighbours as the order allows (least squares, by pooling adjacent violators). Our edges end at rows
of boxes of different heights, which layout libraries under a permissive licence do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import pairwise

SWEEPS = 12


@dataclass(slots=True)
class Box:
    """A box, or with `dummy` the place where edges pass a layer; units are pixels.

    Attributes:
        x, y: the upper left corner, set by `place`.
        layer: counted from the left, set by `place`.
    """

    name: str
    width: float
    height: float
    dummy: bool = False
    x: float = 0.0
    y: float = 0.0
    layer: int = 0


@dataclass(slots=True)
class Line:
    """An edge from a port at the right of a box to a port at the left of another.

    Attributes:
        start, end: heights of the ports below the upper edges of the boxes.
        via: the dummies on the way, set by `place`.
        share: at which part of a dummy's height it passes, set by `place`.
    """

    source: Box
    target: Box
    start: float
    end: float
    via: list[Box] = field(default_factory=list)
    share: float = 0.5


@dataclass(slots=True)
class _Piece:
    """A part of a line between neighbouring layers."""

    left: Box
    right: Box
    start: float
    end: float

    @property
    def drop(self) -> float:
        return self.right.y + self.end - self.left.y - self.start


def place(boxes: Sequence[Box], lines: Sequence[Line], gap: float, space: float) -> None:
    """Give every box its place and every line its way.

    Args:
        gap: between layers, from left to right.
        space: between boxes of a layer.
    """
    _layer(boxes, lines)
    every = [*boxes, *_dummies(lines)]
    layers: list[list[Box]] = [[] for _ in range(1 + max((b.layer for b in boxes), default=0))]
    for box in every:
        layers[box.layer].append(box)
    pieces = _pieces(lines)
    _across(layers, gap)
    _arrange(layers, pieces, space)
    top = min((box.y for box in every), default=0.0)
    for box in every:
        box.y -= top


def _layer(boxes: Sequence[Box], lines: Sequence[Line]) -> None:
    """Layers by the longest way, each box then as far to the right as its targets allow."""
    by_name = {box.name: box for box in boxes}
    sources: dict[str, set[str]] = {box.name: set() for box in boxes}
    targets: dict[str, set[str]] = {box.name: set() for box in boxes}
    for line in lines:
        sources[line.target.name].add(line.source.name)
        targets[line.source.name].add(line.target.name)
    order = list(TopologicalSorter({n: sorted(s) for n, s in sources.items()}).static_order())
    for name in order:
        by_name[name].layer = max((by_name[s].layer + 1 for s in sources[name]), default=0)
    for name in reversed(order):
        if targets[name]:
            by_name[name].layer = min(by_name[t].layer for t in targets[name]) - 1


def _dummies(lines: Sequence[Line]) -> list[Box]:
    """One chain for all lines between two boxes, in which they lie side by side."""
    pairs: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        pairs.setdefault((line.source.name, line.target.name), []).append(line)
    found: list[Box] = []
    for pair, bundle in pairs.items():
        between = range(bundle[0].source.layer + 1, bundle[0].target.layer)
        high = 6.0 + 4.0 * min(len(bundle), 16)
        chain = [Box(">".join(pair), 0, high, dummy=True, layer=i) for i in between]
        for i, line in enumerate(sorted(bundle, key=lambda x: (x.end, x.start))):
            line.via, line.share = chain, (i + 0.5) / len(bundle)
        found += chain
    return found


def _pieces(lines: Sequence[Line]) -> list[_Piece]:
    found = []
    for line in lines:
        stops = [line.source, *line.via, line.target]
        for left, right in pairwise(stops):
            start = line.start if left is line.source else left.height * line.share
            end = line.end if right is line.target else right.height * line.share
            found.append(_Piece(left, right, start, end))
    return found


def _across(layers: Sequence[Sequence[Box]], gap: float) -> None:
    x = 0.0
    for layer in layers:
        widest = max((box.width for box in layer), default=0.0)
        for box in layer:
            box.x = x
            if box.dummy:
                box.width = widest
        x += widest + gap


def _arrange(layers: Sequence[list[Box]], pieces: Sequence[_Piece], space: float) -> None:
    """Sweep to and fro, keep the best order seen, then let every box settle within it."""
    for layer in layers:
        _settle(layer, lambda _: 0.0, space)
    best: tuple[float, list[list[Box]]] = (_cost(pieces), [list(layer) for layer in layers])
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wish = _wish(pieces, left=sweep % 2 == 0, right=sweep % 2 == 1)
            layer.sort(key=lambda box: wish(box) + box.height / 2)
            _settle(layer, wish, space)
        if _cost(pieces) < best[0]:
            best = (_cost(pieces), [list(layer) for layer in layers])
    for i, order in enumerate(best[1]):
        layers[i][:] = order
        _settle(layers[i], lambda _: 0.0, space)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            _settle(layer, _wish(pieces, left=True, right=True), space)


def _cost(pieces: Sequence[_Piece]) -> float:
    return sum(abs(piece.drop) for piece in pieces)


def _wish(pieces: Sequence[_Piece], *, left: bool, right: bool) -> Callable[[Box], float]:
    """Where a box would like to stand: with its lines level on the given sides."""

    def wish(box: Box) -> float:
        moves = [-p.drop for p in pieces if left and p.right is box]
        moves += [p.drop for p in pieces if right and p.left is box]
        return box.y + (sum(moves) / len(moves) if moves else 0.0)

    return wish


def _settle(layer: Sequence[Box], wish: Callable[[Box], float], space: float) -> None:
    """Nearest to the wishes, in this order, without overlap."""
    offsets, total = [], 0.0
    for box in layer:
        offsets.append(total)
        total += box.height + space
    pools: list[list[float]] = []  # mean and count
    for box, offset in zip(layer, offsets, strict=True):
        pools.append([wish(box) - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            known, more = pools[-1]
            pools[-1] = [(known * more + mean * count) / (more + count), more + count]
    means = [mean for mean, count in pools for _ in range(int(count))]
    for box, mean, offset in zip(layer, means, offsets, strict=True):
        box.y = mean + offset
