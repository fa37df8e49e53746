"""Records of enterprises that have consented."""

from __future__ import annotations

import uuid
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import JSONResponse
from starlette.requests import Request

from portal.problems import problems
from portal.schemas import KEY, NAME, RecordAnswer, plain
from portal.service import Quick, ServiceDep, bearer
from sandbox.records import Record, RecordAsked

router = APIRouter(
    tags=["records"],
    # Not at fixed times: whether there is a record is told to whom the enterprise lets know it.
    route_class=Quick,
    dependencies=[Depends(bearer)],
    responses=problems(401, 403, 404, 409, 422, 429, 500, 503),
)
PathName = Annotated[str, Path(min_length=1, max_length=200, pattern=NAME)]
QueryName = Annotated[str, Query(min_length=1, max_length=200, pattern=NAME)]
RequestId = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=KEY,
        description="Your own name for the request: under it, a consent for one use is used once.",
    ),
]


@router.get("/records/{view}/{code}", response_model=RecordAnswer)
async def record(
    view: PathName,
    code: PathName,
    agreement: QueryName,
    purpose: QueryName,
    request: Request,
    service: ServiceDep,
    x_request_id: RequestId = None,
) -> JSONResponse:
    """The agreed fields of one enterprise that has consented, masked as granted."""
    request_id = x_request_id or str(uuid.uuid4())

    def looked_up() -> Record:
        caller = request.state.caller = service.caller(request.state.client)
        asked = RecordAsked(caller.partner, caller.user, purpose, agreement, view, code)
        return service.opened.records.get(asked, request_id)

    found = await to_thread.run_sync(looked_up, limiter=service.lookups)
    told = RecordAnswer(
        view=found.view,
        code=found.code,
        values=dict(found.values),
        masked=list(found.masked),
        snapshot=str(found.snapshot),
        instruments=list(found.instruments),
    )
    return JSONResponse(plain(told), headers={"X-Request-Id": request_id})
