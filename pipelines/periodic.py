"""What a running service does again and again: one step, in a thread of its own, every so many seconds.

A step that fails is told of and done again at its time. Whether the work still goes on can be asked for
at any moment: a thread that has died, or a step that does not come to its end, would else be found out
when somebody misses what it did.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from catalog.errors import CityBrainError

LATE = 120.0  # seconds beyond its time after which a step is missed
UNEXPECTED = "unexpected"  # the code of an error that has none
State = Literal["ok", "failing", "overdue", "dead"]
Told = Callable[[str, Exception], None]


@dataclass(frozen=True, slots=True)
class Pulse:
    """How periodic work is.

    Attributes:
        state: `failing`: its last step ended with an error, and it goes on; `overdue`: no step has come
            to its end for too long; `dead`: it has ended, and nobody has ended it.
        code: of the last step's error; empty where there was none.
        steps, failures: how many steps have ended, and how many of them with an error.
    """

    state: State
    code: str
    steps: int
    failures: int

    @property
    def lost(self) -> bool:
        """Whether its work is not done any more."""
        return self.state in ("overdue", "dead")


def code_of(error: Exception) -> str:
    """The code of an error; one that is not ours has none, and its text may quote rows."""
    return error.code if isinstance(error, CityBrainError) else UNEXPECTED


def tell(name: str, error: Exception) -> None:
    """A line on standard error."""
    code = error.code if isinstance(error, CityBrainError) else type(error).__name__
    sys.stderr.write(f"{name}: {code}\n")
    sys.stderr.flush()


def telling(told: Callable[[CityBrainError], None]) -> Told:
    """Tells somebody of our errors, and standard error of all others."""

    def tell_of(name: str, error: Exception) -> None:
        if isinstance(error, CityBrainError):
            told(error)
        else:
            tell(name, error)

    return tell_of


class Periodic:
    """One step, every so many seconds.

    Args:
        step: returns True where there is more to do at once.
        told: is told of a step's error.
        at_once: whether the first step is done at the start, or after the first pause.
        last: whether one more step is done when it is closed.
        late: seconds beyond its time after which a step is missed.
        now: a clock that never goes back.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        step: Callable[[], object],
        *,
        told: Told = tell,
        at_once: bool = False,
        last: bool = False,
        late: float = LATE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._seconds = seconds
        self._step = step
        self._told = told
        self._at_once = at_once
        self._last = last
        self._late = late
        self._now = now
        self._ended = threading.Event()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._beat = now()
        self._code = ""
        self._steps = self._failures = 0

    def start(self) -> None:
        """Begin."""
        self._beat = self._now()
        self._thread.start()

    def close(self, seconds: float | None = None) -> None:
        """Begin no more steps, and wait for the one at work.

        Args:
            seconds: to wait at most; None: until it ends.
        """
        self._ended.set()
        self._wanted.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def wake(self) -> None:
        """Do the next step now. One after a failure waits for its time all the same."""
        self._wanted.set()

    @property
    def ending(self) -> bool:
        """Whether it is being closed: a long step may ask."""
        return self._ended.is_set()

    def pulse(self) -> Pulse:
        """How it is now."""
        return Pulse(self._state(), self._code, self._steps, self._failures)

    def _state(self) -> State:
        if self._thread.ident is not None and not self._ended.is_set():
            if not self._thread.is_alive():
                return "dead"
            if self._now() - self._beat > self._seconds + self._late:
                return "overdue"
        return "failing" if self._code else "ok"

    def _run(self) -> None:
        if self._at_once:
            self._through()
        while True:
            (self._ended if self._code else self._wanted).wait(self._seconds)
            self._wanted.clear()  # before looking at the end: who closes says so before he wakes us
            if self._ended.is_set():
                break
            self._through()
        if self._last:
            self._once()

    def _through(self) -> None:
        """Step, and again while there is more."""
        while self._once() and not self._ended.is_set():
            pass

    def _once(self) -> bool:
        try:
            more = self._step() is True
        except Exception as error:
            self._failures += 1
            self._code, more = code_of(error), False
            self._told(self.name, error)
        else:
            self._code = ""
        self._steps += 1
        self._beat = self._now()
        return more
