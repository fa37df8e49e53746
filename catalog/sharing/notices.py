"""Who is told of what was done to a request, an objection or a grant.

An event names in `to` whom it is for, where it is for somebody in particular. Besides, those on the
sides that `SIDES` names are told. A department is not told what its own people did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catalog.sharing.request import Event

Kind = Literal["request", "task", "objection", "grant"]
Side = Literal["asking", "owners"]

_BOTH: tuple[Side, ...] = ("asking", "owners")
# Acts that lead only to others of which somebody is told (`confirm`, `reopen`) are told to nobody.
SIDES: Mapping[tuple[Kind, str], tuple[Side, ...]] = {
    ("request", "check"): ("asking",),
    ("request", "give_back"): ("asking",),
    ("request", "dispatch"): ("asking",),
    ("task", "approve"): _BOTH,
    ("task", "approve_some"): _BOTH,
    ("task", "refuse"): _BOTH,
    ("task", "provision"): ("asking",),
    ("task", "ask"): ("asking",),
    ("task", "correct"): ("owners",),
    ("task", "redispatch"): ("owners",),
    ("task", "dispute"): ("owners",),
    ("task", "uphold"): _BOTH,
    ("task", "lift"): _BOTH,
    ("objection", "verify"): ("asking",),
    ("objection", "reject"): ("asking",),
    ("objection", "correct"): _BOTH,
}
URGENT = frozenset({"remind", "supervise", "escalate", "suspend"})


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a department is told of.

    Attributes:
        number: a greater one is later.
        id: of the request, objection or grant.
        task: of the request; None: it is about the whole.
        resources: which it is about.
        department: that asks, objects or reads.
    """

    number: int
    at: datetime
    kind: Kind
    act: str
    id: str
    task: int | None
    resources: tuple[str, ...]
    department: str

    @property
    def urgent(self) -> bool:
        """Whether a deadline is near or over, or data is not given any more."""
        return self.act in URGENT


def told_of(event: Event, kind: Kind, asking: str, owners: Collection[str]) -> tuple[str, ...]:
    """The departments that are told of an event, each once.

    Args:
        asking: the department that asks or objects.
        owners: those whose data it is about: of a task one, of an objection all that were asked.
    """
    sides = {"asking": (asking,), "owners": tuple(owners)}
    named = (event.to, *(one for side in SIDES.get((kind, event.act), ()) for one in sides[side]))
    own = department_of(event.actor)
    return tuple(one for one in dict.fromkeys(named) if one and one != own)


def department_of(actor: str) -> str:
    """The department for which somebody acted; empty: for none."""
    kind, _, rest = actor.partition(":")
    return rest.rpartition("/")[0] if kind == "department" else ""
