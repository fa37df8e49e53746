"""A process that runs workspaces in forked children and lets them die where it is told.

`python -m tests.support.killing` imports what a run needs once (Great Expectations takes seconds),
then forks a child for each line of JSON on standard input and answers how the child ended.
"""

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
    """The parent's end: starts the process, sends one run at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def run(self, root: Path, death: Death | None = None, seconds: float | None = None) -> int:
        """One run in a child; its exit code, or minus the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "root": str(root),
            "home": os.environ["CITYBRAIN_HOME"],
            "death": asdict(death) if death else None,
            "seconds": seconds,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(death: Death) -> None:
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


def _child(request: dict[str, Any]) -> int:
    from pipelines.run import RunOptions, run_workspace

    os.environ["CITYBRAIN_HOME"] = request["home"]
    if request["death"]:
        _arm(Death(**request["death"]))
    if request["seconds"] is not None:
        threading.Timer(request["seconds"], _die).start()
    return run_workspace(Path(request["root"]), RunOptions()).exit_code


def main() -> None:
    """Serve until standard input ends."""
    import sqlalchemy.dialects.sqlite  # noqa: F401

    from quality.certify import _import_gx

    _import_gx()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                os.dup2(2, 1)
                code = _child(request)
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
