"""Write the page of commands from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from docs.markdown import cell, slug

EXIT_CODES = (
    (
        0,
        "All is well: everything asked for was published or had not changed; the question was "
        "answered; every test passed.",
    ),
    (
        1,
        "An error: the workspace does not compile, a step failed, a test of a model failed, or the "
        "command could not do its work. The message names a code of [errors](errors.md).",
    ),
    (2, "The command was not understood: an unknown command or option, or an unusable value."),
    (
        3,
        "`run` and `quarantine replay`: nothing failed, but not all was published as it should be. "
        "Something is missing, blocked, stale or partial. `risk`: it would not pass.",
    ),
    (130, "Interrupted from the keyboard. What was published stays published."),
)


def commands() -> dict[str, Any]:
    """Every command of the command line by its full name (`quarantine show`), in its order."""
    from citybrain import app

    return dict(_commands(typer.main.get_command(app), ""))


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def parameters(command: Any) -> tuple[list[Any], list[Any]]:
    """A command's arguments and its options."""
    own = [p for p in command.params if p.name != "help"]
    arguments = [p for p in own if not p.opts[0].startswith("-")]
    return arguments, [p for p in own if p.opts[0].startswith("-")]


def commands_page(notice: str) -> str:
    """`commands.md`, which begins with `notice`."""
    found = commands()
    lines = [notice, "", "# Commands", ""]
    lines += ["`citybrain COMMAND --help` says the same in the terminal.", ""]
    lines += ["| command | what it does |", "|---|---|"]
    for name, command in found.items():
        first = _help(command).splitlines()[0]
        lines.append(f"| [`{name}`](#{slug('citybrain ' + name)}) | {first} |")
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    for name, command in found.items():
        lines += ["", *_command_section(name, command)]
    return "\n".join(lines) + "\n"


def _command_section(name: str, command: Any) -> Iterator[str]:
    arguments, options = parameters(command)
    required = [f" {p.opts[0]} {_value(p)}" for p in options if p.required]
    usage = "".join(f" {p.metavar or p.name.upper()}" for p in arguments) + "".join(required)
    optional = " [OPTIONS]" if any(not p.required for p in options) else ""
    yield from (f"## `citybrain {name}`", "", _help(command), "")
    yield from ("```", f"citybrain {name}{usage}{optional}", "```", "")
    yield from ("| argument or option | meaning |", "|---|---|")
    for item in arguments:
        yield f"| `{item.metavar or item.name.upper()}` | {cell(item.help)} |"
    for item in options:
        names = ", ".join(f"`{opt}{_value(item, ' ')}`" for opt in item.opts)
        yield f"| {names} | {cell(item.help)}{_remarks(item)} |"


def _help(command: Any) -> str:
    return "\n".join(line.strip() for line in (command.help or "").strip().splitlines())


def _value(item: Any, before: str = "") -> str:
    if item.is_flag:
        return ""
    kind = item.type_descriptor.annotation
    return before + {int: "NUMBER", Path: "PATH"}.get(kind, "TEXT")


def _remarks(item: Any) -> str:
    remarks = []
    if item.required:
        remarks.append("required")
    if item.multiple:
        remarks.append("may be given more than once")
    if not item.is_flag and item.default is not None and not item.multiple:
        remarks.append(f"default: `{item.default}`")
    return f" ({'; '.join(remarks)})" if remarks else ""
