"""What the budget ledger takes and keeps, as immutable values; times are aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Renewal = Literal["none", "month", "quarter", "year"]
RENEWALS: tuple[Renewal, ...] = ("none", "month", "quarter", "year")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
FaultKind = Literal["changed", "missing", "reordered", "added", "exceeded"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A privacy loss: whole units of 10**-12 of rho, of 10**-18 of delta, of 10**-12 of epsilon.

    Epsilon is what is lost purely, by agreements in the mode `pure`; it counts as rho besides.
    """

    rho_units: int
    delta_units: int = 0
    epsilon_units: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(*(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def less(self, spent: Amount) -> Amount:
        """What is left; nothing, where more was spent than there is."""
        return Amount(*(max(a - b, 0) for a, b in zip(self.parts, spent.parts, strict=True)))

    def covers(self, other: Amount) -> bool:
        """Whether the other is no more than this in every part."""
        return all(b <= a for a, b in zip(self.parts, other.parts, strict=True))

    @property
    def of_cap(self) -> Amount:
        """What a cap, over all partners, is held against: rho and delta, in whatever mode they ask."""
        return Amount(self.rho_units, self.delta_units)

    @property
    def parts(self) -> tuple[int, int, int]:
        """Its three numbers."""
        return (self.rho_units, self.delta_units, self.epsilon_units)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in which a budget holds: from `start` to before `end`; None is unbounded."""

    start: datetime | None
    end: datetime | None


def period_of(renewal: str, at: datetime) -> Period:
    """The calendar period, in UTC, in which a moment lies."""
    months = MONTHS.get(renewal)
    if months is None:
        return Period(None, None)
    moment = at.astimezone(UTC)
    first = (moment.month - 1) // months * months
    year, month = divmod(moment.year * 12 + first + months, 12)
    return Period(
        datetime(moment.year, first + 1, 1, tzinfo=UTC), datetime(year, month + 1, 1, tzinfo=UTC)
    )


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """What a partner is to pay for a question.

    Attributes:
        key: the partner's own name for this request; asked again under it, it is paid once.
        fingerprint: names the canonical question, its snapshots and its registered metadata.
        question: the same without the snapshots: what a request asks for stays the same when its
            data are published anew.
        basis: from which the cost can be computed again.
        snapshots: by view, the snapshot that is to be counted.
        instruments: ids of the documents that allow the question.
    """

    partner: str
    agreement: str
    dataset: str
    key: str
    fingerprint: str
    amount: Amount
    basis: Mapping[str, Any]
    instruments: tuple[str, ...] = ()
    question: str = ""
    snapshots: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge; it is never taken back.

    Attributes:
        number: its place among the charges of the dataset, from 1.
        hash: over the hash of the charge before it and all that this one says.
        question, snapshots: see `ChargeRequest`.
        again: nothing was charged now, because this request was charged before, or the same question
            was, on the same snapshots.
    """

    id: int
    number: int
    dataset: str
    agreement: str
    partner: str
    key: str
    fingerprint: str
    amount: Amount
    basis: Mapping[str, Any]
    instruments: tuple[str, ...]
    charged_at: datetime
    hash: str
    question: str = ""
    snapshots: Mapping[str, int] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered for a charge; nobody can guess the id.

    Attributes:
        snapshots: by view, the snapshot that was counted.
    """

    id: str
    charge_id: int
    payload: Mapping[str, Any]
    snapshots: Mapping[str, int]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """An account in the period of now.

    Attributes:
        cap_is_tighter: less is left of the dataset's cap, over all partners, than of the account.
    """

    granted: Amount
    spent: Amount
    left: Amount
    period: Period
    cap_is_tighter: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The last charge of a dataset: how many there are and its hash.

    Kept outside of the database it proves later that nothing up to it was changed.
    """

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with the charges of a dataset.

    Attributes:
        kind: `changed`: it, its account's terms or its cap are not what was charged; `missing`;
            `reordered`; `added`: it was not charged by us; `exceeded`: a bound did not cover it.
        number: the place of the charge.
        bound: which bound did not cover it.
    """

    kind: FaultKind
    number: int
    bound: Literal["account", "cap"] | None = None
