"""What the command line prints of data at rest: status, quarantine, snapshots, query results."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from catalog.text import text
from pipelines.present import (
    STYLES,
    console,
    make_table,
    print_json,
    print_line,
    print_table,
    status_text,
)
from pipelines.present_risk import print_risk_report

if TYPE_CHECKING:
    from catalog.contract import Contract
    from catalog.database import (
        FieldLevel,
        JustificationRow,
        ResourceStatus,
        RuleResultRow,
        WorkspaceStatus,
    )
    from pipelines.account import Outcome
    from pipelines.lake import Snapshot
    from pipelines.modeltest import TestOutcome
    from pipelines.quarantine import QuarantinedRow, QuarantineSummary
    from pipelines.query import Result

MAX_ROWS = 40
HIDDEN_LEVELS = ("L3", "L4")  # of fields whose values a terminal does not show


def print_status(report: WorkspaceStatus) -> None:
    """Every resource and the account of what readers see."""
    right = ("st_received", "st_published", "st_quarantined", "st_filtered", "st_score")
    table = make_table(
        "st_resource", "st_status", "st_received", "st_published", "st_quarantined", "st_filtered",
        "st_reconciles", "st_score", "st_since", "st_reasons", right=right,
    )  # fmt: skip
    for item in report.resources:
        last = item.last_status or "never"
        style = STYLES.get(last, "dim")
        top = ", ".join(f"{name} {rows:,}" for name, rows in item.reasons.items())
        if item.last_error is not None:
            top = item.last_error.message
        table.add_row(
            item.name,
            f"[{style}]{status_text(last)}[/]",
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


def print_resource(item: ResourceStatus, rules: Sequence[RuleResultRow]) -> None:
    """One resource's account, how sensitive it is and why it may leave, and how its rules did."""
    print_line(f"{item.name}  {item.title}")
    if item.last_error is not None:
        print_line(item.last_error.message)
    _print_counts(item)
    _print_release(item)
    _print_fields(item.fields)
    _print_justifications(item.justifications)
    if item.risk is not None:
        print_risk_report(item.risk)
    _print_rules(rules)


def _print_counts(item: ResourceStatus) -> None:
    counts = {
        "st_received": item.received,
        "st_published": item.published,
        "st_quarantined": item.quarantined,
        "st_filtered": item.filtered,
    }
    print_line("  ".join(f"{text(key)}: {_count(value)}" for key, value in counts.items()))


def _print_release(item: ResourceStatus) -> None:
    if item.release_channel is None:
        print_line(text("rl_none", level=item.level or "-"))
        return
    kind = text(f"release_{item.release_kind}")
    print_line(text("rl_release", level=item.level or "-", channel=item.release_channel, kind=kind))


def _print_fields(fields: Sequence[FieldLevel]) -> None:
    table = make_table("fl_field", "fl_type", "fl_level", "fl_declared", "fl_title")
    for item in fields:
        # A declared level is worth reading only where it is not the one that holds.
        declared = (item.declared_level or text("fl_undeclared")) if item.raised else ""
        level = item.level or "-"
        table.add_row(escape(item.name), escape(item.type), level, declared, escape(item.title))
    if fields:
        print_table(table)


def _print_justifications(justifications: Sequence[JustificationRow]) -> None:
    if not justifications:
        return
    print_line(text("ju_head"))
    table = make_table(
        "ju_source", "ju_level", "ju_who", "ju_why", "ju_until", "ju_left", right=("ju_left",)
    )
    for item in justifications:
        expired = f"[red]{escape(text('ju_expired'))}[/]"
        left = str(item.days_left) if item.days_left >= 0 else expired
        cells = (escape(item.source), item.level, escape(item.who), escape(item.why))
        table.add_row(*cells, item.until.isoformat(), left)
    print_table(table)


def _print_rules(rules: Sequence[RuleResultRow]) -> None:
    table = make_table(
        "ru_rule", "ru_severity", "ru_dimension", "ru_assessed", "ru_failed", "ru_result",
        "ru_detail", right=("ru_assessed", "ru_failed"),
    )  # fmt: skip
    words = {True: "ru_holds", False: "ru_broken", None: "ru_not_assessed"}
    colours = {True: "green", False: "red", None: "dim"}
    for rule in rules:
        table.add_row(
            escape(rule.rule),
            rule.severity,
            rule.dimension,
            _count(rule.assessed),
            _count(rule.failed),
            f"[{colours[rule.passed]}]{text(words[rule.passed])}[/]",
            escape(rule.detail),
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
    table = make_table("st_resource", "st_quarantined", "sum_reasons", right=("st_quarantined",))
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
        hidden = item.level in HIDDEN_LEVELS
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
    table = make_table("sn_snapshot", "sn_committed", "sn_rows", "sn_run", right=("sn_rows",))
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
            out.print(f"[red]{status_text('failed')}[/] {escape(where)} {escape(outcome.name)}")
            out.print(escape(outcome.difference), soft_wrap=True)
    failed = sum(not outcome.passed for outcome in outcomes)
    out.print(escape(text("tests_done", passed=len(outcomes) - failed, failed=failed)))


# -- query --------------------------------------------------------------------------------------------


def print_result(result: Result, kind: str, output: Path | None) -> None:
    """A query's rows: a bounded table for a person, everything for machines or a file."""
    from pipelines.query import export

    if output is not None and kind != "table":
        rows = export(result, output, kind)  # type: ignore[arg-type]
        print_line(text("query_written", rows=f"{rows:,}", path=output))
        return
    names = result.columns
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
