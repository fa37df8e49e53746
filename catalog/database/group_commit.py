"""Many small writes from many threads in few transactions.

What comes while others are being written is written together after them; each caller goes on when his
own is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Added(Generic[Item]):
    """Something that is to be written.

    Attributes:
        turn: set when it was written, or could not be, or when it `leads`: is to write all that wait.
    """

    def __init__(self, item: Item) -> None:
        self.item = item
        self.turn = threading.Event()
        self.leads = False
        self.error: BaseException | None = None


class GroupCommit(Generic[Item]):
    """Collects what several threads want to write.

    Args:
        write: writes all of some items in one transaction, in their order; what it raises, every one
            of their callers gets.
    """

    def __init__(self, write: Callable[[list[Item]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._led = False
        self._waiting: list[_Added[Item]] = []

    def add(self, item: Item) -> None:
        """Write an item; returns when it is written."""
        added = _Added(item)
        with self._lock:
            self._waiting.append(added)
            leads, self._led = not self._led, True
        if not leads:
            added.turn.wait()
        if leads or added.leads:
            self._write_waiting(added)
        if added.error is not None:
            raise added.error

    def _write_waiting(self, leader: _Added[Item]) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._write([one.item for one in batch])
        except BaseException as error:
            for one in batch:
                one.error = error
        with self._lock:
            # Whoever has come meanwhile writes for all that have.
            self._led = bool(self._waiting)
            for one in self._waiting[:1]:
                one.leads = True
                one.turn.set()
        for one in batch:
            if one is not leader:
                one.turn.set()
