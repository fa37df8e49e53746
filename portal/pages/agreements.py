"""Letters, agreements and consents: what each allows, its versions and signatures, and how it ends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from catalog.agreements import Agreement
from catalog.errors import CityBrainError
from catalog.exports.odrl import policy_of
from catalog.people import Person
from portal import documents
from portal.console.gauge import Gauge, gauges
from portal.documents import Shown
from portal.errors import PortalError
from portal.pages.faults import fault_of
from portal.pages.page import PersonDep, Visit, VisitDep, page_router, render, to_path, url_for
from portal.problems import Problem

ENDING = frozenset({"steward"})
ENDABLE = frozenset({"in_force", "early", "unsigned"})
BRINGING = frozenset({"steward", "officer", "partner"})
MEDIA = {"jsonld": "application/ld+json", "yaml": "application/yaml", "draft": "application/yaml"}
router = page_router()
Version = Annotated[int | None, Query(ge=1, lt=2**31)]


@router.get("/agreements")
def agreements(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """All documents that somebody may see."""
    return _list(request, visit, person)


@router.post("/agreements/upload")
async def agreement_upload(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take over a signed file: a new version, or somebody's signature under a known one."""
    content = b"" if file is None else await file.read(documents.MOST_BYTES + 1)
    return await run_in_threadpool(_take, request, visit, person, content)


@router.get("/agreements/of/{kind}/{id:path}")
def agreement(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    kind: str,
    id: str,
    version: Version = None,
) -> Response:
    """One version of a document; by default the one in force, or else the newest."""
    return _page(request, visit, person, kind, id, version)


@router.get("/agreements/file/{form}/{kind}/{version}/{id:path}")
def agreement_file(
    visit: VisitDep, person: PersonDep, form: str, kind: str, version: int, id: str
) -> Response:
    """A version as ODRL (`jsonld`), as its signed file (`yaml`), or the next one's draft (`draft`)."""
    found = _found(_versions(visit, person, kind, id), version)
    service = visit.site.service
    if form == "jsonld":
        content = json.dumps(policy_of(service.name, found.whole), ensure_ascii=False, indent=2)
    elif form == "yaml":
        content = documents.as_file(found)
    elif form == "draft":
        today = service.clock().astimezone(visit.site.zone).date()
        content = documents.next_draft(found.one.document, today)
    else:
        raise PortalError("document_unknown")
    name = quote(f"{kind}-{id}-{version}.{'jsonld' if form == 'jsonld' else 'yaml'}", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=MEDIA[form], headers=headers)


@router.post("/agreements/end/{kind}/{id:path}")
def agreement_end(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    kind: str,
    id: str,
    reason: Annotated[str, Form(max_length=2_000)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """End a document, now or at a moment in the city's time; what runs under it is stopped."""
    service = visit.site.service
    _versions(visit, person, kind, id)
    now = service.clock()
    try:
        if not reason.strip():
            raise PortalError("reason_missing")
        when = max(now, _moment(at, visit)) if at.strip() else now
        service.opened.store.instruments.revoke(
            service.name,
            documents.kind_of(kind),
            id,
            at=when,
            by=person.actor,
            reason=reason.strip(),
        )
    except CityBrainError as error:
        return _page(request, visit, person, kind, id, None, error)
    return to_path(request, _path(request, kind, id), "document_ended", {"id": id})


def _take(request: Request, visit: Visit, person: Person, content: bytes) -> Response:
    service = visit.site.service
    try:
        if not content:
            raise PortalError("document_file_missing")
        signed = documents.read_upload(content)
        workspace = service.workspace.workspace
        one, new = documents.take(service.opened.store, workspace, person, signed)
    except CityBrainError as error:
        return _list(request, visit, person, error)
    told = "document_taken" if new else "document_signed"
    return to_path(request, _path(request, one.kind, one.id), told, {"name": one.name})


def _list(
    request: Request, visit: Visit, person: Person, error: CityBrainError | None = None
) -> Response:
    service = visit.site.service
    store, now = service.opened.store, service.clock()
    shown = documents.listed(store, service.name, person, now)
    problem = _told(error, visit)
    return render(
        request,
        "agreements/list.html",
        status=problem.status if problem else 200,
        found=[(one, _path(request, one.now.one.kind, one.now.one.id)) for one in shown],
        problem=problem,
        brings=person.role in BRINGING,
    )


def _page(
    request: Request,
    visit: Visit,
    person: Person,
    kind: str,
    id: str,
    version: int | None,
    error: CityBrainError | None = None,
) -> Response:
    all_versions = _versions(visit, person, kind, id)
    stands = documents.standing(all_versions)
    shown = stands.now if version is None else _found(all_versions, version)
    place = all_versions.index(shown)
    before = all_versions[place + 1] if place + 1 < len(all_versions) else None
    document, problem = shown.one.document, _told(error, visit)
    path = _path(request, kind, id)
    return render(
        request,
        "agreements/document.html",
        status=problem.status if problem else 200,
        shown=shown,
        words=documents.in_words(document, visit.lang),
        versions=[(one, f"{path}?version={one.one.version}") for one in all_versions],
        before=before,
        differences=documents.differences(before.one.document, document) if before else [],
        letters=_letters(request, visit, person, document),
        gauges=_gauges(visit, shown),
        files=[
            (form, url_for(request, "agreement_file", form=form, kind=kind, version=shown.one.version,
                           id=quote(id, safe="")))
            for form in MEDIA
        ],
        end=url_for(request, "agreement_end", kind=kind, id=quote(id, safe="")),
        stands=stands,
        path=path,
        # To end the one that is in force ends a newer one, too.
        ends=person.role in ENDING
        and (place == 0 or shown is stands.now)
        and shown.state in ENDABLE,
        brings=person.role in BRINGING and bool(shown.missing),
        problem=problem,
    )  # fmt: skip


def _letters(
    request: Request, visit: Visit, person: Person, document: Any
) -> list[tuple[str, str | None, str]]:
    """The letters that an agreement rests on: id, where it is read (if he may), and its state."""
    if not isinstance(document, Agreement):
        return []
    service = visit.site.service
    now = service.clock()
    found: list[tuple[str, str | None, str]] = []
    for id in document.letters:
        known = service.opened.store.instruments.versions(service.name, "letter", id)
        state = known[-1].state(now) if known else "absent"
        seen = bool(known) and documents.may_see(person, known[-1].document)
        found.append((id, _path(request, "letter", id) if seen else None, state))
    return found


def _gauges(visit: Visit, shown: Shown) -> list[Gauge]:
    document = shown.one.document
    if not isinstance(document, Agreement) or shown.state != "in_force":
        return []
    balances = visit.site.service.opened.desk.balances(shown.one.id)
    return gauges(balances, document)


def _versions(visit: Visit, person: Person, kind: str, id: str) -> list[Shown]:
    service = visit.site.service
    store, now = service.opened.store, service.clock()
    return documents.versions(store, service.name, person, documents.kind_of(kind), id, now)


def _found(versions: list[Shown], version: int) -> Shown:
    found = next((one for one in versions if one.one.version == version), None)
    if found is None:
        raise PortalError("document_unknown")
    return found


def _path(request: Request, kind: str, id: str) -> str:
    return url_for(request, "agreement", kind=kind, id=quote(id, safe=""))


def _moment(said: str, visit: Visit) -> datetime:
    """A moment as a form's field has it, in the city's time.

    Raises:
        PortalError: `moment_unreadable`.
    """
    try:
        return datetime.fromisoformat(said.strip()).replace(tzinfo=visit.site.zone)
    except (ValueError, OverflowError):
        raise PortalError("moment_unreadable") from None


def _told(error: CityBrainError | None, visit: Visit) -> Problem | None:
    return None if error is None else fault_of(error, visit.lang)[0]
