"""The exchange: programs of departments, quotas, subscriptions and the notices that they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("api_client", sa.Column("department", sa.Text(), nullable=True))
    _usage()
    _subscription()
    _notice()


def downgrade() -> None:
    op.drop_table("exchange_notice")
    op.drop_table("exchange_subscription")
    op.drop_table("exchange_usage")
    # A program of a department would be one of a partner without a name.
    op.execute("DELETE FROM api_client WHERE department IS NOT NULL")
    op.drop_column("api_client", "department")


def _usage() -> None:
    op.create_table(
        "exchange_usage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('requests', 'rows')", name=op.f("ck_exchange_usage_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_usage")),
        sa.UniqueConstraint(
            "workspace_id",
            "department",
            "kind",
            "since",
            name=op.f("uq_exchange_usage_workspace_id"),
        ),
    )


def _subscription() -> None:
    op.create_table(
        "exchange_subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_exchange_subscription_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_subscription")),
        sa.UniqueConstraint(
            "subscription_id", name=op.f("uq_exchange_subscription_subscription_id")
        ),
    )
    op.create_index(
        "ix_exchange_subscription_for",
        "exchange_subscription",
        ["workspace_id", "department", "resource"],
    )


def _notice() -> None:
    op.create_table(
        "exchange_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("subscription_key", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'dead', 'dropped')", name=op.f("ck_exchange_notice_state")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_key"],
            ["exchange_subscription.id"],
            name=op.f("fk_exchange_notice_subscription_key"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_notice")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_exchange_notice_notice_id")),
        sa.UniqueConstraint(
            "subscription_key", "snapshot_id", name=op.f("uq_exchange_notice_subscription_key")
        ),
    )
    op.create_index("ix_exchange_notice_due", "exchange_notice", ["state", "due_at"])
