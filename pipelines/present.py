"""What the command line prints: aligned, bounded tables and one summary a newcomer understands."""

from __future__ import annotations

import json
import math
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
    from pipelines.account import Outcome
    from pipelines.plan import Step
    from pipelines.run import Progress, RunResult

MAX_ATTENTION = 12
STYLES = {
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
        out = Console(stderr=stderr, highlight=False, width=200)
    return out


def print_line(line: str) -> None:
    """One plain line."""
    console().print(escape(line))


def print_json(value: Any) -> None:
    """JSON on standard output, for machines."""
    plain = json.dumps(_exact(value), ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write(plain + "\n")


def _exact(value: Any) -> Any:
    """JSON keeps 53 bits and finite numbers: what it would change is written as text."""
    if isinstance(value, dict):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


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
    table = make_table("plan_step", "plan_kind", "plan_made", "plan_waits", "plan_rules")
    for step in steps:
        waits = ", ".join(n + ("?" if n in step.optional else "") for n in step.waits_for)
        table.add_row(step.name, step.kind, _made(step), waits, str(len(step.rules)))
    return table


def _made(step: Step) -> str:
    """What of a table a step makes when something has changed."""
    kept, collect = step.contract.materialisation, step.contract.collect
    if step.local is not None:
        parts = kept.grain if kept.kind == "incremental_by_time" else "+".join(step.local.columns)
        whole = [name for name in step.inputs if name not in step.local.inputs]
        left = text("plan_whole_inputs", names=", ".join(whole)) if whole else ""
        return f"{text('plan_by', parts=parts)} {left}".rstrip()
    if kept.kind == "snapshot":
        return text("plan_versions")
    if collect.mode != "full":
        return text("plan_by", parts=collect.cursor) if collect.cursor else text("plan_by_file")
    return text("plan_whole")


def make_table(*keys: str, right: Sequence[str] = ()) -> Table:
    """A plain table whose headings are interface texts."""
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
    status = f"[{STYLES[outcome.status]}]{status_text(outcome.status):<10}[/]"
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


def status_text(status: str) -> str:
    """A step's status in the user's language."""
    return text(f"status_{status}")


# -- the summary of a run -----------------------------------------------------------------------------


def print_run(result: RunResult, workspace: Path) -> None:
    """The summary per database, what needs attention, and the next command to try."""
    out = console()
    changed = [o for o in result.outcomes.values() if o.status != "unchanged"]
    out.print()
    if not changed:
        out.print(escape(text("run_nothing", count=len(result.outcomes))))
    table = make_table(
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
    """What did not simply get published, worst first, bounded."""
    bad = [o for o in result.outcomes.values() if o.status not in ("published", "unchanged")]
    bad.sort(key=lambda outcome: list(STYLES)[::-1].index(outcome.status))
    for outcome in bad[:MAX_ATTENTION]:
        error = outcome.error.text() if outcome.error else ""
        style = STYLES[outcome.status]
        out.print(
            f"[{style}]{status_text(outcome.status)}[/] {outcome.name}: {escape(error)}",
            soft_wrap=True,
        )
    if len(bad) > MAX_ATTENTION:
        out.print(escape(text("run_more", count=len(bad) - MAX_ATTENTION)))
    warned = {name: len(o.warnings) for name, o in result.outcomes.items() if o.warnings}
    if warned:
        named = ", ".join(f"{name} {count}" for name, count in list(warned.items())[:5])
        more = ", ..." if len(warned) > 5 else ""
        count = sum(warned.values())
        out.print(escape(text("run_warnings", count=count, resources=named + more)), soft_wrap=True)
    for warning in result.warnings:
        out.print(f"[yellow]{escape(str(warning))}[/]", soft_wrap=True)


def run_json(result: RunResult) -> dict[str, Any]:
    """A run for machines."""
    return {
        "run": result.run_id,
        "workspace": result.workspace.name,
        "exit_code": result.exit_code,
        "seconds": round(result.seconds, 3),
        "data_docs": result.docs,
        "resources": {name: outcome_json(outcome) for name, outcome in result.outcomes.items()},
        "warnings": [_warning(w) for w in result.warnings],
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
