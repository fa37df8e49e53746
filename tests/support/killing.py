"""Runs that die where they are told, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Death:
    """Where a run dies: at the `nth` call of `target` (`module:name` or `module:Class.name`)."""

    target: str
    when: str = "before"
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.target.split(':')[1]} {self.nth}"


class Killer:
    """Runs workspaces in processes of the warm program (`tests.support.warm`)."""

    def __init__(self, program: list[str]) -> None:
        self._program = program

    def run(self, root: Path, death: Death | None = None, seconds: float | None = None) -> int:
        """One run; its exit code, or minus the signal that ended it."""
        told = json.dumps([str(root), asdict(death) if death else None, seconds])
        code = f"from tests.support import killing; killing.run({told!r})"
        return subprocess.run([*self._program, "-c", code], check=False).returncode


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(death: Death) -> None:
    """Let this process die at a call."""
    module, _, path = death.target.partition(":")
    holder: Any = import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        holder = getattr(holder, parent)
    original: Callable[..., Any] = getattr(holder, name)
    calls = 0
    lock = threading.Lock()

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        with lock:
            calls += 1
            mine = calls == death.nth
        if mine and death.when == "before":
            _die()
        result = original(*args, **kwargs)
        if mine:
            _die()
        return result

    setattr(holder, name, wrapped)


def run(told: str) -> None:
    """The process: one run that dies at a call or after some seconds, if it lives that long."""
    from pipelines.run import RunOptions, run_workspace

    root, death, seconds = json.loads(told)
    if death:
        arm(Death(**death))
    if seconds is not None:
        threading.Timer(seconds, _die).start()
    sys.exit(run_workspace(Path(root), RunOptions()).exit_code)
