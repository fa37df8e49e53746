"""The web face of one city: its pages, and the HTTP service of the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalog.database.store import utc_now
from catalog.errors import CityBrainError
from pipelines.plan import Plan as Workspace
from portal import (
    account,
    ckan,
    exchange,
    health,
    opendata,
    questions,
    records,
    signin,
    subscriptions,
)
from portal.background import Background
from portal.edge import Edge, log_line
from portal.envelope import Sleep
from portal.pace import Stopwatch
from portal.pages import PAGES
from portal.pages.page import fault_page, finish
from portal.pages.site import Site
from portal.permissions import reachable
from portal.problems import Problem, problem_response
from portal.service import Service
from portal.sharing import sharing_desk
from portal.verification import Verifications
from sandbox.opening import Opened

ROUTERS = (
    signin.router,
    questions.router,
    account.router,
    records.router,
    exchange.router,
    exchange.pages,
    subscriptions.router,
    health.router,
    opendata.router,
    ckan.router,
)
DESCRIPTION = """Statistics under differential privacy, for partners with an agreement; the exchange, for
departments with a grant; and open data, for anyone.

Sign in at `POST /token`. Partners ask for a price at `POST /quotes` and ask at `POST /queries`;
departments see at `GET /exchange` what they may read. Every error is a problem (RFC 9457) with a code
and what to do next."""


def create_app(
    opened: Opened,
    workspace: Workspace,
    key: bytes,
    clock: Callable[[], datetime] = utc_now,
    sleep: Sleep = anyio.sleep,
    log: Callable[[dict[str, Any]], None] = log_line,
    listening: str = "",
) -> FastAPI:
    """The service over an open desk.

    Args:
        key: signs the tokens (`portal.tokens.service_key`).
        clock: the time by which tokens and documents end.
        sleep: how answers wait for their moment.
        log: takes one entry a request.
        listening: the address at which it will listen.

    Raises:
        PortalError: `webhook_ca`.
    """
    service = Service(opened, workspace, key, clock, sleep, listening)
    desk, site = sharing_desk(service), Site(service, key)
    work = Background(service, desk, site, clock, log)
    service.loops = work.loops
    app = _bare(service.name, work)
    app.state.service = service
    app.state.sharing = desk
    app.state.site = site
    app.state.stopwatch = Stopwatch()
    app.state.verifications = Verifications(opened.store, workspace.workspace, clock)
    _route(app)
    app.add_middleware(
        Edge,
        log=log,
        took=app.state.stopwatch.took,
        stall_seconds=service.exchange.settings.stall_seconds,
    )
    _describe(app)
    return app


def _bare(name: str, work: Background) -> FastAPI:
    """An application without routes, which does its work from its start to its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await work.start()
        yield
        await work.close()

    return FastAPI(
        title=f"Sandbox of {name}",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )


def _route(app: FastAPI) -> None:
    """Serve what the table of permissions knows, and tell every error as a problem."""
    for router in (*ROUTERS, *PAGES):
        app.include_router(router)
    app.router.routes[:] = [route for route in app.routes if reachable(route)]
    for kind in (CityBrainError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _problem)


async def _problem(request: Request, error: Exception) -> Response:
    """For a browser that comes to where nothing is, or nothing is taken, a page; else a problem."""
    problem = problem_response(request, error)
    # A city among several is itself found by a route, which is none of its own.
    nowhere = not isinstance(request.scope.get("route"), APIRoute) or problem.status_code == 405
    if not nowhere or "text/html" not in request.headers.get("accept", ""):
        return problem
    page = finish(request, await run_in_threadpool(fault_page, request, error))
    if "allow" in problem.headers:
        page.headers["Allow"] = problem.headers["allow"]
    return page


def _describe(app: FastAPI) -> None:
    """Put the problem's schema into the document, in place of FastAPI's own errors."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document["components"]["schemas"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        if "Problem" not in schemas:
            told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= told.pop("$defs", {})
            schemas["Problem"] = told
        return document

    app.openapi = openapi  # type: ignore[method-assign]
