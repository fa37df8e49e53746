"""What departments are told, and how far each person has read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

MOMENT = sa.DateTime(timezone=True)
OF_ONE = (
    "(CASE WHEN request_key IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN objection_key IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN grant_key IS NULL THEN 0 ELSE 1 END) = 1"
)
# What was to be told to a department until now, in the order in which it was done.
TOLD = """
INSERT INTO share_notice
  (workspace_id, department, at, act, task, request_key, objection_key, grant_key)
SELECT workspace_id, told, at, act, task, request_key, objection_key, grant_key FROM (
  SELECT r.workspace_id, e.told, e.at, e.act, e.task, e.request_key,
         CAST(NULL AS INTEGER) AS objection_key, CAST(NULL AS INTEGER) AS grant_key, e.id
  FROM share_event e JOIN share_request r ON r.id = e.request_key WHERE e.told <> ''
  UNION ALL
  SELECT o.workspace_id, e.told, e.at, e.act, e.task, NULL, e.objection_key, NULL, e.id
  FROM share_event e JOIN share_objection o ON o.id = e.objection_key WHERE e.told <> ''
  UNION ALL
  SELECT g.workspace_id, e.told, e.at, e.act, NULL, NULL, NULL, e.grant_key, e.id
  FROM share_grant_event e JOIN share_grant g ON g.id = e.grant_key WHERE e.told <> ''
) AS events ORDER BY at, id
"""


def upgrade() -> None:
    op.create_table(
        "share_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.Integer(), nullable=True),
        sa.Column("objection_key", sa.Integer(), nullable=True),
        sa.Column("grant_key", sa.Integer(), nullable=True),
        sa.CheckConstraint(OF_ONE, name=op.f("ck_share_notice_of_one")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_share_notice_{column}")
            )
            for column, table in (
                ("workspace_id", "workspace"),
                ("request_key", "share_request"),
                ("objection_key", "share_objection"),
                ("grant_key", "share_grant"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_notice")),
    )
    op.create_index("ix_share_notice_for", "share_notice", ["workspace_id", "department", "id"])
    op.create_table(
        "notice_seen",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_notice_seen_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "person", name=op.f("pk_notice_seen")),
    )
    op.execute(TOLD)


def downgrade() -> None:
    op.drop_table("notice_seen")
    op.drop_table("share_notice")
