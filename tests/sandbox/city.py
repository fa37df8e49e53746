"""Registered metadata and invented rows for the tests of the sandbox (synthetic data)."""

from __future__ import annotations

from decimal import Decimal

from sandbox.terms import ColumnTerms, ViewTerms

FIRM = ViewTerms(
    "open.firm",
    "enterprise",
    "uscc",
    max_rows=1,
    max_groups=1,
    columns={
        "amount": ColumnTerms("amount", "number", (Decimal(0), Decimal(1000)), 2),
        "unbounded": ColumnTerms("unbounded", "number"),
        "district": ColumnTerms("district", "text", keys=("east", "north", "west")),
        "name": ColumnTerms("name", "text", like=True),
        "opened": ColumnTerms("opened", "date"),
        "active": ColumnTerms("active", "boolean"),
    },
)
VISIT = ViewTerms(
    "open.visit",
    "enterprise",
    "uscc",
    max_rows=3,
    max_groups=2,
    columns={
        "score": ColumnTerms("score", "number", (Decimal(-50), Decimal(100)), 0),
        "kind": ColumnTerms("kind", "text"),
        "place": ColumnTerms("place", "text", keys=("a", "b", "c", "d")),
    },
)
TICKET = ViewTerms("open.ticket", "person", "caller", 5, 5, columns={})
VIEWS = {view.name: view for view in (FIRM, VISIT, TICKET)}
