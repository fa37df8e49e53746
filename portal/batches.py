"""Many requests, one thread: what waits is done together.

Passing a request to a thread, a transaction and a commit take longer than a lookup; together they are
paid once. So the more requests wait, the less each takes, and a moment's delay does not become a queue.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Found = TypeVar("Found")
MOST = 64  # done together


class Batches(Generic[Asked, Found]):
    """Gives whatever waits to one thread.

    Args:
        work: finds something for each of what is asked, or the error that it ended with; in order.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Found | Exception]]) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, "batches")
        self._lock = threading.Lock()
        self._waiting: list[tuple[Asked, asyncio.Future[Found]]] = []
        self._working = False

    async def found(self, asked: Asked) -> Found:
        """What is found for one; raises the error that it ended with."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Found] = loop.create_future()
        with self._lock:
            self._waiting.append((asked, future))
            starts, self._working = not self._working, True
        if starts:
            self._thread.submit(self._go_on, loop)
        return await future

    def close(self) -> None:
        """After what waits is done."""
        self._thread.shutdown()

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work until nothing waits."""
        while True:
            with self._lock:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._working = bool(batch)
            if not batch:
                return
            found: Sequence[Found | Exception]
            try:
                found = self._work([asked for asked, _ in batch])
            except Exception as error:
                found = [error] * len(batch)
            futures = [future for _, future in batch]
            loop.call_soon_threadsafe(_tell, futures, found)


def _tell(futures: Sequence[asyncio.Future[Found]], found: Sequence[Found | Exception]) -> None:
    for future, one in zip(futures, found, strict=True):
        if future.done():  # who asked has gone
            continue
        if isinstance(one, Exception):
            future.set_exception(one)
        else:
            future.set_result(one)
