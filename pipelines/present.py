"""What the command line prints: aligned, bounded tables and one summary a newcomer understands."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog.contract import DATABASES
from catalog.errors import CityBrainError
from catalog.text import text

if TYPE_CHECKING:
    import duckdb

    from catalog.contract import Contract
    from catalog.database import WorkspaceStatus
    from pipelines.account import Outcome
    from pipelines.lake import Snapshot
    from pipelines.modeltest import TestOutcome
    from pipelines.plan import Step
    from pipelines.quarantine import QuarantinedRow, QuarantineSummary
    from pipelines.run import Progress, RunResult

MAX_ROWS = 40
_STYLES = {
    "published": "green",
    "unchanged": "dim",
    "partial": "yellow",
    "stale": "yellow",
    "missing": "yellow",
    "blocked": "red",
    "failed": "red",
}


def console(stderr: bool = False) -> Console:
    """A console that keeps long lines when nobody is watching."""
    out = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not out.is_terminal:
        out = Console(stderr=stderr, highlight=False, width=160)
    return out


def print_line(line: str) -> None:
    """One plain line."""
    console().print(escape(line))


def print_json(value: Any) -> None:
    """JSON on standard output, for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date | Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def print_table(table: Table) -> None:
    """A Rich table."""
    console().print(table)


def plan_table(steps: Iterable[Step]) -> Table:
    """Steps in the order in which they would run."""
    table = _table("plan_step", "plan_kind", "plan_waits", "plan_rules")
    for step in steps:
        waits = ", ".join(n + ("?" if n in step.optional else "") for n in step.waits_for)
        table.add_row(step.name, step.kind, waits, str(len(step.rules)))
    return table


def _table(*keys: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key in keys:
        table.add_column(text(key), justify="right" if key in right else "left", overflow="fold")
    return table


class ProgressPrinter:
    """One line a finished step; on a terminal also what is running now."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._console = console(stderr=True)
        self._running: dict[str, None] = {}
        self._live: Any = None

    def __enter__(self) -> ProgressPrinter:
        if not self._quiet and self._console.is_terminal:
            self._live = self._console.status("")
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        if self._quiet:
            return
        name = progress.step.name
        if progress.outcome is None:
            self._running[name] = None
        else:
            self._running.pop(name, None)
            self._console.print(_progress_line(progress), soft_wrap=True)
        if self._live is not None:
            self._live.update(", ".join(self._running))


def _progress_line(progress: Progress) -> str:
    outcome = progress.outcome
    assert outcome is not None
    width = len(str(progress.total))
    count = f"[dim]{progress.done:>{width}}/{progress.total}[/dim]"
    status = f"[{_STYLES[outcome.status]}]{_status(outcome.status):<10}[/]"
    counts = outcome.counts
    rows = ""
    if counts is not None and outcome.status != "unchanged":
        rows = text("progress_rows", rows=f"{counts.published:,}")
        if counts.quarantined:
            rows += text("progress_quarantined", rows=f"{counts.quarantined:,}")
    line = f"{count} {status} {outcome.name:<44} {outcome.seconds:6.1f} s  {rows}"
    if outcome.error is not None and outcome.status != "unchanged":
        line += "\n" + " " * (2 * width + 2) + escape(str(outcome.error))
    return line


def _status(status: str) -> str:
    return text(f"status_{status}")


# -- the summary of a run -----------------------------------------------------------------------------


def print_run(result: RunResult, workspace: Path) -> None:
    """The summary per database, what needs attention, and the next command to try."""
    out = console()
    changed = [o for o in result.outcomes.values() if o.status != "unchanged"]
    out.print()
    if not changed:
        out.print(escape(text("run_nothing", count=len(result.outcomes))))
    table = _table(
        "sum_database", "sum_published", "sum_unchanged", "sum_rows_in", "sum_rows_out",
        "sum_quarantined", "sum_filtered", "sum_score", "sum_seconds", "sum_reasons",
        right=("sum_published", "sum_unchanged", "sum_rows_in", "sum_rows_out", "sum_quarantined",
               "sum_filtered", "sum_score", "sum_seconds"),
    )  # fmt: skip
    for database in DATABASES:
        chosen = [o for n, o in result.outcomes.items() if n.startswith(database + ".")]
        if chosen:
            table.add_row(*_database_row(database, chosen))
    out.print(table)
    _print_attention(out, result)
    if result.docs:
        out.print(escape(text("run_docs", path=result.docs)))
    out.print(
        escape(text("run_total", seconds=f"{result.seconds:.1f}", name=result.workspace.name))
    )
    out.print(escape(text("run_next", workspace=workspace)))


def _database_row(database: str, outcomes: Sequence[Outcome]) -> list[str]:
    counted = [o.counts for o in outcomes if o.counts is not None and o.status != "blocked"]
    reasons: Counter[str] = Counter()
    for counts in counted:
        reasons.update(counts.reasons)
    scores = [o.score for o in outcomes if o.score is not None]
    fresh = sum(o.status in ("published", "partial") for o in outcomes)
    return [
        database,
        str(fresh),
        str(sum(o.status == "unchanged" for o in outcomes)),
        f"{sum(c.received for c in counted):,}",
        f"{sum(c.published for c in counted):,}",
        f"{sum(c.quarantined for c in counted):,}",
        f"{sum(sum(c.filtered.values()) for c in counted):,}",
        f"{100 * sum(scores) / len(scores):.1f}" if scores else "-",
        f"{sum(o.seconds for o in outcomes):.1f}",
        escape(", ".join(f"{name} {rows:,}" for name, rows in reasons.most_common(3))) or "-",
    ]


def _print_attention(out: Console, result: RunResult) -> None:
    bad = [o for o in result.outcomes.values() if o.status not in ("published", "unchanged")]
    warned = sum(len(o.warnings) for o in result.outcomes.values())
    for outcome in bad:
        style = _STYLES[outcome.status]
        out.print(
            f"[{style}]{_status(outcome.status)}[/] {escape(str(outcome.error or outcome.name))}",
            soft_wrap=True,
        )
    if warned:
        out.print(escape(text("run_warnings", count=warned)))


def run_json(result: RunResult) -> dict[str, Any]:
    """A run for machines."""
    return {
        "run": result.run_id,
        "workspace": result.workspace.name,
        "exit_code": result.exit_code,
        "seconds": round(result.seconds, 3),
        "data_docs": result.docs,
        "resources": {name: outcome_json(outcome) for name, outcome in result.outcomes.items()},
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """One step's outcome for machines."""
    counts = outcome.counts
    return {
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "received": counts.received if counts else None,
        "published": counts.published if counts else None,
        "quarantined": counts.quarantined if counts else None,
        "filtered": counts.filtered if counts else None,
        "reasons": dict(counts.reasons) if counts else None,
        "score": outcome.score,
        "snapshot": outcome.snapshot.snapshot_id if outcome.snapshot else None,
        "error": outcome.error.as_dict() if outcome.error else None,
        "warnings": [_warning(w) for w in outcome.warnings],
    }


def _warning(warning: CityBrainError) -> dict[str, Any]:
    return warning.as_dict()


# -- status -------------------------------------------------------------------------------------------


def print_status(report: WorkspaceStatus) -> None:
    """Every resource and the account of what readers see."""
    right = ("st_received", "st_published", "st_quarantined", "st_filtered", "st_score")
    table = _table(
        "st_resource", "st_status", "st_received", "st_published", "st_quarantined", "st_filtered",
        "st_reconciles", "st_score", "st_since", "st_reasons", right=right,
    )  # fmt: skip
    for item in report.resources:
        last = item.last_status or "never"
        style = _STYLES.get(last, "dim")
        top = ", ".join(f"{name} {rows:,}" for name, rows in item.reasons.items())
        if item.last_error is not None:
            top = item.last_error.message
        table.add_row(
            item.name,
            f"[{style}]{_status(last)}[/]",
            _count(item.received),
            _count(item.published),
            _count(item.quarantined),
            _count(item.filtered),
            {True: text("yes"), False: text("no"), None: "-"}[item.reconciles],
            f"{100 * item.score:.1f}" if item.score is not None else "-",
            f"{item.published_at:%Y-%m-%d %H:%M}" if item.published_at else "-",
            escape(top),
        )
    print_table(table)


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


# -- quarantine, snapshots, tests ----------------------------------------------------------------------


def print_quarantine_list(found: Sequence[QuarantineSummary]) -> None:
    """Rows and reasons per resource."""
    if not found:
        print_line(text("quarantine_empty"))
        return
    table = _table("st_resource", "st_quarantined", "sum_reasons", right=("st_quarantined",))
    for item in found:
        reasons = ", ".join(f"{name} {rows:,}" for name, rows in list(item.reasons.items())[:5])
        table.add_row(item.resource, f"{item.rows:,}", escape(reasons))
    print_table(table)


def print_quarantined(contract: Contract, rows: Sequence[QuarantinedRow]) -> None:
    """Rejected rows; only the values that a reason is about, unless the row never had fields.

    Values of fields above L2 are not shown: a terminal is not the place for them, `--json` is.
    """
    out = console()
    if not rows:
        out.print(text("quarantine_empty"))
    for row in rows:
        place = f"{row.source_file}:{row.source_line}" if row.source_file else contract.name
        out.print(f"[bold]{escape(place)}[/bold]  {escape(', '.join(row.reasons))}", soft_wrap=True)
        for name, value in _concerned(contract, row).items():
            out.print(f"    {escape(name)} = {escape(repr(value))}", soft_wrap=True)


def _concerned(contract: Contract, row: QuarantinedRow) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    named = " ".join((*row.reasons, *_conditions(contract, row.reasons)))
    for name, value in row.original.items():
        item = contract.field_named(name)
        if item is None or not re.search(rf"\b{re.escape(name)}\b", named):
            continue
        hidden = item.level in ("L3", "L4")
        shown[name] = text("hidden", level=item.level) if hidden and value is not None else value
    return shown


def _conditions(contract: Contract, reasons: Sequence[str]) -> list[str]:
    """The conditions behind cross-field reasons, which name their fields."""
    bodies = [(d.data.get("name"), d.data.get("implementation")) for d in contract.quality]
    return [
        str(body.get("holds", ""))
        for name, body in bodies
        if isinstance(body, dict) and f"row:{name}" in reasons
    ]


def print_replay(outcome: Outcome) -> None:
    """What a replay did."""
    counts = outcome.counts
    if outcome.error is not None or counts is None:
        print_line(str(outcome.error))
        return
    print_line(
        text(
            "replay_done",
            table=outcome.name,
            looked=f"{counts.received:,}",
            published=f"{counts.published:,}",
            quarantined=f"{counts.quarantined:,}",
        )
    )


def print_snapshots(found: Sequence[Snapshot]) -> None:
    """Snapshots, newest last."""
    table = _table("sn_snapshot", "sn_committed", "sn_rows", "sn_run", right=("sn_rows",))
    for item in found:
        when = f"{item.committed_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(item.snapshot_id), when, f"{item.rows:,}", item.properties.get("run", "-")
        )
    print_table(table)


def snapshot_json(item: Snapshot) -> dict[str, Any]:
    """A snapshot for machines; the id is text, because it has more digits than a JSON number."""
    return {
        "snapshot": str(item.snapshot_id),
        "committed_at": item.committed_at,
        "rows": item.rows,
        "run": item.properties.get("run"),
        "fingerprint": item.properties.get("fingerprint"),
    }


def print_tests(outcomes: Sequence[TestOutcome]) -> None:
    """Failed tests with their difference, and the count."""
    out = console()
    for outcome in outcomes:
        if not outcome.passed:
            where = f"{outcome.file}:{outcome.line}"
            out.print(f"[red]{_status('failed')}[/] {escape(where)} {escape(outcome.name)}")
            out.print(escape(outcome.difference), soft_wrap=True)
    failed = sum(not outcome.passed for outcome in outcomes)
    out.print(escape(text("tests_done", passed=len(outcomes) - failed, failed=failed)))


# -- query --------------------------------------------------------------------------------------------


def print_result(result: duckdb.DuckDBPyConnection, kind: str, output: Path | None) -> None:
    """A query's rows: a bounded table for a person, everything for machines or a file."""
    from pipelines.query import columns_of, export

    if output is not None and kind != "table":
        rows = export(result, output, kind)  # type: ignore[arg-type]
        print_line(text("query_written", rows=f"{rows:,}", path=output))
        return
    names = columns_of(result)
    if kind == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        while batch := result.fetchmany(10_000):
            writer.writerows(batch)
    elif kind == "json":
        print_json([dict(zip(names, row, strict=True)) for row in result.fetchall()])
    else:
        _print_rows(names, result.fetchmany(MAX_ROWS + 1))


def _print_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(escape(name), overflow="fold")
    for row in rows[:MAX_ROWS]:
        table.add_row(*(escape("" if value is None else str(value)) for value in row))
    print_table(table)
    if len(rows) > MAX_ROWS:
        print_line(text("query_more", rows=MAX_ROWS))
