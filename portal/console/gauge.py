"""How much of a budget is left, and what the next question would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.agreements import Agreement
from catalog.database.budget_records import Amount, Balance
from sandbox.accounting import epsilon_of, rho_of
from sandbox.pricing import usual_epsilon


@dataclass(frozen=True, slots=True)
class Gauge:
    """The budget of one kind of unit.

    Attributes:
        measure: what `granted`, `spent` and `left` are counted in: `epsilon` in agreements of the mode
            `pure`, else `rho`.
        share: what is left of what is granted, between 0 and 1.
        epsilon: the dearest single question that is left, as its epsilon.
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
        epsilon_told(balance.left, terms),
        usual_epsilon(terms),
        balance.period.end,
        balance.cap_is_tighter,
    )


def epsilon_told(amount: Amount, terms: Agreement) -> float:
    """An amount of the ledger as epsilon: itself in the mode `pure`, else at the agreement's delta."""
    if terms.mode == "pure":
        return rho_of(amount.epsilon_units)
    if not amount.rho_units:
        return 0.0
    # Half of delta is for this; see `sandbox.pricing.granted_amount`.
    return epsilon_of(rho_of(amount.rho_units), float(terms.budget.delta) / 2)
