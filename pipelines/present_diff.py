"""What the command line prints of the difference between two snapshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.markup import escape

from catalog.text import text
from pipelines.levels.infer import Levels
from pipelines.present import make_table, print_line, print_table
from pipelines.present_rows import HIDDEN_LEVELS, snapshot_json
from pipelines.snapshot_diff import RowDiff, SnapshotDiff

_COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}
_SHOWN = 40  # characters of a value


def print_diff(found: SnapshotDiff, levels: Levels) -> None:
    """Counts, columns, and the first rows that differ.

    Values of fields above L2 are not shown: a terminal is not the place for them, `--json` is.
    """
    before, after = found.before.snapshot_id, found.after.snapshot_id
    print_line(text("df_head", table=found.resource, before=before, after=after))
    _print_shape(found)
    if found.same:
        print_line(text("df_same", rows=f"{found.after.rows:,}"))
        return
    counts = {"df_added": found.added, "df_removed": found.removed, "df_changed": found.changed}
    print_line("  ".join(f"{text(key)}: {count:,}" for key, count in counts.items()))
    print_line(text("df_by_key", columns=", ".join(found.key)) if found.key else text("df_by_row"))
    if found.columns:
        table = make_table("df_column", "df_rows", right=("df_rows",))
        for name, rows in sorted(found.columns.items(), key=lambda item: -item[1]):
            table.add_row(escape(name), f"{rows:,}")
        print_table(table)
    _print_rows(found, levels)


def _print_shape(found: SnapshotDiff) -> None:
    if found.new_columns:
        print_line(text("df_new_columns", columns=", ".join(found.new_columns)))
    if found.dropped_columns:
        print_line(text("df_dropped_columns", columns=", ".join(found.dropped_columns)))
    for name, (was, now) in found.retyped.items():
        print_line(text("df_retyped", column=name, before=was, after=now))


def _print_rows(found: SnapshotDiff, levels: Levels) -> None:
    if not found.rows:
        return

    def shown(name: str, value: Any) -> str:
        known = levels.column((found.resource, name))
        if value is not None and (known is None or known.level in HIDDEN_LEVELS):
            return text("hidden", level=known.level if known else "-")
        plain = "NULL" if value is None else str(value)
        return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"

    table = make_table("df_what", "df_row", "df_values")
    for row in found.rows:
        what = f"[{_COLOURS[row.kind]}]{escape(text(f'df_{row.kind}'))}[/]"
        times = f" x{row.times}" if row.times > 1 else ""
        key = ", ".join(f"{name}={shown(name, value)}" for name, value in row.key.items())
        table.add_row(what + times, escape(key), escape(_changes(row, shown)))
    print_table(table)
    left = found.added + found.removed + found.changed - sum(row.times for row in found.rows)
    if left > 0:
        print_line(text("df_more", rows=f"{left:,}"))


def _changes(row: RowDiff, shown: Callable[[str, Any], str]) -> str:
    """`price: 3 -> 4`; two hidden values that differ look alike, and are said to differ."""
    return ", ".join(
        f"{name}: {shown(name, was)} -> {shown(name, now)}"
        for name, (was, now) in row.values.items()
    )


def diff_json(found: SnapshotDiff) -> dict[str, Any]:
    """The difference for machines."""
    return {
        "resource": found.resource,
        "from": snapshot_json(found.before),
        "to": snapshot_json(found.after),
        "key": list(found.key),
        "rows": {"added": found.added, "removed": found.removed, "changed": found.changed},
        "columns": found.columns,
        "schema": {
            "added": list(found.new_columns),
            "dropped": list(found.dropped_columns),
            "retyped": {name: {"from": a, "to": b} for name, (a, b) in found.retyped.items()},
        },
        "examples": [
            {
                "what": row.kind,
                "row": row.key,
                "times": row.times,
                "values": {name: {"from": a, "to": b} for name, (a, b) in row.values.items()},
            }
            for row in found.rows
        ],
    }
