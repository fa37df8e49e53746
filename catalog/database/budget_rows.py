"""The rows of the budget ledger: found, locked, summed and made into records."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from catalog.database import budget_tables as bt
from catalog.database import tables as t
from catalog.database.budget_chain import FIRST, Bound, amount_of
from catalog.database.budget_records import (
    Amount,
    Answer,
    Charge,
    ChargeRequest,
    Head,
    Period,
    period_of,
)
from catalog.database.writing import put
from catalog.errors import CatalogError

CONVERTED = 10**6  # a difference of one part in so many is the conversion's
MOST = 2**62  # units; the sum of two such amounts still is a 64-bit number


def check_grant(amount: Amount) -> None:
    if not all(0 <= part <= MOST for part in amount.parts):
        raise CatalogError("budget_amount", most=MOST)


def check_charge(amount: Amount) -> None:
    check_grant(amount)
    if amount == Amount(0, 0):
        raise CatalogError("budget_amount", most=MOST)


def same_terms(known: Bound, amount: Amount, renewal: str) -> bool:
    """Whether a version that was registered says the same.

    Rho is converted from an epsilon by a search, whose last digits may change with a release.
    """
    before = amount_of(known)
    near = abs(before.rho_units - amount.rho_units) <= before.rho_units // CONVERTED
    return near and before.parts[1:] == amount.parts[1:] and known.renewal == renewal


# Rows that are locked


def datasets_query(workspace: str, dataset: str) -> Select[bt.BudgetDataset]:
    return (
        select(bt.BudgetDataset)
        .join(t.Workspace, t.Workspace.id == bt.BudgetDataset.workspace_id)
        .where(t.Workspace.name == workspace, bt.BudgetDataset.name == dataset)
    )


def dataset_row(session: Session, workspace: str, dataset: str) -> bt.BudgetDataset:
    found = session.scalar(datasets_query(workspace, dataset))
    if found is None:
        raise CatalogError("cap_missing", dataset=dataset)
    return found


def locked_dataset(session: Session, workspace: str, dataset: str) -> bt.BudgetDataset:
    locked = datasets_query(workspace, dataset).with_for_update(of=bt.BudgetDataset)
    found = session.scalar(locked)
    if found is None:
        raise CatalogError("cap_missing", dataset=dataset)
    return found


def ensured_dataset(
    session: Session, workspace: str, dataset: str, now: datetime
) -> bt.BudgetDataset:
    """The dataset, new or known, locked. The workspace is not: charges must not wait for runs."""
    row: dict[str, Any] = {"name": workspace, "first_seen": now}
    put(session, t.table_of(t.Workspace), [row], ["name"], keep=["first_seen"])
    owner = session.scalars(select(t.Workspace.id).where(t.Workspace.name == workspace)).one()
    row = {"workspace_id": owner, "name": dataset, "charges": 0, "head": FIRST}
    put(session, t.table_of(bt.BudgetDataset), [row], ["workspace_id", "name"], keep=list(row))
    return locked_dataset(session, workspace, dataset)


def locked_account(session: Session, dataset: int, agreement: str) -> bt.BudgetAccount | None:
    item = bt.BudgetAccount
    query = select(item).where(item.dataset_id == dataset, item.agreement == agreement)
    return session.scalar(query.with_for_update())


# Bounds


def newest_cap(session: Session, dataset: int) -> bt.BudgetCap | None:
    item = bt.BudgetCap
    query = select(item).where(item.dataset_id == dataset).order_by(item.version.desc())
    return session.scalar(query.limit(1))


def newest_terms(session: Session, account: int) -> bt.BudgetTerms | None:
    item = bt.BudgetTerms
    query = select(item).where(item.account_id == account).order_by(item.version.desc())
    return session.scalar(query.limit(1))


def bounds_of(session: Session, dataset: int, account: int) -> tuple[bt.BudgetCap, bt.BudgetTerms]:
    cap, terms = newest_cap(session, dataset), newest_terms(session, account)
    assert cap is not None  # both were written together with what they bound
    assert terms is not None
    return cap, terms


def ledger_time(session: Session, dataset: int, clock: datetime) -> datetime:
    """The time, which in a ledger never runs back: a clock set back would renew what is spent."""
    item = bt.BudgetCharge
    last = session.scalar(
        select(item.charged_at)
        .where(item.dataset_id == dataset)
        .order_by(item.number.desc())
        .limit(1)
    )
    return clock if last is None else max(clock, last)


def spent_of(session: Session, whose: ColumnElement[bool], period: Period) -> Amount:
    item = bt.BudgetCharge
    sums = [func.sum(part) for part in (item.rho_units, item.delta_units, item.epsilon_units)]
    query = select(*sums).where(whose)
    if period.start is not None and period.end is not None:
        query = query.where(item.charged_at >= period.start, item.charged_at < period.end)
    return Amount(*(int(part or 0) for part in session.execute(query).one()))


def spent_of_cap(session: Session, cap: bt.BudgetCap, at: datetime) -> Amount:
    period = period_of(cap.renewal, at)
    return spent_of(session, bt.BudgetCharge.dataset_id == cap.dataset_id, period)


def check_left(
    session: Session,
    request: ChargeRequest,
    cap: bt.BudgetCap,
    terms: bt.BudgetTerms,
    at: datetime,
) -> None:
    """Of the cap is said only that it is reached: the rest is what other partners do."""
    period = period_of(terms.renewal, at)
    spent = spent_of(session, bt.BudgetCharge.account_id == terms.account_id, period)
    left = amount_of(terms).less(spent)
    if not left.covers(request.amount):
        raise CatalogError(
            "budget_exhausted",
            bound="account",
            agreement=request.agreement,
            dataset=request.dataset,
            left_rho_units=left.rho_units,
            left_delta_units=left.delta_units,
            left_epsilon_units=left.epsilon_units,
        )
    of_cap = amount_of(cap).less(spent_of_cap(session, cap, at))
    if not of_cap.covers(request.amount.of_cap):
        raise CatalogError(
            "budget_exhausted",
            bound="cap",
            agreement=request.agreement,
            dataset=request.dataset,
        )


# Charges and answers


def charges_query() -> Select[bt.BudgetCharge, str, str]:
    item = bt.BudgetCharge
    return (
        select(item, bt.BudgetDataset.name, bt.BudgetAccount.agreement)
        .join(bt.BudgetDataset, bt.BudgetDataset.id == item.dataset_id)
        .join(bt.BudgetAccount, bt.BudgetAccount.id == item.account_id)
        .join(t.Workspace, t.Workspace.id == bt.BudgetDataset.workspace_id)
    )


def answers_query() -> Select[bt.BudgetAnswer]:
    joined = charges_query().join(bt.BudgetAnswer, bt.BudgetAnswer.charge_id == bt.BudgetCharge.id)
    return joined.with_only_columns(bt.BudgetAnswer)


def charge_by_key(session: Session, workspace: int, request: ChargeRequest) -> Charge | None:
    item = bt.BudgetCharge
    found = session.execute(
        charges_query().where(
            item.workspace_id == workspace,
            item.partner == request.partner,
            item.key == request.key,
        )
    ).first()
    return None if found is None else charge_record(*found)


def same_question(charged: Charge, request: ChargeRequest) -> Charge:
    """What was charged under the key of a request, if that asks for the same.

    Its data may have been published anew meanwhile; the charge says what is to be counted.
    """
    name = "question" if charged.question else "fingerprint"
    if any(getattr(charged, n) != getattr(request, n) for n in ("dataset", "agreement", name)):
        raise CatalogError("idempotency_key_reused", key=request.key)
    return replace(charged, again=True)


def charge_of_question(session: Session, account: int, request: ChargeRequest) -> Charge | None:
    """The charge of the same question on the same snapshots, under whatever key."""
    item = bt.BudgetCharge
    found = session.execute(
        charges_query()
        .where(item.account_id == account, item.fingerprint == request.fingerprint)
        .order_by(item.id)
        .limit(1)
    ).first()
    return None if found is None else replace(charge_record(*found), again=True)


def charge_row(
    owner: bt.BudgetDataset, account: bt.BudgetAccount, request: ChargeRequest, at: datetime
) -> dict[str, Any]:
    return {
        "workspace_id": owner.workspace_id,
        "dataset_id": owner.id,
        "number": owner.charges + 1,
        "account_id": account.id,
        "partner": request.partner,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "rho_units": request.amount.rho_units,
        "delta_units": request.amount.delta_units,
        "epsilon_units": request.amount.epsilon_units,
        "question": request.question,
        "snapshots": dict(request.snapshots) or None,
        "instruments": list(request.instruments),
        "charged_at": at,
        "previous": owner.head,
    }


def charge_record(row: bt.BudgetCharge, dataset: str, agreement: str) -> Charge:
    same = (
        "id",
        "number",
        "partner",
        "key",
        "fingerprint",
        "basis",
        "charged_at",
        "hash",
        "question",
    )
    values = {name: getattr(row, name) for name in same} | {"snapshots": row.snapshots or {}}
    return Charge(
        dataset=dataset,
        agreement=agreement,
        amount=amount_of(row),
        instruments=tuple(row.instruments),
        **values,
    )


def answer_record(row: bt.BudgetAnswer) -> Answer:
    return Answer(**{name: getattr(row, name) for name in Answer.__slots__})


def head_of(owner: bt.BudgetDataset) -> Head:
    return Head(owner.charges, owner.head)


def cap_of(item: type[bt.BudgetCharge]) -> ColumnElement[bool]:
    same = bt.BudgetCap.version == item.cap_version
    return and_(bt.BudgetCap.dataset_id == item.dataset_id, same)


def terms_of(item: type[bt.BudgetCharge]) -> ColumnElement[bool]:
    same = bt.BudgetTerms.version == item.terms_version
    return and_(bt.BudgetTerms.account_id == item.account_id, same)
