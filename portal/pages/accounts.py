"""Accounts: all of them for administrators, and everybody's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from catalog.database.accounts import Account
from catalog.errors import CityBrainError
from catalog.people import ROLES, Person
from portal.accounts import add_account, changed, reset_password
from portal.errors import PortalError
from portal.pages import cookies
from portal.pages.auditing import note
from portal.pages.faults import fault_of
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.signing import begin_session, tried
from portal.pages.site import said

router = page_router()
Text = Annotated[str, Form(max_length=2_000)]
Id = Annotated[int, Path(ge=0, lt=2**31)]


@router.get("/accounts")
def accounts(request: Request, visit: VisitDep) -> Response:
    """The accounts, and a form for a new one."""
    return _accounts(request)


@router.post("/accounts")
def account_add(
    request: Request,
    visit: VisitDep,
    name: Text = "",
    title: Text = "",
    role: Text = "",
    department: Text = "",
    partner: Text = "",
) -> Response:
    """Add one; its first password is shown on the page that answers, and nowhere else."""
    service = visit.site.service
    name, title = name.strip(), title.strip()
    person = Person(
        name,
        title or name,
        role,  # type: ignore[arg-type]
        department.strip() or None,
        partner.strip() or None,
    )
    workspace = service.workspace.workspace
    try:
        account, password = add_account(workspace, service.opened.store, person, None)
    except CityBrainError as error:
        return _accounts(request, error, person)
    _noted(request, account, "added")
    return _accounts(request, given=(name, password))


@router.post("/accounts/{name}/password")
def account_reset(request: Request, visit: VisitDep, name: str) -> Response:
    """A new password for an account, shown once; its sessions end."""
    service = visit.site.service
    workspace = service.workspace.workspace
    account, password = reset_password(workspace, service.opened.store, name, None)
    _noted(request, account, "password")
    return _accounts(request, given=(name, password))


@router.post("/accounts/{name}/close")
def account_close(request: Request, visit: VisitDep, person: PersonDep, name: str) -> Response:
    """Close an account; not one's own, or nobody might be left to open another."""
    if name == person.id:
        raise PortalError("account_own")
    service = visit.site.service
    _noted(request, service.opened.store.accounts.close(service.name, name), "closed")
    return redirect(request, "accounts", "account_closed_told", {"name": name})


@router.get("/me")
def my_account(request: Request) -> Response:
    """Who one is here, one's sessions, and a form for another password."""
    return _mine(request)


@router.post("/me/password")
async def my_password(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    """Another password, for who knows the old one; all sessions end and a new one begins."""
    try:
        await run_in_threadpool(_change, request, person, old, new, again)
    except CityBrainError as error:
        return await run_in_threadpool(_mine, request, error)
    secret = await run_in_threadpool(begin_session, visit, request, person.id)
    response = redirect(request, "my_account", "password_changed")
    cookies.write(request, response, "session", secret)
    return response


@router.post("/me/sessions/{id}/end")
def my_session_end(request: Request, visit: VisitDep, person: PersonDep, id: Id) -> Response:
    """End one of one's own sessions; another's is not touched."""
    service = visit.site.service
    service.opened.store.sessions.end_one(service.name, person.id, id)
    return redirect(request, "my_account", "session_ended")


def _change(request: Request, person: Person, old: str, new: str, again: str) -> None:
    visit = request.state.visit
    service = visit.site.service
    tried(request, person.id, old)  # counted as an attempt: a session left open is no way to guess
    if new != again:
        raise PortalError("password_differs")
    account = service.opened.store.accounts.set_password(service.name, person.id, new)
    _noted(request, account, "password")


def _noted(request: Request, account: Account, what: str) -> None:
    note(request, "account", account.person.id, detail=changed(account, what))


def _accounts(
    request: Request,
    error: CityBrainError | None = None,
    asked: Person | None = None,
    given: tuple[str, str] | None = None,
) -> Response:
    visit = request.state.visit
    service = visit.site.service
    departments = service.workspace.workspace.departments
    problem = None if error is None else fault_of(error, visit.lang)[0]
    return render(
        request,
        "accounts/list.html",
        status=200 if problem is None else problem.status,
        accounts=service.opened.store.accounts.list(service.name),
        roles=ROLES,
        departments={id: said(one.name, visit.lang) for id, one in departments.items()},
        problem=problem,
        asked=asked,
        given=given,
    )


def _mine(request: Request, error: CityBrainError | None = None) -> Response:
    visit = request.state.visit
    service = visit.site.service
    person = visit.person
    problem = None if error is None else fault_of(error, visit.lang)[0]
    department = service.workspace.workspace.departments.get(person.department or "")
    return render(
        request,
        "accounts/mine.html",
        status=200 if problem is None else problem.status,
        account=visit.sitting.account,
        department="" if department is None else said(department.name, visit.lang),
        sessions=service.opened.store.sessions.list(
            service.name, person.id, visit.site.idle, visit.site.longest
        ),
        problem=problem,
    )
