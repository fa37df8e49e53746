"""The quarantine: which rows were rejected and why, and judging them again.

Values above the viewer's ceiling (`[portal] quarantine_ceiling`) are not on the page, nor lines that
could not be split into fields if any field of the resource is above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request, Response

from catalog.errors import CityBrainError
from pipelines.account import Outcome
from pipelines.maintain import replay_quarantine
from pipelines.plan import Plan
from pipelines.quarantine import (
    QuarantinedRow,
    known_resource,
    rows_of,
    summaries,
    summary_of,
)
from portal.errors import PortalError
from portal.pages.auditing import note
from portal.pages.faults import fault_of
from portal.pages.page import VisitDep, is_fragment, page_router, redirect, render
from portal.tasks import Task
from quality.rules import Rule

router = page_router()
SHOWN = 100  # rows on a page
RAW = "_raw"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a rejected row; hidden where `level` says above which it is."""

    field: str
    value: str
    level: str = ""
    concerned: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A rejected row as a page shows it."""

    place: str
    reasons: tuple[str, ...]
    cells: tuple[Cell, ...]


@router.get("/quarantine")
def quarantine(request: Request, visit: VisitDep) -> Response:
    """Which resources have rejected rows, and why."""
    found = summaries(visit.site.service.workspace.workspace)
    return render(request, "quarantine/list.html", found=found)


@router.get("/quarantine/{resource}")
def quarantine_rows(
    request: Request,
    visit: VisitDep,
    resource: str,
    reason: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Rejected rows of a resource; that they were looked at is in the audit log."""
    service = visit.site.service
    workspace = service.workspace.workspace
    summary = summary_of(workspace, resource)
    rows = rows_of(workspace, resource, reason or None, SHOWN) if summary else []
    ceiling = visit.site.settings.quarantine_ceiling
    shown = [_shown(service.workspace, resource, row, ceiling) for row in rows]
    open_fields = sorted({c.field for row in shown for c in row.cells if not c.level})
    note(request, "quarantine", resource, rows=len(rows), fields=tuple(open_fields))
    step = service.workspace.steps[resource]
    return render(
        request,
        "quarantine/rows.html",
        summary=summary,
        reason=reason,
        rules=_explained(step.rules, summary.reasons if summary else {}),
        rows=shown,
        most=SHOWN,
        ceiling=ceiling,
        collected=step.kind == "collect",
        **_progress(request, resource),
    )


@router.post("/quarantine/{resource}/replay")
def quarantine_replay(request: Request, visit: VisitDep, resource: str) -> Response:
    """Judge the rejected rows again, in the background; asked twice it is done once."""
    service = visit.site.service
    workspace = service.workspace.workspace
    known_resource(workspace, resource)
    if service.workspace.steps[resource].kind != "collect":
        raise PortalError("replay_model", table=resource)
    note(request, "quarantine", resource, detail={"change": "replay"})
    root = workspace.root
    visit.site.tasks.start(_key(resource), lambda: _replayed(resource, root))
    if is_fragment(request):
        return render(request, "quarantine/replay.html", **_progress(request, resource))
    return redirect(request, "quarantine_rows", resource=resource)


@router.get("/quarantine/{resource}/replay")
def quarantine_progress(request: Request, resource: str) -> Response:
    """How far it is, as a part of the page; without htmx, the page."""
    if not is_fragment(request):
        return redirect(request, "quarantine_rows", resource=resource)
    return render(request, "quarantine/replay.html", **_progress(request, resource))


def _key(resource: str) -> tuple[str, ...]:
    return ("replay", resource)


def _replayed(resource: str, root: Path) -> dict[str, Any]:
    outcome: Outcome = replay_quarantine(root, resource, cached=True)
    if outcome.error is not None:
        raise outcome.error
    counts = outcome.counts
    return {} if counts is None else {"received": counts.received, "published": counts.published}


def _progress(request: Request, resource: str) -> dict[str, Any]:
    """What the page says of the last replay."""
    visit = request.state.visit
    task: Task | None = visit.site.tasks.of(_key(resource))
    problem = None
    if task is not None and task.error is not None:
        error = task.error
        parts = error.parts(visit.lang) if isinstance(error, CityBrainError) else None
        problem = parts or _opaque(error, visit.lang)
    seconds = 0 if task is None else task.seconds(visit.site.service.now())
    return {"task": task, "fault": problem, "seconds": seconds, "resource": resource}


def _opaque(error: Exception, lang: str) -> tuple[str, str]:
    problem, _ = fault_of(error, lang)
    return problem.detail, problem.next


def _shown(plan: Plan, resource: str, row: QuarantinedRow, ceiling: str) -> Shown:
    place = f"{row.source_file}:{row.source_line}" if row.source_file else resource
    cells = tuple(
        _cell(plan, resource, name, value, ceiling, row.reasons)
        for name, value in row.original.items()
    )
    return Shown(place, row.reasons, cells)


def _cell(
    plan: Plan, resource: str, name: str, value: Any, ceiling: str, reasons: Sequence[str]
) -> Cell:
    rules = plan.steps[resource].rules
    concerned = any(name in rule.fields for rule in rules if rule.id in reasons)
    level = level_of(plan, resource, name)
    if level > ceiling:
        return Cell(name, "", level, concerned)
    return Cell(name, "" if value is None else str(value), "", concerned)


def level_of(plan: Plan, resource: str, name: str) -> str:
    """The level of a field; of anything else, such as a whole line, the highest of the resource."""
    contract = plan.steps[resource].contract
    if name != RAW and contract.field_named(name) is not None:
        return max(plan.levels.of((resource, name)), contract.row_level)
    levels = [plan.levels.of((resource, item.name)) for item in contract.fields]
    return max([contract.row_level, *levels])


def _explained(
    rules: Sequence[Rule], reasons: dict[str, int]
) -> list[tuple[str, int, Rule | None, dict[str, str]]]:
    """Reason, rows, its rule and what the rule demands, most rows first."""
    known = {rule.id: rule for rule in rules}
    return [
        (reason, rows, known.get(reason), _demands(known.get(reason)))
        for reason, rows in reasons.items()
    ]


def _demands(rule: Rule | None) -> dict[str, str]:
    if rule is None:
        return {}
    return {
        name: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        for name, value in rule.params.items()
    }
