"""Answers that are made while they are sent, and hold something until they end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pipelines.exchange.exports import BROKEN, STALLED
from portal.stalling import Connection, connection_of


class Source(Protocol):
    """What makes the bytes, and has its end on record."""

    def __next__(self) -> bytes:
        """The next bytes."""
        ...

    def close(self, outcome: str = BROKEN) -> None:
        """Give everything back, once or twice; the outcome counts if it has not come to its end."""
        ...


class Streamed(StreamingResponse):
    """Sends what a source makes, and closes it whatever happens: a client that goes away ends it, and
    one that takes nothing (`portal.stalling`).

    Args:
        first: what the source gave first; see `begun`.
    """

    def __init__(
        self, source: Source, first: bytes, headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__(self._chunks(first), 200, headers, media_type)
        self._source = source
        self._connection: Connection | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self._connection = connection_of(scope)
        try:
            await super().__call__(scope, receive, send)
        finally:
            cut = self._connection is not None and self._connection.cut
            # A thread that makes the next bytes is waited for before: `run_in_threadpool` does.
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._source.close, STALLED if cut else BROKEN)

    async def _chunks(self, first: bytes) -> AsyncIterator[bytes]:
        chunk: bytes | None = first
        while chunk is not None and not self._lost():
            yield chunk
            chunk = await run_in_threadpool(next, self._source, None)

    def _lost(self) -> bool:
        # The server tells the last request of a connection alone, and this may be an earlier one.
        return self._connection is not None and self._connection.lost


async def begun(source: Source) -> bytes:
    """The first bytes of a source: what cannot begin is an error with a text, not half a file.

    Raises:
        What the source raises; then it is closed.
    """
    try:
        return await run_in_threadpool(next, source, b"")
    except BaseException:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(source.close)
        raise
