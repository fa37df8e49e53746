"""How backups, the ageing of the quarantine and indicators are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.database import to_plain
from catalog.text import text
from pipelines.ageing import BUCKETS, Ageing
from pipelines.backup import Backup
from pipelines.indicators import Indicators
from pipelines.present import make_table, print_line, print_table


def print_backup(done: Backup) -> None:
    """One line."""
    size = f"{sum(done.files.values()) / 1e6:,.1f}"
    names = ", ".join(done.files)
    print_line(text("backup_done", path=done.folder, files=names, megabytes=size))


def backup_json(done: Backup) -> dict[str, Any]:
    """A backup for machines."""
    return {"folder": str(done.folder), "files": done.files, "removed": done.removed}


def print_ageing(found: Sequence[Ageing]) -> None:
    """One line a resource, the oldest rows first."""
    if not found:
        print_line(text("ageing_none"))
        return
    table = make_table("ageing_table", "ageing_rows", "ageing_by_age", "ageing_oldest")
    for item in found:
        table.add_row(item.resource, f"{item.total:,}", _ages(item), f"{item.oldest:%Y-%m-%d}")
    print_table(table)


def _ages(item: Ageing) -> str:
    names = [f"< {days} d" for days in BUCKETS] + [f">= {BUCKETS[-1]} d"]
    return ", ".join(
        f"{name}: {rows:,}" for name, rows in zip(names, item.rows, strict=True) if rows
    )


def ageing_json(item: Ageing) -> dict[str, Any]:
    """One resource's quarantined rows by age, for machines."""
    names = [f"under_{days}_days" for days in BUCKETS] + ["older"]
    ages = dict(zip(names, item.rows, strict=True))
    oldest = item.oldest.isoformat()
    return {
        "resource": item.resource,
        "department": item.department,
        "rows": item.total,
        **ages,
        "oldest": oldest,
    }


def print_indicators(found: Indicators) -> None:
    """One line a database, and what waits."""
    table = make_table(
        "indicator_database",
        "indicator_through",
        "indicator_rows",
        "indicator_score",
        "indicator_quarantined",
    )
    for item in found.databases:
        score = "-" if item.score is None else f"{100 * item.score:.1f} %"
        share = "-" if item.quarantined_percent is None else f"{item.quarantined_percent:.2f} %"
        through = f"{item.through}/{item.resources}"
        table.add_row(item.database, through, f"{item.rows:,}", score, share)
    print_table(table)
    print_line(text("indicator_waiting", late=found.late, held=found.held))


def indicators_json(found: Indicators) -> dict[str, Any]:
    """Indicators for machines."""
    plain: dict[str, Any] = to_plain(found)
    return plain
