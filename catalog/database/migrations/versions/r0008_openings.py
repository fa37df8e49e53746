"""Budgets in pure epsilon, what a charge is to count, and the log of all that partners asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0008"
down_revision = "0007"

ACCOUNT = ["account_id", "charged_at", "rho_units", "delta_units"]


def upgrade() -> None:
    for table in ("budget_terms", "budget_charge"):
        op.add_column(
            table, sa.Column("epsilon_units", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.add_column(
        "budget_charge", sa.Column("question", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("budget_charge", sa.Column("snapshots", sa.JSON(), nullable=True))
    op.drop_index("ix_budget_charge_account", "budget_charge")
    op.create_index("ix_budget_charge_account", "budget_charge", [*ACCOUNT, "epsilon_units"])
    _opening()
    append_only.protect("opening")


def downgrade() -> None:
    op.drop_table("opening")
    op.drop_index("ix_budget_charge_account", "budget_charge")
    op.create_index("ix_budget_charge_account", "budget_charge", ACCOUNT)
    for name in ("snapshots", "question", "epsilon_units"):
        op.drop_column("budget_charge", name)
    op.drop_column("budget_terms", "epsilon_units")


def _opening() -> None:
    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "action IN ('quote', 'query', 'answer', 'record')", name=op.f("ck_opening_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    op.create_index("ix_opening_by", "opening", ["workspace_id", "agreement", "at"])
