"""Quotes, questions and answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from portal.asking import asked_of, begun, priced
from portal.errors import PortalError
from portal.jobs import Job
from portal.problems import problems, spoken
from portal.schemas import (
    KEY,
    QueryAnswer,
    QueryState,
    QuestionBody,
    QuoteAnswer,
    StoredAnswer,
    plain,
)
from portal.service import CallerDep, Enveloped, Service, ServiceDep, bearer
from portal.telling import given_answer, offer_answer, state_answer, stored_answer
from sandbox.answers import Given
from sandbox.pricing import Asked, explained

REFUSED = (401, 403, 409, 413, 422, 429, 500, 503)
router = APIRouter(
    tags=["questions"],
    route_class=Enveloped,
    dependencies=[Depends(bearer)],
    responses=problems(*REFUSED),
)
IdempotencyKey = Annotated[str, Header(min_length=1, max_length=200, pattern=KEY)]
Prefer = Annotated[
    str | None,
    Header(
        description="`respond-async`: do not wait (RFC 7240).",
        examples=["respond-async", "handling=strict"],
    ),
]
Id = Annotated[str, Path(min_length=1, max_length=100, pattern=KEY)]


def _link(operation: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {"id": "$response.body#/id"}}


@router.post("/quotes", response_model=QuoteAnswer)
async def quote(body: QuestionBody, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """What an answer would cost and how exact it could be; spends nothing."""
    return await _quoted(service, asked_of(body, caller.partner, caller.user))


@router.post(
    "/queries",
    response_model=QueryAnswer | QuoteAnswer,
    responses={
        202: {
            "model": QueryState,
            "description": "At work.",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "links": {"state": _link("query_state"), "cancel": _link("cancel")},
        }
    },
)
async def query(
    request: Request,
    body: QuestionBody,
    caller: CallerDep,
    service: ServiceDep,
    idempotency_key: IdempotencyKey,
    prefer: Prefer = None,
) -> JSONResponse:
    """Ask. Under the same `Idempotency-Key` a question is charged once, however often it is sent."""
    asked = asked_of(body, caller.partner, caller.user)
    behind = explained(asked.text)
    if behind is not None:
        return await _quoted(service, replace(asked, text=behind))
    job = begun(service, asked, idempotency_key)
    if "respond-async" in [one.strip().lower() for one in (prefer or "").split(",")]:
        headers = {"Location": f"/queries/{job.id}", "Preference-Applied": "respond-async"}
        return JSONResponse(_state(request, service, job), 202, headers)
    return JSONResponse(plain(given_answer(await _given(job), asked.agreement)))


@router.get("/queries/{id}", response_model=QueryState, responses=problems(404))
async def query_state(
    request: Request, id: Id, caller: CallerDep, service: ServiceDep
) -> JSONResponse:
    """How far a question is, and its answer once there is one."""
    return JSONResponse(_state(request, service, service.jobs.of(id, caller.partner)))


@router.delete("/queries/{id}", response_model=QueryState, responses=problems(404))
async def cancel(request: Request, id: Id, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """Stop a question. What was charged for it stays charged; sent again, it is answered."""
    job = service.jobs.of(id, caller.partner)
    service.jobs.cancel(job)
    return JSONResponse(_state(request, service, job))


@router.get("/answers/{id}", response_model=StoredAnswer, responses=problems(404))
async def answer(id: Id, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """An answer that was given, again: all of its groups, the same numbers, for nothing."""
    desk = service.opened.desk
    found = await run_in_threadpool(desk.answer, caller.partner, caller.user, id)
    return JSONResponse(plain(stored_answer(found)))


async def _given(job: Job) -> Given:
    """Wait for a job; it goes on when whoever waits has gone.

    Raises:
        PortalError: `query_cancelled`, when it was stopped while it still waited for a worker.
    """
    try:
        return await asyncio.shield(asyncio.wrap_future(job.future))
    except asyncio.CancelledError:
        if job.future.cancelled():
            raise PortalError("query_cancelled") from None
        raise


async def _quoted(service: Service, asked: Asked) -> JSONResponse:
    return JSONResponse(plain(offer_answer(await priced(service, asked))))


def _state(request: Request, service: Service, job: Job) -> dict[str, Any]:
    return plain(state_answer(job, service.now(), spoken(request)))
