"""What was asked before: question, price, outcome, and the answer to be read again for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.agreements import Agreement
from catalog.database.asked import AskedEntry
from catalog.database.openings import GIVEN
from portal.console.gauge import epsilon_told
from portal.console.refusals import Place, place_of, remembered
from sandbox.errors import Refusal
from sandbox.sql import read_question
from sandbox.terms import ViewTerms

PAGE = 20


@dataclass(frozen=True, slots=True)
class Past:
    """A question or a price that was asked for.

    Attributes:
        question: as it was written; of very long ones the beginning.
        given: it was answered, or the price told; else `what` and `next` say why not.
        epsilon: what was charged for it then; None: nothing.
        answer: by which its answer can be read again.
    """

    number: int
    at: datetime
    user: str
    partner: str
    action: str
    agreement: str
    purpose: str
    question: str
    given: bool
    code: str
    what: str
    next: str
    place: Place | None
    epsilon: float | None
    answer: str | None

    @property
    def called(self) -> str:
        """The key of what the call is called."""
        return f"console_action_{self.action}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them, the newest first.

    Attributes:
        older: the number from which the next page goes on; None: there is none.
    """

    rows: tuple[Past, ...]
    older: int | None


def page_of(
    entries: Sequence[AskedEntry],
    terms: Mapping[str, Agreement],
    views: Mapping[str, Mapping[str, ViewTerms]],
    lang: str | None = None,
    most: int = PAGE,
) -> Page:
    """A page of a partner's log.

    Args:
        entries: one more than `most`, if there are more.
        terms: by agreement, what it says.
        views: by agreement that holds, what it grants: for saying why a question was refused.
    """
    rows = tuple(
        past(one, terms.get(one.call.agreement), views.get(one.call.agreement, {}), lang)
        for one in entries[:most]
    )
    return Page(rows, entries[most - 1].number if len(entries) > most else None)


def past(
    entry: AskedEntry,
    terms: Agreement | None,
    views: Mapping[str, ViewTerms],
    lang: str | None = None,
) -> Past:
    """A call of the log as a page shows it; see `page_of`."""
    call = entry.call
    given = call.outcome == GIVEN
    what, then, place = ("", "", None) if given else _why(entry, views, lang)
    return Past(
        entry.number,
        call.at,
        call.user,
        call.partner,
        call.action,
        call.agreement,
        call.purpose,
        call.subject,
        given,
        call.outcome,
        what,
        then,
        place,
        None if entry.paid is None or terms is None else epsilon_told(entry.paid, terms),
        entry.answer if call.action == "query" else None,
    )


def _why(
    entry: AskedEntry, views: Mapping[str, ViewTerms], lang: str | None
) -> tuple[str, str, Place | None]:
    """The text of a refusal. The log has its code alone: a question is read again, which tells nothing
    of the data, and if it is refused for the same reason still, that is told in full."""
    call = entry.call
    try:
        read_question(call.subject, views)
    except Refusal as error:
        if error.code == call.outcome:
            what, then = error.parts(lang)
            return what, then, place_of(call.subject, error.line, error.column)
    named = {"agreement": call.agreement, "partner": call.partner}
    named |= {"user": call.user, "purpose": call.purpose}
    what, then = remembered(call.outcome, lang, **named)
    return what, then, None
