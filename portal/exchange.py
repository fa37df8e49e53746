"""The exchange over HTTP: what a department may read, page by page, whole, or what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from pipelines.exchange.asking import MOST_ROWS, Page, PageAsked, Waiting
from pipelines.exchange.formats import FORMATS, MEDIA_TYPES, Format
from pipelines.exchange.reader import Reader
from pipelines.exchange.streams import write_table
from portal.disposition import attachment
from portal.errors import PortalError
from portal.exchange_schemas import Grants, PageAnswer, grant_told, page_body
from portal.problems import problem_response, problems
from portal.schemas import NAME, plain
from portal.service import (
    Caller,
    CallerDep,
    PageLookup,
    Quick,
    Service,
    ServiceDep,
    bearer,
    service_of,
)
from portal.streaming import Streamed, begun

PageFormat = Literal["json", "arrow", "parquet", "csv", "jsonl"]
ACCEPTED: dict[str, PageFormat] = {
    "application/json": "json",
    "application/x-ndjson": "jsonl",
    **{kind.partition(";")[0]: name for name, kind in MEDIA_TYPES.items()},
}
NOBODY = Reader("", "", "")  # until the token's client is looked up
FAULTS = problems(401, 403, 406, 409, 410, 422, 429, 500, 503)
_CONTENT: dict[str, Any] = {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()}

Resource = Annotated[
    str, Path(min_length=1, max_length=200, pattern=NAME, description="The table's full name.")
]
Purpose = Annotated[
    str,
    Query(min_length=1, max_length=2_000, pattern=NAME, description="The purpose of the grant."),
]
GrantId = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=NAME,
        description="Which grant, where there are several of one purpose; else the newest.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=2_000, description="Where to go on: `next` of the page before."),
]
Since = Annotated[
    int | None,
    Query(ge=0, lt=2**63, description="The snapshot of what you have; not with a cursor."),
]
Known = Annotated[str | None, Header(alias="If-None-Match", max_length=500)]


class Departmental(APIRoute):
    """A route for programs of departments. Nothing of a request is read before that is known."""

    checks = "client"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the sign-in."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service = service_of(request)
            try:
                header = request.headers.get("authorization", "")
                request.state.caller = await run_in_threadpool(service.department_of, header)
                return await inner(request)
            except Exception as error:
                return problem_response(request, error)

        return handle


router = APIRouter(
    tags=["exchange"],
    route_class=Departmental,
    dependencies=[Depends(bearer)],
    responses=FAULTS,
)
# Done together with others that wait: see `Quick`.
pages = APIRouter(tags=["exchange"], route_class=Quick, responses=FAULTS)
SECURED: dict[str, Any] = {"security": [{bearer.scheme_name: []}]}
PAGED: dict[int | str, dict[str, Any]] = {
    200: {"model": PageAnswer, "content": _CONTENT},
    304: {"description": "You have this snapshot already."},
}


def reader_of(caller: Caller, purpose: str) -> Reader:
    """Who reads, for what."""
    return Reader(caller.department or "", caller.user, purpose, caller.client)


@router.get("/exchange", response_model=Grants)
async def exchange_grants(caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """What your department may read now: resources, fields, purposes, terms."""
    found = await run_in_threadpool(service.exchange.grants, reader_of(caller, ""))
    return JSONResponse(plain(Grants(grants=[grant_told(one) for one in found])))


@pages.get("/exchange/{resource}", responses=PAGED, openapi_extra=SECURED)
async def exchange_page(
    resource: Resource,
    purpose: Purpose,
    request: Request,
    limit: Limit = 100,
    cursor: Cursor = None,
    grant: GrantId = None,
    format: PageFormat | None = None,
    if_none_match: Known = None,
) -> Response:
    """A page of rows, all pages of a read from one snapshot; JSON, or as `format` or `Accept` say."""
    chosen = chosen_format(format, request.headers.get("accept", ""), "json")
    known = None if if_none_match is None else if_none_match.removeprefix("W/").strip('"')
    asked = PageAsked(NOBODY, resource, limit, cursor, grant=grant, known=known)
    return await _answered(request, asked, purpose, chosen)


@pages.get("/exchange/{resource}/changes", responses=PAGED, openapi_extra=SECURED)
async def exchange_changes(
    resource: Resource,
    purpose: Purpose,
    request: Request,
    since: Since = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    grant: GrantId = None,
    format: PageFormat | None = None,
) -> Response:
    """What has changed since a snapshot: rows that are new or different, and keys that have gone."""
    if (since is None) == (cursor is None):
        raise PortalError("request_invalid", problem="query: either since or cursor")
    chosen = chosen_format(format, request.headers.get("accept", ""), "json")
    asked = PageAsked(NOBODY, resource, limit, cursor, True, since, grant)
    return await _answered(request, asked, purpose, chosen)


@router.get(
    "/exchange/{resource}/export",
    responses={200: {"content": _CONTENT, "description": "All rows."}},
    response_class=StreamingResponse,
)
async def exchange_export(
    resource: Resource,
    purpose: Purpose,
    caller: CallerDep,
    service: ServiceDep,
    request: Request,
    grant: GrantId = None,
    format: Format | None = None,
) -> Response:
    """All rows of what is published now, as a stream: CSV, or as `format` or `Accept` say."""
    chosen = chosen_format(format, request.headers.get("accept", ""), "csv")
    if chosen not in FORMATS:
        raise PortalError("format_unknown", formats=", ".join(FORMATS))
    reader = reader_of(caller, purpose)
    return await export_response(service, reader, resource, chosen, grant)


async def export_response(
    service: Service, reader: Reader, resource: str, format: Format, grant: str | None = None
) -> Response:
    """An export as a response, once its first bytes are there; pages may answer with it as well.

    Raises:
        What `Exchange.export` and the first bytes raise.
    """
    made = await run_in_threadpool(service.exchange.export, reader, resource, format, grant)
    first = await begun(made)
    headers = {
        "Content-Disposition": attachment(made.filename),
        "ETag": f'"{made.snapshot.snapshot_id}"',
        "Vary": "Accept, Authorization",
    }
    return Streamed(made, first, headers, made.media_type)


async def _answered(
    request: Request, asked: PageAsked, purpose: str, format: PageFormat
) -> Response:
    service = service_of(request)
    lookup = PageLookup(request.state.client, purpose, asked)
    try:
        found = await _found(service, lookup)
    finally:
        request.state.caller = lookup.caller
    headers = {"ETag": f'"{found.tag}"', "Vary": "Accept, Authorization"}
    if found.unchanged:
        return Response(None, 304, headers)
    if found.next is not None:
        terms = {"purpose": purpose, "cursor": found.next, "limit": asked.limit, "format": format}
        headers["Link"] = f'<?{urlencode(terms)}>; rel="next"'
    if format == "json":
        return Response(page_body(found), 200, headers, "application/json")
    body = await run_in_threadpool(write_table, found.table, format)
    return Response(body, 200, headers, MEDIA_TYPES[format])


async def _found(service: Service, lookup: PageLookup) -> Page:
    while True:
        try:
            return await service.pages.found(lookup)
        except Waiting as waiting:
            try:
                await asyncio.wrap_future(waiting.made)
            except Exception as error:
                reader = reader_of(lookup.caller, lookup.purpose) if lookup.caller else NOBODY
                await run_in_threadpool(service.exchange.note_failed, lookup.asked, error, reader)
                raise


def chosen_format(named: PageFormat | None, accept: str, default: PageFormat) -> PageFormat:
    """The format that is named, else the one that `Accept` likes best.

    Raises:
        PortalError: `format_unknown`.
    """
    if named is not None:
        return named
    weighted = []
    for place, part in enumerate(filter(str.strip, accept.split(","))):
        kind, _, terms = part.strip().partition(";")
        kind = kind.strip().lower()
        any_kind = kind == "*/*" or kind == "application/*"
        found = default if any_kind else ACCEPTED.get(kind)
        if found is not None:
            weighted.append((-_weight(terms), place, found))
    if not weighted and not accept.strip():
        return default
    if not weighted or min(weighted)[0] == 0:
        raise PortalError("format_unknown", formats=", ".join(sorted({*ACCEPTED.values()})))
    return min(weighted)[2]


def _weight(terms: str) -> float:
    for term in terms.split(";"):
        name, _, value = term.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
