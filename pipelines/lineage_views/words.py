"""Words that every view of lineage uses: names, titles, kinds of edges, masks, places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from catalog.lineage import ROW, MaskUse
from catalog.text import text
from pipelines.levels.infer import Column
from pipelines.levels.rules import RULE
from pipelines.lineage_views.graph import Link
from pipelines.plan import Plan


def full_name(column: Column) -> str:
    """`database.table.column`."""
    return f"{column[0]}.{column[1]}"


def title_of(plan: Plan, column: Column) -> str:
    """A column's title; empty when the contract gives none."""
    if column[1] == ROW:
        return text("lineage_rows")
    item = plan.workspace.contracts[column[0]].field_named(column[1])
    return item.title if item else ""


def table_title(plan: Plan, table: str) -> str:
    """A resource's title."""
    return plan.workspace.contracts[table].title


def how_text(how: str) -> str:
    """The kind of an edge in the user's language."""
    return text(f"lineage_how_{how}")


def kinds_text(links: Iterable[Link]) -> str:
    """Kinds and masks of several links, each once: `transformation, mask_phone(x)`."""
    found: dict[str, None] = {}
    for link in links:
        masks = mask_text(link.masks)
        shown = [how_text(link.how)] if link.how != "masking" else []
        found[" ".join([*shown, *([masks] if masks else [])])] = None
    return ", ".join(found)


def mask_text(masks: Iterable[MaskUse]) -> str:
    """The masking functions on an edge, the first applied first; empty when there are none."""
    return " > ".join(str(step) for step in masks if step.function)


def place_of(plan: Plan, link: Link) -> tuple[str, int]:
    """The file, relative to the workspace, and the line in it that names the source (0: none): the
    model's, for a rule the contract's."""
    table = link.target[0]
    ruled = link.how == RULE
    path = (plan.workspace.contracts if ruled else plan.workspace.models)[table].path
    root = plan.workspace.root
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix(), link.line


def place_text(plan: Plan, link: Link) -> str:
    """`models/base/site.sql:12`."""
    path, line = place_of(plan, link)
    return f"{path}:{line}" if line else path


def width(value: str) -> int:
    """Columns of a terminal that a text takes: CJK characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in value)


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines, every column as wide as its widest cell."""
    cells = list(rows)
    count = max((len(row) for row in cells), default=0)
    widths = [max((width(r[i]) for r in cells if i < len(r)), default=0) for i in range(count)]
    return [
        "  ".join(c + " " * (widths[i] - width(c)) for i, c in enumerate(row)).rstrip()
        for row in cells
    ]
