"""A justification names the level up to which it covers its field."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Until now a justification held whatever the level of its field was.
    level = sa.Column("level", sa.Text(), nullable=False, server_default="L4")
    op.add_column("justification", level)


def downgrade() -> None:
    op.drop_column("justification", "level")
