"""A grant: which fields of a resource a department may read, of which rows, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

Manner = Literal["interface", "download", "subscription"]
MANNERS: tuple[Manner, ...] = get_args(Manner)
# What every grant says of itself: keys of texts that stand on its page and in its answers.
DUTIES = ("no_other_purpose", "no_onward_supply")
State = Literal["coming", "holds", "suspended", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Only rows whose field, as text, is one of some values: a district sees its own.

    Attributes:
        field: a column of the resource; it need not be granted itself.
    """

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why nobody reads under a grant: the contract does not allow any more what it gives.

    Attributes:
        code: of the error with which it would be refused now; fields: what the error's text names.
    """

    since: datetime
    code: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """A grant was suspended, or restored.

    Attributes:
        code, fields: why, as of its `Suspension`; empty of one that is restored.
        to: the department that is told.
    """

    at: datetime
    act: Literal["suspend", "restore"]
    code: str
    fields: Mapping[str, str]
    to: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What an approved request, or data returned to a district, lets a department read.

    Attributes:
        id: unique in the catalogue database.
        request: the request that it comes from; empty for returned data (回流).
        department: who may read.
        resource: the table's full name.
        fields: the columns, in the resource's order.
        masks: by field, a call of a masking function on it, such as `mask_name(name)`; others are given
            as they are.
        rows: which rows; None: all.
        basis, scenario, purpose: as they were approved; no other purpose is allowed.
        manner: how it may be read; `interface` allows pages and exports through the exchange,
            `download` exports and no pages, `subscription` what `interface` does and notices as well.
        valid_from, valid_to: from when (inclusive) to when (exclusive), in UTC.
        revoked_at: from when on it holds no more, whatever its term.
        owner: the department whose data it is, which decided.
        conditions: by field, what the owner asks of the reader; whatever they are, data is used for
            no other purpose and supplied to nobody else (`DUTIES`).
        ended_by, ended_why: who revoked it, and why.
        legal: by field, the law on which it is given although its level asks for a mask.
        suspended: why it cannot be read under now; None: it can.
    """

    id: str
    request: str
    department: str
    resource: str
    fields: tuple[str, ...]
    purpose: str
    basis: str
    scenario: str
    manner: Manner
    valid_from: datetime
    valid_to: datetime
    masks: Mapping[str, str] = field(default_factory=dict)
    rows: RowFilter | None = None
    revoked_at: datetime | None = None
    owner: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    ended_by: str = ""
    ended_why: str = ""
    legal: Mapping[str, str] = field(default_factory=dict)
    suspended: Suspension | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it may be read under at a moment."""
        return self.state(now) == "holds"

    def state(self, now: datetime) -> State:
        """What it is at a moment; a revoked one is not called expired later."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        if now >= self.valid_to:
            return "expired"
        if self.suspended is not None:
            return "suspended"
        return "coming" if now < self.valid_from else "holds"

    @property
    def duties(self) -> tuple[str, ...]:
        """What every reader under it has to keep to."""
        return DUTIES
