"""Lineage for machines: nodes and edges with everything that is known of them.

The format is described in `docs/lineage.md` and by `lineage.schema.json` beside this module.
"""

from __future__ import annotations

from typing import Any

from catalog.lineage import MaskUse
from pipelines.levels.infer import Column
from pipelines.lineage_views.graph import Link, View
from pipelines.lineage_views.words import full_name, place_of
from pipelines.plan import Plan

FORMAT = 1


def lineage_json(view: View) -> dict[str, Any]:
    """The view as plain values; the same view gives the same text."""
    nodes = view.nodes
    tables = sorted({table for table, _ in nodes})
    return {
        "format": FORMAT,
        "workspace": view.plan.workspace.name,
        "target": str(view.target),
        "direction": view.direction,
        "depth": view.depth,
        "direct_only": view.direct_only,
        "tables": [_table(view.plan, name) for name in tables],
        "nodes": [_node(view.plan, column, nodes[column]) for column in sorted(nodes)],
        "edges": [_edge(view.plan, link) for link in sorted(view.links, key=repr)],
    }


def _table(plan: Plan, name: str) -> dict[str, Any]:
    contract = plan.workspace.contracts[name]
    release = contract.release
    return {
        "name": name,
        "title": contract.title,
        "kind": "collected" if contract.database == "raw" else "model",
        "level": plan.levels.resource(name),
        "release": {"channel": release.channel, "kind": release.kind} if release else None,
    }


def _node(plan: Plan, column: Column, distance: int) -> dict[str, Any]:
    known = plan.levels.column(column)
    item = plan.workspace.contracts[column[0]].field_named(column[1])
    return {
        "id": full_name(column),
        "table": column[0],
        "column": column[1],
        "title": item.title if item else "",
        "level": plan.levels.of(column),
        "inferred": known.inferred if known else None,
        "declared": known.declared if known else None,
        "distance": distance,
    }


def _edge(plan: Plan, link: Link) -> dict[str, Any]:
    path, line = place_of(plan, link)
    return {
        "source": full_name(link.source),
        "target": full_name(link.target),
        "direct": link.direct,
        "how": link.how,
        "masks": [_mask(m) for m in link.masks],
        "file": path,
        "line": line or None,
    }


def _mask(step: MaskUse) -> dict[str, object]:
    """A mask as the document's schema has it; `over` is the compiler's own."""
    shown = {**step._asdict(), "literals": list(step.literals)}
    return {key: value for key, value in shown.items() if key != "over"}
