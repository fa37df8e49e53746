"""Boxes do not overlap, lines go to the right, whatever the graph."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.lineage_views.layout import Box, Line, place

GAP, SPACE = 50.0, 10.0


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Line]]:
    """Boxes of several heights, and lines that only go from lower to higher numbers."""
    count = draw(st.integers(1, 9))
    heights = draw(st.lists(st.integers(20, 200), min_size=count, max_size=count))
    boxes = [Box(f"b{i}", 100, height) for i, height in enumerate(heights)]
    possible = list(combinations(range(count), 2))
    pairs = draw(st.lists(st.sampled_from(possible), max_size=20)) if possible else []
    lines = [Line(boxes[p[0]], boxes[p[1]], 10, 10) for p in pairs]
    return boxes, lines


@given(graphs())
def test_nothing_overlaps(graph: tuple[list[Box], list[Line]]) -> None:
    boxes, lines = graph
    place(boxes, lines, GAP, SPACE)
    every = {id(b): b for b in (*boxes, *(d for line in lines for d in line.via))}
    for one, other in combinations(every.values(), 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        above = one.y + one.height <= other.y + 1e-6 or other.y + other.height <= one.y + 1e-6
        assert beside or above
    assert min(box.y for box in every.values()) >= -1e-9


@given(graphs())
def test_lines_go_to_the_right_through_every_layer(graph: tuple[list[Box], list[Line]]) -> None:
    boxes, lines = graph
    place(boxes, lines, GAP, SPACE)
    for line in lines:
        stops = [line.source, *line.via, line.target]
        assert [b.layer for b in stops] == list(range(line.source.layer, line.target.layer + 1))
        assert all(a.x + a.width + GAP <= b.x + 1e-6 for a, b in pairwise(stops))


def test_a_chain_is_level() -> None:
    boxes = [Box(name, 100, 40) for name in "abc"]
    place(boxes, [Line(boxes[0], boxes[1], 20, 20), Line(boxes[1], boxes[2], 20, 20)], GAP, SPACE)
    assert len({round(box.y, 6) for box in boxes}) == 1
