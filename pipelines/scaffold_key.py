"""Candidate primary keys: one or two columns whose values never repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb

from pipelines.reading import cleaned, typed
from pipelines.scaffold_profile import SERIAL_NAME, Draft
from quality.predicates import quoted

_NAMED = re.compile(
    r"(^|_)(id|no|code|number|key|uuid|nr)$|編號|编号|代碼|代码|字號|文號|統編|id$|no$|^code",
    re.IGNORECASE,
)
_TIMED = re.compile(r"date|time|day|month|year|period|quarter|日期|月|年")
_KEYABLE = ("string", "integer", "date", "timestamp")
MAX_LENGTH = 60
CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Key:
    """What was found out about a table's key.

    Attributes:
        fields: the candidate; empty when there is none.
        serial: a column that only numbers the rows of the file.
        repeated: rows that repeat an earlier row in every column.
    """

    fields: tuple[str, ...] = ()
    serial: str | None = None
    repeated: int = 0


def find_key(
    con: duckdb.DuckDBPyConnection, table: str, drafts: Sequence[Draft], columns: Sequence[str]
) -> Key:
    """Look for a key among the typed values of all rows that are not repetitions.

    Args:
        table: the published text; `columns` are its columns, one for every draft.
    """
    rows = drafts[0].rows if drafts else 0
    raw = ", ".join(map(quoted, columns))
    different = _number(con, f"SELECT count(*) FROM (SELECT DISTINCT {raw} FROM {table})")
    values = ", ".join(
        f"{typed(d.field, cleaned(d.field, quoted(c)))} AS {quoted(d.field.name)}"
        for d, c in zip(drafts, columns, strict=True)
    )
    source = f"(SELECT DISTINCT {raw} FROM {table}) AS t" if different < rows else table
    con.execute(f"CREATE OR REPLACE TEMP TABLE p AS SELECT {values} FROM {source}")
    able = [d for d in drafts if _able(con, d)]
    serial = next((d.field.name for d in able if _is_serial(con, d, different)), None)
    candidates = sorted((d for d in able if d.field.name != serial), key=_rank)
    for fields in _choices(candidates, different):
        if _number(con, f"SELECT count(*) FROM ({_distinct(fields)})") == different:
            return Key(fields, serial, rows - different)
    return Key((), serial, rows - different)


def _choices(candidates: Sequence[Draft], rows: int) -> Iterator[tuple[str, ...]]:
    """Single columns, then pairs with an identifier in them; small tables prove nothing of pairs."""
    for draft in candidates:
        # A number of people or a name may be unique by chance; what is called a code is meant to be.
        meant = _is_named(draft) or draft.field.logical_type in ("date", "timestamp")
        if meant and draft.distinct >= rows:
            yield (draft.field.name,)
    for first, second in combinations(candidates[:CANDIDATES], 2):
        if rows >= 20 and _natural(first, second) and first.distinct * second.distinct >= rows:
            yield (first.field.name, second.field.name)


def _natural(first: Draft, second: Draft) -> bool:
    """Two identifiers, or an identifier and a time: "the census of a district in a quarter"."""
    named = [_is_named(first), _is_named(second)]
    timed = any(_TIMED.search(draft.field.name) for draft in (first, second))
    return all(named) or (any(named) and timed)


def _able(con: duckdb.DuckDBPyConnection, draft: Draft) -> bool:
    if not draft.always_given or draft.field.logical_type not in _KEYABLE or draft.distinct < 2:
        return False
    if draft.field.logical_type != "string":
        return True
    name = quoted(draft.field.name)
    return _number(con, f"SELECT max(length({name})) FROM p") <= MAX_LENGTH


def _is_serial(con: duckdb.DuckDBPyConnection, draft: Draft, rows: int) -> bool:
    """1, 2, 3 ... under a name that says no more: it numbers rows, and another file starts again."""
    if not (SERIAL_NAME.search(draft.field.name) or SERIAL_NAME.search(draft.header)):
        return False
    name = f"TRY_CAST({quoted(draft.field.name)} AS BIGINT)"
    span = _number(con, f"SELECT max({name}) - min({name}) + 1 FROM p")
    return draft.distinct >= 0.9 * rows and 0.9 * rows <= span <= 1.1 * rows


def _is_named(draft: Draft) -> bool:
    return bool(_NAMED.search(draft.field.name) or _NAMED.search(draft.header))


def _rank(draft: Draft) -> tuple[bool, bool, int]:
    """Identifiers by name first, then what has the most different values."""
    timed = bool(_TIMED.search(draft.field.name))
    return (not _is_named(draft), not timed, -draft.distinct)


def _distinct(fields: Sequence[str]) -> str:
    return f"SELECT DISTINCT {', '.join(map(quoted, fields))} FROM p"


def _number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0
