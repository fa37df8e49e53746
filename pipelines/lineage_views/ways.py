"""Ways from an origin to one column: by value alone, or with a dependence on the way.

`pipelines.levels.paths` finds the shortest way of any kind, which is what an error needs; an
explanation keeps the two kinds apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from catalog.errors import Location
from pipelines.levels.infer import Column
from pipelines.levels.paths import Hop
from pipelines.lineage_views.graph import Graph, Link
from pipelines.plan import Plan

State = tuple[Column, bool]
"""A column, and whether the way from it to the column asked about is a dependence."""


class WaysTo:
    """Shortest ways to one column, all found in one walk.

    Args:
        wanted: links that may be taken.
    """

    def __init__(
        self, plan: Plan, graph: Graph, column: Column, wanted: Callable[[Link], bool]
    ) -> None:
        self._plan = plan
        self._column = column
        self._next: dict[State, tuple[State, Link]] = {}
        start: State = (column, False)
        todo = deque([start])
        while todo:
            state = todo.popleft()
            for link in _into(graph, state[0]):
                far: State = (link.source, state[1] or not link.direct)
                if wanted(link) and far not in self._next and far != start:
                    self._next[far] = (state, link)
                    todo.append(far)

    def way(self, origin: Column, *, depends: bool) -> tuple[Hop, ...]:
        """The way from `origin`, the origin first; empty when there is none of this kind."""
        state: State = (origin, depends)
        if state not in self._next and (depends or origin != self._column):
            return ()
        first = self._plan.ways.declared_at(origin)
        hops = [Hop(*origin, self._plan.levels.of(origin), "source", (), first)]
        while state in self._next:
            state, link = self._next[state]
            hops.append(self._hop(link))
        return tuple(hops)

    def _hop(self, link: Link) -> Hop:
        level = self._plan.levels.of(link.target)
        where = Location(self._plan.workspace.models[link.target[0]].path, link.line or 1)
        masks = tuple(str(step) for step in link.masks)
        return Hop(*link.target, level, link.how, masks, where)


def _into(graph: Graph, column: Column) -> Iterator[Link]:
    """The links of a column; what decides which rows its table has leads straight to it."""
    for link in graph.into.get(column, ()):
        if link.member:
            for deciding in graph.into.get(link.source, ()):
                yield deciding._replace(target=column)
        else:
            yield link
