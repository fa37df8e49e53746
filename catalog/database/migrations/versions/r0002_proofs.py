"""What the compiler proves: effective levels, the sources of every column, releases and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

RESOURCE_COLUMNS = (
    "release_channel",
    "release_kind",
    "declared_fingerprint",
    "proof_fingerprint",
)


def upgrade() -> None:
    for name in RESOURCE_COLUMNS:
        op.add_column("resource", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("resource_field", sa.Column("declared_level", sa.Text(), nullable=True))
    # Until now a field's level was what its contract declared.
    op.execute("UPDATE resource_field SET declared_level = level")
    _field_source()
    _justification()


def downgrade() -> None:
    op.drop_table("justification")
    op.drop_table("field_source")
    op.execute("UPDATE resource_field SET level = declared_level")
    op.execute(
        "UPDATE resource SET level = "
        "(SELECT max(f.level) FROM resource_field f WHERE f.resource_id = resource.id)"
    )
    op.drop_column("resource_field", "declared_level")
    for name in reversed(RESOURCE_COLUMNS):
        op.drop_column("resource", name)


def _field_source() -> None:
    op.create_table(
        "field_source",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("source_table", sa.Text(), nullable=False),
        sa.Column("source_column", sa.Text(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("masks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_field_source_resource_id")
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_field_source")),
    )


def _justification() -> None:
    op.create_table(
        "justification",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_justification_resource_id")
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_justification")),
    )
