"""Rows of requests and objections to records, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from catalog.database.sharing_tables import (
    ObjectionRouteRow,
    ObjectionRow,
    ShareEventRow,
    ShareRequestRow,
    ShareTaskRow,
)
from catalog.sharing.clocks import Clock
from catalog.sharing.objection import Objection, Route
from catalog.sharing.request import Asked, Dispute, Event, FieldDecision, Item, Request, Task

Values = dict[str, Any]


def request_values(request: Request) -> Values:
    """The columns of a request."""
    asked = request.asked
    return {
        "request_id": request.id,
        "department": request.department,
        "user_name": request.user,
        "items": [asdict(item) | {"fields": list(item.fields)} for item in asked.items],
        "basis": asked.basis,
        "scenario": asked.scenario,
        "purpose": asked.purpose,
        "manner": asked.manner,
        "first_day": asked.first,
        "last_day": asked.last,
        "state": request.state,
        "submitted_at": request.submitted_at,
        **clock_values(request.clock),
    }


def request_of(
    row: ShareRequestRow, tasks: list[ShareTaskRow], events: list[ShareEventRow]
) -> Request:
    """The record of a request, its tasks and its events."""
    asked = Asked(
        tuple(Item(**{**item, "fields": tuple(item["fields"])}) for item in row.items),
        row.basis,
        row.scenario,
        row.purpose,
        row.manner,  # type: ignore[arg-type]  # a constraint of the table
        row.first_day,
        row.last_day,
    )
    return Request(
        row.request_id,
        row.department,
        row.user_name,
        asked,
        row.state,  # type: ignore[arg-type]  # a constraint of the table
        row.submitted_at,
        clock_of(row),
        tuple(map(task_of, tasks)),
        tuple(map(event_of, events)),
    )


def task_values(task: Task) -> Values:
    """The columns of a task."""
    said = task.dispute
    return {
        "number": task.number,
        "resource": task.item.resource,
        "owner": task.item.owner,
        "fields": list(task.item.fields),
        "share_type": task.item.share_type,
        "state": task.state,
        "decisions": {name: asdict(one) for name, one in task.decisions.items()},
        "decided_by": task.decided_by,
        "decided_at": task.decided_at,
        "question": task.question,
        "answer": task.answer,
        "follows": task.follows,
        "grant_id": task.grant,
        "dispute_state": said and said.state,
        "disputed_at": said and said.raised_at,
        "disputed_by": said and said.raised_by,
        "dispute_reason": said and said.reason,
        "ruled_at": said and said.ruled_at,
        "ruled_by": said and said.ruled_by,
        "ruling": said and said.ruling,
        **_dispute_clock_values(None if said is None else said.clock),
        **clock_values(task.clock),
    }


def _dispute_clock_values(clock: Clock | None) -> Values:
    """A ruling's clock never stands still: its deadline is there as long as it is."""
    return {
        "dispute_due_at": clock and clock.due_at,
        "dispute_reminded_at": clock and clock.reminded_at,
        "dispute_supervised_at": clock and clock.supervised_at,
        "dispute_escalated_at": clock and clock.escalated_at,
    }


def task_of(row: ShareTaskRow) -> Task:
    """The record of a task."""
    share_type: Any = row.share_type
    state: Any = row.state
    return Task(
        row.number,
        Item(row.resource, row.owner, tuple(row.fields), share_type),
        state,
        clock_of(row),
        {name: FieldDecision(**one) for name, one in row.decisions.items()},
        row.decided_by,
        row.decided_at,
        row.question,
        row.answer,
        row.follows,
        row.grant_id,
        _dispute_of(row),
    )


def _dispute_of(row: ShareTaskRow) -> Dispute | None:
    if row.dispute_state is None or row.disputed_at is None:
        return None
    state: Any = row.dispute_state
    return Dispute(
        state,
        row.disputed_at,
        row.disputed_by or "",
        row.dispute_reason or "",
        row.ruled_at,
        row.ruled_by or "",
        row.ruling or "",
        _dispute_clock_of(row),
    )


def _dispute_clock_of(row: ShareTaskRow) -> Clock | None:
    if row.dispute_due_at is None:
        return None
    return Clock(
        "dispute",
        row.dispute_due_at,
        reminded_at=row.dispute_reminded_at,
        supervised_at=row.dispute_supervised_at,
        escalated_at=row.dispute_escalated_at,
    )


def event_values(event: Event) -> Values:
    """The columns of an event."""
    return {
        "task": event.task,
        "at": event.at,
        "actor": event.actor,
        "act": event.act,
        "state_before": event.before,
        "state_after": event.after,
        "reason": event.reason,
        "told": event.to,
    }


def event_of(row: ShareEventRow) -> Event:
    """The record of an event."""
    before: Any = row.state_before
    after: Any = row.state_after
    return Event(row.at, row.actor, row.act, before, after, row.reason, row.task, row.told)


def objection_values(objection: Objection) -> Values:
    """The columns of an objection."""
    return {
        "objection_id": objection.id,
        "department": objection.department,
        "user_name": objection.user,
        "resource": objection.resource,
        "record_key": dict(objection.key),
        "field": objection.field,
        "wrong": objection.wrong,
        "evidence": objection.evidence,
        "state": objection.state,
        "raised_at": objection.raised_at,
        "snapshot": _snapshot_text(objection.snapshot),
        "closed_at": objection.closed_at,
    }


def _snapshot_text(snapshot: int | None) -> str | None:
    """As text: a snapshot's id is larger than JavaScript's and SQLite's JSON numbers are exact."""
    return None if snapshot is None else str(snapshot)


def route_values(route: Route) -> Values:
    """The columns of what a source was asked and says."""
    return {
        "number": route.number,
        "department": route.department,
        "sources": list(route.sources),
        "verdict": route.verdict,
        "answered_by": route.by,
        "answered_at": route.answered_at,
        "said": route.said,
        "snapshot": _snapshot_text(route.snapshot),
        **clock_values(route.clock),
    }


def route_of(row: ObjectionRouteRow) -> Route:
    """The record of what a source was asked and says."""
    return Route(
        row.number,
        row.department,
        tuple(row.sources),
        row.verdict,  # type: ignore[arg-type]  # a constraint of the table
        row.answered_by,
        row.said,
        row.answered_at,
        None if row.snapshot is None else int(row.snapshot),
        clock_of(row),
    )


def objection_of(
    row: ObjectionRow, routes: list[ObjectionRouteRow], events: list[ShareEventRow]
) -> Objection:
    """The record of an objection, its sources and its events."""
    state: Any = row.state
    return Objection(
        row.objection_id,
        row.department,
        row.user_name,
        row.resource,
        dict(row.record_key),
        row.field,
        row.wrong,
        row.evidence,
        state,
        row.raised_at,
        tuple(map(route_of, routes)),
        None if row.snapshot is None else int(row.snapshot),
        row.closed_at,
        tuple(map(event_of, events)),
    )


def clock_values(clock: Clock | None) -> Values:
    """The columns of a clock."""
    return {
        "clock_step": clock and clock.step,
        "due_at": clock and clock.due_at,
        "days_left": clock and clock.left,
        "reminded_at": clock and clock.reminded_at,
        "supervised_at": clock and clock.supervised_at,
        "escalated_at": clock and clock.escalated_at,
    }


def clock_of(row: Any) -> Clock | None:
    """The clock of a row; None when it has none."""
    if row.clock_step is None:
        return None
    return Clock(
        row.clock_step,
        row.due_at,
        row.days_left,
        row.reminded_at,
        row.supervised_at,
        row.escalated_at,
    )


def put(row: Any, values: Mapping[str, Any]) -> None:
    """Write what is different: an unchanged row is not written."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
