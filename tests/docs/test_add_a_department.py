"""The page for newcomers is carried out as it stands: files, changes and commands, in order."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-department.md"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\*\*`([^`]+)`\*\*\s*$")
_CODE = re.compile(r"\s+# exit code (\d+)$")
_SNAPSHOT = re.compile(r"--to \d+")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the file that the line before it names."""

    language: str
    text: str
    file: str | None


@dataclass(frozen=True)
class Command:
    """A command with its exit code and lines that its output must contain."""

    line: str
    code: int
    shown: tuple[str, ...]


def blocks(page: str) -> Iterator[Block]:
    for found in _FENCE.finditer(page):
        file = _FILE.search(page[: found.start()].rstrip())
        yield Block(found[1], found[2], file[1] if file else None)


def commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *shown = part.rstrip().split("\n")
        code = _CODE.search(line)
        yield Command(_CODE.sub("", line), int(code[1]) if code else 0, tuple(shown))


class Newcomer:
    """Does what the page says, in a folder of its own."""

    def __init__(self, folder: Path, program: list[str]) -> None:
        self.folder = folder
        self._program = program
        self._environment = {
            **os.environ,
            "CITYBRAIN_HOME": str(folder / "state"),
            "CITYBRAIN_LANG": "en",
            "COLUMNS": "200",
        }

    def write(self, block: Block) -> None:
        assert block.file is not None
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def change(self, block: Block) -> None:
        assert block.file is not None
        path = self.folder / block.file
        lines = block.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line.startswith("-"))
        new = "".join(line[1:] for line in lines if line.startswith("+"))
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{block.file}: {old!r}"
        path.write_text(text.replace(old, new), "utf-8")

    def run(self, command: Command) -> None:
        line = command.line
        if _SNAPSHOT.search(line):
            line = _SNAPSHOT.sub(f"--to {self._snapshot_before(line)}", line)
        done = self._citybrain(shlex.split(line))
        output = done.stdout + done.stderr
        assert done.returncode == command.code, f"$ {line}\n{output}"
        for shown in command.shown:
            assert shown in output, f"$ {line}\n'{shown}' is not in:\n{output}"

    def _snapshot_before(self, line: str) -> str:
        """The second newest snapshot: the page can only show an example's number."""
        _, _, workspace, resource, *_ = shlex.split(line)
        listed = self._citybrain(["citybrain", "snapshots", workspace, resource, "--json"]).stdout
        newest = sorted(json.loads(listed), key=_moment)
        return str(next(v for k, v in newest[-2].items() if k in ("id", "snapshot", "snapshot_id")))

    def _citybrain(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        assert words[0] == "citybrain"
        return subprocess.run(
            [*self._program, *words[1:]],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def _moment(snapshot: dict[str, object]) -> str:
    return str(
        next(v for k, v in snapshot.items() if k.startswith(("published", "at", "committed")))
    )


@pytest.mark.slow
def test_the_page_works_as_it_stands(tmp_path: Path, program: list[str]) -> None:
    newcomer = Newcomer(tmp_path, program)
    done = 0
    for block in blocks(PAGE.read_text("utf-8")):
        if block.language == "console":
            for command in commands(block.text):
                newcomer.run(command)
                done += 1
        elif block.language == "diff":
            newcomer.change(block)
        else:
            newcomer.write(block)
    assert done >= 20


def test_the_page_shows_every_command_that_a_newcomer_needs() -> None:
    lines = [
        command.line
        for block in blocks(PAGE.read_text("utf-8"))
        if block.language == "console"
        for command in commands(block.text)
    ]
    for word in ("scaffold", "check", "plan", "run", "quarantine list", "quarantine show",
                 "quarantine replay", "test", "query", "snapshots", "rollback", "status"):  # fmt: skip
        assert any(line.startswith(f"citybrain {word} ") for line in lines), word


def test_every_file_of_the_page_is_named_and_called_synthetic() -> None:
    page = PAGE.read_text("utf-8")
    assert "synthetic" in page
    for block in blocks(page):
        assert block.language == "console" or block.file, block.text[:60]
