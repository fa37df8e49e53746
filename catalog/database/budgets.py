"""The budget ledger of the sandbox: what partners may learn of a dataset, and what they have spent.

Charges are added by one transaction each and never changed or given back: a refund that depends on
the data would tell something about it. Whoever charges locks the dataset, then the account, in this
order always.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.canonical import canonical_json
from catalog.database import budget_rows as rows
from catalog.database import budget_tables as bt
from catalog.database import tables as t
from catalog.database.budget_chain import Replay, amount_of, link
from catalog.database.budget_records import (
    Amount,
    Answer,
    Balance,
    Charge,
    ChargeRequest,
    Fault,
    Head,
    Renewal,
    period_of,
)
from catalog.database.writing import put
from catalog.errors import CatalogError

Transaction = Callable[[], AbstractContextManager[Session]]
ANSWER_BYTES = 32  # of chance in the id of an answer


class Budgets:
    """The budgets of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    # What is granted

    def register_cap(
        self, workspace: str, dataset: str, *, version: int, amount: Amount, renewal: Renewal
    ) -> None:
        """Say what all partners together may spend on a dataset in a period.

        A later version holds from now on, for what was spent before as well. The same version again
        changes nothing.

        Raises:
            CatalogError: `budget_amount`; `cap_differs`, when the version was registered with
                other terms, or a later one is known.
        """
        rows.check_grant(amount)
        with self._write() as session:
            owner = rows.ensured_dataset(session, workspace, dataset, self._clock())
            newest = rows.newest_cap(session, owner.id)
            if newest is not None and newest.version >= version:
                known = session.get(bt.BudgetCap, (owner.id, version))
                if known is None or not rows.same_terms(known, amount, renewal):
                    raise CatalogError("cap_differs", dataset=dataset, version=version)
                return
            session.add(
                bt.BudgetCap(
                    dataset_id=owner.id,
                    version=version,
                    rho_units=amount.rho_units,
                    delta_units=amount.delta_units,
                    renewal=renewal,
                    registered_at=self._clock(),
                )
            )

    def open_account(
        self,
        workspace: str,
        *,
        agreement: str,
        version: int,
        partner: str,
        dataset: str,
        amount: Amount,
        renewal: Renewal,
    ) -> None:
        """Give a partner a budget by a version of an agreement; what was spent stays spent.

        The same version again changes nothing.

        Raises:
            CatalogError: `budget_amount`; `cap_missing`, when the dataset has none;
                `account_differs`, when the version has other terms, the agreement another partner,
                or a later version is known.
        """
        rows.check_grant(amount)
        with self._write() as session:
            owner = rows.locked_dataset(session, workspace, dataset)
            account = rows.locked_account(session, owner.id, agreement)
            if account is None:
                account = bt.BudgetAccount(
                    dataset_id=owner.id, agreement=agreement, partner=partner
                )
                session.add(account)
                session.flush()
            newest = rows.newest_terms(session, account.id)
            if account.partner != partner:
                raise CatalogError("account_differs", agreement=agreement, version=version)
            if newest is not None and newest.version >= version:
                known = session.get(bt.BudgetTerms, (account.id, version))
                if known is None or not rows.same_terms(known, amount, renewal):
                    raise CatalogError("account_differs", agreement=agreement, version=version)
                return
            session.add(
                bt.BudgetTerms(
                    account_id=account.id,
                    version=version,
                    rho_units=amount.rho_units,
                    delta_units=amount.delta_units,
                    epsilon_units=amount.epsilon_units,
                    renewal=renewal,
                    opened_at=self._clock(),
                )
            )

    # What is spent

    def charge(self, workspace: str, request: ChargeRequest) -> Charge:
        """Charge a question; a request that was charged before is not charged again, and neither is
        the same question on the same snapshots.

        Raises:
            CatalogError: `budget_amount`; `cap_missing`; `account_unknown`;
                `idempotency_key_reused`, when the key was used for another question;
                `budget_exhausted`, with `bound` "account" and what is left of it, or "cap".
            ValueError, TypeError: the basis is not JSON.
        """
        rows.check_charge(request.amount)
        basis = json.loads(canonical_json(dict(request.basis)))
        with self._write() as session:
            owner = rows.locked_dataset(session, workspace, request.dataset)
            account = rows.locked_account(session, owner.id, request.agreement)
            if account is None or account.partner != request.partner:
                raise CatalogError(
                    "account_unknown", agreement=request.agreement, dataset=request.dataset
                )
            found = rows.charge_by_key(session, owner.workspace_id, request)
            if found is not None:
                return rows.same_question(found, request)
            found = rows.charge_of_question(session, account.id, request)
            if found is not None:
                return found
            at = rows.ledger_time(session, owner.id, self._clock())
            cap, terms = rows.bounds_of(session, owner.id, account.id)
            rows.check_left(session, request, cap, terms, at)
            row = rows.charge_row(owner, account, request, at) | {"basis": basis}
            row |= {"cap_version": cap.version, "terms_version": terms.version}
            row["hash"] = link(owner.head, owner.name, account.agreement, row, cap, terms)
            put(
                session,
                t.table_of(bt.BudgetCharge),
                [row],
                ["workspace_id", "partner", "key"],
                keep=list(row),
            )
            charged = rows.charge_by_key(session, owner.workspace_id, request)
            assert charged is not None
            if charged.hash != row["hash"]:  # charged on another dataset while this one waited
                return rows.same_question(charged, request)
            owner.charges, owner.head = charged.number, charged.hash
            return charged

    def balance(self, workspace: str, agreement: str, dataset: str) -> Balance:
        """What an account has left.

        Raises:
            CatalogError: `account_unknown`.
        """
        with self._read() as session:
            query = rows.datasets_query(workspace, dataset).join(
                bt.BudgetAccount, bt.BudgetAccount.dataset_id == bt.BudgetDataset.id
            )
            query = query.where(bt.BudgetAccount.agreement == agreement)
            ids = session.execute(
                query.with_only_columns(bt.BudgetDataset.id, bt.BudgetAccount.id)
            ).first()
            if ids is None:
                raise CatalogError("account_unknown", agreement=agreement, dataset=dataset)
            at = rows.ledger_time(session, ids[0], self._clock())
            cap, terms = rows.bounds_of(session, *ids)
            period = period_of(terms.renewal, at)
            spent = rows.spent_of(session, bt.BudgetCharge.account_id == ids[1], period)
            left = amount_of(terms).less(spent)
            of_cap = amount_of(cap).less(rows.spent_of_cap(session, cap, at))
            tighter = not of_cap.covers(left.of_cap)
            return Balance(amount_of(terms), spent, left, period, tighter)

    def history(
        self,
        workspace: str,
        agreement: str | None = None,
        dataset: str | None = None,
        limit: int = 1000,
    ) -> list[Charge]:
        """Charges, the newest first: of one agreement, of one dataset, or all."""
        query = rows.charges_query().where(t.Workspace.name == workspace)
        if agreement is not None:
            query = query.where(bt.BudgetAccount.agreement == agreement)
        if dataset is not None:
            query = query.where(bt.BudgetDataset.name == dataset)
        newest = query.order_by(bt.BudgetCharge.charged_at.desc(), bt.BudgetCharge.id.desc())
        with self._read() as session:
            return [rows.charge_record(*found) for found in session.execute(newest.limit(limit))]

    # Answers

    def store_answer(
        self, charge_id: int, payload: Mapping[str, Any], snapshots: Mapping[str, int]
    ) -> Answer:
        """Keep the answer of a charge; where one is kept already, that one is returned.

        Raises:
            CatalogError: `charge_unknown`.
            ValueError, TypeError: the payload is not JSON.
        """
        row = {
            "id": secrets.token_urlsafe(ANSWER_BYTES),
            "charge_id": charge_id,
            "payload": json.loads(canonical_json(dict(payload))),
            "snapshots": dict(snapshots),
            "created_at": self._clock(),
        }
        with self._write() as session:
            if session.get(bt.BudgetCharge, charge_id) is None:
                raise CatalogError("charge_unknown", charge=charge_id)
            put(session, t.table_of(bt.BudgetAnswer), [row], ["charge_id"], keep=list(row))
            query = select(bt.BudgetAnswer).where(bt.BudgetAnswer.charge_id == charge_id)
            return rows.answer_record(session.scalars(query).one())

    def answer_of(self, charge_id: int) -> Answer | None:
        """The answer of a charge; None when whoever charged died before he answered."""
        with self._read() as session:
            query = select(bt.BudgetAnswer).where(bt.BudgetAnswer.charge_id == charge_id)
            found = session.scalar(query)
            return None if found is None else rows.answer_record(found)

    def find_answer(self, workspace: str, agreement: str, fingerprint: str) -> Answer | None:
        """The first answer to a question that was asked before under an agreement."""
        query = rows.answers_query().where(
            t.Workspace.name == workspace,
            bt.BudgetAccount.agreement == agreement,
            bt.BudgetCharge.fingerprint == fingerprint,
        )
        with self._read() as session:
            found = session.scalar(query.order_by(bt.BudgetCharge.id).limit(1))
            return None if found is None else rows.answer_record(found)

    def read_answer(self, workspace: str, answer_id: str, partner: str) -> Answer:
        """An answer of one's own.

        Raises:
            CatalogError: `answer_unknown`, for the answer of another partner as well.
        """
        query = rows.answers_query().where(
            t.Workspace.name == workspace, bt.BudgetAnswer.id == answer_id
        )
        with self._read() as session:
            found = session.scalar(query.where(bt.BudgetCharge.partner == partner))
            if found is None:
                raise CatalogError("answer_unknown")
            return rows.answer_record(found)

    # Proof

    def head(self, workspace: str, dataset: str) -> Head:
        """The last charge of a dataset, to be kept elsewhere.

        Raises:
            CatalogError: `cap_missing`.
        """
        with self._read() as session:
            return rows.head_of(rows.dataset_row(session, workspace, dataset))

    def verify(self, workspace: str, dataset: str, kept: Head | None = None) -> list[Fault]:
        """Replay every charge of a dataset: hashes, order, and every bound at every moment.

        Args:
            kept: a head that was kept elsewhere.

        Raises:
            CatalogError: `cap_missing`.
        """
        with self._read() as session:
            owner = rows.dataset_row(session, workspace, dataset)
            item = bt.BudgetCharge
            of_it = item.dataset_id == owner.id
            hashes = session.execute(select(item.number, item.hash).where(of_it)).tuples().all()
            charges = session.execute(
                select(item, bt.BudgetAccount.agreement, bt.BudgetCap, bt.BudgetTerms)
                .outerjoin(bt.BudgetAccount, bt.BudgetAccount.id == item.account_id)
                .outerjoin(bt.BudgetCap, rows.cap_of(item))
                .outerjoin(bt.BudgetTerms, rows.terms_of(item))
                .where(of_it)
                .order_by(item.number, item.id)
            )
            return Replay(owner.name, dict(hashes), kept).run(charges.tuples(), rows.head_of(owner))
