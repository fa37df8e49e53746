"""Every error as a problem (RFC 9457), in the language of the request.

Only codes that are listed here reach a partner. All others are the city's own affair: he reads one
opaque code and a reference, under which the log has what happened.
"""

from __future__ import annotations

import secrets
import sys
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match

from catalog.errors import CityBrainError
from catalog.text import LANGUAGES, language, text
from portal.errors import PortalError
from sandbox.errors import Refusal

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 5

STATUS = {
    "token_missing": 401,
    "token_invalid": 401,
    "client_not_partner": 403,
    "client_not_department": 403,
    "grant_missing": 403,
    "grant_suspended": 403,
    "grant_manner": 403,
    "subscription_unknown": 404,
    "format_unknown": 406,
    "exchange_unpublished": 409,
    "grant_columns": 409,
    "changes_key": 409,
    "changes_columns": 409,
    "subscriptions_many": 409,
    "exchange_snapshot_gone": 410,
    "since_gone": 410,
    "cursor_over": 410,
    "cursor_invalid": 422,
    "since_unknown": 422,
    "webhook_address": 422,
    "quota_requests": 429,
    "quota_rows": 429,
    "export_failed": 500,
    "export_busy": 503,
    "audit_overdue": 503,
    "audit_stamp_overdue": 503,
    "agreement_unknown": 403,
    "agreement_missing": 403,
    "agreement_expired": 403,
    "agreement_revoked": 403,
    "agreement_not_countersigned": 403,
    "agreement_ended": 403,
    "user_not_named": 403,
    "purpose_not_agreed": 403,
    "field_not_agreed": 403,
    "letter_missing": 403,
    "letter_expired": 403,
    "letter_revoked": 403,
    "consent_missing": 403,
    "consent_expired": 403,
    "consent_revoked": 403,
    "consent_used": 403,
    "budget_exhausted": 403,
    "page_unknown": 404,
    "query_unknown": 404,
    "answer_unknown": 404,
    "dataset_unknown": 404,
    "host_invalid": 400,
    "record_unknown": 404,
    "record_view": 404,
    "method_unknown": 405,
    "query_cancelled": 409,
    "query_long": 409,
    "idempotency_key_reused": 409,
    "view_empty": 409,
    "snapshot_gone": 409,
    "request_large": 413,
    "request_invalid": 422,
    "text_nul": 422,
    "bad_epsilon": 422,
    "epsilon_most": 422,
    "bad_accuracy": 422,
    "accuracy_most": 422,
    "delta_needed": 422,
    "too_many_requests": 429,
    "service_failed": 500,
    "engine_failed": 500,
    "mask_wrong": 500,
    "service_busy": 503,
    "service_unavailable": 503,
}
NO_MORE: Mapping[str, int] = {}
UNAVAILABLE = frozenset({"database_failed", "database_unreachable"})


class Place(BaseModel):
    """Where in the question, counted from 1."""

    line: int
    column: int


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(pattern="^urn:citybrain:error:")
    title: str
    status: int
    detail: str = Field(description="What happened.")
    code: str = Field(description="See the list of errors.")
    next: str = Field(description="What to do next.")
    where: Place | None = None
    instance: str | None = Field(None, description="Under which the city's log knows a fault.")


def spoken(request: Request) -> str:
    """The language that `Accept-Language` asks for first, else the service's own."""
    weighted = []
    for part in request.headers.get("accept-language", "").split(","):
        name, _, weight = part.partition(";")
        known = next((one for one in LANGUAGES if name.strip().lower().startswith(one)), None)
        if known is not None:
            weighted.append((_weight(weight), known))
    best = max((weight for weight, _ in weighted), default=0.0)
    return next((name for weight, name in weighted if weight == best > 0), language())


def _weight(said: str) -> float:
    try:
        return float(said.strip().removeprefix("q=")) if said.strip() else 1.0
    except ValueError:
        return 0.0


def problem_of(
    error: Exception, lang: str, more: Mapping[str, int] = NO_MORE
) -> tuple[Problem, dict[str, str]]:
    """The problem that a partner reads, and headers that go with it.

    Args:
        more: the statuses of other codes that may be told here.
    """
    statuses = {**STATUS, **more}
    told = _told(error, statuses)
    status = 422 if isinstance(told, Refusal) else statuses[told.code]
    what, then = told.parts(lang)
    problem = Problem(
        type=f"urn:citybrain:error:{told.code}",
        title=text(f"portal_title_{status}", lang),
        status=status,
        detail=what,
        code=told.code,
        next=then,
        where=_place(told),
        instance=told.fields.get("reference"),
    )
    headers = {"Content-Language": lang}
    retry_after = getattr(told, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem, headers


def problem_response(request: Request, error: Exception) -> JSONResponse:
    """The same as a response."""
    problem, headers = problem_of(error, spoken(request))
    request.state.code = problem.code
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request)
    body = problem.model_dump(exclude_none=True)
    return JSONResponse(body, problem.status, headers, media_type=MEDIA_TYPE)


def _allowed(request: Request) -> str:
    """The methods of all routes of a path; the framework names those of the first one."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))


def _told(error: Exception, statuses: Mapping[str, int]) -> CityBrainError:
    if isinstance(error, CityBrainError):
        if isinstance(error, Refusal) or error.code in statuses:
            return error
        if error.code in UNAVAILABLE:
            _log(error, "-")
            unavailable = PortalError("service_unavailable")
            unavailable.retry_after = 1
            return unavailable
    if isinstance(error, RequestValidationError):
        return PortalError("request_invalid", problem=_faults(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    reference = f"urn:citybrain:fault:{secrets.token_hex(8)}"
    _log(error, reference)
    return PortalError("service_failed", reference=reference)


def _of_http(error: HTTPException) -> PortalError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return PortalError("page_unknown")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return PortalError("method_unknown")
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return PortalError("request_large", most=error.detail)
    return PortalError("request_invalid", problem="body")


def _faults(error: RequestValidationError) -> str:
    """Where and what is wrong; the values themselves are not repeated."""
    found = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()[:MOST_FAULTS]
    ]
    return "; ".join(found)


def _log(error: Exception, reference: str) -> None:
    """Kind and place of a fault; its text may quote rows or questions."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    code = f" {error.code}" if isinstance(error, CityBrainError) else ""
    sys.stderr.write(f"{reference} {type(error).__name__}{code} at {places}\n")
    sys.stderr.flush()


def _place(error: CityBrainError) -> Place | None:
    if isinstance(error, Refusal) and error.line:
        return Place(line=error.line, column=error.column)
    return None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of them."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {one: {"description": HTTPStatus(one).phrase, "content": content} for one in statuses}
