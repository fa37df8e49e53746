"""The chain of a dataset's charges: each one's hash holds the hash of the one before it.

It finds what was changed past us by whoever may write to the database, unless he writes the whole chain
anew; against that a `Head` helps that is kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from catalog.canonical import canonical_json
from catalog.database.budget_records import (
    RENEWALS,
    Amount,
    Fault,
    FaultKind,
    Head,
    Period,
    period_of,
)
from catalog.database.budget_tables import BudgetCap, BudgetCharge, BudgetTerms

FIRST = "0" * 64  # what stands in the place of a hash before the first charge
# Charges that are older than these have none, and their hashes stay what they were.
LATER = ("epsilon_units", "question", "snapshots")
HASHED = ("partner", "key", "fingerprint", "rho_units", "delta_units", "basis", "instruments")
Row = tuple[BudgetCharge, str, BudgetCap | None, BudgetTerms | None]


class Bound(Protocol):
    """What a cap and an account's terms have in common."""

    version: Any
    rho_units: Any
    delta_units: Any
    renewal: Any


def link(
    previous: str,
    dataset: str,
    agreement: str,
    charge: Mapping[str, Any],
    cap: Bound | None,
    terms: Bound | None,
) -> str:
    """The hash of a charge, in hexadecimal digits."""
    moment: datetime = charge["charged_at"]
    said = {name: charge[name] for name in HASHED}
    said |= {"dataset": dataset, "agreement": agreement, "charged_at": moment.isoformat()}
    said |= {"cap": _bound(cap), "terms": _bound(terms)}
    said |= {name: charge[name] for name in LATER if charge.get(name)}
    return hashlib.sha256(previous.encode() + b"\n" + canonical_json(said)).hexdigest()


def _bound(bound: Bound | None) -> dict[str, Any] | None:
    if bound is None:
        return None
    names = ("version", "rho_units", "delta_units", "renewal")
    said = {name: getattr(bound, name) for name in names}
    epsilon = getattr(bound, "epsilon_units", 0)  # a cap has none
    return said | ({"epsilon_units": epsilon} if epsilon else {})


def amount_of(row: BudgetCharge | Bound) -> Amount:
    """What a row grants or charges."""
    return Amount(row.rho_units, row.delta_units, getattr(row, "epsilon_units", 0))


class Replay:
    """The charges of a dataset, replayed in order.

    Args:
        hashes: of every charge as stored, by number.
        kept: a head that was kept elsewhere.
    """

    def __init__(self, dataset: str, hashes: Mapping[int, str], kept: Head | None) -> None:
        self._faults: dict[Fault, None] = {}  # a set in order: a long chain may be wrong throughout
        self._dataset = dataset
        self._known = {FIRST, *hashes.values()}
        self._last = FIRST
        self._at: datetime | None = None
        self._number = 0
        self._count = 0
        self._spent: dict[tuple[int | None, str, Period], Amount] = defaultdict(lambda: Amount(0))
        if kept is not None and hashes.get(kept.number, FIRST) != kept.hash:
            self._found("changed" if kept.number in hashes else "missing", kept.number)

    def run(self, rows: Iterable[Row], head: Head) -> list[Fault]:
        """Replay the rows, by number, and compare their end with the stored head; what is wrong."""
        for charge, agreement, cap, terms in rows:
            self._follow(charge)
            names = (*HASHED, *LATER, "charged_at")
            values = {name: getattr(charge, name) for name in names}
            if charge.hash != link(charge.previous, self._dataset, agreement, values, cap, terms):
                self._found("changed", charge.number)
            self._add(charge, cap, terms)
        self._end(head)
        return list(self._faults)

    def _follow(self, charge: BudgetCharge) -> None:
        gap = charge.number != self._number + 1
        if gap:
            self._found("missing", self._number + 1)
        if charge.previous != self._last:
            if charge.previous in self._known:
                self._found("reordered", charge.number)
            elif not gap:  # the one before it was given another hash
                self._found("changed", self._number)
        elif self._at is not None and charge.charged_at < self._at:
            self._found("reordered", charge.number)
        self._last, self._number, self._at = charge.hash, charge.number, charge.charged_at
        self._count += 1

    def _add(self, charge: BudgetCharge, cap: BudgetCap | None, terms: BudgetTerms | None) -> None:
        """Sums under every renewal, because the one that holds may change on the way."""
        for owner in (charge.account_id, None):
            for renewal in RENEWALS:
                key = (owner, renewal, period_of(renewal, charge.charged_at))
                self._spent[key] = self._spent[key] + amount_of(charge)
        self._judge(charge, terms, charge.account_id, "account")
        self._judge(charge, cap, None, "cap")

    def _judge(
        self,
        charge: BudgetCharge,
        bound: BudgetCap | BudgetTerms | None,
        owner: int | None,
        name: Literal["account", "cap"],
    ) -> None:
        if bound is None:
            return
        period = period_of(bound.renewal, charge.charged_at)
        spent = self._spent[owner, bound.renewal, period]
        if not amount_of(bound).covers(spent.of_cap if name == "cap" else spent):
            self._faults[Fault("exceeded", charge.number, name)] = None

    def _end(self, head: Head) -> None:
        if self._count > head.number:
            self._found("added", self._number)
        elif self._number < head.number:
            self._found("missing", self._number + 1)
        elif self._last != head.hash:
            self._found("changed", self._number)

    def _found(self, kind: FaultKind, number: int) -> None:
        self._faults[Fault(kind, number)] = None
