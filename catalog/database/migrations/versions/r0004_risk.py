"""The disclosure risk that a step measured before it released its rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("step", sa.Column("risk", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("step", "risk")
