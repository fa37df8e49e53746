"""What `citybrain plan` prints of contracts that have changed since their tables were published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from catalog.text import text
from pipelines.evolution.columns import ColumnChange, next_version
from pipelines.evolution.decide import Evolution
from pipelines.present import make_table, print_line, print_table

_COLOURS = {"in_place": "green", "anew": "yellow", "refused": "red"}


def print_evolutions(found: Sequence[Evolution]) -> None:
    """One line a change; nothing when no contract has changed."""
    if not found:
        return
    table = make_table("plan_step", "plan_change", "plan_happens")
    for item in found:
        lines = "\n".join(_changes(item))
        style = _COLOURS[item.way]
        table.add_row(escape(item.table), escape(lines), f"[{style}]{escape(_happens(item))}[/]")
    print_line("")
    print_table(table)


def evolution_json(found: Evolution | None) -> dict[str, Any] | None:
    """The same for machines."""
    if found is None:
        return None
    return {
        "way": found.way,
        "reason": found.reason,
        "version": {"published": found.before, "contract": found.after},
        "columns": [
            {
                "change": change.kind,
                "before": _column(change.before),
                "after": _column(change.after),
            }
            for change in found.changes
        ],
    }


def _column(column: Any) -> dict[str, str] | None:
    return None if column is None else {"name": column.name, "type": column.type}


def _changes(found: Evolution) -> list[str]:
    lines = [_change(change) for change in found.changes]
    if found.before is not None and found.before != found.after:
        lines.append(text("evolution_version", before=found.before, after=found.after))
    return lines or [text("evolution_other")]


def _change(change: ColumnChange) -> str:
    was, now = change.before, change.after
    column = now or was
    assert column is not None
    before = ""
    if was is not None:
        before = was.name if change.kind == "renamed" else was.type
    return text(f"evolution_{change.kind}", name=column.name, type=column.type, before=before)


def _happens(found: Evolution) -> str:
    if found.way == "refused":
        return text("evolution_refused", next=next_version(found.before or found.after))
    if found.way == "in_place":
        return text("evolution_in_place")
    return text("evolution_anew", reason=text(f"evolution_why_{found.reason}"))
