"""What is done with every request, whatever it is about: a bounded body, headers, a line in the log."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.stalling import DEFAULT_SECONDS, connection_of

BODY_BYTES = 64 * 1024
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


def log_line(entry: dict[str, Any]) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


class Edge:
    """Bounds bodies, and says in the log who asked for what; never a body, a question or a code.

    Args:
        log: takes one entry a request.
        took: takes the milliseconds of each.
        stall_seconds: how long a client may take nothing of its answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: Callable[[dict[str, Any]], None] = log_line,
        took: Callable[[float], None] = lambda _: None,
        stall_seconds: float = DEFAULT_SECONDS,
    ) -> None:
        self._app = app
        self._log = log
        self._took = took
        self._stall_seconds = stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 500
        scope["state"] = scope.get("state", {})
        if (connection := connection_of(scope)) is not None:
            connection.stall_seconds = self._stall_seconds

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, _bounded(receive), sent)
        finally:
            state = scope["state"]
            route = scope.get("route")
            milliseconds = 1000 * (time.monotonic() - started)
            self._took(milliseconds)
            self._log(
                {
                    "time": round(time.time(), 3),
                    "method": scope["method"],
                    # The path as it is declared: a real one may name an enterprise.
                    "path": getattr(route, "path", "-"),
                    "status": status,
                    "code": state.get("code", "-"),
                    "milliseconds": round(milliseconds, 1),
                    "client": getattr(state.get("caller"), "client", "-"),
                }
            )


def _with_headers(own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of every answer, except where it has its own (a static file may be kept)."""
    found = list(own)
    known = {name.lower() for name, _ in found}
    return found + [(name, value) for name, value in HEADERS if name not in known]


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_BYTES:
            raise HTTPException(413, str(BODY_BYTES))
        return message

    return bounded
