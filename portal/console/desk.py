"""What the console's pages read from the service: agreements, budgets, the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.agreements import Agreement
from catalog.database.asked import AskedEntry
from catalog.database.openings import Opening
from catalog.errors import CatalogError, CityBrainError
from catalog.people import Person
from portal.console.agreements import Held, held_agreements, unsigned_agreements
from portal.console.completion import completion
from portal.console.gauge import Gauge, gauges
from portal.console.history import PAGE, Page, page_of
from portal.errors import PortalError
from portal.service import Service
from sandbox.errors import SandboxError
from sandbox.pricing import usual_epsilon
from sandbox.terms import ViewTerms

# What is said of an agreement of others, of one that never was, and of one that does not hold yet.
NOT_THERE = frozenset({"agreement_missing", "agreement_unknown"})


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """What stands around the editor.

    Attributes:
        words: what the editor completes (`portal.console.completion`).
    """

    held: Held
    views: tuple[ViewTerms, ...]
    words: Mapping[str, Any]
    gauges: tuple[Gauge, ...]

    @property
    def usual(self) -> float:
        """Epsilon of a question that names no price."""
        return usual_epsilon(self.held.terms)


def partner_of(person: Person) -> str:
    """For whom somebody asks.

    Raises:
        PortalError: `page_forbidden`, for an account that belongs to no partner.
    """
    if person.role != "partner" or person.partner is None:
        raise PortalError("page_forbidden")
    return person.partner


def held(service: Service, partner: str, user: str) -> list[Held]:
    """The agreements of a partner that hold now."""
    instruments = service.opened.store.instruments
    return held_agreements(instruments, service.name, partner, user, service.clock())


def unsigned(service: Service, partner: str) -> list[str]:
    """The ids of a partner's agreements that wait for his signature."""
    instruments = service.opened.store.instruments
    return unsigned_agreements(instruments, service.name, partner, service.clock())


def opened(
    service: Service, partner: str, user: str, agreement: str, lang: str | None = None
) -> OpenDesk:
    """The editor's surroundings under an agreement of the partner's own.

    Raises:
        PortalError: `page_unknown`, for the agreement of another partner as well.
        CatalogError: `agreement_expired`, `agreement_revoked`.
    """
    try:
        views = service.opened.desk.views(partner, agreement)
    except (CatalogError, SandboxError) as error:
        if error.code in NOT_THERE:
            raise PortalError("page_unknown") from None
        raise
    own = next((one for one in held(service, partner, user) if one.id == agreement), None)
    if own is None:  # it has ended in between
        raise PortalError("page_unknown")
    return OpenDesk(
        own,
        tuple(views.values()),
        completion(views.values(), lang),
        gauges_of(service, partner, agreement),
    )


def gauges_of(service: Service, partner: str, agreement: str) -> tuple[Gauge, ...]:
    """What is left under an agreement of a partner's; nothing, if there is none."""
    said = terms(service, agreement)
    try:
        balances = service.opened.desk.balances(agreement, partner)
    except CatalogError as error:
        if error.code != "agreement_missing":
            raise
        return ()
    return () if said is None else tuple(gauges(balances, said))


def terms(service: Service, agreement: str) -> Agreement | None:
    """What an agreement says in the version that holds, or else in its newest one."""
    found = service.opened.store.instruments.newest(service.name, agreement, service.clock())
    document = found.document if found is not None else None
    return document if isinstance(document, Agreement) else None


def call(service: Service, partner: str, number: int) -> Opening:
    """A call of a partner's own, by its number in the log.

    Raises:
        PortalError: `page_unknown`.
    """
    found = service.opened.store.asked.one(service.name, partner, number)
    if found is None or found.call.action not in ("quote", "query"):
        raise PortalError("page_unknown")
    return found.call


def history(service: Service, partner: str, lang: str, before: int | None = None) -> Page:
    """A page of what a partner has asked, under all of its agreements."""
    entries = service.opened.store.asked.page(
        service.name,
        partner=partner,
        actions=("quote", "query"),
        before=before,
        limit=PAGE + 1,
    )
    named = {one.call.agreement for one in entries}
    said = {id: known for id in named if (known := terms(service, id)) is not None}
    own = {id: known for id, known in said.items() if known.partner.id == partner}
    views = {id: _views(service, partner, id) for id in own}
    return page_of(entries, own, views, lang)


def register(service: Service, lang: str, before: int | None = None) -> Page:
    """A page of what all partners have asked for: no answer, and of a record no more than its view."""
    entries = service.opened.store.asked.page(service.name, before=before, limit=PAGE + 1)
    known: dict[str, Agreement] = {}
    for id in {one.call.agreement for one in entries}:
        found = terms(service, id)
        if found is not None:
            known[id] = found
    return page_of([_without_answer(one) for one in entries], known, {}, lang)


def _without_answer(entry: AskedEntry) -> AskedEntry:
    """What may be seen by those who watch over openings: which enterprise was looked at may not, nor
    the name of an answer."""
    call = entry.call
    subject = {"record": call.subject.partition(" ")[0], "answer": ""}.get(call.action)
    if subject is None:
        return replace(entry, answer=None)
    return replace(entry, answer=None, call=replace(call, subject=subject))


def _views(service: Service, partner: str, agreement: str) -> Mapping[str, ViewTerms]:
    try:
        return service.opened.desk.views(partner, agreement)
    except CityBrainError:
        return {}
