"""The service as a process: a socket, a server, a graceful end."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from pipelines.home import Home
from pipelines.plan import Plan as Workspace
from portal.app import create_app
from portal.cities import cities_app, unlike
from portal.errors import PortalError
from portal.stalling import impatient
from portal.tokens import service_key
from sandbox.accounting import epsilon_of
from sandbox.opening import open_desk

ENDING = (signal.SIGTERM, signal.SIGINT)
END_SECONDS = 30  # for what is at work when the service is told to end


def serve_workspaces(
    workspaces: Sequence[Workspace],
    host: str,
    port: int,
    proxy: str | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; what is at work is answered before the end.

    One city is served at the root of the address, several under their names.

    Args:
        proxy: the address whose word about a request's origin is believed; None: nobody's.
        ready: is told the address once the service listens.

    Raises:
        PortalError: `address_taken`, `city_twice`, `webhook_ca`.
    """
    unlike([one.workspace.name for one in workspaces])
    epsilon_of(1.0, 1e-6)  # loads what the first question would wait for
    with _listening(host, port) as listener, ExitStack() as stack:
        config = _config(_app(workspaces, stack, listener.getsockname()[0]), proxy)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        gc.collect()
        gc.freeze()  # the workspace stays as it is: collections need not look at it with every request
        _Server(config).run(sockets=[listener])


def _config(app: ASGIApp, proxy: str | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=impatient(AutoHTTPProtocol),
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy,
        timeout_graceful_shutdown=END_SECONDS,
    )


def _app(workspaces: Sequence[Workspace], stack: ExitStack, listening: str) -> ASGIApp:
    """The cities' application; what they hold open is closed with the stack."""
    made = {}
    for workspace in workspaces:
        read = workspace.workspace
        key = service_key(Home.of(read.name).root)
        opened = stack.enter_context(open_desk(workspace))
        made[read.name] = (
            create_app(opened, workspace, key, listening=listening),
            read.settings.title,
        )
    if len(made) == 1:
        return next(app for app, _ in made.values())
    return cities_app(made)


class _Server(uvicorn.Server):
    """A server for which a signal to end is the usual end: uvicorn's own would die of it afterwards."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Between the two, SIGTERM and SIGINT end the service."""
        before = {one: signal.signal(one, self.handle_exit) for one in ENDING}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise PortalError("address_taken", host=host, port=port, problem=error.strerror) from None
