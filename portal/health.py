"""Whether the service works, for whoever watches over it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from portal.problems import problems
from portal.schemas import Health
from portal.service import ServiceDep

router = APIRouter(tags=["health"], responses=problems(500, 503))


@router.get("/healthz", response_model=Health)
async def health(service: ServiceDep) -> Health:
    """Asks the database one small question."""
    await run_in_threadpool(service.opened.store.clients.valid, service.name, "")
    return Health()
