"""Lists of resources that were imported from other catalogues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "catalogue_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_catalogue_list_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_list")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_catalogue_list_workspace_id")),
    )
    op.create_table(
        "catalogue_entry",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["catalogue_list.id"], name=op.f("fk_catalogue_entry_list_id")
        ),
        sa.PrimaryKeyConstraint("list_id", "position", name=op.f("pk_catalogue_entry")),
        sa.UniqueConstraint("list_id", "key", name=op.f("uq_catalogue_entry_list_id")),
    )


def downgrade() -> None:
    op.drop_table("catalogue_entry")
    op.drop_table("catalogue_list")
