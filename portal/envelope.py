"""When an answer leaves: at whole multiples of a step after its question came.

How long the work took shows a little of what was worked on. Of differences below the step nobody outside
sees more than whether a multiple was passed.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The step, in seconds; 0 lets answers leave when they are ready.

    Attributes:
        now: seconds of a clock that only goes forward.
    """

    step: float
    now: Callable[[], float]
    sleep: Sleep

    def due(self, started: float) -> float:
        """The moment at which what is ready now may leave."""
        if not self.step:
            return self.now()
        return started + self.step * max(1, math.ceil((self.now() - started) / self.step))

    async def wait(self, started: float) -> None:
        """Wait for it."""
        await self.sleep(max(0.0, self.due(started) - self.now()))
