"""Lineage as one self-contained SVG picture, from left (sources) to right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from catalog.lineage import ROW
from catalog.text import text
from pipelines.levels.infer import Column
from pipelines.lineage_views.graph import Graph, Link, View, columns_of
from pipelines.lineage_views.layout import Box, Line, place
from pipelines.lineage_views.scene import Scene, Strand, scene_of
from pipelines.lineage_views.words import (
    full_name,
    how_text,
    kinds_text,
    table_title,
    title_of,
    width,
)

HEAD, ROW_HEIGHT, LETTER, TOP, MARGIN = 46.0, 22.0, 7.0, 56.0, 24.0
GAP, SPACE, MIN_WIDTH, MAX_WIDTH, MAX_LABEL = 170.0, 26.0, 220.0, 420.0, 26
# Level chips: fill, border, text; each has the level's name in it.
_CHIPS = {
    "L1": ("#e6f4ea", "#2e7d4f", "#12351f"),
    "L2": ("#e8f0fb", "#2f5fa8", "#12294d"),
    "L3": ("#fdf0d9", "#a86a12", "#4a2e05"),
    "L4": ("#fbe4e4", "#a82a2a", "#4d1010"),
}
_STYLE = """
text{font-family:"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;
font-size:12px;fill:#1f2933}
.head{font-weight:bold}.dim{fill:#5a6772;font-size:11px}.title{font-size:16px;font-weight:bold}
.mark{font-size:11px;fill:#33414d;paint-order:stroke;stroke:#fff;stroke-width:4px}
.chip{font-size:11px;font-weight:bold}
path{fill:none;stroke-width:1.3}.direct{stroke:#3d6fa3}
.strong{stroke-width:2.4;stroke:#1f4e82}.indirect{stroke:#8a6d9e;stroke-dasharray:5 4}
"""


def svg(view: View) -> str:
    """The view as an SVG document; what does not fit is counted in its last line."""
    scene = scene_of(view)
    boxes = {table: _box(view, scene, table) for table in sorted(scene.tables)}
    lines = [_line(boxes, scene, strand) for strand in scene.strands]
    place(list(boxes.values()), lines, GAP, SPACE)
    for box in {id(b): b for b in (*boxes.values(), *(d for x in lines for d in x.via))}.values():
        box.x, box.y = box.x + MARGIN, box.y + TOP
    right = max(box.x + box.width for box in boxes.values()) + MARGIN
    bottom = max([*(b.y + b.height for b in boxes.values()), *(_lowest(x) for x in lines)])
    carried = _carried(view)
    parts = [_edge(carried, s, line) for s, line in zip(scene.strands, lines, strict=True)]
    parts += [part for box in boxes.values() for part in _drawn(view, scene, box)]
    parts += _marks(scene.strands, lines)
    parts += _legend(scene, bottom + 30)
    # The legend and the note must fit as well.
    return _document(view, max(right, 760.0), bottom + 76, parts)


def _lowest(line: Line) -> float:
    return max((box.y + box.height for box in line.via), default=0.0)


def _document(view: View, wide: float, high: float, parts: Iterable[str]) -> str:
    title = escape(text("lineage_svg_title", target=str(view.target)))
    size = f"{wide:.0f} {high:.0f}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{wide:.0f}" '
        f'height="{high:.0f}" role="img" aria-labelledby="lineage-title">'
    )
    markers = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" '
        f'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0,0L8,4L0,8Z" style="fill:{colour}"/></marker>'
        for name, colour in (("direct", "#3d6fa3"), ("indirect", "#8a6d9e"))
    )
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            head,
            f'<title id="lineage-title">{title}</title>',
            f"<style>{escape(_STYLE)}</style><defs>{markers}</defs>",
            f'<rect width="{wide:.0f}" height="{high:.0f}" fill="#ffffff"/>',
            _text(MARGIN, 32, title, "title"),
            *parts,
            "</svg>\n",
        ]
    )


# -- boxes ------------------------------------------------------------------------------------------


def _box(view: View, scene: Scene, table: str) -> Box:
    names = scene.tables[table]
    rows = len(names) + (scene.hidden[table] > 0)
    labels = [_row_label(view, (table, name)) for name in names]
    longest = max([width(table) * 1.1, width(_subtitle(view, table)), *map(_label_width, labels)])
    wide = min(MAX_WIDTH, max(MIN_WIDTH, longest * LETTER + 74))
    return Box(table, wide, HEAD + rows * ROW_HEIGHT + (6 if rows else 0))


def _label_width(label: tuple[str, str]) -> float:
    return width(label[0]) + width(label[1]) + 2


def _row_label(view: View, column: Column) -> tuple[str, str]:
    return column[1], title_of(view.plan, column)


def _subtitle(view: View, table: str) -> str:
    contract = view.plan.workspace.contracts[table]
    parts = [table_title(view.plan, table)]
    if contract.release is not None:
        parts.append(text("lineage_svg_release", channel=contract.release.channel))
    return " · ".join(part for part in parts if part)


def _drawn(view: View, scene: Scene, box: Box) -> Iterator[str]:
    asked = box.name == view.target.table
    border = 'stroke="#1f2933" stroke-width="2.5"' if asked else 'stroke="#8795a1"'
    yield "<g>"
    yield f"<title>{escape(f'{box.name} {_subtitle(view, box.name)}')}</title>"
    yield _rect(box.x, box.y, box.width, box.height, f'rx="6" fill="#ffffff" {border}')
    head = f'rx="6" fill="{"#dfe7ef" if asked else "#eef2f6"}"'
    yield _rect(box.x + 1.5, box.y + 1.5, box.width - 3, HEAD - 6, head)
    room = int((box.width - 66) / LETTER)
    yield _text(box.x + 12, box.y + 19, escape(_cut(box.name, int(room / 1.1))), "head")
    yield _text(box.x + 12, box.y + 35, escape(_cut(_subtitle(view, box.name), room)), "dim")
    yield from _chip(view.plan.levels.resource(box.name), box.x + box.width - 40, box.y + 13)
    for i, name in enumerate(scene.tables[box.name]):
        yield from _row(view, (box.name, name), box, box.y + HEAD + i * ROW_HEIGHT)
    if scene.hidden[box.name] > 0:
        more = escape(text("lineage_svg_more_columns", count=scene.hidden[box.name]))
        yield _text(box.x + 12, box.y + box.height - 12, more, "dim")
    yield "</g>"


def _row(view: View, column: Column, box: Box, y: float) -> Iterator[str]:
    name, title = _row_label(view, column)
    if column == (view.target.table, view.target.column):
        yield _rect(box.x + 2, y, box.width - 4, ROW_HEIGHT, 'fill="#fff6cc"')
    room = int((box.width - 74) / LETTER)
    name = _cut(name, room)
    shown = escape(name)
    if title and width(name) + 4 < room:
        short = escape(_cut(title, room - width(name) - 2))
        shown += f'<tspan dx="10" class="dim">{short}</tspan>'
    yield f"<g><title>{escape(f'{full_name(column)} {title}')}</title>"
    yield _text(box.x + 12, y + 15, shown)
    yield "</g>"
    yield from _chip(view.plan.levels.of(column), box.x + box.width - 40, y + 3)


def _chip(level: str, x: float, y: float) -> Iterator[str]:
    fill, border, ink = _CHIPS[level]
    yield _rect(x, y, 28, 16, f'rx="8" fill="{fill}" stroke="{border}"')
    yield (
        f'<text class="chip" x="{x + 14:.1f}" y="{y + 12:.1f}" text-anchor="middle" '
        f'style="fill:{ink}">{level}</text>'
    )


def _rect(x: float, y: float, wide: float, high: float, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" {more}/>'


def _text(x: float, y: float, markup: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}">{markup}</text>'


def _cut(value: str, room: int) -> str:
    """The text in at most `room` half-width letters."""
    plain = re.sub(r"\s+", " ", value)
    if width(plain) <= room:
        return plain
    while plain and width(plain) > room - 1:
        plain = plain[:-1]
    return plain + "…"


# -- lines ------------------------------------------------------------------------------------------


def _line(boxes: dict[str, Box], scene: Scene, strand: Strand) -> Line:
    source, target = boxes[strand.source[0]], boxes[strand.target[0]]
    return Line(source, target, _port(scene, strand.source), _port(scene, strand.target))


def _port(scene: Scene, column: Column) -> float:
    if column[1] == ROW:
        return HEAD / 2 - 2
    return HEAD + (scene.tables[column[0]].index(column[1]) + 0.5) * ROW_HEIGHT


def _carried(view: View) -> set[Column]:
    """Columns whose values come from, or get to, what was asked for."""
    start = columns_of(view.plan, view.target)
    graph = Graph(view.plan)
    up, down = (way(start, None, True).nodes for way in (graph.up, graph.down))
    return {*up, *down}


def _edge(carried: set[Column], strand: Strand, line: Line) -> str:
    """A line with its text for the pointer; thick where the asked values themselves pass."""
    kind = "direct" if strand.direct else "indirect"
    strong = " strong" if strand.direct and {strand.source, strand.target} <= carried else ""
    said = f"{full_name(strand.source)} -> {full_name(strand.target)}: {kinds_text(strand.links)}"
    return (
        f'<path class="{kind}{strong}" d="{_way(line)}" marker-end="url(#{kind})">'
        f"<title>{escape(said)}</title></path>"
    )


def _way(line: Line) -> str:
    """Curves between the layers, level lines through the dummies."""
    x, y = line.source.x + line.source.width, line.source.y + line.start
    way = f"M{x:.1f},{y:.1f}"
    for box in line.via:
        middle = box.y + box.height * line.share
        way += f"{_curve(x, y, box.x, middle)}H{box.x + box.width:.1f}"
        x, y = box.x + box.width, middle
    return way + _curve(x, y, line.target.x, line.target.y + line.end)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"


def _marks(strands: list[Strand], lines: list[Line]) -> list[str]:
    """What happens to values, and how rows are decided, beside the arrow heads: once a port."""
    ports: dict[tuple[float, float], dict[str, None]] = {}
    for strand, line in zip(strands, lines, strict=True):
        said = [_word(link) for link in strand.links]
        at = (line.target.x, line.target.y + line.end)
        ports.setdefault(at, {}).update(dict.fromkeys(word for word in said if word))
    found = []
    for (x, y), words in ports.items():
        if words:
            ordered = sorted(words, key=lambda word: not word.startswith("mask_"))
            mark = escape(_cut(", ".join(ordered), MAX_LABEL))
            place_at = f'x="{x - 10:.1f}" y="{y - 6:.1f}" text-anchor="end"'
            found.append(f'<text class="mark" {place_at}>{mark}</text>')
    return found


def _word(link: Link) -> str:
    """A mask's name, or the kind of the edge; nothing where the value stays as it is."""
    masks = " > ".join(step.function for step in link.masks if step.function)
    if masks:
        return masks
    return "" if link.how == "identity" else how_text(link.how)


def _legend(scene: Scene, y: float) -> list[str]:
    x = MARGIN
    found = []
    for key, kind in (("strong", "direct strong"), ("direct", "direct"), ("indirect", "indirect")):
        said = text(f"lineage_svg_{key}")
        arrow = f"url(#{kind.split()[0]})"
        found.append(f'<path class="{kind}" d="M{x:.1f},{y:.1f}h44" marker-end="{arrow}"/>')
        found.append(_text(x + 52, y + 4, escape(said)))
        x += 76 + width(said) * LETTER
    if any(scene.left_out):
        tables, columns, edges = scene.left_out
        note = text("lineage_svg_left_out", tables=tables, columns=columns, edges=edges)
        found.append(_text(MARGIN, y + 26, escape(note), "dim"))
    return found
