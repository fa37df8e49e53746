"""Stop watches around functions of the platform, put there from outside."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Clock:
    """Wall and processor seconds by label; one worker at a time, nested labels count twice."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, label: str, wall: float, cpu: float) -> None:
        """Add to a label's seconds."""
        with self._lock:
            self.wall[label] = self.wall.get(label, 0.0) + wall
            self.cpu[label] = self.cpu.get(label, 0.0) + cpu

    def wrap(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        """Replace `owner.name` by itself between two looks at the clock."""
        inner = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return inner(*args, **kwargs)
            finally:
                text = label(*args, **kwargs)
                self.add(text, time.perf_counter() - wall, time.process_time() - cpu)

        setattr(owner, name, timed)


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended.

    Attributes:
        peak: greatest resident set of the process in MB, threads and mapped files included.
        cpu: processor seconds, user and system.
    """

    output: str
    wall: float
    cpu: float
    peak: float
    code: int


def run_process(arguments: Sequence[str], env: dict[str, str] | None = None) -> Finished:
    """Run `python ARGUMENTS` in the repository and measure the process itself (`wait4`)."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    code = process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Finished(output, wall, cpu, usage.ru_maxrss / 1024, code)
