"""What people do on pages, told to the audit log: one call, where the request says who and when."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from catalog.audit.record import DONE, NOBODY, Action, AuditRecord
from catalog.people import Person
from portal.pages.site import site_of


def note(
    request: Request,
    action: Action,
    subject: str,
    outcome: str = DONE,
    *,
    person: Person | None = None,
    detail: dict[str, str] | None = None,
    **more: Any,
) -> None:
    """Add a record; it is durable when this returns. Blocks: not for `async` functions.

    Args:
        outcome: `DONE`, or the code of the error with which it was refused.
        person: who, where it is not who has signed in.
        detail: what else belongs to it; the browser's address is always told.
        more: fields of `AuditRecord`: `under`, `purpose`, `fields`, `rows`, `snapshot`.

    Raises:
        CatalogError: `audit_overdue`, before anything was given.
    """
    site = site_of(request)
    who = person or request.state.visit.person
    address = request.client.host if request.client is not None else "-"
    record = AuditRecord(
        at=site.service.clock(),
        actor=NOBODY if who is None else who.actor,
        action=action,
        subject=subject,
        outcome=outcome,
        detail={"address": address, **(detail or {})},
        **more,
    )
    site.service.opened.store.audit.append(site.service.name, record)
