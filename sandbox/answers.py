"""What the desk hands out: what an answer would cost, an answer, and one that is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.database.budget_records import Balance
from sandbox.quote import Quote
from sandbox.table import Table


@dataclass(frozen=True, slots=True)
class Offer:
    """What an answer would cost, and what is left before it.

    Attributes:
        table: the columns that the answer would have; it has no rows.
        known: the answer was given before, and costs nothing now.
    """

    price: Quote
    table: Table
    balance: Balance
    known: bool


@dataclass(frozen=True, slots=True)
class Given:
    """An answer.

    Attributes:
        id: by which it can be read again.
        spent: rho units that were charged for it now; 0 for an answer that was there.
        epsilon, delta: what that is at the agreement's delta, and what was lost of delta itself.
        hidden: groups below the threshold are left out of it.
    """

    id: str
    table: Table
    snapshots: Mapping[str, int]
    instruments: tuple[str, ...]
    spent: int
    epsilon: float
    delta: float
    hidden: bool
    balance: Balance


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that is read again: all of its groups, in one order, whatever was kept or cut of it.

    Attributes:
        agreement: under which it was given.
    """

    id: str
    agreement: str
    table: Table
    snapshots: Mapping[str, int]
    hidden: bool
    created_at: datetime
