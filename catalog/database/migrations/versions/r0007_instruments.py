"""Letters, agreements and consents, their revocations and uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)
IMMUTABLE = ("instrument", "instrument_revocation", "consent_use")
TABLES = ("instrument", "consent_use", "instrument_revocation")


def upgrade() -> None:
    _instrument()
    _consent_use()
    _instrument_revocation()
    for table in IMMUTABLE:
        append_only.protect(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _instrument() -> None:
    op.create_table(
        "instrument",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("signatures", sa.JSON(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('letter', 'agreement', 'consent')", name=op.f("ck_instrument_kind")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_instrument_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint(
            "workspace_id", "kind", "name", "version", name=op.f("uq_instrument_workspace_id")
        ),
    )
    op.create_index(
        "ix_instrument_parties", "instrument", ["workspace_id", "kind", "partner", "party"]
    )


def _consent_use() -> None:
    op.create_table(
        "consent_use",
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_consent_use_instrument_id")
        ),
        sa.PrimaryKeyConstraint("instrument_id", "request_id", name=op.f("pk_consent_use")),
    )


def _instrument_revocation() -> None:
    op.create_table(
        "instrument_revocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["instrument_id"],
            ["instrument.id"],
            name=op.f("fk_instrument_revocation_instrument_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_revocation")),
    )
    op.create_index("ix_instrument_revocation_of", "instrument_revocation", ["instrument_id", "at"])
