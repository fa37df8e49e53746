"""How much of a budget is left, and what the next question would cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.agreements import Agreement
from catalog.database.budget_records import Amount, Balance
from portal.console.numbers import percent, short
from sandbox.accounting import epsilon_of, rho_of
from sandbox.answers import Offer
from sandbox.pricing import most_epsilon, usual_epsilon


@dataclass(frozen=True, slots=True)
class Gauge:
    """The budget of one kind of unit.

    Attributes:
        measure: what `granted`, `spent` and `left` are counted in: `epsilon` in agreements of the mode
            `pure`, else `rho`.
        share: what is left of what is granted, between 0 and 1.
        epsilon: of the dearest single question that can still be asked.
        usual: epsilon of a question that names no price.
        renews: when all of it is granted anew; None: never.
        tighter: all partners together have less left than this agreement.
    """

    unit: str
    measure: str
    granted: float
    spent: float
    left: float
    share: float
    epsilon: float
    usual: float
    renews: datetime | None
    tighter: bool

    @property
    def percent(self) -> int:
        """What is left in whole percent: full only when nothing, empty only when all is spent."""
        if 0 < self.share < 1:
            return min(99, max(1, round(100 * self.share)))
        return round(100 * self.share)


def gauges(balances: Mapping[str, Balance], terms: Agreement) -> list[Gauge]:
    """A gauge for each kind of unit."""
    return [gauge(unit, balance, terms) for unit, balance in sorted(balances.items())]


def gauge(unit: str, balance: Balance, terms: Agreement) -> Gauge:
    """The gauge of one kind of unit."""
    pure = terms.mode == "pure"
    granted, spent, left = (
        rho_of(one.epsilon_units if pure else one.rho_units)
        for one in (balance.granted, balance.spent, balance.left)
    )
    return Gauge(
        unit,
        "epsilon" if pure else "rho",
        granted,
        spent,
        left,
        left / granted if granted else 0.0,
        min(epsilon_told(balance.left, terms), most_epsilon(terms)),
        usual_epsilon(terms),
        balance.period.end,
        balance.cap_is_tighter,
    )


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """The error to be expected of one statistic: half of the 95 % interval, as texts.

    Attributes:
        error: absolute; None for statistics of which it is not known before.
        relative: of a group of 1,000 rows.
    """

    statistic: str
    error: str | None
    relative: str


@dataclass(frozen=True, slots=True)
class Price:
    """What an answer would cost.

    Attributes:
        share: of what is left of the budget; above 1 it is not enough.
        known: it was answered before and is free.
        cells: groups that are answered; None: those above `threshold` units, about.
        rows, groups: what of one unit counts.
    """

    epsilon: float
    share: float
    known: bool
    cells: int | None
    threshold: int | None
    rows: int
    groups: int
    expected: tuple[ExpectedError, ...]

    @property
    def enough(self) -> bool:
        """Whether the budget covers it."""
        return self.known or self.share <= 1


def price_of(offer: Offer, terms: Agreement) -> Price:
    """An offer as a page shows it."""
    price, left = offer.price, offer.balance.left
    pure = terms.mode == "pure"
    cost = price.epsilon_units if pure else price.rho_units
    rest = left.epsilon_units if pure else left.rho_units
    return Price(
        price.epsilon,
        cost / rest if rest else math.inf,
        offer.known,
        price.cells,
        price.threshold,
        price.max_rows,
        price.max_groups,
        tuple(
            ExpectedError(
                one.aggregate.kind,
                None if one.error is None else short(one.error),
                percent(one.relative),
            )
            for one in price.expected
        ),
    )


def epsilon_told(amount: Amount, terms: Agreement) -> float:
    """An amount of the ledger as epsilon: itself in the mode `pure`, else at the agreement's delta."""
    if terms.mode == "pure":
        return rho_of(amount.epsilon_units)
    if not amount.rho_units:
        return 0.0
    # Half of delta is for this; see `sandbox.pricing.granted_amount`.
    return epsilon_of(rho_of(amount.rho_units), float(terms.budget.delta) / 2)
