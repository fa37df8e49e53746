"""The sandbox's values as the service tells them."""

from __future__ import annotations

from catalog.database.budget_records import Amount as Units
from catalog.database.budget_records import Balance
from portal import schemas as s
from portal.jobs import Job
from portal.problems import problem_of
from sandbox.accounting import rho_of
from sandbox.answers import Given, Offer, Stored
from sandbox.pricing import DELTA_UNITS
from sandbox.table import Table
from sandbox.terms import ColumnTerms, ViewTerms


def offer_answer(offer: Offer) -> s.QuoteAnswer:
    """A price."""
    price = offer.price
    return s.QuoteAnswer(
        epsilon=price.epsilon,
        rho=rho_of(price.rho_units),
        delta=price.delta,
        cells=price.cells,
        threshold=price.threshold,
        expected=[
            s.ExpectedError(statistic=one.aggregate.kind, error=one.error, relative=one.relative)
            for one in price.expected
        ],
        known=offer.known,
        balance=budget(offer.balance),
    )


def given_answer(given: Given, agreement: str) -> s.QueryAnswer:
    """An answer with what it cost."""
    return s.QueryAnswer(
        id=given.id,
        agreement=agreement,
        columns=_columns(given.table),
        rows=[list(row) for row in given.table.rows],
        errors=[list(row) for row in given.table.errors],
        hidden_groups=given.hidden,
        snapshots={view: str(number) for view, number in given.snapshots.items()},
        instruments=list(given.instruments),
        spent=s.Spent(rho=rho_of(given.spent), epsilon=given.epsilon, delta=given.delta),
        balance=budget(given.balance),
    )


def state_answer(job: Job, now: float, lang: str) -> s.QueryState:
    """How far a question is, with its answer or its problem once it has ended."""
    state, error, answered = job.state(now), None, None
    if state == "answered":
        answered = given_answer(job.future.result(), job.asked.agreement)
    elif state in ("failed", "cancelled"):
        error = job.error()
    return s.QueryState(
        id=job.id,
        state=state,
        progress=job.progress(now),
        answer=answered,
        problem=None if error is None else problem_of(error, lang)[0],
    )


def stored_answer(stored: Stored) -> s.StoredAnswer:
    """An answer that is read again."""
    return s.StoredAnswer(
        id=stored.id,
        agreement=stored.agreement,
        columns=_columns(stored.table),
        rows=[list(row) for row in stored.table.rows],
        errors=[list(row) for row in stored.table.errors],
        hidden_groups=stored.hidden,
        snapshots={view: str(number) for view, number in stored.snapshots.items()},
        created_at=stored.created_at,
    )


def _columns(table: Table) -> list[s.Column]:
    return [
        s.Column(name=name, kind=kind)
        for name, kind in zip(table.columns, table.kinds, strict=True)
    ]


def budget(balance: Balance) -> s.Budget:
    """What is granted, spent and left."""
    return s.Budget(
        granted=_amount(balance.granted),
        spent=_amount(balance.spent),
        left=_amount(balance.left),
    )


def _amount(units: Units) -> s.Amount:
    return s.Amount(
        rho=rho_of(units.rho_units),
        delta=units.delta_units / DELTA_UNITS,
        epsilon=rho_of(units.epsilon_units),
    )


def view_terms(view: ViewTerms) -> s.ViewTerms:
    """What is registered about a view."""
    return s.ViewTerms(
        name=view.name,
        unit=view.unit,
        unit_column=view.unit_column,
        rows=view.max_rows,
        groups=view.max_groups,
        version=view.version,
        columns=[_column(one) for one in view.columns.values()],
    )


def _column(column: ColumnTerms) -> s.ColumnTerms:
    bounds = column.bounds
    return s.ColumnTerms(
        name=column.name,
        kind=column.kind,
        bounds=None if bounds is None else (float(bounds[0]), float(bounds[1])),
        digits=column.scale,
        keys=None if column.keys is None else list(column.keys),
        like=column.like,
        reason=column.reason,
    )
