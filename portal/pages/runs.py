"""Runs, what their steps did and why, and the publishes that wait for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, get_args

from fastapi import Form, Query, Request, Response

from catalog.database.ledger_records import DECISIONS, Decision
from catalog.database.records import Reason
from catalog.text import error_parts
from pipelines.decisions import decide, every_hold, waiting
from portal.errors import PortalError
from portal.pages.names import people_called
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.permissions import STAFF

router = page_router()
A_PAGE = 50
Text = Annotated[str, Form(max_length=2_000)]


@router.get("/runs")
def runs(
    request: Request, visit: VisitDep, before: Annotated[datetime | None, Query()] = None
) -> Response:
    """The runs, the newest first, a page at a time."""
    service = visit.site.service
    if before is not None and before.tzinfo is None:
        raise PortalError("request_invalid", problem="query.before")
    found = service.opened.store.histories.runs(service.name, A_PAGE + 1, before)
    return render(
        request,
        "runs/list.html",
        runs=found[:A_PAGE],
        older=found[A_PAGE - 1].started_at.isoformat() if len(found) > A_PAGE else "",
        newest=before is None,
        held=len(waiting(service.workspace.workspace)),
    )


@router.get("/runs/{run_id}")
def run(request: Request, visit: VisitDep, run_id: str) -> Response:
    """One run: its steps, their counts and reasons, and what their rules found."""
    service = visit.site.service
    found = service.opened.store.histories.run(service.name, run_id)
    if found is None:
        raise PortalError("page_missing")
    reasons = {one.resource: _told(one.reason, visit.lang) for one in found.steps}
    return render(request, "runs/run.html", found=found, reasons=reasons)


@router.get("/holds")
def holds(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """The publishes that wait, and what was decided about others."""
    workspace = visit.site.service.workspace.workspace
    open_now = waiting(workspace)
    decided = [one for one in every_hold(workspace) if one.decision is not None]
    return render(
        request,
        "runs/holds.html",
        waiting=open_now,
        decided=decided[:A_PAGE],
        who=people_called(request, [one.who or "" for one in decided[:A_PAGE]]),
        reasons={one.fingerprint: one.reason_message for one in open_now},
        decides=person.role in STAFF,
        decisions=DECISIONS,
    )


@router.post("/holds/{resource}")
def hold_decide(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    resource: str,
    fingerprint: Text = "",
    decision: Text = "",
    why: Text = "",
) -> Response:
    """Decide about the very result that the page showed; the next run acts on it."""
    chosen: tuple[Decision, ...] = get_args(Decision)
    if decision not in chosen or not fingerprint:
        raise PortalError("request_invalid", problem="decision")
    workspace = visit.site.service.workspace.workspace
    decide(
        workspace,
        resource,
        next(one for one in chosen if one == decision),
        person.actor,
        why,
        fingerprint,
    )
    return redirect(request, "holds", "hold_decided_told", {"resource": resource})


def _told(reason: Reason | None, lang: str) -> tuple[str, str] | None:
    """A reason in the reader's language; as it was written where its fields do not suffice."""
    if reason is None:
        return None
    try:
        return error_parts(reason.code, lang, **reason.fields)
    except (KeyError, IndexError, ValueError):
        return reason.message, ""
