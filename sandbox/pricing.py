"""What a question may cost, and what it does cost, under the terms of an agreement."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from catalog.agreements import Agreement
from catalog.database.budget_records import Amount
from sandbox.accounting import (
    Mode,
    checked_epsilon,
    epsilon_of,
    granted_units,
    pure_rho,
    rho_for,
    spent_units,
)
from sandbox.errors import SandboxError
from sandbox.plan import Plan
from sandbox.quote import Quote, quote
from sandbox.split import loss_for_accuracy

DELTA_UNITS = 10**18
GROUPS_OF = 100  # so many questions about groups that are not public use up the delta kept for them
USUAL = 0.1  # of an agreement's epsilon, for a question that names no price
MOST_RHO = 100
_EXPLAIN = re.compile(r"\s*EXPLAIN\s+PRIVACY\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How exact an answer is wanted: every statistic of a group with so many rows, by expectation.

    Attributes:
        relative: half of the 95 % interval as a share of the value; 0.05 is plus or minus 5 %.
        rows: of the smallest group for which it is wanted.
    """

    relative: float
    rows: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and who asks it.

    Attributes:
        partner: for whom; None: for the agreement's partner, where the city itself asks.
        agreement: the id of the agreement under which it is asked.
        epsilon: what it may cost, at the agreement's delta; None: a tenth of the agreement's budget, or
            the most for one question where that is less.
        accuracy: what is wanted instead of naming a price.
    """

    partner: str | None
    user: str
    purpose: str
    agreement: str
    text: str
    epsilon: float | None = None
    accuracy: Accuracy | None = None


def explained(text: str) -> str | None:
    """The question behind EXPLAIN PRIVACY, its places unchanged; None for a question to be answered."""
    found = _EXPLAIN.match(text)
    if found is None:
        return None
    before = "".join(one if one == "\n" else " " for one in found[0])
    return before + text[found.end() :]


def granted_amount(epsilon: float, delta: float, mode: Mode = "zcdp") -> Amount:
    """A budget as the ledger keeps it.

    In the mode `zcdp` half of delta turns rho into epsilon, half is for groups that are not public. In
    the mode `pure` epsilon itself is counted, and all of delta is for such groups; what is lost counts
    as rho besides, for the caps: there is as much of it as epsilon can ever come to.
    """
    if mode == "pure":
        rho = 2 * spent_units(pure_rho(epsilon))
        return Amount(rho, _delta_units(delta), granted_units(epsilon))
    half = delta / 2
    return Amount(granted_units(rho_for(epsilon, half)), _delta_units(half))


def _delta_units(delta: float) -> int:
    return int(Decimal(delta) * DELTA_UNITS)


def charged_amount(price: Quote) -> Amount:
    """A price as the ledger is charged with it, rounded up."""
    delta = int((Decimal(price.delta) * DELTA_UNITS).to_integral_value(ROUND_CEILING))
    return Amount(price.rho_units, delta, price.epsilon_units)


def price_of(plan: Plan, asked: Asked, terms: Agreement) -> Quote:
    """What the answer costs.

    Raises:
        SandboxError: `bad_epsilon`, `bad_accuracy`, `epsilon_most`, `accuracy_most`, `delta_needed`.
    """
    budget, mode = terms.budget, terms.mode
    # See `granted_amount`.
    delta = float(budget.delta) if mode == "pure" else float(budget.delta) / 2
    if plan.domain is None and delta == 0:
        raise SandboxError("delta_needed")
    loss = _wanted_loss(plan, asked, terms, delta)
    return quote(plan, loss, delta, group_delta=delta / GROUPS_OF, mode=mode)


def usual_epsilon(terms: Agreement) -> float:
    """What a question costs that names no price."""
    return min(float(terms.budget.epsilon) * USUAL, most_epsilon(terms))


def most_epsilon(terms: Agreement) -> float:
    """What one question may cost at most, whatever is left."""
    return float(terms.budget.most_per_question or terms.budget.epsilon)


def _wanted_loss(plan: Plan, asked: Asked, terms: Agreement, delta: float) -> float:
    """Epsilon in the mode `pure`, else rho."""
    mode, most = terms.mode, most_epsilon(terms)
    if asked.accuracy is not None:
        if asked.epsilon is not None:
            raise SandboxError("bad_accuracy")
        loss = _loss_for(plan, asked.accuracy, mode)
        if loss > (most if mode == "pure" else rho_for(most, delta)):
            needed = loss if mode == "pure" else _about_epsilon(loss, delta)
            raise SandboxError("accuracy_most", needed=f"{needed:.3g}", most=most)
        return loss
    epsilon = usual_epsilon(terms) if asked.epsilon is None else asked.epsilon
    if checked_epsilon(epsilon) > most:
        raise SandboxError("epsilon_most", most=most)
    return epsilon if mode == "pure" else rho_for(epsilon, delta)


def _about_epsilon(rho: float, delta: float) -> float:
    """For telling only: OpenDP's exact conversion ends where rho is some hundreds."""
    if rho < MOST_RHO:
        return epsilon_of(rho, delta)
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))  # Bun & Steinke 2016, proposition 1.3


def _loss_for(plan: Plan, wanted: Accuracy, mode: Mode) -> float:
    if not (0 < wanted.relative <= 1 and 1 <= wanted.rows <= 10**12):
        raise SandboxError("bad_accuracy")
    return loss_for_accuracy(plan, wanted.relative, wanted.rows, mode)
