"""Cuts the connection of a client that takes nothing of its answer.

A server waits with the next bytes until the client has taken those before, for as long as that may be;
what the answer holds (a place among the exports, a file, memory) is held meanwhile. That time is bounded
here, below the application, where a connection can be closed with bytes in it that nobody takes: for
every answer, whatever makes it.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

STATE = "connection"  # the key under which a request's state has its connection
LOOKS = 4  # so often it is looked within the time that a client has
DEFAULT_SECONDS = 60.0  # for what no city answers


@dataclass(slots=True)
class Connection:
    """What the server and the application tell each other of a connection; for the loop's thread.

    Attributes:
        stall_seconds: after so long without a byte taken it is cut. The application sets it.
        cut: that has happened.
        lost: nothing reaches the client any more, whoever ended it.
    """

    stall_seconds: float = DEFAULT_SECONDS
    cut: bool = False
    lost: bool = False


def connection_of(scope: Mapping[str, Any]) -> Connection | None:
    """The connection of a request; None under a server that does not tell of it."""
    return cast("Connection | None", scope.get("state", {}).get(STATE))


class Impatient(asyncio.Protocol):
    """What a protocol of uvicorn's gets in front of it (`impatient`).

    Args:
        app_state: what each request of the connection finds in its state.
    """

    def __init__(self, *, app_state: dict[str, Any], **given: Any) -> None:
        self._connection = Connection()
        given["app_state"] = {**app_state, STATE: self._connection}
        super().__init__(**given)
        self._bytes: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._quiet = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have every byte told of that the client's machine does not take at once."""
        self._bytes = cast(asyncio.Transport, transport)
        self._bytes.set_write_buffer_limits(high=0)
        super().connection_made(transport)

    def pause_writing(self) -> None:
        """Bytes wait: begin to look."""
        super().pause_writing()
        self._left, self._quiet = self._untaken(), 0
        self._look_later()

    def resume_writing(self) -> None:
        """Nothing waits."""
        self._look_no_more()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing will be taken."""
        self._look_no_more()
        self._connection.lost = True
        super().connection_lost(exc)

    def _look(self) -> None:
        left = self._untaken()
        self._quiet = 0 if left < self._left else self._quiet + 1
        self._left = left
        if self._quiet < LOOKS:
            self._look_later()
            return
        self._connection.cut = True
        assert self._bytes is not None
        # Not `close`, which waits until what is written has been taken.
        self._bytes.abort()

    def _look_later(self) -> None:
        self._look_no_more()
        seconds = self._connection.stall_seconds / LOOKS
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _untaken(self) -> int:
        """Bytes that are ours or the system's still. The system's count, too: it takes megabytes at a
        time, and a client that reads slowly would look like one that does not."""
        assert self._bytes is not None
        return self._bytes.get_write_buffer_size() + _queued(self._bytes.get_extra_info("socket"))


def impatient(protocol: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """A protocol of uvicorn's that cuts connections on which nothing is taken."""
    return type("ImpatientProtocol", (Impatient, protocol), {})


def _queued(socket: Any) -> int:
    """Bytes that the system has not had confirmed; 0 where it does not tell."""
    try:
        told = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4))
    except (AttributeError, OSError):
        return 0
    return int(struct.unpack("i", told)[0])
