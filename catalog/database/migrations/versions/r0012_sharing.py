"""Sharing between departments: grants, requests with their tasks and events, baskets, objections."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from catalog.database.migrations import append_only

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _grants()
    _requests()
    _objections()
    _events()
    append_only.protect("share_event")


def _grants() -> None:
    op.create_table(
        "share_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("masks", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("row_field", sa.Text(), nullable=True),
        sa.Column("row_values", sa.JSON(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_why", sa.Text(), nullable=True),
        sa.Column("expiry_noted_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "manner IN ('interface', 'download', 'subscription')",
            name=op.f("ck_share_grant_manner"),
        ),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_share_grant_term")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_share_grant_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_grant")),
        sa.UniqueConstraint("workspace_id", "grant_id", name=op.f("uq_share_grant_workspace_id")),
        sa.UniqueConstraint("task_id", name=op.f("uq_share_grant_task_id")),
    )
    op.create_index("ix_share_grant_for", "share_grant", ["workspace_id", "department", "resource"])


def _clock() -> list[sa.Column[Any]]:
    return [
        sa.Column("clock_step", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("supervised_at", MOMENT, nullable=True),
        sa.Column("escalated_at", MOMENT, nullable=True),
    ]


def _requests() -> None:
    op.create_table(
        "share_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        *_clock(),
        sa.CheckConstraint(
            "manner IN ('interface', 'download', 'subscription')",
            name=op.f("ck_share_request_manner"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'pre_auditing', 'returned', 'dispatched', 'confirmed', "
            "'withdrawn')",
            name=op.f("ck_share_request_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_share_request_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_request")),
        sa.UniqueConstraint(
            "workspace_id", "request_id", name=op.f("uq_share_request_workspace_id")
        ),
    )
    op.create_index("ix_share_request_of", "share_request", ["workspace_id", "department"])
    op.create_table(
        "share_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("share_type", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decisions", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.Column("dispute_state", sa.Text(), nullable=True),
        sa.Column("disputed_at", MOMENT, nullable=True),
        sa.Column("disputed_by", sa.Text(), nullable=True),
        sa.Column("dispute_reason", sa.Text(), nullable=True),
        sa.Column("ruled_at", MOMENT, nullable=True),
        sa.Column("ruled_by", sa.Text(), nullable=True),
        sa.Column("ruling", sa.Text(), nullable=True),
        *_clock(),
        sa.CheckConstraint(
            "state IN ('dispatched', 'supervising', 'correction', 'returned', 'approved', "
            "'partially_approved', 'provisioned', 'refused')",
            name=op.f("ck_share_task_state"),
        ),
        sa.ForeignKeyConstraint(
            ["request_key"], ["share_request.id"], name=op.f("fk_share_task_request_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_task")),
        sa.UniqueConstraint("request_key", "number", name=op.f("uq_share_task_request_key")),
    )
    op.create_index("ix_share_task_owner", "share_task", ["owner", "state"])
    op.create_table(
        "share_basket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("put_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_share_basket_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_basket")),
        sa.UniqueConstraint(
            "workspace_id", "account", "resource", name=op.f("uq_share_basket_workspace_id")
        ),
    )


def _objections() -> None:
    op.create_table(
        "share_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("objection_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("record_key", sa.JSON(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        *_clock(),
        sa.CheckConstraint(
            "state IN ('raised', 'traced', 'verified', 'corrected', 'rejected')",
            name=op.f("ck_share_objection_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_share_objection_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_objection")),
        sa.UniqueConstraint(
            "workspace_id", "objection_id", name=op.f("uq_share_objection_workspace_id")
        ),
    )
    op.create_index(
        "ix_share_objection_of", "share_objection", ["workspace_id", "resource", "state"]
    )


def _events() -> None:
    op.create_table(
        "share_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.Integer(), nullable=True),
        sa.Column("objection_key", sa.Integer(), nullable=True),
        sa.Column("task", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=False),
        sa.Column("state_after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(request_key IS NULL) <> (objection_key IS NULL)", name=op.f("ck_share_event_of_one")
        ),
        sa.ForeignKeyConstraint(
            ["request_key"], ["share_request.id"], name=op.f("fk_share_event_request_key")
        ),
        sa.ForeignKeyConstraint(
            ["objection_key"], ["share_objection.id"], name=op.f("fk_share_event_objection_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_event")),
    )
    op.create_index("ix_share_event_request", "share_event", ["request_key"])
    op.create_index("ix_share_event_objection", "share_event", ["objection_key"])


def downgrade() -> None:
    for table in ("share_event", "share_objection", "share_basket", "share_task", "share_request"):
        op.drop_table(table)
    op.drop_table("share_grant")
