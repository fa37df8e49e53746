"""Our program without its start: a process that has imported everything forks a child for each call.

Importing Great Expectations takes seconds, in each of the many processes that tests start. A call has
its caller's arguments, folder, environment and standard streams and ends as its child ends; a caller
that is killed takes its child along. What only a fresh process shows (what a command imports, hash
seeds) must be tested without it.

`python -m tests.support.warm SOCKET` serves until its standard input ends. `Warm.command` is a small
program that calls it: with a command's words, or with `-c` and Python code.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

# What a run imports as it goes, besides Great Expectations.
IMPORTED = (
    "alembic.command",
    "alembic.config",
    "catalog.openlineage.columns",
    "citybrain",
    "openlineage.client.transport",
    "pipelines.collect.csv_files",
    "pipelines.run",
    "pipelines.schedule.duerun",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyiceberg.avro.file",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "rich.table",
    "sqlalchemy.dialects.sqlite",
)


class Warm:
    """The process, and how it is called."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="warm-"))
        path = str(self._folder / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self.command = [sys.executable, "-IS", __file__, path]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        shutil.rmtree(self._folder)


def _call(path: str, words: list[str]) -> None:
    """Have the words run, and end as they end."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [b"!"], [0, 1, 2])
        request = {"words": words, "cwd": str(Path.cwd()), "environment": dict(os.environ)}
        server.sendall(json.dumps(request).encode() + b"\n")
        answer = server.makefile().readline()
    code = int(answer)
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


class _Server:
    """Children by the number of the pidfd that tells their end."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._children: dict[int, tuple[int, socket.socket]] = {}

    def serve(self) -> None:
        """Until standard input ends."""
        while True:
            callers = {c.fileno(): pid for pid, c in self._children.values()}
            ready, _, _ = select.select([0, self._listener, *self._children, *callers], [], [])
            if 0 in ready:
                break
            for fd in ready:
                if fd is self._listener:
                    self._start(self._listener.accept()[0])
                elif fd in self._children:
                    self._ended(fd)
                elif not os.waitid(os.P_PID, callers[fd], os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    os.kill(callers[fd], signal.SIGKILL)  # nobody waits for it any more
        for pid, _ in self._children.values():
            os.kill(pid, signal.SIGKILL)

    def _start(self, caller: socket.socket) -> None:
        _, streams, _, _ = socket.recv_fds(caller, 1, 3)
        request = json.loads(caller.makefile().readline())
        pid = os.fork()
        if pid == 0:
            _become(request, streams)
        for stream in streams:
            os.close(stream)
        self._children[os.pidfd_open(pid)] = pid, caller

    def _ended(self, fd: int) -> None:
        pid, caller = self._children.pop(fd)
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(OSError), caller:
            caller.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict[str, Any], streams: list[int]) -> None:
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        words = request["words"]
        if words[0] == "-c":
            sys.argv = words
            exec(words[1], {"__name__": "__main__"})
            code = 0
        else:
            from citybrain import main

            sys.argv = ["citybrain", *words]
            main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Import, then serve."""
    for name in IMPORTED:
        import_module(name)
    from quality.certify import _import_gx

    _import_gx()
    import_module("great_expectations.render.renderer.site_builder")
    server = _Server(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main()
    else:
        _call(sys.argv[1], sys.argv[2:])
