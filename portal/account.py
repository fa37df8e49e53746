"""What a partner has agreed on and what he has left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from catalog.agreements import Agreement
from catalog.errors import CatalogError
from portal.problems import problems
from portal.schemas import NAME, Balances, Views, plain
from portal.service import Caller, CallerDep, Guarded, Service, ServiceDep, bearer
from portal.telling import budget, view_terms
from sandbox.terms import terms_of

router = APIRouter(
    tags=["agreement"],
    route_class=Guarded,
    dependencies=[Depends(bearer)],
    responses=problems(401, 403, 422, 429, 500, 503),
)
AgreementId = Annotated[str, Query(min_length=1, max_length=200, pattern=NAME)]


@router.get("/budget", response_model=Balances)
async def balances(agreement: AgreementId, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """What is granted in this period, spent and left, by kind of unit."""
    return JSONResponse(plain(await run_in_threadpool(_balances, service, caller, agreement)))


@router.get("/views", response_model=Views)
async def views(agreement: AgreementId, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """The views and fields that may be asked about, and all that is registered about them."""
    return JSONResponse(plain(await run_in_threadpool(_views, service, caller, agreement)))


def _balances(service: Service, caller: Caller, agreement: str) -> Balances:
    _own(service, caller, agreement)
    found = service.opened.desk.balances(agreement)
    return Balances(agreement=agreement, budgets={unit: budget(one) for unit, one in found.items()})


def _views(service: Service, caller: Caller, agreement: str) -> Views:
    terms = _own(service, caller, agreement)
    contracts = service.workspace.workspace.contracts
    granted = [
        view_terms(terms_of(contracts[view.name], set(view.fields)))
        for view in terms.views
        if view.name in contracts and contracts[view.name].privacy is not None
    ]
    return Views(agreement=agreement, views=granted)


def _own(service: Service, caller: Caller, agreement: str) -> Agreement:
    """The partner's own agreement; one of others is as unknown as one that never was."""
    instruments = service.opened.store.instruments
    found = instruments.in_force(service.name, "agreement", agreement, service.clock())
    document = None if found is None else found.document
    if not isinstance(document, Agreement) or document.partner.id != caller.partner:
        raise CatalogError("agreement_missing", partner=caller.partner)
    return document
