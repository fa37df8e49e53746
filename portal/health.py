"""Whether the service works, for whoever watches over it: codes, and nothing else of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipelines.periodic import Periodic, code_of
from portal.problems import problems
from portal.schemas import CitiesHealth, Health, plain
from portal.service import Service, ServiceDep

ANSWER_SECONDS = 10.0  # a database that takes longer does not work
NO_ANSWER = "no_answer"
FAILING: dict[int | str, dict[str, Any]] = {503: {"model": Health, "description": "It does not."}}

router = APIRouter(tags=["health"], responses=problems(500))


@router.get("/healthz", response_model=Health, responses=FAILING)
async def health(service: ServiceDep) -> JSONResponse:
    """Asks the database one small question, and whether the work in the background goes on."""
    return told(await health_of(service))


async def health_of(service: Service) -> Health:
    """How a city's service is. What failed once and is tried again is named, and fails nothing."""
    database = await _database(service)
    parts = {"database": database or "ok"}
    if not database:
        parts["audit"] = await _audit(service) or "ok"
    parts |= {one.name: _code(one) for one in service.loops}
    fine = not database and not any(one.pulse().lost for one in service.loops)
    return Health(status="ok" if fine else "failing", parts=parts)


async def health_of_all(services: Mapping[str, Service]) -> CitiesHealth:
    """How several cities are, asked side by side.

    Args:
        services: by the city's name.
    """
    found: dict[str, Health] = {}

    async def ask(name: str, service: Service) -> None:
        found[name] = await health_of(service)

    async with anyio.create_task_group() as group:
        for name, service in services.items():
            group.start_soon(ask, name, service)
    fine = all(one.status == "ok" for one in found.values())
    return CitiesHealth(
        status="ok" if fine else "failing", cities={name: found[name] for name in services}
    )


def told(found: Health | CitiesHealth) -> JSONResponse:
    """As an answer: with status 503 where something does not work."""
    return JSONResponse(plain(found), 200 if found.status == "ok" else 503)


async def _database(service: Service) -> str:
    """The code of what is wrong with the database; empty when it works."""

    def ask() -> str:
        service.opened.store.clients.valid(service.name, "")
        return ""

    return await _in_time(ask)


async def _audit(service: Service) -> str:
    """The code for which nobody is given anything; empty while the log is in time."""

    def ask() -> str:
        late = service.opened.store.audit.overdue(service.name)
        return "" if late is None else late.code

    return await _in_time(ask)


async def _in_time(ask: Callable[[], str]) -> str:
    """What the database says, or the code of why it does not."""
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
    except TimeoutError:
        return NO_ANSWER
    except Exception as error:
        return code_of(error)


def _code(loop: Periodic) -> str:
    pulse = loop.pulse()
    return f"loop_{pulse.state}" if pulse.lost else pulse.code or "ok"
