"""Grants that are suspended while the contract does not allow them; the clock of disputes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0017"
down_revision = "0016"

MOMENT = sa.DateTime(timezone=True)
DISPUTE = ("dispute_due_at", "dispute_reminded_at", "dispute_supervised_at", "dispute_escalated_at")


def upgrade() -> None:
    legal = sa.Column("legal", sa.JSON(), nullable=False, server_default="{}")
    op.add_column("share_grant", legal)
    op.add_column("share_grant", sa.Column("suspended_at", MOMENT, nullable=True))
    op.add_column("share_grant", sa.Column("suspended_why", sa.JSON(), nullable=True))
    _legal_bases()
    _grant_event()
    _rules()
    for name in DISPUTE:
        op.add_column("share_task", sa.Column(name, MOMENT, nullable=True))


def downgrade() -> None:
    for name in reversed(DISPUTE):
        op.drop_column("share_task", name)
    op.drop_table("share_rules")
    op.drop_table("share_grant_event")
    for name in ("suspended_why", "suspended_at", "legal"):
        op.drop_column("share_grant", name)


def _legal_bases() -> None:
    """What decisions said of the law; of data that was returned before, nothing is known."""
    task = sa.table("share_task", sa.column("grant_id", sa.Text), sa.column("decisions", sa.JSON))
    grant = sa.table("share_grant", sa.column("grant_id", sa.Text), sa.column("legal", sa.JSON))
    bind = op.get_bind()
    query = sa.select(task.c.grant_id, task.c.decisions).where(task.c.grant_id.is_not(None))
    for id, decisions in bind.execute(query).all():
        said = {name: one.get("legal_basis", "") for name, one in decisions.items()}
        legal = {name: basis for name, basis in said.items() if basis}
        if legal:
            bind.execute(sa.update(grant).where(grant.c.grant_id == id).values(legal=legal))


def _grant_event() -> None:
    op.create_table(
        "share_grant_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_key", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.CheckConstraint("act IN ('suspend', 'restore')", name=op.f("ck_share_grant_event_act")),
        sa.ForeignKeyConstraint(
            ["grant_key"], ["share_grant.id"], name=op.f("fk_share_grant_event_grant_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_grant_event")),
    )
    op.create_index("ix_share_grant_event_of", "share_grant_event", ["grant_key"])
    append_only.protect("share_grant_event")


def _rules() -> None:
    op.create_table(
        "share_rules",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_share_rules_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_share_rules")),
    )
