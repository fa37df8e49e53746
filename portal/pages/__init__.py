"""The pages, by area: each module has a `router` made by `portal.pages.page.page_router`."""

from __future__ import annotations

from portal import statics
from portal.pages import (
    accounts,
    agreements,
    audit,
    catalogue,
    console,
    grants,
    home,
    incidents,
    notices,
    objections,
    oidc,
    open,
    openings,
    quarantine,
    requests,
    returning,
    runs,
    signing,
)

# One line each, so that branches that add one do not meet.
PAGES = (
    statics.router,
    signing.router,
    oidc.router,
    home.router,
    console.router,
    openings.router,
    open.router,
    agreements.router,
    catalogue.router,
    runs.router,
    quarantine.router,
    accounts.router,
    audit.router,
    incidents.router,
    requests.router,
    grants.router,
    returning.router,
    objections.router,
    notices.router,
)
