"""The desk at which partners ask: agreed, priced, charged, counted, answered, in this order.

A question that fails before it is charged costs nothing and has told nothing of the data. What fails
afterwards stays charged: a refund that depends on the data would tell something. Asked again under the
same key, it is answered without being charged again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.agreements import Agreement
from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, Answer, Balance, ChargeRequest, Fault
from catalog.database.instrument_records import Permission
from catalog.errors import CatalogError
from pipelines.lake import Snapshot
from pipelines.plan import Plan as Workspace
from sandbox.accounting import checked_epsilon, granted_units, rho_for
from sandbox.asking import sources_of, used_fields
from sandbox.counting import Exact
from sandbox.errors import SandboxError
from sandbox.identity import counted_question, fingerprint
from sandbox.plan import Plan, plan_of
from sandbox.quote import Quote, quote
from sandbox.release import released
from sandbox.sql import read_question
from sandbox.sql.tree import Question
from sandbox.table import StoredRow, Table, table_of
from sandbox.terms import ViewTerms, terms_of

DELTA_UNITS = 10**18
GROUPS_OF = 100  # so many questions about groups that are not public use up the delta kept for them
USUAL = 0.1  # of an agreement's epsilon, for a question that names no price

Count = Callable[[Plan, Mapping[str, Snapshot]], Exact]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and who asks it.

    Attributes:
        partner: for whom; None: for the agreement's partner, where the city itself asks.
        agreement: the id of the agreement under which it is asked.
        epsilon: what it may cost, at the agreement's delta; None: a tenth of the agreement's budget, or
            the most for one question where that is less.
    """

    partner: str | None
    user: str
    purpose: str
    agreement: str
    text: str
    epsilon: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What an answer would cost, and what is left before it.

    Attributes:
        known: the answer was given before, and costs nothing now.
    """

    price: Quote
    balance: Balance
    known: bool


@dataclass(frozen=True, slots=True)
class Given:
    """An answer.

    Attributes:
        id: by which it can be read again.
        spent: rho units that were charged for it now; 0 for an answer that was there.
        hidden: groups below the threshold are left out of it.
    """

    id: str
    table: Table
    snapshots: Mapping[str, int]
    instruments: tuple[str, ...]
    spent: int
    epsilon: float
    hidden: bool
    balance: Balance


@dataclass(frozen=True, slots=True)
class _Priced:
    """A question with all that is known of it before it is charged."""

    asked: Asked
    partner: str
    question: Question
    plan: Plan
    price: Quote
    permission: Permission
    snapshots: Mapping[str, Snapshot]
    fingerprint: str
    dataset: str


def granted_amount(epsilon: float, delta: float) -> Amount:
    """A budget as the ledger keeps it: half of delta turns rho into epsilon, half is for groups that
    are not public."""
    half = delta / 2
    return Amount(granted_units(rho_for(epsilon, half)), int(half * DELTA_UNITS))


class Desk:
    """Answers the questions of one workspace.

    Args:
        count: the exact side (`sandbox.counting`).
        current: the last good snapshot of a view, or None.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: CatalogStore,
        current: Callable[[str], Snapshot | None],
        count: Count,
        clock: Callable[[], datetime],
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._current = current
        self._count = count
        self._clock = clock
        contracts = workspace.workspace.contracts
        self._views = {n: terms_of(c) for n, c in contracts.items() if c.privacy is not None}

    @property
    def _name(self) -> str:
        return self._workspace.workspace.name

    def quote(self, asked: Asked) -> Offer:
        """The price of a question; nothing is spent.

        Raises:
            CatalogError: the instruments do not allow it.
            Refusal: it is not answered.
            SandboxError: `bad_epsilon`, `epsilon_most`, `view_empty`.
        """
        priced = self._priced(asked)
        known = self._store.budgets.find_answer(self._name, asked.agreement, priced.fingerprint)
        return Offer(priced.price, self._balance(priced), known is not None)

    def ask(self, asked: Asked, key: str) -> Given:
        """Answer a question.

        Args:
            key: the partner's own name for this request; under it, it is charged once.

        Raises:
            CatalogError: as `quote`, and `budget_exhausted`, `idempotency_key_reused`.
        """
        priced = self._priced(asked)
        budgets = self._store.budgets
        known = budgets.find_answer(self._name, asked.agreement, priced.fingerprint)
        if known is not None:
            return self._given(priced, known, spent=0)
        charge = budgets.charge(self._name, self._request(priced, key))
        answer = budgets.answer_of(charge.id) or self._answered(priced, charge.id)
        return self._given(priced, answer, spent=0 if charge.again else charge.amount.rho_units)

    def balances(self, agreement: str) -> dict[str, Balance]:
        """What an agreement has left, by kind of unit; a kind that was never asked about is missing."""
        found = {}
        for unit in self._units:
            with suppress(CatalogError):
                found[unit] = self._store.budgets.balance(self._name, agreement, unit)
        return found

    def audit(self) -> dict[str, tuple[int, list[Fault]]]:
        """By kind of unit, how many charges there are and what is wrong with them."""
        budgets = self._store.budgets
        return {
            unit: (budgets.head(self._name, unit).number, budgets.verify(self._name, unit))
            for unit in self._units
        }

    @property
    def _units(self) -> list[str]:
        return sorted({view.unit for view in self._views.values()})

    # -- before it is charged -------------------------------------------------------------------

    def _priced(self, asked: Asked) -> _Priced:
        at = self._clock()
        terms = self._terms(asked, at)
        partner = terms.partner.id
        views = self._granted(terms)
        question = read_question(asked.text, views)
        used = used_fields(question)
        permission = self._store.instruments.allowing(
            self._name,
            partner,
            asked.user,
            asked.purpose,
            used,
            at,
            sources=sources_of(self._workspace, used),
            agreement=asked.agreement,
        )
        plan = plan_of(counted_question(question), views)
        price = self._price(plan, asked, terms)
        snapshots = {view: self._snapshot(view) for view in question.views}
        ids = {view: snapshot.snapshot_id for view, snapshot in snapshots.items()}
        name = fingerprint(question, views, ids, mode=terms.mode, rho_units=price.rho_units)
        dataset = next(iter(plan.views.values())).unit
        self._open(asked.agreement, permission, dataset)
        return _Priced(asked, partner, question, plan, price, permission, snapshots, name, dataset)

    def _terms(self, asked: Asked, at: datetime) -> Agreement:
        """What the agreement says; that it holds, and for whom, is checked with the fields."""
        known = self._store.instruments.in_force(self._name, "agreement", asked.agreement, at)
        document = known.document if known is not None else None
        mine = asked.partner or (document.partner.id if isinstance(document, Agreement) else "")
        if not mine:
            raise SandboxError("agreement_unknown")
        if not isinstance(document, Agreement) or document.partner.id != mine:
            # The same words for an agreement of others and one that never was.
            self._store.instruments.allowing(
                self._name, mine, asked.user, asked.purpose, {}, at,
                sources={}, agreement=asked.agreement,
            )  # fmt: skip
            raise SandboxError("agreement_unknown")
        if document.mode != "zcdp":
            raise SandboxError("mode_not_offered", mode=document.mode)
        return document

    def _granted(self, terms: Agreement) -> dict[str, ViewTerms]:
        contracts = self._workspace.workspace.contracts
        return {
            view.name: terms_of(contracts[view.name], set(view.fields))
            for view in terms.views
            if view.name in self._views
        }

    def _price(self, plan: Plan, asked: Asked, terms: Agreement) -> Quote:
        budget = terms.budget
        whole, most = float(budget.epsilon), float(budget.most_per_question or budget.epsilon)
        epsilon = min(whole * USUAL, most) if asked.epsilon is None else asked.epsilon
        if checked_epsilon(epsilon) > most:
            raise SandboxError("epsilon_most", most=most)
        # See `granted_amount`.
        half = float(budget.delta) / 2
        if plan.domain is None and half == 0:
            raise SandboxError("delta_needed")
        return quote(plan, rho_for(epsilon, half), half, group_delta=half / GROUPS_OF)

    def _snapshot(self, view: str) -> Snapshot:
        found = self._current(view)
        if found is None:
            raise SandboxError("view_empty", view=view)
        return found

    def _open(self, agreement: str, permission: Permission, dataset: str) -> None:
        """Open the account that the agreement's version grants, if it is not open yet."""
        terms = permission.terms
        self._store.budgets.open_account(
            self._name,
            agreement=agreement,
            version=terms.version,
            partner=terms.partner.id,
            dataset=dataset,
            amount=granted_amount(float(terms.budget.epsilon), float(terms.budget.delta)),
            renewal=terms.budget.renewal,
        )

    def _balance(self, priced: _Priced) -> Balance:
        return self._store.budgets.balance(self._name, priced.asked.agreement, priced.dataset)

    # -- charged --------------------------------------------------------------------------------

    def _request(self, priced: _Priced, key: str) -> ChargeRequest:
        price = priced.price
        delta_units = -int(-price.delta * DELTA_UNITS // 1)
        return ChargeRequest(
            priced.partner,
            priced.asked.agreement,
            priced.dataset,
            key,
            priced.fingerprint,
            Amount(price.rho_units, delta_units),
            {
                "question": repr(priced.plan.question),
                "max_rows": priced.plan.max_rows,
                "max_groups": priced.plan.max_groups,
                "scales": [repr(price.scales.scale[piece]) for piece in priced.plan.pieces],
                "threshold": price.threshold,
                "purpose": priced.asked.purpose,
                "user": priced.asked.user,
            },
            priced.permission.instruments,
        )

    def _answered(self, priced: _Priced, charge: int) -> Answer:
        exact = self._count(priced.plan, priced.snapshots)
        rows = released(priced.plan, priced.price.scales, exact.counted, exact.bins)
        payload: dict[str, Any] = {
            "rows": [
                [list(row.keys), [c.value for c in row.cells], [c.error for c in row.cells]]
                for row in rows
            ]
        }
        ids = {view: snapshot.snapshot_id for view, snapshot in priced.snapshots.items()}
        return self._store.budgets.store_answer(charge, payload, ids)

    def _given(self, priced: _Priced, answer: Answer, spent: int) -> Given:
        stored = [
            StoredRow(tuple(keys), tuple(values), tuple(errors))
            for keys, values, errors in answer.payload["rows"]
        ]
        return Given(
            answer.id,
            table_of(priced.question, stored),
            answer.snapshots,
            priced.permission.instruments,
            spent,
            priced.price.epsilon if spent else 0.0,
            priced.price.threshold is not None,
            self._balance(priced),
        )
