"""Open data for machines: the catalogue as DCAT, a dataset's metadata, its rows. Nobody signs in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from catalog.exports.dataset import Dataset
from pipelines.exchange.formats import MEDIA_TYPES
from pipelines.lake import Snapshot
from portal.opencatalogue import (
    ROWS,
    SUFFIXES,
    OpenCatalogue,
    address_of,
    addresses,
)
from portal.problems import problems
from portal.service import ServiceDep
from portal.streaming import Streamed, begun

DOCUMENTS = {
    "jsonld": "application/ld+json",
    "ttl": "text/turtle",
    "rdf": "application/rdf+xml",
}
PAGE = "text/html"
OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, no-cache"}
router = APIRouter(tags=["open data"])
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=200)]


def _content(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of answers in several forms."""
    forms = {"application/ld+json": "object", "application/json": "array"}
    content = {kind: {"schema": {"type": forms.get(kind, "string")}} for kind in kinds}
    return {
        200: {"description": "OK", "content": content},
        304: {"description": "Not modified since."},
    }


_CATALOGUE = {**_content(*DOCUMENTS.values()), **problems(400, 404, 422, 429, 500, 503)}
_ELSEWHERE: dict[int | str, dict[str, Any]] = {
    303: {"description": "The page for people, for those who want HTML."}
}


@router.get("/catalog", responses={**_CATALOGUE, **_ELSEWHERE}, response_class=Response)
async def open_catalogue(request: Request, service: ServiceDep) -> Response:
    """The catalogue of open data as DCAT-AP 3, in the form that `Accept` asks for."""
    suffix = accepted(request)
    if suffix is None:
        path = request.scope.get("root_path", "") + request.app.url_path_for("open_list")
        return RedirectResponse(path, 303, {"Vary": "Accept"})
    return await run_in_threadpool(_catalogue, request, service.open_data, suffix)


@router.get("/catalog.{suffix}", responses=_CATALOGUE, response_class=Response)
async def open_catalogue_file(
    request: Request,
    suffix: Annotated[str, Path(pattern="^(jsonld|ttl|rdf)$")],
    service: ServiceDep,
) -> Response:
    """The same in one form: `jsonld`, `ttl` (Turtle) or `rdf` (RDF/XML)."""
    return await run_in_threadpool(_catalogue, request, service.open_data, suffix)


router.add_api_route(
    "/catalog.{suffix}",
    open_catalogue_file,
    methods=["HEAD"],
    name="open_catalogue_head",
    include_in_schema=False,
)


@router.get("/datasets/{resource}", responses={**_CATALOGUE, **_ELSEWHERE}, response_class=Response)
async def open_metadata(request: Request, resource: Key, service: ServiceDep) -> Response:
    """The metadata of one dataset, in the form that `Accept` asks for."""
    suffix = accepted(request)
    if suffix is None:
        path = request.app.url_path_for("open_dataset", resource=resource)
        return RedirectResponse(request.scope.get("root_path", "") + path, 303, {"Vary": "Accept"})
    return await run_in_threadpool(_metadata, request, service.open_data, resource, suffix)


@router.get(
    "/open/{resource}.{suffix}",
    responses={
        **_content(*(form.media for form in SUFFIXES.values())),
        **problems(400, 404, 422, 429, 500, 503),
    },
    response_class=Response,
)
async def open_download(
    request: Request,
    resource: Key,
    suffix: Annotated[str, Path(pattern="^(csv|json|parquet|arrow)$")],
    service: ServiceDep,
) -> Response:
    """All rows of an open dataset, as they are published now. The entity tag is the snapshot's."""
    catalogue, address = service.open_data, address_of(request)
    catalogue.downloads.take(address)
    snapshot = await run_in_threadpool(catalogue.current, resource)
    headers = OPEN | {
        "ETag": f'"{snapshot.snapshot_id}-{suffix}"',
        "Last-Modified": format_datetime(snapshot.committed_at.astimezone(UTC), usegmt=True),
        "Content-Disposition": f'attachment; filename="{resource}.{suffix}"',
        "X-Snapshot": str(snapshot.snapshot_id),
        "X-Rows": str(snapshot.rows),
        "Accept-Ranges": "none",
    }
    if _unchanged(request, headers["ETag"], snapshot):
        kept = {name: headers[name] for name in ("ETag", "Last-Modified", *OPEN)}
        return Response(status_code=304, headers=kept)
    media = SUFFIXES[suffix].media if suffix == "json" else MEDIA_TYPES[ROWS[suffix]]
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media)
    stream = await run_in_threadpool(catalogue.stream, snapshot, suffix, address)
    return Streamed(stream, await begun(stream), headers, media)


router.add_api_route(
    "/open/{resource}.{suffix}",
    open_download,
    methods=["HEAD"],
    name="open_download_head",
    include_in_schema=False,
)


def _catalogue(request: Request, catalogue: OpenCatalogue, suffix: str) -> Response:
    from catalog.exports import dcat

    catalogue.questions.take(address_of(request))
    at, datasets = addresses(request, catalogue), catalogue.datasets()

    def make() -> bytes:
        return dcat.written(dcat.graph(datasets, catalogue.terms, at), dcat.SUFFIXES[suffix])

    return _document(request, catalogue, ("catalog", suffix, at.base), datasets, make)


def _metadata(request: Request, catalogue: OpenCatalogue, key: str, suffix: str) -> Response:
    from catalog.exports import dcat

    catalogue.questions.take(address_of(request))
    at, dataset = addresses(request, catalogue), catalogue.dataset(key)
    if request.method == "GET":
        catalogue.lookups.count(key)

    def make() -> bytes:
        made = dcat.dataset_graph(dataset, catalogue.terms, at)
        return dcat.written(made, dcat.SUFFIXES[suffix])

    return _document(request, catalogue, (key, suffix, at.base), (dataset,), make)


def _document(
    request: Request,
    catalogue: OpenCatalogue,
    key: tuple[str, str, str],
    datasets: tuple[Dataset, ...],
    make: Any,
) -> Response:
    content, tag = catalogue.document(key, datasets, make)
    headers = OPEN | {"ETag": tag, "Vary": "Accept"}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    media = DOCUMENTS[key[1]]
    body = b"" if request.method == "HEAD" else content
    return Response(body, headers=headers, media_type=media)


def accepted(request: Request) -> str | None:
    """The form that a request prefers among ours: the suffix of a document, or None for a page."""
    ours = [*DOCUMENTS.values(), PAGE]
    best, chosen = 0.0, ours[0]
    for part in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = [one.strip().lower() for one in part.split(";")]
        weight = _weight(parameters)
        match = _first(ours, kind)
        if match is not None and weight > best:
            best, chosen = weight, match
    return next((suffix for suffix, kind in DOCUMENTS.items() if kind == chosen), None)


def _first(ours: Sequence[str], kind: str) -> str | None:
    """What a media range asks for of ours; any JSON is JSON-LD."""
    if kind == "application/json":
        kind = DOCUMENTS["jsonld"]
    if kind in ("*/*", "application/*"):
        return ours[0]
    return kind if kind in ours else None


def _weight(parameters: Sequence[str]) -> float:
    said = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return float(said)
    except ValueError:
        return 0.0


def _unchanged(request: Request, tag: str, snapshot: Snapshot) -> bool:
    """Whether who asks has it already (RFC 9110, 13.2.2: the entity tag goes before the date)."""
    said = request.headers.get("if-none-match")
    if said is not None:
        return _matches(said, tag)
    since = _moment(request.headers.get("if-modified-since", ""))
    return since is not None and snapshot.committed_at.replace(microsecond=0) <= since


def _matches(said: str, tag: str) -> bool:
    tags = [one.strip().removeprefix("W/") for one in said.split(",")]
    return "*" in tags or tag in tags


def _moment(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
