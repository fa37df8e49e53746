"""Every change of state that there is between departments, and who may make it.

The states of a request are those of real bureaus: 已提交, 预审, 已分发, 督办, 已退回, 补正, 已确认,
已撤回.
That it is approved and that it is supplied are two states: approving must actually grant.
What is expired or revoked is the grant (`catalog.sharing.grant`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from catalog.errors import CatalogError

Kind = Literal["request", "task", "dispute", "objection"]
Party = Literal["requester", "bureau", "owner", "clock"]
State = Literal[
    "new",
    # of a request
    "submitted",
    "pre_auditing",
    "returned",
    "dispatched",
    "confirmed",
    "withdrawn",
    # of a task besides
    "supervising",
    "correction",
    "approved",
    "partially_approved",
    "provisioned",
    "refused",
    # of a dispute
    "raised",
    "upheld",
    "lifted",
    # of an objection besides
    "traced",
    "verified",
    "corrected",
    "rejected",
]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from state to state.

    Attributes:
        act: what is done; the same act may lead to several states.
        by: who may: the asking department, the data bureau, the department whose data it is, or the
            system when its time has come.
        reason: whether a reason must be stated.
    """

    kind: Kind
    act: str
    before: tuple[State, ...]
    after: State
    by: tuple[Party, ...]
    reason: bool = False


_ASKED: tuple[State, ...] = ("dispatched", "supervising")
_ANSWERS: tuple[Party, ...] = ("owner", "bureau", "clock")

TRANSITIONS: tuple[Transition, ...] = (
    Transition("request", "submit", ("new",), "submitted", ("requester",)),
    Transition("request", "withdraw", ("submitted",), "withdrawn", ("requester",)),
    Transition("request", "check", ("submitted",), "pre_auditing", ("bureau",)),
    Transition("request", "give_back", ("pre_auditing",), "returned", ("bureau",), True),
    Transition("request", "resubmit", ("returned",), "submitted", ("requester",)),
    Transition("request", "dispatch", ("pre_auditing",), "dispatched", ("bureau",)),
    Transition("request", "confirm", ("dispatched",), "confirmed", ("clock",)),
    Transition("request", "reopen", ("confirmed",), "dispatched", ("bureau",)),
    Transition("task", "dispatch", ("new",), "dispatched", ("bureau",)),
    Transition("task", "supervise", ("dispatched",), "supervising", ("clock", "bureau")),
    Transition("task", "approve", _ASKED, "approved", _ANSWERS),
    Transition("task", "approve_some", _ASKED, "partially_approved", ("owner",)),
    Transition("task", "refuse", _ASKED, "refused", ("owner", "bureau"), True),
    Transition("task", "ask", _ASKED, "correction", ("owner",), True),
    Transition("task", "correct", ("correction",), "dispatched", ("requester",), True),
    Transition("task", "give_back", _ASKED, "returned", ("owner",), True),
    Transition("task", "redispatch", ("returned",), "dispatched", ("bureau",), True),
    Transition("task", "refuse", ("returned",), "refused", ("bureau",), True),
    Transition("task", "provision", ("approved", "partially_approved"), "provisioned", ("clock",)),
    Transition("dispute", "raise", ("new",), "raised", ("requester",), True),
    Transition("dispute", "uphold", ("raised",), "upheld", ("bureau",), True),
    Transition("dispute", "lift", ("raised",), "lifted", ("bureau",), True),
    Transition("objection", "raise", ("new",), "raised", ("requester", "bureau"), True),
    Transition("objection", "trace", ("raised",), "traced", ("clock", "bureau")),
    Transition("objection", "verify", ("traced",), "verified", ("owner",), True),
    Transition(
        "objection", "reject", ("traced", "verified"), "rejected", ("owner", "bureau"), True
    ),
    Transition("objection", "correct", ("verified",), "corrected", ("owner", "bureau")),
)
OPEN_TASK: tuple[State, ...] = (*_ASKED, "correction", "returned")
OPEN_OBJECTION: tuple[State, ...] = ("raised", "traced", "verified")


def moved(kind: Kind, act: str, before: State, party: Party, reason: str = "") -> State:
    """The state that an act leads to.

    Args:
        before: the state that it is in.
        party: on whose behalf it is done.
        reason: why.

    Raises:
        CatalogError: `share_illegal`, when there is no such way from the state; `share_party`, when
            it is not for this party to go it; `share_reason`, when no reason is stated.
    """
    ways = [one for one in TRANSITIONS if one.kind == kind and one.act == act]
    fitting = [one for one in ways if before in one.before]
    if not fitting:
        to = ", ".join(dict.fromkeys(one.after for one in ways)) or act
        allowed = ", ".join(allowed_acts(kind, before)) or "-"
        raise CatalogError(
            "share_illegal", kind=kind, before=before, after=to, act=act, allowed=allowed
        )
    found = next((one for one in fitting if party in one.by), None)
    if found is None:
        parties = ", ".join(dict.fromkeys(party for one in fitting for party in one.by))
        raise CatalogError("share_party", act=act, kind=kind, party=party, parties=parties)
    if found.reason and not reason.strip():
        raise CatalogError("share_reason", act=act)
    return found.after


def allowed_acts(kind: Kind, before: State, party: Party | None = None) -> tuple[str, ...]:
    """What may be done in a state, by anybody or by one party."""
    found = (
        one.act
        for one in TRANSITIONS
        if one.kind == kind and before in one.before and (party is None or party in one.by)
    )
    return tuple(dict.fromkeys(found))
