"""Notices: what somebody's department is told, what of it he has not read, and marking it as read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response

from catalog.database.notices import MOST_LISTED
from catalog.database.paging import Place
from catalog.people import Person
from catalog.sharing.notices import Notice
from portal import documents
from portal.pages.lists import Name, Number, links_of
from portal.pages.page import PersonDep, Visit, VisitDep, page_router, redirect, render, url_for
from portal.pages.sharing_forms import FormDep, field, naming
from portal.permissions import may
from portal.sharing import notices_of

router = page_router()
SOON_DAYS = 30  # before the end of a document's term


@dataclass(frozen=True, slots=True)
class NoticesWanted:
    """What the address asks for."""

    urgent: bool
    place: Place

    @property
    def filters(self) -> dict[str, str]:
        """The terms of the address that say what is wanted."""
        return {"urgent": "yes"} if self.urgent else {}


async def wanted_of(
    urgent: Name = "", before: Number = None, after: Number = None
) -> NoticesWanted:
    """What an address asks for."""
    return NoticesWanted(bool(urgent), Place(before, after))


WantedDep = Annotated[NoticesWanted, Depends(wanted_of)]


@router.get("/notices")
def notices(request: Request, visit: VisitDep, person: PersonDep, wanted: WantedDep) -> Response:
    """What somebody's department is told, the newest first, and documents that wait or end soon."""
    desk = notices_of(request)
    found = desk.page(person, wanted.place, wanted.urgent)
    seen, newest = desk.read_until(person)
    return render(
        request,
        "sharing/notices.html",
        found=found,
        wanted=wanted,
        links=links_of(request, wanted, found),
        told_anything=desk.reader(person) is not None,
        paths={one.number: path_of(request, one) for one in found.items},
        seen=seen,
        newest=newest,
        most_listed=MOST_LISTED,
        waiting=_documents(request, visit, person),
        soon_days=SOON_DAYS,
        department=naming(request, visit.lang),
    )


@router.post("/notices/read")
def notices_read(request: Request, person: PersonDep, form: FormDep) -> Response:
    """Somebody has read what was there when his page was made; what came since stays unread."""
    notices_of(request).mark(person, _number(field(form, "until")))
    return redirect(request, "notices", "notices_marked")


def path_of(request: Request, notice: Notice) -> str:
    """The page of what a notice is about."""
    if notice.kind == "objection":
        return url_for(request, "objection_page", id=notice.id)
    if notice.kind == "grant":
        return url_for(request, "grant_page", id=notice.id)
    task = "" if notice.task is None else f"#task-{notice.task}"
    return url_for(request, "request_page", id=notice.id) + task


def _number(said: str) -> int:
    """A number as the form has it; what is none is 0, and nothing is marked."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0


def _documents(request: Request, visit: Visit, person: Person) -> list[tuple[documents.Shown, str]]:
    if not may(person, "agreements"):
        return []
    service = visit.site.service
    found = documents.due(
        service.opened.store, service.name, person, service.clock(), visit.site.zone, SOON_DAYS
    )
    return [
        (one, url_for(request, "agreement", kind=one.one.kind, id=quote(one.one.id, safe="")))
        for one in found
    ]
