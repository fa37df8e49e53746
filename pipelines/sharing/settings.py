"""The `[sharing]` section of `workspace.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from catalog.sharing.clocks import Terms

if TYPE_CHECKING:
    from pipelines.workspace import Workspace

BUREAU = "bureau"  # who answers for resources of a city that names no operator


class SharingSettings(BaseModel):
    """How long departments have, and what they may ask for.

    The deadlines are working days. None of them is law: the defaults are those that platforms of this
    kind commonly set, and a city sets its own.

    Attributes:
        check: the platform's check of a request.
        unconditional: the answer about fields that are shared unconditionally.
        conditional: the owner's answer about the others.
        supply: from the approval to the supply.
        dispute: the data bureau's ruling on a refusal that is disputed.
        verify: what a source has to say to an objection.
        correct: from a source's confirming a fault to the published correction.
        answer_target: what the mean answer is to take at most, from the submission on; an indicator.
        remind_before: so many working days before a deadline its department is reminded.
        escalate_after: so many working days after it, what is still open goes to `escalate_to`, a
            department; the operator by default.
        longest_days: the longest term of a grant, in days.
        unconditional_at_once: the system approves unconditional fields when the check is done; else
            the data bureau does.
        mask_from: fields of this level and above are shared with a mask, or on a stated legal basis.
        tick_seconds: how often the service looks for what is due.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: int = Field(default=2, ge=0, le=250)
    unconditional: int = Field(default=1, ge=0, le=250)
    conditional: int = Field(default=10, ge=0, le=250)
    supply: int = Field(default=20, ge=0, le=250)
    dispute: int = Field(default=10, ge=0, le=250)
    verify: int = Field(default=10, ge=0, le=250)
    correct: int = Field(default=10, ge=0, le=250)
    answer_target: int = Field(default=5, ge=0, le=250)
    remind_before: int = Field(default=1, ge=0, le=250)
    escalate_after: int = Field(default=3, ge=0, le=250)
    escalate_to: str | None = None
    longest_days: int = Field(default=730, ge=1, le=3660)
    unconditional_at_once: bool = True
    mask_from: Literal["L2", "L3", "L4"] = "L3"
    tick_seconds: int = Field(default=60, ge=1, le=86_400)


def bureau_of(workspace: Workspace) -> str:
    """The department that operates the platform."""
    operators = (one.id for one in workspace.departments.values() if one.role == "operator")
    return next(operators, BUREAU)


def terms_of(workspace: Workspace) -> Terms:
    """The deadlines of a city, by its calendar and its time zone."""
    said = workspace.settings.sharing
    return Terms(
        days=workspace.settings.working_days,
        zone=ZoneInfo(workspace.settings.timezone),
        check=said.check,
        unconditional=said.unconditional,
        conditional=said.conditional,
        supply=said.supply,
        dispute=said.dispute,
        verify=said.verify,
        correct=said.correct,
        remind_before=said.remind_before,
        escalate_after=said.escalate_after,
        escalate_to=said.escalate_to or bureau_of(workspace),
        bureau=bureau_of(workspace),
        longest_days=said.longest_days,
    )
