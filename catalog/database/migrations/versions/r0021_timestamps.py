"""Timestamps of the audit log's checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0021"
down_revision = "0019"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit_timestamp",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "checkpoint", name=op.f("pk_audit_timestamp")),
    )
    append_only.protect("audit_timestamp")


def downgrade() -> None:
    op.drop_table("audit_timestamp")
