"""The ledger of stages and slots, late deliveries, and publishes that wait for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _stage_run()
    _collected_slot()
    _late_delivery()
    _gate_hold()


def downgrade() -> None:
    for table in ("gate_hold", "late_delivery", "collected_slot", "stage_run"):
        op.drop_table(table)


def _stage_run() -> None:
    op.create_table(
        "stage_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('claimed', 'settled', 'incomplete', 'failed', 'killed')",
            name=op.f("ck_stage_run_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_stage_run_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_run")),
        sa.UniqueConstraint("workspace_id", "stage", "at", name=op.f("uq_stage_run_workspace_id")),
    )
    op.create_index("ix_stage_run_finished", "stage_run", ["workspace_id", "stage", "finished_at"])


def _collected_slot() -> None:
    op.create_table(
        "collected_slot",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_collected_slot_resource_id")
        ),
        sa.PrimaryKeyConstraint("resource_id", "slot", name=op.f("pk_collected_slot")),
    )


def _late_delivery() -> None:
    op.create_table(
        "late_delivery",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("deadline", MOMENT, nullable=False),
        sa.Column("noticed_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_late_delivery_resource_id")
        ),
        sa.PrimaryKeyConstraint("resource_id", "slot", name=op.f("pk_late_delivery")),
    )


def _gate_hold() -> None:
    op.create_table(
        "gate_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_message", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "decision IN ('approve', 'reject', 'release')", name=op.f("ck_gate_hold_decision")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_gate_hold_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_hold")),
        sa.UniqueConstraint("resource_id", "fingerprint", name=op.f("uq_gate_hold_resource_id")),
    )
