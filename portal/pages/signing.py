"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from catalog.database.accounts import Account
from portal.accounts import account_subject
from portal.errors import PortalError, later
from portal.pages import cookies
from portal.pages.auditing import note
from portal.pages.page import (
    Visit,
    VisitDep,
    local_path,
    page_router,
    redirect,
    render,
    to_path,
    url_for,
)
from portal.pages.site import site_of

router = page_router()
LONGEST = 2_000
Text = Annotated[str, Form(max_length=LONGEST)]
Next = Annotated[str, Query(alias="next", max_length=LONGEST)]


@router.get("/sign-in")
async def sign_in(request: Request, visit: VisitDep, to: Next = "") -> Response:
    """The form; who has signed in goes on."""
    if visit.person is not None:
        return to_path(request, local_path(request, to))
    return _form(request, to)


@router.post("/sign-in")
async def sign_in_try(
    request: Request,
    visit: VisitDep,
    name: Text = "",
    password: Text = "",
    to: Annotated[str, Form(alias="next", max_length=LONGEST)] = "",
) -> Response:
    """Look at name and password; a right one begins a new session, whatever there was before."""
    try:
        account = await run_in_threadpool(tried, request, name.strip(), password)
    except PortalError as error:
        return _form(request, to, name, error)
    secret = await run_in_threadpool(_begin, visit, request, account)
    response = to_path(request, local_path(request, to))
    cookies.write(request, response, "session", secret)
    cookies.drop(request, response, "visitor")
    return response


@router.post("/sign-out")
async def sign_out(request: Request, visit: VisitDep) -> Response:
    """End the session, here and in the database."""
    await run_in_threadpool(visit.site.service.opened.store.sessions.end, visit.secret)
    response = redirect(request, "sign_in", "signed_out")
    cookies.drop(request, response, "session")
    return response


def tried(request: Request, name: str, password: str) -> Account:
    """The account whose name and password these are; the attempt is in the audit log.

    Raises:
        PortalError: `sign_in_wrong`; `sign_in_locked`, for unknown names as for known ones.
    """
    # Under an unknown name somebody may have typed his password: it is not written down.
    accounts = site_of(request).service.opened.store.accounts
    subject = name if accounts.known(site_of(request).service.name, name) else "-"
    try:
        account = _tried(request, name, password)
    except PortalError as error:
        note(request, "sign_in", subject, error.code)
        raise
    note(request, "sign_in", subject, person=account.person)
    return account


def _tried(request: Request, name: str, password: str) -> Account:
    site = site_of(request)
    store, city, settings = site.service.opened.store, site.service.name, site.settings
    account, address = account_subject(name), f"address {address_of(request)}"
    most = {account: settings.account_failures, address: settings.address_failures}
    until = store.lockouts.attempt(city, most, site.lockout)
    if until is not None:
        raise later("sign_in_locked", (until - site.service.clock()).total_seconds())
    found = store.accounts.signed_in(city, name, password)
    if found is None:
        raise PortalError("sign_in_wrong")
    store.lockouts.succeeded(city, account, address)
    return found


def begin_session(visit: Visit, request: Request, name: str) -> str:
    """A new session of an account; the one that the browser had is over."""
    sessions = visit.site.service.opened.store.sessions
    before = cookies.read(request, "session")
    if before:
        sessions.end(before)
    agent = request.headers.get("user-agent", "")
    city = visit.site.service.name
    return sessions.begin(city, name, address_of(request), agent, visit.site.longest)


def _begin(visit: Visit, request: Request, account: Account) -> str:
    return begin_session(visit, request, account.person.id)


def address_of(request: Request) -> str:
    """From where a request comes."""
    return request.client.host if request.client is not None else "-"


def _form(request: Request, to: str, name: str = "", error: PortalError | None = None) -> Response:
    visit: Visit = request.state.visit
    to = local_path(request, to) if to else ""
    parts = None if error is None else error.parts(visit.lang)
    status = 200 if error is None else 429 if error.retry_after else 422
    action = url_for(request, "sign_in_try")
    response = render(
        request,
        "signing/sign_in.html",
        status=status,
        next=to,
        name=name,
        fault=parts,
        action=action,
    )
    if error is not None and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
