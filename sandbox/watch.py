"""How far a question is, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sandbox.errors import SandboxError

Stage = Literal["waiting", "checked", "charged", "counting", "answered"]


class Watch:
    """Shared by who works and who waits; may be used from any thread.

    Attributes:
        stage: what was reached.
    """

    def __init__(self) -> None:
        self.stage: Stage = "waiting"
        self._lock = threading.Lock()
        self._ended: str | None = None
        self._stop: Callable[[], None] | None = None
        self._measure: Callable[[], float | None] | None = None

    def cancel(self, code: str = "query_cancelled") -> None:
        """Stop what is going on; what was charged stays charged.

        Args:
            code: of the error by which it ends.
        """
        with self._lock:
            self._ended = self._ended or code
            if self._stop is not None:
                self._stop()

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped."""
        return self._ended is not None

    @property
    def progress(self) -> float | None:
        """How much of the counting is done, from 0 to 1; None where it is not known."""
        with self._lock:
            return None if self._measure is None else self._measure()

    def reached(self, stage: Stage) -> None:
        """Say what was reached.

        Raises:
            SandboxError: the code with which it was stopped.
        """
        if self._ended is not None and stage != "answered":
            raise SandboxError(self._ended)
        self.stage = stage

    @contextmanager
    def counting(
        self, stop: Callable[[], None], measure: Callable[[], float | None]
    ) -> Iterator[None]:
        """While an engine counts.

        Args:
            stop: interrupts the engine, from another thread.
            measure: asks it how far it is.

        Raises:
            SandboxError: the code with which it was stopped meanwhile.
        """
        with self._lock:
            if self._ended is None:
                self._stop, self._measure = stop, measure
        try:
            self.reached("counting")
            yield
        except Exception:
            if self._ended is not None:
                raise SandboxError(self._ended) from None
            raise
        finally:
            with self._lock:
                self._stop = self._measure = None
