"""How the schedule, what is due, a due run and late departments are printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from catalog.database.ledger_records import Hold, LateRow
from catalog.database.records import to_plain
from catalog.text import language, text
from pipelines.present import make_table, print_line, print_table, status_text
from pipelines.schedule.compiled import Schedule
from pipelines.schedule.due import Due
from pipelines.schedule.duerun import DueResult, TableReport
from pipelines.workspace import Workspace


def schedule_table(schedule: Schedule) -> Table:
    """One line a DAG."""
    table = make_table("schedule_dag", "schedule_title", "schedule_cron", "schedule_assets")
    for dag in schedule.dags:
        when = ", ".join(dag.crons)
        table.add_row(dag.id, dag.title, f"{when} ({dag.timezone})", str(len(dag.assets) or ""))
    return table


def print_due(found: Sequence[Due]) -> None:
    """One line a due table."""
    if not any(item.needs for item in found):
        print_line(text("due_nothing"))
        return
    table = make_table("due_stage", "due_table", "due_why")
    for item in found:
        for need in item.needs.values():
            why = text(f"why_{need.why}", detail=need.detail)
            table.add_row(item.stage.name, need.table, why)
    print_table(table)


def due_json(item: Due) -> dict[str, Any]:
    """What of a stage is due, for machines."""
    return {
        "stage": item.stage.name,
        "at": item.at.isoformat(),
        "needs": [
            {"resource": n.table, "why": n.why, "detail": n.detail} for n in item.needs.values()
        ],
    }


def print_due_result(result: DueResult) -> None:
    """What became of a stage: one line, and the tables that did not get through."""
    if result.what == "nothing":
        print_line(text("due_nothing"))
    else:
        print_line(text(f"due_{result.what}", stage=result.stage, run=result.run_id or "-"))
    for report in result.tables:
        if not report.through:
            print_line(f"{report.table}: {status_text(report.status)}. {report.message}")
            for rule in report.broken:
                print_line(f"  {rule.rule}: {rule.failed} / {rule.assessed} {rule.detail}".rstrip())
            if report.look:
                print_line(f"  {report.look}")
    for warning in result.warnings:
        print_line(warning)


def due_result_json(result: DueResult) -> dict[str, Any]:
    """A due run for machines: what the orchestrator's task reads."""
    return {
        "workspace": result.workspace.name,
        "stage": result.stage,
        "at": result.at.isoformat(),
        "what": result.what,
        "run": result.run_id,
        "state": result.state,
        "exit_code": result.exit_code,
        "needs": {name: need.why for name, need in result.needs.items()},
        "resources": {report.table: _report_json(report) for report in result.tables},
        "warnings": list(result.warnings),
    }


def _report_json(report: TableReport) -> dict[str, Any]:
    plain = {
        "status": report.status,
        "ran": report.ran,
        "through": report.through,
    }
    if report.through:
        return plain
    return {
        **plain,
        "code": report.code,
        "message": report.message,
        "received": report.received,
        "published": report.published,
        "quarantined": report.quarantined,
        "fingerprint": report.fingerprint,
        "rules": [
            {"rule": r.rule, "severity": r.severity, "failed": r.failed, "assessed": r.assessed}
            for r in report.broken
        ],
        "look": report.look,
    }


def department_name(workspace: Workspace, department: str | None) -> str:
    """A department's name in the user's language, else its id."""
    known = workspace.departments.get(department or "")
    if known is None:
        return department or "-"
    if isinstance(known.name, str):
        return known.name
    return known.name.get(language()) or next(iter(known.name.values()), known.id)


def print_late(workspace: Workspace, found: Sequence[LateRow]) -> None:
    """One line a late table."""
    if not found:
        print_line(text("late_nobody"))
    zone = ZoneInfo(workspace.settings.timezone)
    for row in found:
        print_line(
            text(
                "late_line",
                department=department_name(workspace, row.department),
                table=row.resource,
                slot=_clock(row.slot, zone),
                deadline=_clock(row.deadline, zone),
            )
        )


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def late_json(workspace: Workspace, row: LateRow) -> dict[str, Any]:
    """A late table for machines."""
    return {
        "department": row.department,
        "department_name": department_name(workspace, row.department),
        "resource": row.resource,
        "slot": row.slot.isoformat(),
        "deadline": row.deadline.isoformat(),
        "noticed_at": row.noticed_at.isoformat(),
    }


def print_holds(found: Sequence[Hold]) -> None:
    """One line a result that waits or was decided about."""
    if not found:
        print_line(text("gate_nothing"))
        return
    table = make_table(
        "gate_table", "gate_result", "gate_rows", "gate_why", "gate_decision", right=("gate_rows",)
    )
    for hold in found:
        decision = f"{hold.decision}: {hold.who}: {hold.why}" if hold.decision else "-"
        table.add_row(
            escape(hold.resource),
            hold.fingerprint[:12],
            f"{hold.published:,}",
            escape(hold.reason_message),
            escape(decision),
        )
    print_table(table)


def hold_json(hold: Hold) -> dict[str, Any]:
    """A result that waits, for machines."""
    plain: dict[str, Any] = to_plain(hold)
    return plain
