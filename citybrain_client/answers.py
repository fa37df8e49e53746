"""Answers, prices and records as Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import pyarrow

ERROR = "_error"  # after the name of a statistic: its column of half 95 % intervals


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `kind` is "key" or "statistic"."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: numbers with noise.

    Attributes:
        id: by which it can be read again.
        columns: in the order of the SELECT.
        rows: values by column.
        errors: half of the 95 % interval by column; None for keys and where it is not known.
        hidden_groups: whether groups below a threshold are left out.
        snapshots: by view, the state of the data that was counted.
        instruments: the documents that allowed the question.
        spent: rho, epsilon and delta that were charged now; 0 for an answer that was there.
        balance: rho and delta that are granted, spent and left.
    """

    id: str
    agreement: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    errors: tuple[tuple[float | None, ...], ...]
    snapshots: Mapping[str, str]
    hidden_groups: bool | None = None
    instruments: tuple[str, ...] = ()
    spent: Mapping[str, float] | None = None
    balance: Mapping[str, Mapping[str, float]] | None = None

    def to_arrow(self) -> pyarrow.Table:
        """As an Arrow table; each statistic has a column of errors beside it."""
        import pyarrow

        return pyarrow.table(self._columns())

    def to_pandas(self) -> pandas.DataFrame:
        """As a data frame; each statistic has a column of errors beside it."""
        import pandas

        return pandas.DataFrame(self._columns())

    def _columns(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for place, column in enumerate(self.columns):
            found[column.name] = [row[place] for row in self.rows]
            if column.kind == "statistic":
                found[column.name + ERROR] = [row[place] for row in self.errors]
        return found


@dataclass(frozen=True, slots=True)
class Quote:
    """A price; nothing was spent for it.

    Attributes:
        epsilon, rho, delta: what the answer would cost.
        cells: groups that would be answered; None: those of at least `threshold` units.
        expected: by statistic, half of the 95 % interval to be expected.
        known: the answer is there, and free.
        balance: rho and delta that are granted, spent and left.
    """

    epsilon: float
    rho: float
    delta: float
    cells: int | None
    threshold: int | None
    expected: tuple[Mapping[str, Any], ...]
    known: bool
    balance: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Record:
    """What one enterprise lets the partner see.

    Attributes:
        values: by field.
        masked: the fields whose values are masked.
        snapshot: the state of the data.
        instruments: the documents that allowed it.
    """

    view: str
    code: str
    values: Mapping[str, Any]
    masked: tuple[str, ...]
    snapshot: str
    instruments: tuple[str, ...]


def answer_of(body: Mapping[str, Any]) -> Answer:
    """What the service answered."""
    return Answer(
        body["id"],
        body["agreement"],
        tuple(Column(one["name"], one["kind"]) for one in body["columns"]),
        _rows(body["rows"]),
        _rows(body["errors"]),
        body["snapshots"],
        body.get("hidden_groups"),
        tuple(body.get("instruments", ())),
        body.get("spent"),
        body.get("balance"),
    )


def _rows(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in rows)


def quote_of(body: Mapping[str, Any]) -> Quote:
    """What the service quoted."""
    expected = tuple(body["expected"])
    names = [name for name in Quote.__slots__ if name != "expected"]
    return Quote(expected=expected, **{name: body[name] for name in names})


def record_of(body: Mapping[str, Any]) -> Record:
    """What the service told of an enterprise."""
    return Record(
        body["view"],
        body["code"],
        body["values"],
        tuple(body["masked"]),
        body["snapshot"],
        tuple(body["instruments"]),
    )
