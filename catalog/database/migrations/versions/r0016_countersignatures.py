"""Signatures that came after a document was imported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0016"
down_revision = "0014"

TABLE = "instrument_countersignature"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f(f"fk_{TABLE}_instrument_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("instrument_id", "signer", name=op.f(f"uq_{TABLE}_instrument_id")),
    )
    append_only.protect(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
