"""How far a question is, and how it is stopped."""

from __future__ import annotations

import threading
from typing import Literal

Stage = Literal["waiting", "checked", "charged", "counting", "answered"]


class Watch:
    """Shared by who works and who waits.

    Attributes:
        progress: from 0 to 1, where it is known.
    """

    def __init__(self) -> None:
        self.stage: Stage = "waiting"
        self.progress: float | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop; what was charged stays charged."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped."""
        return self._cancelled.is_set()
