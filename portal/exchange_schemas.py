"""What the exchange tells, as the OpenAPI document describes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from catalog.database.subscriptions import Subscription
from catalog.sharing.grant import Grant, Manner
from pipelines.exchange.asking import Page
from pipelines.exchange.rendering import rows_json
from portal.schemas import Body


class GrantAnswer(BaseModel):
    """What may be read under a grant."""

    id: str
    resource: str
    fields: list[str]
    masked: list[str] = Field(description="Those of the fields whose values are masked.")
    rows: dict[str, list[str]] | None = Field(
        description="Only rows whose field has one of these values; null: all."
    )
    purpose: str
    manner: Manner
    valid_from: datetime
    valid_to: datetime = Field(description="From then on it holds no more.")
    conditions: dict[str, str] = Field(description="By field, what the owner asks of you.")


class Grants(BaseModel):
    """What may be read now."""

    grants: list[GrantAnswer]


class PageAnswer(BaseModel):
    """A page."""

    resource: str
    snapshot: str = Field(description="Digits; the same on all pages of a read.")
    since: str | None = Field(None, description="Of changes.")
    grant: str
    masked: list[str]
    rows: list[dict[str, Any]] = Field(
        description="By field; `_objection` where somebody objects to a value of the row; of changes, "
        "`_change`: `upsert` with the whole row, or `delete` with its key."
    )
    next: str | None = Field(description="The cursor of the next page; null: this is the last one.")


class SubscriptionBody(Body):
    """Where notices are sent."""

    url: str = Field(min_length=1, max_length=2_000, examples=["https://tax.example/hook"])


class SubscriptionAnswer(BaseModel):
    """Who is told of new snapshots."""

    id: str
    resource: str
    grant: str
    url: str
    created_at: datetime
    ended_at: datetime | None
    ended_why: str | None


class SubscriptionMade(SubscriptionAnswer):
    """The same, with the secret by which notices are signed; it is shown only now."""

    secret: str


class Subscriptions(BaseModel):
    """All of a department for one resource."""

    subscriptions: list[SubscriptionAnswer]


def grant_told(grant: Grant) -> GrantAnswer:
    """A grant, as its department reads it."""
    rows = None if grant.rows is None else {grant.rows.field: list(grant.rows.values)}
    return GrantAnswer(
        id=grant.id,
        resource=grant.resource,
        fields=list(grant.fields),
        masked=[name for name in grant.fields if name in grant.masks],
        rows=rows,
        purpose=grant.purpose,
        manner=grant.manner,
        valid_from=grant.valid_from,
        valid_to=grant.valid_to,
        conditions=dict(grant.conditions),
    )


def subscription_told(one: Subscription) -> SubscriptionAnswer:
    """A subscription, as its department reads it."""
    return SubscriptionAnswer(
        id=one.id,
        resource=one.resource,
        grant=one.grant,
        url=one.url,
        created_at=one.created_at,
        ended_at=one.ended_at,
        ended_why=one.ended_why,
    )


def page_body(page: Page) -> bytes:
    """A page as JSON; numbers as the table has them, decimals with all their digits."""
    head = {
        "resource": page.view.grant.resource,
        "snapshot": str(page.snapshot.snapshot_id),
        "since": None if page.since is None else str(page.since),
        "grant": page.view.grant.id,
        "masked": page.view.masked,
        "next": page.next,
    }
    said = json.dumps(head, ensure_ascii=False)
    return f'{said[:-1]}, "rows": {rows_json(page.table)}}}'.encode()
