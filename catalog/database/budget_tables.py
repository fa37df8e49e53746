"""The tables of the budget ledger. Triggers refuse to change or remove a row of the immutable ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.budget_records import RENEWALS
from catalog.database.tables import Base, Int64, Key, WorkspaceKey

DatasetKey = Annotated[int, mapped_column(ForeignKey("budget_dataset.id"))]


def _amount() -> CheckConstraint:
    return CheckConstraint("rho_units >= 0 AND delta_units >= 0", name="amount")


def _renewal() -> CheckConstraint:
    choices = ", ".join(f"'{value}'" for value in RENEWALS)
    return CheckConstraint(f"renewal IN ({choices})", name="renewal")


class BudgetDataset(Base):
    """A dataset that has a cap: the row that whoever charges locks first.

    `charges` and `head` say how many charges there are, and the hash of the last one.
    """

    __tablename__ = "budget_dataset"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    name: Mapped[str]
    charges: Mapped[Int64]
    head: Mapped[str]


class BudgetCap(Base):
    """What all partners together may spend on a dataset; the greatest version holds. Immutable."""

    __tablename__ = "budget_cap"
    __table_args__ = (_amount(), _renewal())

    dataset_id: Mapped[DatasetKey] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rho_units: Mapped[Int64]
    delta_units: Mapped[Int64]
    renewal: Mapped[str]
    registered_at: Mapped[datetime]


class BudgetAccount(Base):
    """That a partner has a budget on a dataset by an agreement; locked after the dataset."""

    __tablename__ = "budget_account"
    __table_args__ = (UniqueConstraint("dataset_id", "agreement"),)

    id: Mapped[Key]
    dataset_id: Mapped[DatasetKey]
    agreement: Mapped[str]
    partner: Mapped[str]


class BudgetTerms(Base):
    """What a version of the agreement grants an account; the greatest version holds. Immutable."""

    __tablename__ = "budget_terms"
    __table_args__ = (_amount(), _renewal())

    account_id: Mapped[int] = mapped_column(ForeignKey("budget_account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rho_units: Mapped[Int64]
    delta_units: Mapped[Int64]
    epsilon_units: Mapped[Int64] = mapped_column(server_default="0")
    renewal: Mapped[str]
    opened_at: Mapped[datetime]


class BudgetCharge(Base):
    """A charge. Immutable.

    `workspace_id` is for the key alone. It refers to nothing, for a reference would wait for
    whoever holds the workspace's lock.
    """

    __tablename__ = "budget_charge"
    __table_args__ = (
        UniqueConstraint("dataset_id", "number"),
        UniqueConstraint("workspace_id", "partner", "key"),
        ForeignKeyConstraint(
            ["dataset_id", "cap_version"], ["budget_cap.dataset_id", "budget_cap.version"]
        ),
        ForeignKeyConstraint(
            ["account_id", "terms_version"], ["budget_terms.account_id", "budget_terms.version"]
        ),
        _amount(),
        Index("ix_budget_charge_cap", "dataset_id", "charged_at", "rho_units", "delta_units"),
        Index(
            "ix_budget_charge_account",
            "account_id",
            "charged_at",
            "rho_units",
            "delta_units",
            "epsilon_units",
        ),
        Index("ix_budget_charge_question", "fingerprint", "account_id"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[int]
    dataset_id: Mapped[int]
    number: Mapped[Int64]
    account_id: Mapped[int]
    partner: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    rho_units: Mapped[Int64]
    delta_units: Mapped[Int64]
    epsilon_units: Mapped[Int64] = mapped_column(server_default="0")
    basis: Mapped[dict[str, Any]] = mapped_column(JSON)
    question: Mapped[str] = mapped_column(server_default="")
    snapshots: Mapped[dict[str, int] | None]
    instruments: Mapped[list[str]]
    cap_version: Mapped[int]
    terms_version: Mapped[int]
    charged_at: Mapped[datetime]
    previous: Mapped[str]
    hash: Mapped[str]


class BudgetAnswer(Base):
    """What was answered for a charge, once. Immutable."""

    __tablename__ = "budget_answer"
    __table_args__ = (UniqueConstraint("charge_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("budget_charge.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    snapshots: Mapped[dict[str, int]]
    created_at: Mapped[datetime]
