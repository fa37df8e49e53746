"""Several cities on one port: each under its name, and a page that leads to them."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from catalog.text import text
from portal.errors import PortalError
from portal.health import health_of_all, told
from portal.problems import MEDIA_TYPE, problem_of, spoken

NOWHERE = {"page_missing": HTTPStatus.NOT_FOUND}
POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def cities_app(cities: Mapping[str, tuple[FastAPI, Mapping[str, str] | str]]) -> Starlette:
    """One application for several: each city as it is, under `/<its name>`.

    Args:
        cities: by the workspace's name the city's application and its title.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # A mounted application is not told of start and end by the server.
        async with AsyncExitStack() as stack:
            for city, _ in cities.values():
                await stack.enter_async_context(city.router.lifespan_context(city))
            yield

    def page(request: Request, status: int = 200, said: str = "") -> Response:
        lang = spoken(request)
        titles = {name: _title(title, lang, name) for name, (_, title) in cities.items()}
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        headers["Content-Language"] = lang
        return HTMLResponse(_page(titles, lang, said), status, headers)

    async def choose(request: Request) -> Response:
        return page(request)

    async def nowhere(request: Request, _error: Exception) -> Response:
        problem, headers = problem_of(PortalError("page_missing"), spoken(request), NOWHERE)
        if "text/html" in request.headers.get("accept", ""):
            return page(request, problem.status, problem.detail)
        body = problem.model_dump(exclude_none=True)
        return JSONResponse(body, problem.status, headers, media_type=MEDIA_TYPE)

    async def health(_request: Request) -> Response:
        # A mounted application has its own state; the request's is this one's.
        return told(
            await health_of_all({name: app.state.service for name, (app, _) in cities.items()})
        )

    routes = [Route("/", choose, name="choose"), Route("/healthz", health, name="healthz")]
    mounts = [Mount(f"/{name}", app=city, name=name) for name, (city, _) in cities.items()]
    faults = {HTTPStatus.NOT_FOUND: nowhere}
    return Starlette(routes=[*routes, *mounts], lifespan=lifespan, exception_handlers=faults)


def unlike(names: list[str]) -> None:
    """That no two workspaces have one name: it is the city's address.

    Raises:
        PortalError: `city_twice`.
    """
    for name in names:
        if names.count(name) > 1:
            raise PortalError("city_twice", name=name)


def _title(said: Mapping[str, str] | str, lang: str, name: str) -> str:
    if isinstance(said, str):
        return said or name
    return said.get(lang) or next(iter(said.values()), name)


def _page(titles: Mapping[str, str], lang: str, said: str) -> str:
    """A page without anything to load: it stands above the cities and has no look of its own."""
    told = f"<p>{html.escape(said)}</p>" if said else ""
    heading = html.escape(text("cities_heading", lang))
    links = "".join(
        f'<li><a href="/{html.escape(name)}/">{html.escape(title)}</a></li>'
        for name, title in titles.items()
    )
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{heading}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>{heading}</h1>{told}<ul>{links}</ul></main></body></html>"
    )
