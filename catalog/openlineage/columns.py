"""The column lineage facet: our edges in OpenLineage's words.

Imports the OpenLineage client, which is slow: import this module inside functions only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openlineage.client.facet_v2 import column_lineage_dataset as facet

from catalog.lineage import Edge, ModelLineage

_SUBTYPES: Mapping[str, str] = {
    "identity": "IDENTITY",
    "transformation": "TRANSFORMATION",
    "masking": "TRANSFORMATION",
    "aggregation": "AGGREGATION",
    "join": "JOIN",
    "group": "GROUP_BY",
    "filter": "FILTER",
    "having": "FILTER",
    "subquery": "FILTER",
    "order": "SORT",
    "limit": "SORT",
    "window": "WINDOW",
    "case": "CONDITIONAL",
    # The specification has no word for these. Counting rows tells how many a group has; a set
    # operation, or another table's rows, keep or drop rows.
    "count": "GROUP_BY",
    "set": "FILTER",
    "rows": "FILTER",
    "rule": "FILTER",
}


def column_lineage(
    lineage: ModelLineage, namespaces: Mapping[str, str], default: str
) -> facet.ColumnLineageDatasetFacet:
    """The facet of a model's lineage.

    Args:
        namespaces: the namespace of each source table.
        default: the namespace of tables that `namespaces` does not name.
    """

    def fields(edges: Iterable[Edge]) -> list[facet.InputField]:
        return _input_fields(edges, namespaces, default)

    columns = {
        name: facet.Fields(inputFields=fields(edges)) for name, edges in lineage.columns.items()
    }
    return facet.ColumnLineageDatasetFacet(fields=columns, dataset=fields(lineage.rows))


def _input_fields(
    edges: Iterable[Edge], namespaces: Mapping[str, str], default: str
) -> list[facet.InputField]:
    """One input field a source column. Each way to it stays a transformation of its own: a column
    that is masked on one branch only must not look masked."""
    found: dict[tuple[str, str], list[facet.Transformation]] = {}
    for edge in edges:
        ways = found.setdefault((edge.table, edge.column), [])
        way = _transformation(edge)
        if way not in ways:
            ways.append(way)
    return [
        facet.InputField(namespaces.get(table, default), table, column, ways)
        for (table, column), ways in found.items()
    ]


def _transformation(edge: Edge) -> facet.Transformation:
    masks = _masks(edge)
    return facet.Transformation(
        type="DIRECT" if edge.direct else "INDIRECT",
        subtype=_subtype(edge),
        description=_description(edge, masks),
        masking=bool(masks) or edge.how == "masking",
    )


def _masks(edge: Edge) -> list[str]:
    """The masking functions on the way; steps that only change the value have no name."""
    return [mask.function for mask in edge.masks if mask.function]


def _description(edge: Edge, masks: list[str]) -> str:
    """Our own word for the edge, the masks on the way and the line: `masking: mask_phone, line 3`.

    The masks' arguments are left out: whom a pseudonym is for is nobody else's business.
    """
    details = [*masks, *([f"line {edge.line}"] if edge.line else [])]
    return f"{edge.how}: {', '.join(details)}" if details else edge.how


def _subtype(edge: Edge) -> str:
    """A carried count is an aggregation; what is told of the rows counted is a group's size."""
    if edge.direct and edge.how == "count":
        return "AGGREGATION"
    return _SUBTYPES.get(edge.how, edge.how.upper())
