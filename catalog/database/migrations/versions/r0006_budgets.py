"""The budgets of the sandbox: caps, accounts, charges and answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
IMMUTABLE = ("budget_cap", "budget_terms", "budget_charge", "budget_answer")
TABLES = (
    "budget_dataset",
    "budget_account",
    "budget_cap",
    "budget_terms",
    "budget_charge",
    "budget_answer",
)


def upgrade() -> None:
    _budget_dataset()
    _budget_account()
    _budget_cap()
    _budget_terms()
    _budget_charge()
    _budget_answer()
    append_only.make_function()
    for table in IMMUTABLE:
        append_only.protect(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    append_only.drop_function()


def _budget_dataset() -> None:
    op.create_table(
        "budget_dataset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("charges", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_budget_dataset_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_dataset")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_budget_dataset_workspace_id")),
    )


def _budget_account() -> None:
    op.create_table(
        "budget_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["budget_dataset.id"], name=op.f("fk_budget_account_dataset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_account")),
        sa.UniqueConstraint("dataset_id", "agreement", name=op.f("uq_budget_account_dataset_id")),
    )


def _budget_cap() -> None:
    op.create_table(
        "budget_cap",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rho_units", sa.BigInteger(), nullable=False),
        sa.Column("delta_units", sa.BigInteger(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "renewal IN ('none', 'month', 'quarter', 'year')", name=op.f("ck_budget_cap_renewal")
        ),
        sa.CheckConstraint(
            "rho_units >= 0 AND delta_units >= 0", name=op.f("ck_budget_cap_amount")
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["budget_dataset.id"], name=op.f("fk_budget_cap_dataset_id")
        ),
        sa.PrimaryKeyConstraint("dataset_id", "version", name=op.f("pk_budget_cap")),
    )


def _budget_terms() -> None:
    op.create_table(
        "budget_terms",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rho_units", sa.BigInteger(), nullable=False),
        sa.Column("delta_units", sa.BigInteger(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "renewal IN ('none', 'month', 'quarter', 'year')", name=op.f("ck_budget_terms_renewal")
        ),
        sa.CheckConstraint(
            "rho_units >= 0 AND delta_units >= 0", name=op.f("ck_budget_terms_amount")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["budget_account.id"], name=op.f("fk_budget_terms_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_budget_terms")),
    )


def _budget_charge() -> None:
    op.create_table(
        "budget_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rho_units", sa.BigInteger(), nullable=False),
        sa.Column("delta_units", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("cap_version", sa.Integer(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("charged_at", MOMENT, nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "rho_units >= 0 AND delta_units >= 0", name=op.f("ck_budget_charge_amount")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "terms_version"],
            ["budget_terms.account_id", "budget_terms.version"],
            name=op.f("fk_budget_charge_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id", "cap_version"],
            ["budget_cap.dataset_id", "budget_cap.version"],
            name=op.f("fk_budget_charge_dataset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_charge")),
        sa.UniqueConstraint("dataset_id", "number", name=op.f("uq_budget_charge_dataset_id")),
        sa.UniqueConstraint(
            "workspace_id", "partner", "key", name=op.f("uq_budget_charge_workspace_id")
        ),
    )
    op.create_index(
        "ix_budget_charge_account",
        "budget_charge",
        ["account_id", "charged_at", "rho_units", "delta_units"],
    )
    op.create_index(
        "ix_budget_charge_cap",
        "budget_charge",
        ["dataset_id", "charged_at", "rho_units", "delta_units"],
    )
    op.create_index("ix_budget_charge_question", "budget_charge", ["fingerprint", "account_id"])


def _budget_answer() -> None:
    op.create_table(
        "budget_answer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("snapshots", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["budget_charge.id"], name=op.f("fk_budget_answer_charge_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_answer")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_budget_answer_charge_id")),
    )
