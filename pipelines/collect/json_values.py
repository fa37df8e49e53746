"""JSON as published: numbers keep their digits, records are found by a path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(r"\.\*|\.([^.\[\]*]+)|\[\*\]")


class Number(str):
    """A number in its published digits: `1.10` stays `1.10`, and no digit is lost to a float."""

    __slots__ = ()


def loads(text: str) -> Any:
    """A JSON text; numbers become `Number`.

    Raises:
        ValueError: not JSON (also when it is nested too deep to read).
    """
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def dumps(value: Any) -> str:
    """A value as compact JSON text with its published numbers."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        items = (f"{json.dumps(k, ensure_ascii=False)}:{dumps(v)}" for k, v in value.items())
        return "{" + ",".join(items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def as_text(value: Any) -> str | None:
    """A value as a cell: text and numbers as they stand, nested values as JSON, null as NULL."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return dumps(value)


def steps(path: str) -> list[str] | None:
    """A records path in steps: a key, `.*` or `[*]`; None when it is no such path."""
    if not path.startswith("$"):
        return None
    found: list[str] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        found.append(step.group(1) or step.group(0))
        position = step.end()
    return found


def walk(value: Any, path: list[str], key: str | None = None) -> Iterator[tuple[str | None, Any]]:
    """The values at a path, each with the object key it stood under at the last `.*`.

    Raises:
        LookupError: the document has no such place.
    """
    if not path:
        yield key, value
        return
    step, rest = path[0], path[1:]
    if step == "[*]":
        if not isinstance(value, list):
            raise LookupError(step)
        for item in value:
            yield from walk(item, rest, key)
        return
    if not isinstance(value, dict) or (step != ".*" and step not in value):
        raise LookupError(step)
    if step != ".*":
        yield from walk(value[step], rest, key)
        return
    for name, item in value.items():
        yield from walk(item, rest, name)


def record(value: Any) -> dict[str, Any]:
    """A value as a record: an object as it is, an array with columns `_0`, `_1`, ..."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {f"_{i}": item for i, item in enumerate(value)}
    return {"_0": value}
