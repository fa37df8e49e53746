"""Lineage as text: a tree of what is carried, and a list of what is only depended on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog.lineage import ROW
from catalog.text import text
from pipelines.levels.infer import Column
from pipelines.lineage_views.graph import Link, Reach, View, columns_of
from pipelines.lineage_views.words import (
    aligned,
    full_name,
    kinds_text,
    place_text,
    table_title,
    title_of,
)

MAX_TREE = 150
MAX_LIST = 40
Row = tuple[str, ...]


def tree_text(view: View) -> str:
    """The view as aligned lines: at most `MAX_TREE` of a tree and `MAX_LIST` of a list, with the
    number of those left out."""
    lines = [_heading(view)]
    for way, reach in (("up", view.up), ("down", view.down)):
        # Asked for both, collected data has nothing above it, and a release nothing below.
        empty = all(link.member for link in reach.links) and bool(view.links)
        if view.direction == way or (view.direction == "both" and not empty):
            lines += _section(view, reach, way)
    return "\n".join(lines) + "\n"


def _heading(view: View) -> str:
    table, column = view.target
    if column is None:
        level, title = view.plan.levels.resource(table), table_title(view.plan, table)
    else:
        level = view.plan.levels.of((table, column))
        title = title_of(view.plan, (table, column))
    return "  ".join(part for part in (str(view.target), level, title) if part)


def _section(view: View, reach: Reach, way: str) -> list[str]:
    tree = _tree_lines(view, reach, way)
    lines = ["", text(f"lineage_{way}_direct"), *(tree or ["  " + text("lineage_none")])]
    if not view.direct_only:
        listed = _list_lines(view, reach, way)
        lines += ["", text(f"lineage_{way}_indirect"), *(listed or ["  " + text("lineage_none")])]
    return lines


# -- what is carried --------------------------------------------------------------------------------


def _tree_lines(view: View, reach: Reach, way: str) -> list[str]:
    """The tree, as deep as the bound allows."""
    steps = _steps(reach, way)
    deepest = max(reach.nodes.values(), default=0)
    whole = list(_tree(view, steps, way, deepest))
    shown, depth = whole, deepest
    while len(shown) > MAX_TREE and depth > 1:
        depth -= 1
        shown = list(_tree(view, steps, way, depth))
    lines = [f"  {line}" for line in aligned(shown[:MAX_TREE])]
    if len(whole) > len(lines):
        missing = len(whole) - len(lines)
        lines.append("  " + text("lineage_more_tree", depth=depth, count=missing))
    return lines


def _steps(reach: Reach, way: str) -> dict[Column, dict[Column, list[Link]]]:
    """Direct links by near end, then by far end."""
    steps: dict[Column, dict[Column, list[Link]]] = {}
    for link in reach.links:
        if link.direct:
            near, far = _ends(link, way)
            steps.setdefault(near, {}).setdefault(far, []).append(link)
    return steps


def _ends(link: Link, way: str) -> tuple[Column, Column]:
    return (link.target, link.source) if way == "up" else (link.source, link.target)


def _tree(
    view: View, steps: Mapping[Column, Mapping[Column, list[Link]]], way: str, depth: int
) -> Iterator[Row]:
    """Rows of name, level, kind and place; a column's own branches are shown once."""
    expanded: set[Column] = set()

    def below(near: Column, indent: str, left: int) -> Iterator[Row]:
        items = list(steps.get(near, {}).items()) if left else []
        for i, (far, links) in enumerate(items):
            last = i == len(items) - 1
            again = far in expanded and far in steps and left > 1
            name = full_name(far) + (f" ({text('lineage_above')})" if again else "")
            yield (
                indent + ("└─ " if last else "├─ ") + name,
                view.plan.levels.of(far),
                kinds_text(links),
                place_text(view.plan, links[0]),
            )
            if far not in expanded:
                expanded.add(far)
                yield from below(far, indent + ("   " if last else "│  "), left - 1)

    for column in columns_of(view.plan, view.target):
        if view.target.column is not None:
            yield from below(column, "", depth)
        elif column[1] != ROW and (way == "up" or column in steps):
            yield (column[1], view.plan.levels.of(column), "", title_of(view.plan, column))
            yield from below(column, "", depth)


# -- what is depended on ------------------------------------------------------------------------------


def _list_lines(view: View, reach: Reach, way: str) -> list[str]:
    """One line a source and what depends on it, the most sensitive first, then the nearest."""
    pairs: dict[tuple[Column, Column], list[Link]] = {}
    for link in reach.links:
        if not link.direct and not link.member:
            pairs.setdefault((link.source, link.target), []).append(link)
    near = 1 if way == "up" else 0

    def order(pair: tuple[Column, Column]) -> tuple[int, bool, int, tuple[Column, Column]]:
        level = int(view.plan.levels.of(pair[0])[1:])
        return -level, pair[0][1] == ROW, reach.nodes[pair[near]], pair

    ordered = sorted(pairs, key=order)
    rows = [_list_row(view, pair, pairs[pair]) for pair in ordered[:MAX_LIST]]
    lines = [f"  {line}" for line in aligned(rows)]
    if len(ordered) > MAX_LIST:
        lines.append("  " + text("lineage_more_list", count=len(ordered) - MAX_LIST))
    return lines


def _list_row(view: View, pair: tuple[Column, Column], links: list[Link]) -> Row:
    source, target = pair
    return (
        full_name(source),
        view.plan.levels.of(source),
        kinds_text(links),
        f"-> {full_name(target)}",
        place_text(view.plan, links[0]),
    )
