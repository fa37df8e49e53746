"""The audit log: records in a chain, checkpoints, hashes of subtrees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)
ACTIONS = (
    "'publish', 'rollback', 'hold', 'document', 'quote', 'query', 'answer', 'record', 'request', "
    "'grant', 'objection', 'exchange', 'sign_in', 'account', 'quarantine', 'audit'"
)
BATCHED = sa.text("batch <> ''")


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=True),
        sa.Column("anchored", sa.BigInteger(), nullable=False),
        sa.Column("open_since", MOMENT, nullable=True),
        sa.Column("overdue_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("workspace", name=op.f("uq_audit_log_workspace")),
    )
    _record()
    op.create_table(
        "audit_checkpoint",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("root", "head", "at", "previous", "key", "signature")
        ),
        sa.PrimaryKeyConstraint("log_id", "number", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_node",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "place", name=op.f("pk_audit_node")),
    )
    for table in ("audit_record", "audit_checkpoint", "audit_node"):
        append_only.protect(table)


def _record() -> None:
    op.create_table(
        "audit_record",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("actor", "action", "subject", "outcome", "under", "purpose")
        ),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("snapshot", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint(f"action IN ({ACTIONS})", name=op.f("ck_audit_record_action")),
        sa.PrimaryKeyConstraint("log_id", "sequence", name=op.f("pk_audit_record")),
    )
    for name in ("actor", "action", "subject", "under"):
        op.create_index(f"ix_audit_record_{name}", "audit_record", ["log_id", name, "sequence"])
    op.create_index("ix_audit_record_time", "audit_record", ["log_id", "recorded_at", "sequence"])
    op.create_index(
        "ix_audit_record_batch",
        "audit_record",
        ["log_id", "batch"],
        sqlite_where=BATCHED,
        postgresql_where=BATCHED,
    )


def downgrade() -> None:
    for table in ("audit_node", "audit_checkpoint", "audit_record", "audit_log"):
        op.drop_table(table)
