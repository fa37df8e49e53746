"""The desk at which partners ask: agreed, priced, charged, counted, answered, in this order.

A question that fails before it is charged costs nothing and has told nothing of the data. What fails
afterwards stays charged: a refund that depends on the data would tell something. Asked again under
the same key, it is answered without being charged again. All is logged before an answer leaves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from catalog.agreements import Agreement
from catalog.database import CatalogStore
from catalog.database.budget_records import Answer, Balance, Charge, ChargeRequest, Fault
from catalog.database.instrument_records import Permission
from catalog.database.openings import GivenData
from catalog.errors import CatalogError
from pipelines.errors import PipelineError
from pipelines.lake import Snapshot
from pipelines.plan import Plan as Workspace
from sandbox.agreed import Agreed
from sandbox.answers import Given, Offer, Stored
from sandbox.asking import used_fields
from sandbox.calls import Call, CallLog
from sandbox.counting import Exact
from sandbox.errors import Refusal, SandboxError
from sandbox.identity import counted_question, fingerprint
from sandbox.keyfiles import require_countersigned
from sandbox.plan import Plan, plan_of
from sandbox.pricing import Asked, charged_amount, granted_amount, price_of
from sandbox.quote import Quote
from sandbox.release import released
from sandbox.snapshots import Snapshots
from sandbox.sql import read_question
from sandbox.sql.tree import Question
from sandbox.table import StoredRow, named_columns, table_of, whole_table
from sandbox.terms import ViewTerms
from sandbox.watch import Watch

Count = Callable[[Plan, Mapping[str, Snapshot], Watch], Exact]


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
    same: str
    dataset: str


class Desk:
    """Answers the questions of one workspace; may be used from any thread.

    Args:
        lake: where the published views are.
        count: the exact side (`sandbox.counting`).
    """

    def __init__(
        self,
        workspace: Workspace,
        store: CatalogStore,
        lake: Snapshots,
        count: Count,
        clock: Callable[[], datetime],
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._lake = lake
        self._count = count
        self._clock = clock
        self._calls = CallLog(store.openings, workspace.workspace.name, clock)
        require_countersigned(store, workspace.workspace)
        self._agreed = Agreed(workspace, store.instruments)

    @property
    def _name(self) -> str:
        return self._workspace.workspace.name

    def quote(self, asked: Asked) -> Offer:
        """The price of a question; nothing is spent.

        Raises:
            CatalogError: the instruments do not allow it.
            Refusal: it is not answered.
            SandboxError: `bad_epsilon`, `epsilon_most`, `view_empty` ...
        """
        with self._calls.logged(self._call(asked, "quote")) as call:
            priced = self._priced(asked, call)
            known = self._store.budgets.find_answer(self._name, asked.agreement, priced.fingerprint)
            table = table_of(priced.question, [])
            return Offer(priced.price, table, self._balance(priced), known is not None)

    def ask(self, asked: Asked, key: str, watch: Watch | None = None) -> Given:
        """Answer a question.

        Args:
            key: the partner's own name for this request; under it, it is charged once.
            watch: tells how far it is, and stops it.

        Raises:
            CatalogError: as `quote`, and `budget_exhausted`, `idempotency_key_reused`.
            SandboxError: `query_cancelled`, `query_long`, `engine_failed`, `snapshot_gone`.
        """
        watch = watch or Watch()
        with self._calls.logged(self._call(asked, "query")) as call:
            priced = self._priced(asked, call)
            watch.reached("checked")
            budgets = self._store.budgets
            known = budgets.find_answer(self._name, asked.agreement, priced.fingerprint)
            if known is not None:
                call.charge = known.charge_id
                call.given = _given_of(known, priced)
                return self._given(priced, known, None)
            charge = budgets.charge(self._name, self._request(priced, key))
            call.charge = charge.id
            watch.reached("charged")
            answer = budgets.answer_of(charge.id) or self._answered(priced, charge, watch)
            watch.reached("answered")
            call.given = _given_of(answer, priced)
            return self._given(priced, answer, None if charge.again else charge)

    def answer(self, partner: str, user: str, answer_id: str) -> Stored:
        """Read an answer again: always the same.

        Raises:
            CatalogError: `answer_unknown`, for the answer of another partner as well.
        """
        call = Call(partner, user, "", "", "answer", answer_id)
        with self._calls.logged(call):
            found = self._store.budgets.read_answer(self._name, answer_id, partner)
            call.charge = found.charge_id
            call.given = _given_of(found)
            said = found.payload
            return Stored(
                found.id,
                said["agreement"],
                whole_table(said["columns"], _stored(found)),
                found.snapshots,
                said["hidden"],
                found.created_at,
            )

    def views(self, partner: str, agreement: str) -> dict[str, ViewTerms]:
        """What an agreement of a partner lets be asked about, with all that is registered of it.

        Raises:
            CatalogError: `agreement_missing`, `agreement_expired`, `agreement_revoked`,
                `agreement_not_countersigned`.
        """
        at = self._clock()
        known = self._store.instruments.in_force(self._name, "agreement", agreement, at)
        document = known.document if known is not None else None
        if not isinstance(document, Agreement) or document.partner.id != partner:
            raise self._agreed.not_allowed(Asked(partner, "", "", agreement, ""), at)
        return self._agreed.granted(document)

    def check(self, asked: Asked) -> None:
        """Whether a question that was allowed still is; nothing is counted, priced or logged.

        Raises:
            CatalogError: what the instruments say now, if they no longer allow it.
            SandboxError: `agreement_unknown`.
            Refusal: the agreement no longer has a view or a field of it.
        """
        at = self._clock()
        terms = self._agreed.terms(asked, at)
        used = used_fields(read_question(asked.text, self._agreed.granted(terms)))
        self._agreed.allowed(asked, terms.partner.id, used, at)

    def balances(self, agreement: str, partner: str | None = None) -> dict[str, Balance]:
        """What an agreement has left, by kind of unit of its views.

        Args:
            partner: whose agreement it has to be; None: the city itself asks.

        Raises:
            CatalogError: `agreement_missing`.
        """
        if partner is not None:
            newest = self._store.instruments.newest(self._name, agreement, self._clock())
            said = newest.document if newest is not None else None
            if not isinstance(said, Agreement) or said.partner.id != partner:
                raise CatalogError("agreement_missing", partner=partner)
        known = self._store.instruments.in_force(self._name, "agreement", agreement, self._clock())
        if known is not None and isinstance(known.document, Agreement):
            # Nothing may have been asked yet: what is granted is there to be asked with all the same.
            for granted in {view.unit for view in self._agreed.granted(known.document).values()}:
                self._open(agreement, known.document, granted)
        found: dict[str, Balance] = {}
        for unit in self._agreed.units:
            try:
                found[unit] = self._store.budgets.balance(self._name, agreement, unit)
            except CatalogError as error:
                if error.code != "account_unknown":
                    raise
        return found

    def audit(self) -> dict[str, tuple[int, list[Fault]]]:
        """By kind of unit, how many charges there are and what is wrong with them."""
        budgets = self._store.budgets
        return {
            unit: (budgets.head(self._name, unit).number, budgets.verify(self._name, unit))
            for unit in self._agreed.units
        }

    def _call(self, asked: Asked, action: Literal["quote", "query"]) -> Call:
        partner = asked.partner or ""
        return Call(partner, asked.user, asked.agreement, asked.purpose, action, asked.text)

    # -- before it is charged -------------------------------------------------------------------

    def _priced(self, asked: Asked, call: Call) -> _Priced:
        at = self._clock()
        terms = self._agreed.terms(asked, at)
        partner = call.partner = terms.partner.id
        views = self._agreed.granted(terms)
        try:
            question = read_question(asked.text, views)
        except Refusal:
            # Who may not ask is not told which columns there are either.
            self._agreed.allowed(asked, partner, {}, at)
            raise
        used = used_fields(question)
        permission = self._agreed.allowed(asked, partner, used, at)
        call.instruments = permission.instruments
        plan = plan_of(counted_question(question), views)
        price = price_of(plan, asked, terms)
        snapshots = {view: self._snapshot(view) for view in question.views}
        ids = {view: snapshot.snapshot_id for view, snapshot in snapshots.items()}
        name, same = (
            fingerprint(question, views, pinned, mode=terms.mode, rho_units=price.rho_units)
            for pinned in (ids, None)
        )
        dataset = next(iter(plan.views.values())).unit
        self._open(asked.agreement, permission.terms, dataset)
        return _Priced(
            asked, partner, question, plan, price, permission, snapshots, name, same, dataset
        )

    def _snapshot(self, view: str) -> Snapshot:
        found = self._lake.current(view)
        if found is None:
            raise SandboxError("view_empty", view=view)
        return found

    def _open(self, agreement: str, terms: Agreement, dataset: str) -> None:
        """Open the account that the agreement's version grants, if it is not open yet."""
        budget = terms.budget
        self._store.budgets.open_account(
            self._name,
            agreement=agreement,
            version=terms.version,
            partner=terms.partner.id,
            dataset=dataset,
            amount=granted_amount(float(budget.epsilon), float(budget.delta), terms.mode),
            renewal=budget.renewal,
        )

    def _balance(self, priced: _Priced) -> Balance:
        return self._store.budgets.balance(self._name, priced.asked.agreement, priced.dataset)

    # -- charged --------------------------------------------------------------------------------

    def _request(self, priced: _Priced, key: str) -> ChargeRequest:
        price = priced.price
        return ChargeRequest(
            priced.partner,
            priced.asked.agreement,
            priced.dataset,
            key,
            priced.fingerprint,
            charged_amount(price),
            {
                "question": repr(priced.plan.question),
                "mode": price.mode,
                "max_rows": priced.plan.max_rows,
                "max_groups": priced.plan.max_groups,
                "scales": [repr(price.scales.scale[piece]) for piece in priced.plan.pieces],
                "threshold": price.threshold,
                "purpose": priced.asked.purpose,
                "user": priced.asked.user,
            },
            priced.permission.instruments,
            priced.same,
            {view: snapshot.snapshot_id for view, snapshot in priced.snapshots.items()},
        )

    def _answered(self, priced: _Priced, charge: Charge, watch: Watch) -> Answer:
        """Count what was charged: of a charge of some time ago, the snapshots of then."""
        snapshots = {view: self._pinned(view, id) for view, id in charge.snapshots.items()}
        with self._limited(watch):
            exact = self._count(priced.plan, snapshots, watch)
        rows = released(priced.plan, priced.price.scales, exact.counted, exact.bins)
        payload: dict[str, Any] = {
            "agreement": charge.agreement,
            "columns": named_columns(priced.question),
            "hidden": priced.price.threshold is not None,
            "rows": [
                [list(row.keys), [c.value for c in row.cells], [c.error for c in row.cells]]
                for row in rows
            ],
        }
        return self._store.budgets.store_answer(charge.id, payload, charge.snapshots)

    @contextmanager
    def _limited(self, watch: Watch) -> Iterator[None]:
        """Nothing is counted for longer than the settings say: nothing else bounds a join's work."""
        seconds = self._workspace.workspace.settings.sandbox.seconds
        timer = threading.Timer(seconds, watch.cancel, ["query_long"])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _pinned(self, view: str, snapshot_id: int) -> Snapshot:
        try:
            return self._lake.snapshot(view, snapshot_id)
        except PipelineError as error:
            raise SandboxError("snapshot_gone", view=view) from error

    def _given(self, priced: _Priced, answer: Answer, charge: Charge | None) -> Given:
        """Args: charge: what was charged for it now."""
        return Given(
            answer.id,
            table_of(priced.question, _stored(answer)),
            answer.snapshots,
            priced.permission.instruments,
            charge.amount.rho_units if charge else 0,
            priced.price.epsilon if charge else 0.0,
            priced.price.delta if charge else 0.0,
            priced.price.threshold is not None,
            self._balance(priced),
        )


def _given_of(answer: Answer, priced: _Priced | None = None) -> GivenData:
    """What an answer gives, for the audit log: the columns that were asked, and groups as rows."""
    used = {} if priced is None else used_fields(priced.question)
    return GivenData(
        tuple(f"{view}.{name}" for view, names in used.items() for name in names),
        len(answer.payload["rows"]),
        snapshots={view: str(number) for view, number in answer.snapshots.items()},
    )


def _stored(answer: Answer) -> list[StoredRow]:
    return [
        StoredRow(tuple(keys), tuple(values), tuple(errors))
        for keys, values, errors in answer.payload["rows"]
    ]
