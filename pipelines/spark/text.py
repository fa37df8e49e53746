"""Small pieces of Spark SQL text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NUMBER: ContextVar[list[int] | None] = ContextVar("_NUMBER", default=None)
_BARE: ContextVar[bool] = ContextVar("_BARE", default=False)


def name(text: str) -> str:
    """An identifier."""
    return "`" + text.replace("`", "``") + "`"


def string(text: str) -> str:
    """A string literal; a backslash is an escape there."""
    written = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + written.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"


def cast(text: str, kind: str) -> str:
    """A value as a Spark type."""
    return f"CAST({text} AS {kind})"


def table_view(table: str) -> str:
    """The temporary view that stands for a table of the city: Spark's have no database."""
    return table.replace(".", "__", 1)


@contextmanager
def numbered() -> Iterator[None]:
    """Names of `let` count from 1 within one query, so that its text is always the same."""
    token = _NUMBER.set([0])
    try:
        yield
    finally:
        _NUMBER.reset(token)


@contextmanager
def without_lambdas() -> Iterator[None]:
    """`let` writes values out, for the arguments of SQL functions."""
    token = _BARE.set(True)
    try:
        yield
    finally:
        _BARE.reset(token)


def let(value: str, body: str) -> str:
    """`body` with `{v}` for a value that is computed once.

    A value that is a plain column or literal is written where it is needed. Any other is bound by a
    lambda. Spark takes no lambda around a subquery or inside a call of an SQL function, which the
    masking functions are: there the value is written as often as it is needed.
    """
    plain = value.replace("`", "").replace(".", "").replace("_", "").isalnum()
    if plain or body.count("{v}") == 1 or _BARE.get() or "(SELECT " in value or "mask_" in value:
        return body.replace("{v}", value)
    counter = _NUMBER.get()
    if counter is None:
        raise RuntimeError("`let` outside of `numbered`")
    counter[0] += 1
    variable = f"_v{counter[0]}"
    return f"transform(array({value}), {variable} -> {body.replace('{v}', variable)})[0]"
