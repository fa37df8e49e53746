"""How old a record of the audit log may be that no timestamp covers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

MOMENT = sa.DateTime(timezone=True)
# Of logs that are there already: when the first record was written that no timestamp covers.
SINCE = """
UPDATE audit_log SET unstamped_since = (
  SELECT recorded_at FROM audit_record
  WHERE audit_record.log_id = audit_log.id AND audit_record.sequence = 1 + COALESCE((
    SELECT MAX(audit_checkpoint.size) FROM audit_checkpoint
    JOIN audit_timestamp ON audit_timestamp.log_id = audit_checkpoint.log_id
      AND audit_timestamp.checkpoint = audit_checkpoint.number
    WHERE audit_checkpoint.log_id = audit_log.id), 0))
"""


def upgrade() -> None:
    op.add_column("audit_log", sa.Column("unstamped_since", MOMENT, nullable=True))
    op.add_column("audit_log", sa.Column("stamp_overdue_seconds", sa.Integer(), nullable=True))
    op.execute(SINCE)


def downgrade() -> None:
    op.drop_column("audit_log", "stamp_overdue_seconds")
    op.drop_column("audit_log", "unstamped_since")
