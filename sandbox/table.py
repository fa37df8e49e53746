"""An answer as the table that was asked for: named columns, kept, sorted and cut rows.

All of it is made of noisy numbers, so it costs nothing and tells nothing more.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.identity import counted_question
from sandbox.sql.tree import Compared, Kept, Output, Question

ColumnKind = Literal["key", "statistic"]

_COMPARES: dict[Compared, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One group as it is stored: its keys, and value and error of each statistic, in canonical order."""

    keys: tuple[Any, ...]
    values: tuple[float | None, ...]
    errors: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a partner reads.

    Attributes:
        columns: names in the order of the SELECT.
        kinds: by column, whether it is a key of the groups or a statistic.
        rows: values by column.
        errors: half of the 95 % interval by column; None for keys and where it is not known.
    """

    columns: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    rows: tuple[tuple[Any, ...], ...]
    errors: tuple[tuple[float | None, ...], ...]


def table_of(question: Question, stored: Sequence[StoredRow]) -> Table:
    """The stored groups of a question in the form in which it was asked."""
    one = counted_question(question)
    places = {
        output.name: (
            one.keys.index(question.keys[output.index])
            if output.source == "key"
            else one.aggregates.index(question.aggregates[output.index])
        )
        for output in question.outputs
    }
    rows = [row for row in stored if all(_keeps(k, row, question, places) for k in question.having)]
    for by in reversed(question.order):
        output = next(o for o in question.outputs if o.name == by.name)
        place = places[output.name]
        known = [row for row in rows if _value(row, output, place) is not None]
        unknown = [row for row in rows if _value(row, output, place) is None]
        known.sort(key=lambda r, o=output, p=place: _value(r, o, p), reverse=by.descending)  # type: ignore[misc]
        rows = known + unknown
    if question.limit is not None:
        rows = rows[: question.limit]
    return Table(
        tuple(output.name for output in question.outputs),
        tuple("key" if o.source == "key" else "statistic" for o in question.outputs),
        tuple(tuple(_value(r, o, places[o.name]) for o in question.outputs) for r in rows),
        tuple(tuple(_error(r, o, places[o.name]) for o in question.outputs) for r in rows),
    )


def named_columns(question: Question) -> list[str]:
    """Names for all keys and statistics that are stored, in canonical order: as they were asked for."""
    one = counted_question(question)
    keys = [f"key_{place + 1}" for place in range(len(one.keys))]
    statistics = [f"statistic_{place + 1}" for place in range(len(one.aggregates))]
    for output in question.outputs:
        if output.source == "key":
            keys[one.keys.index(question.keys[output.index])] = output.name
        else:
            statistics[one.aggregates.index(question.aggregates[output.index])] = output.name
    return keys + statistics


def whole_table(columns: Sequence[str], stored: Sequence[StoredRow]) -> Table:
    """All that is stored of an answer: nothing kept back, sorted or cut."""
    keys = len(stored[0].keys) if stored else 0
    return Table(
        tuple(columns),
        tuple("key" if place < keys else "statistic" for place in range(len(columns))),
        tuple((*row.keys, *row.values) for row in stored),
        tuple((*[None] * keys, *row.errors) for row in stored),
    )


def _value(row: StoredRow, output: Output, place: int) -> Any:
    return row.keys[place] if output.source == "key" else row.values[place]


def _error(row: StoredRow, output: Output, place: int) -> float | None:
    return None if output.source == "key" else row.errors[place]


def _keeps(kept: Kept, row: StoredRow, question: Question, places: Mapping[str, int]) -> bool:
    output = next(o for o in question.outputs if o.name == kept.name)
    value = _value(row, output, places[kept.name])
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return _COMPARES[kept.op](float(value), float(kept.value))
