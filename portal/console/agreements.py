"""The agreements under which a person may ask now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.agreements import Agreement
from catalog.database.instrument_records import Instrument
from catalog.database.instruments import Instruments


@dataclass(frozen=True, slots=True)
class Held:
    """An agreement of the person's partner.

    Attributes:
        until: before when it ends, in UTC.
        named: whether it names the person as one who may ask.
    """

    id: str
    terms: Agreement
    until: datetime
    named: bool

    @property
    def views(self) -> list[str]:
        """The names of its views."""
        return [view.name for view in self.terms.views]


def held_agreements(
    instruments: Instruments, workspace: str, partner: str, user: str, at: datetime
) -> list[Held]:
    """The agreements of a partner that hold at a moment, by id; of each the version that does.

    Args:
        user: the name of the person's account, which is what agreements call their users.
    """
    return [
        Held(one.id, terms, one.valid_until, user in terms.users)
        for one, terms in _of(instruments, workspace, partner, at)
        if one.state(at) == "in_force"
    ]


def unsigned_agreements(
    instruments: Instruments, workspace: str, partner: str, at: datetime
) -> list[str]:
    """The ids of a partner's agreements that hold as soon as he signs."""
    found = _of(instruments, workspace, partner, at)
    return [one.id for one, _ in found if one.state(at) == "unsigned"]


def _of(
    instruments: Instruments, workspace: str, partner: str, at: datetime
) -> list[tuple[Instrument, Agreement]]:
    with instruments.standing.reading(workspace, at) as moment:
        found = moment.agreements()
    return [
        (one, terms)
        for one in found
        if isinstance(terms := one.document, Agreement) and terms.partner.id == partner
    ]
