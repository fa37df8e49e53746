"""Does a query's result depend on what its lineage leaves out? Runs it twice to see.

Noninterference: when the lineage of an output column does not name a source column, no change of
that source column may change the output column's values (as a multiset), nor how many rows there
are. `*` of a table stands for its rows: when it is not named, rows may be added or taken away.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from catalog.lineage import ROW, ModelLineage
from pipelines.dialect import ModelDialect
from pipelines.lineage import model_lineage
from pipelines.masking.install import install_duckdb

Column = tuple[str, str]
SCHEMA: Mapping[str, Mapping[str, str]] = {
    "raw.t": {
        "a": "BIGINT",
        "b": "VARCHAR",
        "c": "BIGINT",
        "d": "DATE",
        "l": "BIGINT[]",
        "s": "STRUCT(f BIGINT, g VARCHAR)",
        "p": "BOOLEAN",
    },
    "raw.u": {"b": "VARCHAR", "v": "VARCHAR", "w": "BIGINT"},
}
NAMES = {table: tuple(columns) for table, columns in SCHEMA.items()}
COLUMNS = frozenset((t, c) for t, columns in NAMES.items() for c in (*columns, ROW))
ROWS = {"raw.t": (7, 4), "raw.u": (6, 3)}  # how many rows; how many after some are taken away
VARIANTS = 3
_TEXTS = ("x", "y", "xy", "", "3", "year", "day", "{}", '{"k": 1}')


@dataclass(frozen=True)
class Leak:
    """An output column (or the number of rows, "#") that changed with what it should not."""

    output: str
    changed: tuple[Column, ...]

    def __str__(self) -> str:
        return f"{self.output} depends on {', '.join('.'.join(c) for c in self.changed)}"


def _value(random_: random.Random, kind: str) -> Any:
    if random_.random() < 0.12:
        return None
    if kind == "BIGINT":
        return random_.randint(-2, 4)
    if kind == "VARCHAR":
        return random_.choice(_TEXTS)
    if kind == "DATE":
        return date(2020, random_.randint(1, 4), random_.randint(1, 4))
    if kind == "BOOLEAN":
        return random_.random() < 0.5
    if kind == "BIGINT[]":
        return [random_.randint(-2, 4) for _ in range(random_.randint(0, 3))]
    return {"f": random_.randint(-2, 4), "g": random_.choice(_TEXTS)}


class World:
    """The tables of the schema with random rows, and other random values for every column."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Begin anew: an internal error of the engine has made it useless."""
        random_ = random.Random(self._seed)
        self.con = duckdb.connect(":memory:")
        self.con.execute("CREATE SCHEMA raw")
        self.con.execute("CREATE SCHEMA kept")
        self.con.execute("SET threads = 1")
        # The plan must not change with the values: an order that nobody asked for would, too.
        self.con.execute("PRAGMA disable_optimizer")
        install_duckdb(self.con, None, ())
        self._now: frozenset[Column] = frozenset()
        self._named: tuple[str, list[str]] = ("", [])
        for table, columns in SCHEMA.items():
            kinds = ", ".join(f"{c}{i} {k}" for c, k in columns.items() for i in range(VARIANTS))
            self.con.execute(f"CREATE TABLE {_kept(table)} ({kinds})")
            rows = [
                [_value(random_, k) for k in columns.values() for _ in range(VARIANTS)]
                for _ in range(ROWS[table][0])
            ]
            marks = ", ".join("?" * len(rows[0]))
            self.con.executemany(f"INSERT INTO {_kept(table)} VALUES ({marks})", rows)
            self._fill(table, frozenset(), 0)

    def _fill(self, table: str, changed: frozenset[Column], variant: int, order: str = "") -> None:
        parts = [f"{c}{variant if (table, c) in changed else 0} AS {c}" for c in NAMES[table]]
        limit = ROWS[table][(table, ROW) in changed]
        text = f"SELECT {', '.join(parts)} FROM {_kept(table)}{order} LIMIT {limit}"
        self.con.execute(f"CREATE OR REPLACE TABLE {table} AS {text}")

    def show(self, changed: frozenset[Column], variant: int = 0) -> None:
        """Let `changed` have their other values, and all others their own."""
        for table in SCHEMA:
            if any(column[0] == table for column in changed | self._now):
                self._fill(table, changed, variant)
        self._now = changed

    def forgive(self, error: duckdb.Error) -> None:
        """After an error: the engine begins anew when it broke down."""
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            self.restart()

    def outputs(self, sql: str) -> list[str]:
        """Column names as the engine gives them; a query is often asked for again at once."""
        if self._named[0] != sql:
            rows = self.con.execute(f"DESCRIBE {sql}").fetchall()
            self._named = sql, [str(row[0]) for row in rows]
        return self._named[1]

    def lineage(self, sql: str) -> ModelLineage:
        """The lineage, traced as the compiler does."""
        tree = sqlglot.parse_one(sql, read=ModelDialect)
        assert isinstance(tree, exp.Query)
        return model_lineage(tree, Path("m.sql"), NAMES, self.outputs(sql))

    def values(self, sql: str) -> list[Counter[str]]:
        """The multiset of every output column, then the number of rows."""
        cursor = self.con.execute(sql)
        width = len(cursor.description or ())
        rows = cursor.fetchall()
        counted = [Counter(repr(row[i]) for row in rows) for i in range(width)]
        return [*counted, Counter({"#": len(rows)})]

    def stable(self, sql: str) -> bool:
        """Whether the result is the same in whatever order the rows are stored.

        If not (a LIMIT among ties, `first` without an order), it may depend on anything.
        """
        self.show(frozenset())
        before = self.values(sql)
        try:
            for order in (" ORDER BY rowid DESC", " ORDER BY hash(rowid)"):
                for table in SCHEMA:
                    self._fill(table, frozenset(), 0, order)
                if self.values(sql) != before:
                    return False
            return True
        finally:
            for table in SCHEMA:
                self._fill(table, frozenset(), 0)

    def leak(self, sql: str, lineage: ModelLineage | None = None) -> Leak | None:
        """What the lineage does not say; None when nothing shows.

        Raises:
            duckdb.Error: the query fails on the rows as they are.
        """
        lineage = lineage or self.lineage(sql)
        self.show(frozenset())
        before = self.values(sql)
        for free, places in _unnamed(lineage).items():
            for variant in range(1, VARIANTS):
                found = self._differs(sql, before, free, places, variant)
                if found is not None:
                    return Leak(*self._smallest(sql, before, free, found, variant, lineage))
        return None

    def _differs(
        self,
        sql: str,
        before: list[Counter[str]],
        free: frozenset[Column],
        places: list[int],
        variant: int,
    ) -> int | None:
        self.show(free, variant)
        try:
            after = self.values(sql)
        except duckdb.Error as error:
            self.forgive(error)
            return None  # that a query fails is seen by the bureau alone
        return next((i for i in places if after[i] != before[i]), None)

    def _smallest(
        self,
        sql: str,
        before: list[Counter[str]],
        free: frozenset[Column],
        place: int,
        variant: int,
        lineage: ModelLineage,
    ) -> tuple[str, tuple[Column, ...]]:
        """The output's name, and a single changed column if one is enough."""
        name = [*lineage.columns, "#"][place]
        for column in sorted(free):
            one = frozenset({column})
            if self._differs(sql, before, one, [place], variant) is not None:
                return name, (column,)
        return name, tuple(sorted(free))


def _kept(table: str) -> str:
    return table.replace("raw.", "kept.")


def _unnamed(lineage: ModelLineage) -> dict[frozenset[Column], list[int]]:
    """For sets of source columns, the places of the outputs whose edges name none of them."""
    rows = {(edge.table, edge.column) for edge in lineage.rows}
    found: dict[frozenset[Column], list[int]] = {}
    edges: Iterator[Any] = iter([*lineage.columns.values(), ()])
    for place, own in enumerate(edges):
        named = rows | {(edge.table, edge.column) for edge in own}
        found.setdefault(COLUMNS - named, []).append(place)
    return {free: places for free, places in found.items() if free}
