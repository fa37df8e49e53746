"""Subscriptions to new snapshots, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from catalog.audit.record import DONE, AuditRecord
from catalog.errors import CityBrainError
from pipelines.exchange.exchange import SUBSCRIBED
from pipelines.exchange.reader import Reader
from portal.exchange import FAULTS, Departmental, GrantId, Purpose, Resource, reader_of
from portal.exchange_schemas import (
    SubscriptionBody,
    SubscriptionMade,
    Subscriptions,
    subscription_told,
)
from portal.outward import target_of
from portal.problems import problems
from portal.schemas import NAME, plain
from portal.service import CallerDep, Service, ServiceDep, bearer
from portal.webhooks import secret_of, secret_told

router = APIRouter(
    tags=["subscriptions"],
    route_class=Departmental,
    dependencies=[Depends(bearer)],
    responses=FAULTS | problems(404, 413),
)
WITHDRAWN = "withdrawn"
SubscriptionId = Annotated[str, Path(min_length=1, max_length=100, pattern=NAME)]


@router.post("/exchange/{resource}/subscriptions", response_model=SubscriptionMade, status_code=201)
async def exchange_subscribe(
    resource: Resource,
    purpose: Purpose,
    body: SubscriptionBody,
    caller: CallerDep,
    service: ServiceDep,
    grant: GrantId = None,
) -> JSONResponse:
    """Have an address told of new snapshots, for as long as a grant of this manner holds."""
    reader = reader_of(caller, purpose)
    made = await run_in_threadpool(_subscribed, service, reader, resource, body.url, grant)
    return JSONResponse(plain(made), 201)


@router.get("/exchange/{resource}/subscriptions", response_model=Subscriptions)
async def exchange_subscriptions(
    resource: Resource, caller: CallerDep, service: ServiceDep
) -> JSONResponse:
    """Your department's subscriptions to a resource, ended ones too."""
    box = service.opened.store.subscriptions
    found = await run_in_threadpool(box.list, service.name, caller.department, resource)
    told = [subscription_told(one) for one in found]
    return JSONResponse(plain(Subscriptions(subscriptions=told)))


@router.delete("/exchange/{resource}/subscriptions/{subscription}", status_code=204)
async def exchange_unsubscribe(
    resource: Resource, subscription: SubscriptionId, caller: CallerDep, service: ServiceDep
) -> Response:
    """Have the address told of nothing more."""
    await run_in_threadpool(_ended, service, reader_of(caller, ""), resource, subscription)
    return Response(None, 204)


def _subscribed(
    service: Service, reader: Reader, resource: str, url: str, grant: str | None
) -> SubscriptionMade:
    store, name = service.opened.store, service.name
    try:
        service.exchange.count(reader)
        held = service.exchange.granted(reader, resource, SUBSCRIBED, grant)
        target_of(url, service.webhooks.rules)
        current = store.current_snapshots(name).get(resource)
        made = store.subscriptions.add(
            name,
            department=reader.department,
            user=reader.user,
            resource=resource,
            grant=held.id,
            url=url,
            snapshot=None if current is None else current.snapshot_id,
            most=service.exchange.settings.subscriptions,
        )
    except CityBrainError as error:
        _note(service, reader, resource, error.code, grant or "", "subscribe")
        raise
    _note(service, reader, resource, DONE, held.id, "subscribe", subscription=made.id, url=url)
    secret = secret_told(secret_of(service.key, made.id))
    return SubscriptionMade(**subscription_told(made).model_dump(), secret=secret)


def _ended(service: Service, reader: Reader, resource: str, id: str) -> None:
    store, name = service.opened.store, service.name
    service.exchange.count(reader)
    mine = store.subscriptions.list(name, reader.department, resource)
    # One of another resource is not found under this one's address.
    known = next((one.id for one in mine if one.id == id), "")
    done = store.subscriptions.end(name, known, WITHDRAWN, reader.department)
    _note(service, reader, resource, DONE, done.grant, "unsubscribe", subscription=done.id)


def _note(
    service: Service,
    reader: Reader,
    resource: str,
    outcome: str,
    under: str,
    kind: str,
    **detail: str,
) -> None:
    record = AuditRecord(
        at=service.clock(),
        actor=reader.actor,
        action="account",
        subject=resource,
        outcome=outcome,
        under=under,
        purpose=reader.purpose,
        detail={"kind": kind, "client": reader.client, **detail},
    )
    service.opened.store.audit.append(service.name, record)
