"""Signing in through a provider: there and back."""

from __future__ import annotations

import hmac
import os
import secrets
from typing import Annotated, Any

from fastapi import Query, Request, Response

from catalog.database.accounts import Account
from catalog.errors import CityBrainError
from portal.accounts import belongs
from portal.errors import PortalError
from portal.oidc import SECRET_VARIABLE, Provider, person_of
from portal.pages import cookies
from portal.pages.auditing import note
from portal.pages.page import VisitDep, local_path, page_router, to_path, url_for
from portal.pages.signing import begin_session
from portal.pages.site import Site

router = page_router()
SECONDS = 600  # for signing in there
Next = Annotated[str, Query(alias="next", max_length=2_000)]
Text = Annotated[str, Query(max_length=4_000)]


@router.get("/sign-in/provider")
def oidc_begin(request: Request, visit: VisitDep, to: Next = "") -> Response:
    """Off to the provider; what belongs to the way back stays in the browser, sealed."""
    provider = provider_of(visit.site)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    address = provider.address(_back(request, provider), state, nonce, verifier)
    response = Response(status_code=303, headers={"Location": address})
    began = [state, nonce, verifier, local_path(request, to), visit.site.service.now()]
    cookies.write(request, response, "provider", visit.site.sealed("provider", began))
    return response


@router.get("/sign-in/provider/return")
def oidc_return(
    request: Request, visit: VisitDep, code: Text = "", state: Text = "", error: Text = ""
) -> Response:
    """Back again: the account is that of the provider's claims, and begins a session here."""
    try:
        account, to = _arrived(request, visit.site, code, state, error)
    except CityBrainError as refused:
        note(request, "sign_in", "-", refused.code, detail={"by": "provider"})
        raise
    secret = begin_session(visit, request, account.person.id)
    note(request, "sign_in", account.person.id, person=account.person, detail={"by": "provider"})
    response = to_path(request, to)
    cookies.write(request, response, "session", secret)
    cookies.drop(request, response, "provider")
    return response


def provider_of(site: Site) -> Provider:
    """The city's provider.

    Raises:
        PortalError: `page_missing`: it has none.
    """
    settings = site.settings.oidc
    if settings is None:
        raise PortalError("page_missing")
    if site.provider is None:
        secret = os.environ.get(SECRET_VARIABLE) or None
        site.provider = Provider(settings, secret, site.service.clock)
    return site.provider


def _back(request: Request, provider: Provider) -> str:
    """Of the declared address, for a request may name any host."""
    path = url_for(request, "oidc_return").removeprefix(request.scope.get("root_path", ""))
    return provider.settings.address.rstrip("/") + path


def _arrived(
    request: Request, site: Site, code: str, state: str, error: str
) -> tuple[Account, str]:
    provider = provider_of(site)
    began: list[Any] | None = site.unsealed("provider", cookies.read(request, "provider"))
    if began is None or site.service.now() - began[4] > SECONDS:
        raise PortalError("oidc_refused", problem="cookie")
    if not hmac.compare_digest(str(began[0]).encode(), state.encode("utf-8", "replace")):
        raise PortalError("oidc_refused", problem="state")
    if error or not code:
        raise PortalError("oidc_refused", problem="provider")
    claims = provider.claims(code, _back(request, provider), began[1], began[2])
    workspace = site.service.workspace.workspace
    person = belongs(workspace, person_of(provider.settings, claims))
    # The subject, not the name, is who he is: a provider may give a name anew.
    identity = f"{provider.settings.issuer} {claims['sub']}"
    account = site.service.opened.store.accounts.arrived(site.service.name, person, identity)
    return account, str(began[3])
