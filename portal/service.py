"""What every route works with: the desk, who is asking, and how much he may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from catalog.audit.record import AuditRecord
from catalog.database.clients import ApiClient
from pipelines.exchange.asking import Page, PageAsked
from pipelines.exchange.exchange import Exchange
from pipelines.exchange.reader import Reader
from pipelines.periodic import Periodic
from pipelines.plan import Plan as Workspace
from pipelines.settings import ServiceSettings
from pipelines.workspace import Workspace as Read
from portal import outward
from portal.batches import Batches
from portal.envelope import Envelope, Sleep
from portal.errors import PortalError
from portal.jobs import Jobs
from portal.limits import Buckets
from portal.monitor import Monitor
from portal.opencatalogue import OpenCatalogue
from portal.problems import problem_response
from portal.tokens import Tokens
from portal.webhooks import Webhooks
from sandbox.opening import Opened
from sandbox.records import Record, RecordAsked

LONGEST_MAKING = 1_800.0  # seconds that the pages of one snapshot may take


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking.

    Attributes:
        client: the program's id.
        partner, user: for whom it asks.
        department: of a department's program, which has no partner.
    """

    client: str
    partner: str
    user: str
    department: str | None = None


@dataclass(slots=True)
class Lookup:
    """A record that is asked for.

    Attributes:
        client: the bearer of the token.
        caller: who that is, as soon as it is known.
    """

    client: str
    purpose: str
    agreement: str
    view: str
    code: str
    request_id: str
    caller: Caller | None = None


@dataclass(slots=True)
class PageLookup:
    """A page that is asked for.

    Attributes:
        client: the bearer of the token.
        asked: what for; its reader is not known yet.
        caller: who that is, as soon as it is known.
    """

    client: str
    purpose: str
    asked: PageAsked
    caller: Caller | None = None


class Service:
    """The parts of one running service.

    Attributes:
        loops: what it does again and again.

    Args:
        key: signs the tokens.
        clock: the time by which tokens and documents end.
        sleep: waits for so many seconds.
        listening: the address at which it listens; empty: at none.
    """

    def __init__(
        self,
        opened: Opened,
        workspace: Workspace,
        key: bytes,
        clock: Callable[[], datetime],
        sleep: Sleep,
        listening: str = "",
    ) -> None:
        read = workspace.workspace
        settings: ServiceSettings = read.settings.service
        now = time.monotonic
        self.opened = opened
        self.workspace = workspace
        self.name = read.name
        self.clock = clock
        self.now = now
        self.tokens = Tokens(key, read.name, settings.token_seconds, clock)
        self.requests = Buckets(settings.requests_per_minute, now)
        self.failures = Buckets(settings.failures_per_minute, now)
        self.lookups = Batches(self._looked_up)
        self.key = key
        self.envelope = Envelope(read.settings.sandbox.envelope / 1000, now, sleep)
        self.open_data = OpenCatalogue(opened.store, opened.lake, workspace, clock, now)
        self.jobs = Jobs(opened.desk.ask, settings.workers, settings.waiting, self.envelope.due)
        self.monitor = Monitor(self.jobs, opened.desk.check)
        self.exchange = Exchange(
            read,
            opened.store,
            opened.lake,
            opened.ring,
            key,
            lambda records: opened.store.audit.append(self.name, *records),
            clock,
        )
        self.pages = Batches(self._paged)
        self.preparing = Periodic(
            "pages",
            read.settings.exchange.prepare_seconds,
            self.exchange.ahead.step,
            late=LONGEST_MAKING,
        )
        self.webhooks = _webhooks(read, opened, key, clock, listening)
        self.loops: tuple[Periodic, ...] = ()

    def caller_of(self, header: str) -> Caller:
        """Who the bearer of a token is, if his client may still sign in; and he has one request less.

        Raises:
            PortalError: `token_missing`, `token_invalid`, `too_many_requests`.
        """
        return self.caller(self.client_of(header))

    def client_of(self, header: str) -> str:
        """The client whom a token was given to; asks nobody.

        Raises:
            PortalError: `token_missing`, `token_invalid`.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise PortalError("token_missing")
        return self.tokens.client_of(token.strip())

    def caller(self, id: str) -> Caller:
        """A client that may still sign in; he has one request less.

        Raises:
            PortalError: `token_invalid`, `too_many_requests`.
        """
        return self._admitted(self.opened.store.clients.valid(self.name, id))

    def department_of(self, header: str) -> Caller:
        """Who the bearer of a token is, if it is a program of a department.

        Raises:
            PortalError: `token_missing`, `token_invalid`, `client_not_department`.
        """
        id = self.client_of(header)
        return self._departmental(self.opened.store.clients.valid(self.name, id))

    def _departmental(self, client: ApiClient | None) -> Caller:
        """Who a client of a department is; that another one came is on record."""
        if client is None:
            raise PortalError("token_invalid")
        if client.department is not None:
            return Caller(client.id, "", client.user, client.department)
        record = AuditRecord(
            at=self.clock(),
            actor=f"partner:{client.partner}/{client.user}",
            action="exchange",
            subject="exchange",
            outcome="client_not_department",
            detail={"client": client.id},
        )
        self.opened.store.audit.append(self.name, record)
        raise PortalError("client_not_department")

    def _admitted(self, client: ApiClient | None) -> Caller:
        if client is None:
            raise PortalError("token_invalid")
        if client.department is not None:
            raise PortalError("client_not_partner")
        self.requests.take(client.id)
        return Caller(client.id, client.partner, client.user)

    def _paged(self, lookups: Sequence[PageLookup]) -> list[Page | Exception]:
        """The page of each, or its error; all are asked about in one transaction."""
        refused: dict[int, Exception] = {}
        asked: list[PageAsked] = []
        with self.opened.store.one_state():
            valid = self.opened.store.clients.valid
            clients = {id: valid(self.name, id) for id in {one.client for one in lookups}}
            for place, one in enumerate(lookups):
                try:
                    one.caller = self._departmental(clients[one.client])
                except PortalError as error:
                    refused[place] = error
                else:
                    asked.append(_page_asked(one))
        found = iter(self.exchange.pages(asked) if asked else ())
        return [refused[i] if i in refused else next(found) for i in range(len(lookups))]

    def _looked_up(self, lookups: Sequence[Lookup]) -> list[Record | Exception]:
        """The record of each, or its error; all are asked about in one transaction."""
        refused: dict[int, Exception] = {}
        asked: list[RecordAsked] = []
        with self.opened.store.one_state():
            valid = self.opened.store.clients.valid
            clients = {id: valid(self.name, id) for id in {one.client for one in lookups}}
            for place, one in enumerate(lookups):
                try:
                    caller = one.caller = self._admitted(clients[one.client])
                except PortalError as error:
                    refused[place] = error
                else:
                    asked.append(_record_asked(one, caller))
            found = iter(self.opened.records.get_all(asked) if asked else ())
        return [refused[i] if i in refused else next(found) for i in range(len(lookups))]


def _webhooks(
    read: Read, opened: Opened, key: bytes, clock: Callable[[], datetime], listening: str
) -> Webhooks:
    settings = read.settings.exchange
    named = settings.webhook_ca_file
    believed = outward.trusted(None if named is None else read.root / named)
    post = partial(outward.post, verify=believed)
    return Webhooks(read.name, opened.store, settings, key, clock, post=post, listening=listening)


def _page_asked(lookup: PageLookup) -> PageAsked:
    caller = lookup.caller
    assert caller is not None
    reader = Reader(caller.department or "", caller.user, lookup.purpose, caller.client)
    return replace(lookup.asked, reader=reader)


def _record_asked(lookup: Lookup, caller: Caller) -> RecordAsked:
    return RecordAsked(
        caller.partner,
        caller.user,
        lookup.purpose,
        lookup.agreement,
        lookup.view,
        lookup.code,
        lookup.request_id,
    )


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    return cast(Service, request.app.state.service)


async def the_service(request: Request) -> Service:
    """The same as a dependency; one that is not `async` takes a thread for every request."""
    return service_of(request)


async def signed_in(request: Request) -> Caller:
    """Who is asking; the route (`Guarded`) has looked before it read anything else."""
    return cast(Caller, request.state.caller)


bearer = HTTPBearer(bearerFormat="JWT", auto_error=False, description="A token of `POST /token`.")
ServiceDep = Annotated[Service, Depends(the_service)]
CallerDep = Annotated[Caller, Depends(signed_in)]


class Guarded(APIRoute):
    """A route for clients that have signed in. Nothing of a request is read before that is known."""

    checks = "client"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the sign-in."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service = service_of(request)
            started = service.now()
            try:
                header = request.headers.get("authorization", "")
                request.state.caller = await run_in_threadpool(service.caller_of, header)
                response = await inner(request)
            except Exception as error:
                response = problem_response(request, error)
            await self.leave(service, started)
            return response

        return handle

    async def leave(self, service: Service, started: float) -> None:
        """When the answer is ready."""


class Quick(APIRoute):
    """A route whose work is done with that of others (`Service.lookups`).

    That a token is ours is known before anything is read; the lookup looks its client up.
    """

    checks = "client"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the token."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                header = request.headers.get("authorization", "")
                request.state.client = service_of(request).client_of(header)
                return await inner(request)
            except Exception as error:
                return problem_response(request, error)

        return handle


class Enveloped(Guarded):
    """A guarded route whose answers and refusals leave at fixed times."""

    async def leave(self, service: Service, started: float) -> None:
        """Wait for the next multiple of the step."""
        await service.envelope.wait(started)
