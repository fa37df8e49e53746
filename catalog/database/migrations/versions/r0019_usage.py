"""Use by day, when the service was there, and the register of incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0019"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)
CHANNELS = "'sandbox', 'records', 'exchange', 'open', 'lookup'"


def upgrade() -> None:
    _usage()
    op.create_table(
        "service_beat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_beat")),
    )
    op.create_index("ix_service_beat_of", "service_beat", ["workspace", "seen_at"])
    _incidents()


def downgrade() -> None:
    for table in (
        "incident_statement",
        "incident_closing",
        "incident",
        "service_beat",
        "usage_counted",
        "usage_day",
    ):
        op.drop_table(table)


def _usage() -> None:
    keys = ("workspace", "resource", "day", "channel", "user_name")
    op.create_table(
        "usage_day",
        *(
            sa.Column(name, sa.Date() if name == "day" else sa.Text(), nullable=False)
            for name in keys
        ),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_usage_day_channel")),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_usage_day")),
    )
    op.create_index("ix_usage_day_day", "usage_day", ["workspace", "day"])
    op.create_table(
        "usage_counted",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", name=op.f("pk_usage_counted")),
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "severity IN ('minor', 'serious', 'grave')", name=op.f("ck_incident_severity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("workspace", "number", name=op.f("uq_incident_workspace")),
    )
    op.create_table(
        "incident_closing",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_closing_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident_closing")),
    )
    op.create_table(
        "incident_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_statement")),
    )
    op.create_index("ix_incident_statement_of", "incident_statement", ["workspace", "stated_at"])
    for table in ("incident", "incident_closing", "incident_statement"):
        append_only.protect(table)
