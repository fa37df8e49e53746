"""The agreements under which a person may ask now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.agreements import Agreement
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
    """The agreements of a partner that hold at a moment, by id; of each its newest version.

    Args:
        user: the name of the person's account, which is what agreements call their users.
    """
    newest = {
        one.id: one
        for one in instruments.versions(workspace, "agreement")
        if one.imported_at <= at  # they come the earliest version first
    }
    return [
        Held(id, terms, one.valid_until, user in terms.users)
        for id, one in sorted(newest.items())
        if isinstance(terms := one.document, Agreement)
        and terms.partner.id == partner
        and one.state(at) == "in_force"
    ]
