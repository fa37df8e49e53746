"""How requests, grants and objections are printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.table import Table

from catalog.sharing.clocks import Clock
from catalog.sharing.grant import Grant
from catalog.sharing.objection import Objection
from catalog.sharing.request import Request, Task
from catalog.text import text
from pipelines.present import console, make_table
from pipelines.sharing.ticking import Ticked


def request_table(found: Iterable[Request]) -> Table:
    """Requests, and what each is waiting for."""
    table = make_table(
        "share_request", "share_department", "share_resources", "share_state", "share_due"
    )
    for one in found:
        resources = ", ".join(dict.fromkeys(item.resource for item in one.asked.items))
        state = text(f"share_state_{one.state}")
        table.add_row(one.id, one.department, resources, state, due_of(one))
    return table


def due_of(request: Request) -> str:
    """The earliest deadline of a request and its tasks."""
    clocks = [request.clock, *(task.clock for task in request.tasks)]
    clocks += [task.dispute.clock for task in request.tasks if task.dispute is not None]
    dues = [clock.due_at for clock in clocks if clock is not None and clock.due_at is not None]
    return shown(min(dues)) if dues else "-"


def grant_table(found: Iterable[Grant], now: datetime) -> Table:
    """Grants, and whether each holds."""
    table = make_table(
        "share_grant",
        "share_department",
        "share_resources",
        "share_fields",
        "share_state",
        "share_until",
    )
    for one in found:
        state = text(f"grant_state_{one.state(now)}")
        fields = ", ".join(one.fields)
        table.add_row(one.id, one.department, one.resource, fields, state, shown(one.valid_to))
    return table


def print_request(request: Request) -> None:
    """A request with its tasks and all that was done."""
    asked = request.asked
    lines = [
        f"{request.id}  {text(f'share_state_{request.state}')}",
        f"  {text('share_department')}: {request.department} ({request.user})",
        f"  {text('share_basis')}: {asked.basis}",
        f"  {text('share_scenario')}: {asked.scenario}",
        f"  {text('share_purpose')}: {asked.purpose}",
        f"  {text('share_manner')}: {text(f'share_manner_{asked.manner}')}",
        f"  {text('share_term')}: {asked.first} - {asked.last}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if request.tasks:
        console().print(_task_table(request.tasks))
    console().print(_event_table(request))


def _task_table(tasks: Iterable[Task]) -> Table:
    table = make_table(
        "share_task", "share_owner", "share_resources", "share_fields", "share_state", "share_due"
    )
    for one in tasks:
        fields = ", ".join(_field(one, name) for name in one.item.fields)
        state = text(f"share_state_{one.state}")
        due = clock_text(one.clock)
        table.add_row(str(one.number), one.item.owner, one.item.resource, fields, state, due)
    return table


def _field(task: Task, name: str) -> str:
    decision = task.decisions.get(name)
    if decision is None:
        return name
    if decision.outcome == "refused":
        return f"{name} ({text('share_outcome_refused')}: {decision.reason})"
    return decision.mask or name


def clock_text(clock: Clock | None) -> str:
    """Until when, or that the clock stands still."""
    if clock is None:
        return "-"
    if clock.due_at is None:
        return text("share_stopped", left=clock.left)
    return shown(clock.due_at)


def _event_table(request: Request) -> Table:
    table = make_table("share_when", "share_who", "share_act", "share_task", "share_state")
    for one in request.events:
        act = text(f"share_act_{one.act}")
        told = f"{act}: {one.reason}" if one.reason else act
        state = text(f"share_state_{one.after}")
        table.add_row(shown(one.at), one.actor, told, str(one.task or "-"), state)
    return table


def shown(moment: datetime) -> str:
    """A moment at the machine's place."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def plain(record: Request | Grant | Objection) -> dict[str, Any]:
    """A record for machines."""
    return asdict(record)


def print_ticked(done: Ticked) -> None:
    """What a tick has done."""
    counts = ", ".join(f"{act} {count}" for act, count in sorted(done.done.items()) if count)
    sys.stdout.write(text("share_ticked", done=counts or "-") + "\n")
    for task, code in done.failed.items():
        sys.stdout.write(text("share_supply_failed", task=task, code=code) + "\n")
