"""What a partner has agreed on and what he has left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from portal.problems import problems
from portal.schemas import NAME, Balances, Views, plain
from portal.service import CallerDep, Guarded, ServiceDep, bearer
from portal.telling import budget, view_terms

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
    desk = service.opened.desk
    found = await run_in_threadpool(desk.balances, agreement, caller.partner)
    told = {unit: budget(one) for unit, one in found.items()}
    return JSONResponse(plain(Balances(agreement=agreement, budgets=told)))


@router.get("/views", response_model=Views)
async def views(agreement: AgreementId, caller: CallerDep, service: ServiceDep) -> JSONResponse:
    """The views and fields that may be asked about, and all that is registered about them."""
    desk = service.opened.desk
    found = await run_in_threadpool(desk.views, caller.partner, agreement)
    told = [view_terms(one) for one in found.values()]
    return JSONResponse(plain(Views(agreement=agreement, views=told)))
