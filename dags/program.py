"""Calling our program from a task: one process, JSON on its standard output, its words in the log."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INCOMPLETE = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended: its exit code, and what it printed as JSON (None: nothing)."""

    code: int
    data: Any


class ProgramError(Exception):
    """The program could not do its work; it said why."""


def program() -> list[str]:
    """The command: `CITYBRAIN_PROGRAM`, else `citybrain` beside this Python, else on the path."""
    chosen = os.environ.get("CITYBRAIN_PROGRAM")
    if chosen:
        return shlex.split(chosen)
    beside = Path(sys.executable).with_name("citybrain")
    return [str(beside)] if beside.is_file() else ["citybrain"]


def call(*arguments: str, environment: Mapping[str, str] | None = None) -> Answer:
    """Run a command of ours.

    Raises:
        ProgramError: it ended neither well nor as incomplete (exit code 3).
    """
    command = [*program(), *arguments]
    print("$ citybrain " + shlex.join(arguments), flush=True)
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        out, said = child.communicate()
    except BaseException:
        child.terminate()  # the task is being stopped; what was published stays published
        child.wait()
        raise
    if said.strip():
        print(said.rstrip(), flush=True)
    data = _json(out)
    if data is None and out.strip():
        print(out.rstrip(), flush=True)
    if child.returncode not in (0, INCOMPLETE):
        told = _told(data) or said.strip() or f"citybrain ended with exit code {child.returncode}"
        raise ProgramError(told)
    return Answer(child.returncode, data)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _told(data: Any) -> str:
    """What a due run that failed says of its tables."""
    if not isinstance(data, dict) or "resources" not in data:
        return ""
    return verdict(data)


def verdict(result: Mapping[str, Any]) -> str:
    """What is not through of a due run: the reason, the broken rules with counts, where to look."""
    lines = []
    for name, table in result["resources"].items():
        if table["through"] or table["status"] == "never":
            continue
        lines.append(f"{name}: {table['status']}. {table.get('message', '')}".rstrip())
        for rule in table.get("rules", ()):
            counts = f"{rule['failed']} of {rule['assessed']} rows"
            lines.append(f"  rule {rule['rule']} ({rule['severity']}): {counts}")
        if table.get("quarantined"):
            lines.append(f"  received {table['received']}, quarantined {table['quarantined']}")
        if table.get("look"):
            lines.append(f"  look: {table['look']}")
    return "\n".join(lines)
