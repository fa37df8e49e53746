"""The reading part of CKAN's Action API (<https://docs.ckan.org/en/latest/api/>), for CKAN's clients.

Its envelope and its errors are CKAN's own, not our problems.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from catalog.exports import ckan
from catalog.exports.ckan_search import MOST_ROWS, Search, SearchFault, search
from catalog.exports.dataset import Addresses, Dataset
from portal.opencatalogue import OpenCatalogue, address_of, addresses
from portal.problems import problems, spoken
from portal.service import ServiceDep

VERSION = "2.11"  # of CKAN, whose answers these are like
HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
FORM = "application/x-www-form-urlencoded"
router = APIRouter(tags=["CKAN"])
Params = Mapping[str, Any]


class Envelope(BaseModel):
    """What CKAN answers with."""

    help: str
    success: bool
    result: Any = Field(None, description="What the action gives.")
    error: dict[str, Any] | None = Field(None, description="Why it gives nothing.")


class _Fault(Exception):
    """An error as CKAN has it."""

    def __init__(self, status: int, kind: str, **said: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.error = {"__type": kind, **said}


@dataclass(frozen=True, slots=True)
class _Asked:
    catalogue: OpenCatalogue
    at: Addresses
    lang: str
    params: Params

    def packages(self) -> list[ckan.Record]:
        """All packages, by name."""
        terms = self.catalogue.terms
        found = [ckan.package(one, terms, self.at, self.lang) for one in self.datasets()]
        return sorted(found, key=lambda one: str(one["name"]))

    def datasets(self) -> tuple[Dataset, ...]:
        return self.catalogue.datasets()

    def told(self, package: str) -> None:
        """Count that somebody is told of one dataset."""
        for one in self.datasets():
            if one.id == package:
                self.catalogue.lookups.count(one.key)

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise _Fault(409, "Validation Error", **{name: ["Missing value"]})
        return value

    def number(self, name: str, default: int, low: int = 0) -> int:
        value = self.params.get(name, default)
        try:
            found = int(value)
        except (TypeError, ValueError, OverflowError):
            raise _Fault(409, "Validation Error", **{name: ["Invalid integer"]}) from None
        if not low <= found < 2**31:
            raise _Fault(409, "Validation Error", **{name: ["Must be a natural number"]})
        return found

    def flag(self, name: str) -> bool:
        return str(self.params.get(name, "")).lower() in ("true", "1", "yes", "t", "y", "on")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list: as it is, or as JSON where it stands in an address."""
        value = self.params.get(name, ())
        if isinstance(value, str):
            try:
                value = json.loads(value) if value.startswith("[") else [value]
            except ValueError:
                raise _Fault(409, "Validation Error", **{name: ["Invalid list"]}) from None
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise _Fault(409, "Validation Error", **{name: ["Invalid list"]})
        return tuple(value)


# Actions: the text of each is what `help_show` gives


def _site_read(_asked: _Asked) -> Any:
    """Whether the site may be read: yes."""
    return True


def _status_show(asked: _Asked) -> Any:
    """What this site is."""
    return {
        "ckan_version": VERSION,
        "site_url": asked.at.base,
        "site_title": asked.catalogue.terms.title.get(asked.lang) or asked.catalogue.name,
        "site_description": "The reading part of CKAN's Action API; this is no CKAN.",
        "error_emails_to": None,
        "locale_default": asked.lang,
        "extensions": [],
    }


def _package_list(asked: _Asked) -> Any:
    """Names of all datasets. Parameters: limit, offset."""
    names = [one["name"] for one in asked.packages()]
    return _part(asked, names)


def _current_package_list_with_resources(asked: _Asked) -> Any:
    """All datasets with their resources. Parameters: limit, offset."""
    return _part(asked, asked.packages())


def _package_show(asked: _Asked) -> Any:
    """One dataset. Parameter: id, its name or id."""
    wanted = asked.text("id")
    found = _found(asked.packages(), wanted)
    asked.told(found["id"])
    return found


def _package_search(asked: _Asked) -> Any:
    """Search datasets. Parameters: q, fq, fq_list, sort, rows (at most 1000), start, facet.field,
    facet.limit, facet.mincount. Of Solr's language: words, "phrases", field:value, field:(a OR b),
    field:[a TO b], AND, NOT, + and -."""
    fq = asked.params.get("fq", "")
    q = asked.params.get("q", "")
    sort = asked.params.get("sort", "")
    for name, value in (("q", q), ("fq", fq), ("sort", sort)):
        if not isinstance(value, str):
            raise _Fault(409, "Validation Error", **{name: ["Must be a Unicode string value"]})
    question = Search(
        q,
        (fq, *asked.texts("fq_list")),
        sort,
        asked.number("start", 0),
        min(asked.number("rows", 10), MOST_ROWS),
        asked.texts("facet.field"),
        asked.number("facet.limit", 50, -1),
        asked.number("facet.mincount", 1),
    )
    try:
        return search(asked.packages(), question)
    except SearchFault as fault:
        raise _Fault(409, "Search Query Error", message=f"Invalid search query: {fault}") from None


def _organization_list(asked: _Asked) -> Any:
    """Who publishes: names, or everything with all_fields=True."""
    found = _organizations(asked)
    return _part(asked, found if asked.flag("all_fields") else [one["name"] for one in found])


def _organization_show(asked: _Asked) -> Any:
    """A publisher. Parameters: id, its name or id; include_datasets."""
    one = _found(_organizations(asked), asked.text("id"))
    if asked.flag("include_datasets"):
        mine = [p for p in asked.packages() if p["organization"]["name"] == one["name"]]
        return one | {"packages": mine}
    return one


def _group_list(asked: _Asked) -> Any:
    """Themes of datasets: names, or everything with all_fields=True."""
    groups = {g["name"]: g for p in asked.packages() for g in p["groups"]}
    found = [groups[name] for name in sorted(groups)]
    return _part(asked, found if asked.flag("all_fields") else [one["name"] for one in found])


def _tag_list(asked: _Asked) -> Any:
    """Tags of datasets: names, or everything with all_fields=True."""
    tags = {t["name"]: t for p in asked.packages() for t in p["tags"]}
    found = [tags[name] for name in sorted(tags)]
    return found if asked.flag("all_fields") else [one["name"] for one in found]


def _license_list(asked: _Asked) -> Any:
    """The licence of the city's open data."""
    return ckan.licenses(asked.catalogue.terms)


def _resource_show(asked: _Asked) -> Any:
    """One download of a dataset. Parameter: id."""
    resources = [resource for one in asked.packages() for resource in one["resources"]]
    found = _found(resources, asked.text("id"))
    asked.told(found["package_id"])
    return found


def _resource_search(asked: _Asked) -> Any:
    """Search downloads. Parameters: query, "field:part" or a list of them; limit, offset."""
    conditions = [one.partition(":")[::2] for one in asked.texts("query")]
    if not conditions:
        raise _Fault(409, "Validation Error", query=["Missing value"])
    found = [resource for one in asked.packages() for resource in one["resources"]]
    for name, part in conditions:
        if name not in ("name", "format", "mimetype", "url", "description", "id"):
            raise _Fault(409, "Search Query Error", message=f"Field not recognised: {name}")
        found = [one for one in found if part.casefold() in str(one[name]).casefold()]
    return {"count": len(found), "results": _part(asked, found)}


def _help_show(asked: _Asked) -> Any:
    """What an action does. Parameter: name."""
    name = asked.text("name")
    if name not in ACTIONS:
        raise _Fault(404, "Not Found Error", message="Not found")
    return ACTIONS[name].__doc__


ACTIONS: Mapping[str, Callable[[_Asked], Any]] = {
    "site_read": _site_read,
    "status_show": _status_show,
    "package_list": _package_list,
    "package_show": _package_show,
    "package_search": _package_search,
    "current_package_list_with_resources": _current_package_list_with_resources,
    "organization_list": _organization_list,
    "organization_show": _organization_show,
    "group_list": _group_list,
    "tag_list": _tag_list,
    "license_list": _license_list,
    "resource_show": _resource_show,
    "resource_search": _resource_search,
    "help_show": _help_show,
}


def _organizations(asked: _Asked) -> list[ckan.Record]:
    return ckan.organizations(asked.datasets(), asked.catalogue.terms, asked.at, asked.lang)


def _found(records: list[ckan.Record], wanted: str) -> ckan.Record:
    for one in records:
        if wanted in (one["id"], one["name"]):
            return one
    raise _Fault(404, "Not Found Error", message="Not found")


def _part(asked: _Asked, found: list[Any]) -> list[Any]:
    start = asked.number("offset", 0)
    limit = asked.number("limit", MOST_ROWS)
    return found[start : start + limit]


# Routes

_RESPONSES: dict[int | str, dict[str, Any]] = {
    **{
        status: {"model": Envelope, "description": description}
        for status, description in {
            400: "No action of this name, or a body that is no JSON object.",
            404: "There is nothing of this id.",
            409: "A parameter is wrong, or a search is not understood.",
        }.items()
    },
    **problems(413, 422, 429, 500, 503),
}
# Not checked by the framework: an unknown action has CKAN's own error.
Action = Annotated[str, Path(json_schema_extra={"enum": sorted(ACTIONS)})]


@router.get("/api/3/action/{action}", response_model=Envelope, responses=_RESPONSES)
async def ckan_get(request: Request, action: Action, service: ServiceDep) -> JSONResponse:
    """Call an action; its parameters stand in the address."""
    params = _collected(request.query_params.multi_items())
    return await run_in_threadpool(_answer, request, service.open_data, action, params)


@router.post("/api/3/action/{action}", response_model=Envelope, responses=_RESPONSES)
async def ckan_post(request: Request, action: Action, service: ServiceDep) -> JSONResponse:
    """Call an action; its parameters are a JSON object, or a form."""
    params = _body(request.headers.get("content-type", ""), await request.body())
    return await run_in_threadpool(_answer, request, service.open_data, action, params)


def _short() -> None:
    """Clients may leave the version out."""
    for name, made, method in (
        ("ckan_short", ckan_get, "GET"),
        ("ckan_short_post", ckan_post, "POST"),
    ):
        router.add_api_route(
            "/api/action/{action}", made, methods=[method], name=name, include_in_schema=False
        )


_short()


def _body(kind: str, body: bytes) -> Params | None:
    """The parameters; None: they cannot be read."""
    if not body:
        return {}
    try:
        if kind.partition(";")[0].strip().lower() == FORM:
            return _collected(parse_qsl(body.decode(), max_num_fields=100))
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _collected(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What is said several times is a list."""
    found: dict[str, list[str]] = {}
    for name, value in items:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _answer(
    request: Request, catalogue: OpenCatalogue, action: str, params: Params | None
) -> JSONResponse:
    catalogue.questions.take(address_of(request))
    at = addresses(request, catalogue)
    help = f"{at.base}/api/3/action/help_show?name={action if action in ACTIONS else ''}"
    try:
        if action not in ACTIONS:
            raise _Fault(400, "Bad Request", message=f"Action name not known: {_plain(action)}")
        if params is None:
            raise _Fault(400, "Bad Request", message="JSON Error: the body is no JSON object")
        result = ACTIONS[action](_Asked(catalogue, at, spoken(request), params))
    except _Fault as fault:
        body = {"help": help, "success": False, "error": fault.error}
        return JSONResponse(body, fault.status, HEADERS)
    return JSONResponse({"help": help, "success": True, "result": result}, headers=HEADERS)


def _plain(action: str) -> str:
    return action if action.isidentifier() and len(action) < 100 else "-"
