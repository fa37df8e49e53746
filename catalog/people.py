"""The people who work in the portal, and what each may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["engineer", "steward", "officer", "partner", "auditor", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)


_ACTORS = ("account", "department", "partner")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in.

    Attributes:
        id: the name he signs in with.
        name: how he is called on pages.
        role: `engineer` runs pipelines; `steward` of the data bureau checks requests and quality;
            `officer` acts for his department, which asks for data and owns its own; `partner` asks in
            the sandbox; `auditor` reads everything that was done and changes nothing;
            `administrator` keeps accounts and clients, and sees no data.
        department: an officer's; None for others.
        partner: a partner's id in its agreements; None for others.
    """

    id: str
    name: str
    role: Role
    department: str | None = None
    partner: str | None = None

    @property
    def actor(self) -> str:
        """As the audit log names him."""
        if self.department is not None:
            return f"department:{self.department}/{self.id}"
        if self.partner is not None:
            return f"partner:{self.partner}/{self.id}"
        return f"account:{self.id}"


def account_of(actor: str) -> str:
    """The name of the account by which the audit log names somebody; empty: it names none."""
    kind, _, rest = actor.partition(":")
    return rest.rpartition("/")[2] if kind in _ACTORS else ""
