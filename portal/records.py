"""Records of enterprises that have consented."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from portal.problems import problems
from portal.schemas import KEY, NAME, RecordAnswer
from portal.service import Lookup, Quick, bearer, service_of

router = APIRouter(
    tags=["records"],
    # Not at fixed times: whether there is a record is told to whom the enterprise lets know it.
    route_class=Quick,
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


@router.get(
    "/records/{view}/{code}",
    response_model=RecordAnswer,
    # Not a dependency, which would be solved with every request.
    openapi_extra={"security": [{bearer.scheme_name: []}]},
)
async def record(
    view: PathName,
    code: PathName,
    agreement: QueryName,
    purpose: QueryName,
    request: Request,
    x_request_id: RequestId = None,
) -> Response:
    """The agreed fields of one enterprise that has consented, masked as granted."""
    service = service_of(request)
    request_id = x_request_id or str(uuid.uuid4())
    lookup = Lookup(request.state.client, purpose, agreement, view, code, request_id)
    try:
        found = await service.lookups.found(lookup)
    finally:
        request.state.caller = lookup.caller
    told = RecordAnswer(
        view=found.view,
        code=found.code,
        values=dict(found.values),
        masked=list(found.masked),
        snapshot=str(found.snapshot),
        instruments=list(found.instruments),
    )
    headers = {"X-Request-Id": request_id}
    return Response(told.model_dump_json(), media_type="application/json", headers=headers)
