"""The resources around one: what it is made from and what is made from it, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.lineage_views.graph import lineage_view
from pipelines.plan import Plan


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A resource.

    Attributes:
        distance: in steps from the one that was asked about; negative for what it is made from.
    """

    name: str
    level: str
    distance: int


@dataclass(frozen=True, slots=True)
class Relation:
    """One resource is made from another.

    Attributes:
        fields: how many of the target's fields carry values of the source; 0: it only depends on it.
    """

    source: str
    target: str
    fields: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A resource, those around it, and how they are related; each in the order of its distance."""

    resources: tuple[Neighbour, ...]
    relations: tuple[Relation, ...]


def neighbourhood(plan: Plan, name: str, depth: int = 1) -> Neighbourhood:
    """What lies around a resource, to so many steps either way.

    Raises:
        PipelineError: `unknown_table`.
    """
    view = lineage_view(plan, name, depth=depth)
    distances: dict[str, int] = {name: 0}
    for (table, _), distance in view.nodes.items():
        if table != name and abs(distance) < abs(distances.get(table, depth + 1)):
            distances[table] = distance
    carried: dict[tuple[str, str], set[str]] = {}
    for link in view.links:
        (source, _), (target, column) = link.source, link.target
        if source != target and source in distances and target in distances:
            fields = carried.setdefault((source, target), set())
            if link.direct:
                fields.add(column)
    resources = sorted(
        (
            Neighbour(table, plan.levels.resource(table), distance)
            for table, distance in distances.items()
        ),
        key=lambda item: (item.distance, item.name),
    )
    relations = tuple(Relation(*pair, len(fields)) for pair, fields in sorted(carried.items()))
    return Neighbourhood(tuple(resources), relations)
