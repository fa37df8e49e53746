"""Carry out `docs/sandbox-walkthrough.md` and write what comes out below each block.

The page is its own source. A block whose line before it names a file (`**`path`**`) is written there; a
`console` block is a list of commands, `$ ` before each; a `python` block runs in one namespace with the
others, and what it prints stands in a `text` block behind it. `near=N%` or `exact` behind `python` says
how close the numbers of two runs must be; otherwise only that there are numbers.

Run `python -m docs.generate_walkthrough`; `tests/docs/test_walkthrough.py` carries the page out again.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "sandbox-walkthrough.md"
PORT = "8300"  # what the page shows; another one is used
START_SECONDS = 60
LOG = ".service.log"
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\*\*`([^`]+)`\*\*\s*$")
_CODE = re.compile(r"\s+# exit code (\d+)$")


@dataclass(frozen=True)
class Part:
    """A piece of the page: prose (no language), or a fenced block.

    Attributes:
        more: what stands behind the language, such as `near=10%`.
        file: the file that the line before names.
        output: what came out; None where nothing is carried out.
    """

    text: str
    language: str = ""
    more: str = ""
    file: str | None = None
    output: str | None = None

    def __str__(self) -> str:
        if not self.language:
            return self.text
        shown = f"```{self.language}{self.more}\n{self.text}```\n"
        if self.language == "python" and self.output:
            shown += f"\n```text\n{self.output}```\n"
        return shown


def parts_of(page: str) -> Iterator[Part]:
    """The pieces of a page; outputs that it shows are part of their blocks."""
    place = 0
    waiting: Part | None = None
    for found in _FENCE.finditer(page):
        prose = page[place : found.start()]
        place = found.end()
        if found[1] == "text" and waiting is not None and not prose.strip():
            yield replace(waiting, output=found[3])
            waiting = None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        yield Part(prose)
        file = _FILE.search(prose.rstrip())
        part = Part(found[3], found[1], found[2], file[1] if file else None)
        if part.language == "python":
            waiting = part
        elif part.language == "console":
            yield replace(part, output=part.text)
        else:
            yield part
    if waiting is not None:
        yield waiting
    yield Part(page[place:])


class Reader:
    """Does what the page says, in a folder of its own, which becomes the working directory.

    Args:
        program: the words that run `citybrain`.
    """

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "walkthrough"}
        self._service: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])
        tools = folder / ".tools"
        tools.mkdir()
        script = tools / "citybrain"
        script.write_text(f'#!/bin/sh\nexec {" ".join(program)} "$@"\n')
        script.chmod(0o755)
        self._environment = {
            **os.environ,
            "CITYBRAIN_HOME": str(folder / "state"),
            "CITYBRAIN_LANG": "en",
            "COLUMNS": "120",
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(DOCS.parent), os.environ.get("PYTHONPATH")])
            ),
        }

    @property
    def port(self) -> str:
        """Where the page's service listens."""
        return self._port

    def __enter__(self) -> Reader:
        self._before = Path.cwd()
        os.chdir(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)
        if self._service is not None:
            self._service.send_signal(signal.SIGTERM)
            if self._service.wait(60) != 0:
                raise RuntimeError((self._folder / LOG).read_text("utf-8"))

    def do(self, part: Part) -> Part:
        """Carry out a piece; it comes back with what came out."""
        if part.file is not None:
            path = self._folder / part.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(part.text, "utf-8")
            return part
        if part.language == "console":
            shown = "".join(self._command(line) for line in commands(part.text))
            return replace(part, text=shown, output=shown)
        if part.language == "python":
            return replace(part, output=self._python(part.text))
        return part

    def _command(self, line: str) -> str:
        code = _CODE.search(line)
        words = _CODE.sub("", line).replace(PORT, self._port)
        if words.endswith(" &"):
            self._serve(words.removesuffix(" &"))
            return f"$ {line}\n"
        done = subprocess.run(
            ["bash", "-c", words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        wanted = int(code[1]) if code else 0
        if done.returncode != wanted:
            raise RuntimeError(f"$ {words}\n{done.stdout}{done.stderr}")
        return f"$ {line}\n{self._plain(done.stdout + (done.stderr if wanted else ''))}"

    def _serve(self, words: str) -> None:
        log = self._folder / LOG
        with log.open("wb") as out:
            self._service = subprocess.Popen(
                # Started for itself, so that it is this process's to end.
                [sys.executable, "-m", *shlex.split(words)],
                cwd=self._folder,
                env=self._environment,
                stdout=out,
                stderr=out,
            )
        ends = time.monotonic() + START_SECONDS
        while self._service.poll() is None and time.monotonic() < ends:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError(log.read_text("utf-8"))

    def _python(self, text: str) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(text.replace(PORT, self._port), str(PAGE), "exec"), self._names)
        return self._plain(out.getvalue())

    def _plain(self, output: str) -> str:
        """Without what is of this run alone: its folder and port, and spaces at the ends of lines."""
        output = output.replace(str(self._folder) + "/", "").replace(self._port, PORT)
        lines = [line.rstrip() for line in output.rstrip().split("\n")]
        return "\n".join(lines) + "\n" if output.strip() else ""


def commands(text: str) -> Iterator[str]:
    """The commands of a console block, without what they printed."""
    for line in text.split("\n"):
        if line.startswith("$ "):
            yield line.removeprefix("$ ")


def carried_out(page: str, folder: Path, program: Sequence[str]) -> list[Part]:
    """The pieces of a page with what comes out of them now."""
    with Reader(folder, program) as reader:
        return [reader.do(part) for part in parts_of(page)]


def main() -> None:
    """Write the page."""
    program = [sys.executable, "-m", "citybrain"]
    with tempfile.TemporaryDirectory() as folder:
        done = carried_out(PAGE.read_text("utf-8"), Path(folder), program)
    PAGE.write_text("".join(map(str, done)), "utf-8")


if __name__ == "__main__":
    main()
