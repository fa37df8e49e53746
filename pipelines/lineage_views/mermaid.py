"""Lineage as a Mermaid flowchart: tables for a resource, columns for a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from catalog.text import text
from pipelines.levels.infer import Column
from pipelines.lineage_views.graph import Link, View
from pipelines.lineage_views.words import kinds_text, table_title, title_of

MAX_EDGES = 200
"""Mermaid refuses more than 500 edges, and nobody reads so many."""

_STYLES = {
    "L1": "fill:#e6f4ea,stroke:#2e7d4f,color:#12351f",
    "L2": "fill:#e8f0fb,stroke:#2f5fa8,color:#12294d",
    "L3": "fill:#fdf0d9,stroke:#a86a12,color:#4a2e05",
    "L4": "fill:#fbe4e4,stroke:#a82a2a,color:#4d1010",
}
Pair = tuple[str, str]


def mermaid(view: View) -> str:
    """The view as a flowchart from left to right; dashed edges are dependence without carrying."""
    return _tables(view) if view.target.column is None else _columns(view)


def _tables(view: View) -> str:
    between = (link for link in view.links if link.source[0] != link.target[0])
    edges = _grouped(between, lambda column: column[0])
    kept, more = _nearest(view, edges)
    names = list(dict.fromkeys([view.target.table, *(name for pair in kept for name in pair)]))
    ids = {name: f"t{i}" for i, name in enumerate(names)}
    lines = [_node(ids[n], (n, table_title(view.plan, n)), _level(view, n)) for n in names]
    return _chart(lines, kept, ids, {ids[view.target.table]}, more)


def _columns(view: View) -> str:
    edges = _grouped(view.links, lambda column: ".".join(column))
    kept, more = _nearest(view, edges)
    target = str(view.target)
    names = list(dict.fromkeys([target, *(name for pair in kept for name in pair)]))
    ids = {name: f"c{i}" for i, name in enumerate(names)}
    lines: list[str] = []
    for i, table in enumerate(dict.fromkeys(n.rpartition(".")[0] for n in names)):
        lines.append(f'subgraph t{i}["{_label((table, table_title(view.plan, table)))}"]')
        for name in names:
            own, _, column = name.rpartition(".")
            if own == table:
                parts = (column, title_of(view.plan, (table, column)))
                lines.append("  " + _node(ids[name], parts, view.plan.levels.of((table, column))))
        lines.append("end")
    return _chart(lines, kept, ids, {ids[target]}, more)


def _level(view: View, table: str) -> str:
    return view.plan.levels.resource(table)


def _grouped(links: Iterable[Link], name: Callable[[Column], str]) -> dict[Pair, list[Link]]:
    found: dict[Pair, list[Link]] = {}
    for link in links:
        found.setdefault((name(link.source), name(link.target)), []).append(link)
    return found


def _nearest(view: View, edges: dict[Pair, list[Link]]) -> tuple[dict[Pair, list[Link]], int]:
    """The edges nearest to what was asked for, what is carried first; and how many are left out."""
    distance = view.nodes

    def order(item: tuple[Pair, list[Link]]) -> tuple[bool, int]:
        links = item[1]
        near = min(abs(distance[end]) for link in links for end in link[:2])
        return not any(link.direct for link in links), near

    ordered = sorted(edges.items(), key=order)
    return dict(ordered[:MAX_EDGES]), max(0, len(ordered) - MAX_EDGES)


def _chart(
    nodes: list[str],
    edges: dict[Pair, list[Link]],
    ids: dict[str, str],
    targets: set[str],
    more: int,
) -> str:
    lines = ["flowchart LR", *(f"  {line}" for line in nodes)]
    for (source, target), links in edges.items():
        arrow = "-->" if any(link.direct for link in links) else "-.->"
        label = _escaped(_short(links))
        lines.append(f'  {ids[source]} {arrow}|"{label}"| {ids[target]}')
    if more:
        lines.append(f'  more["{_escaped(text("lineage_more_edges", count=more))}"]')
    lines += [f"  classDef {level} {style}" for level, style in _STYLES.items()]
    lines += ["  classDef asked stroke-width:3px", f"  class {','.join(sorted(targets))} asked"]
    return "\n".join(lines) + "\n"


def _short(links: list[Link]) -> str:
    """Direct kinds when there are any, else the indirect ones."""
    return kinds_text([link for link in links if link.direct] or links)


def _node(name: str, parts: tuple[str, ...], level: str) -> str:
    return f'{name}["{_label((*parts, level))}"]:::{level}'


def _label(parts: Iterable[str]) -> str:
    return "<br/>".join(_escaped(part) for part in parts if part)


def _escaped(value: str) -> str:
    """Text inside a quoted label: Mermaid reads entities as `#code;`."""
    plain = re.sub(r"\s+", " ", value)
    return re.sub(r'[#"&<>;`\\]', lambda found: f"#{ord(found[0])};", plain)
