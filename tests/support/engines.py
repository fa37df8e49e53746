"""One test, both engines: DuckDB and Spark must give the same rows.

Values are compared exactly; floating-point numbers within 1e-9 of each other, relative. Rows have no
order.
"""

from __future__ import annotations

import functools
import inspect
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.masking import KeyRing, KeyUse, install_duckdb, install_spark
from pipelines.spark.queries import to_spark
from pipelines.spark.text import table_view

Row = tuple[Any, ...]
TOLERANCE = 1e-9


def spark_for_tests() -> Any:
    """The one Spark session of a test process."""
    from pipelines.spark.session import open_session

    return open_session(
        "local[2]",
        memory="1g",
        options={
            "spark.sql.shuffle.partitions": "1",
            "spark.default.parallelism": "2",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            # Most of what is run is run once: not worth the best machine code.
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
            "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="warehouse-"),
        },
    )


@dataclass
class Engine:
    """A place to run DuckDB's SQL in: on DuckDB as it is, on Spark transpiled."""

    name: str
    both: Both

    def query(self, sql: str) -> list[Row]:
        """The rows of a SELECT, in no order."""
        if self.name == "duckdb":
            return self.both.on_duckdb(sql)
        return self.both.on_spark(sql)


@dataclass
class Both:
    """The same tables on both engines.

    Attributes:
        types: by `database.table`, names and DuckDB types of the columns.
    """

    con: duckdb.DuckDBPyConnection
    spark: Any
    folder: Path
    types: dict[str, dict[str, str]] = field(default_factory=dict)

    def masks(self, ring: KeyRing, uses: Sequence[KeyUse]) -> None:
        """Install the masking functions."""
        install_duckdb(self.con, ring, uses)
        install_spark(self.spark, ring, uses)

    def share(self, *tables: str) -> None:
        """Show tables of DuckDB to Spark, by way of Parquet."""
        for table in tables:
            described = self.con.execute(f"DESCRIBE {table}").fetchall()
            self.types[table] = {str(row[0]): str(row[1]) for row in described}
            path = self.folder / f"{table}.parquet"
            self.con.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")
            frame = self.spark.read.parquet(str(path))
            frame.createOrReplaceTempView(f"`{table_view(table)}`")

    def names(self, sql: str) -> list[str]:
        """The columns that a SELECT gives."""
        return [str(row[0]) for row in self.con.execute(f"DESCRIBE {sql}").fetchall()]

    def on_duckdb(self, sql: str) -> list[Row]:
        """The rows on DuckDB."""
        return [tuple(row) for row in self.con.execute(sql).fetchall()]

    def transpiled(self, sql: str) -> str:
        """What runs on Spark."""
        return to_spark(sql, self.types, self.names(sql))

    def on_spark(self, sql: str) -> list[Row]:
        """The rows on Spark."""
        return [
            tuple(plain(value) for value in row)
            for row in self.spark.sql(self.transpiled(sql)).collect()
        ]

    def compare(self, sql: str) -> None:
        """Assert that both engines give the same rows."""
        assert_same(self.on_duckdb(sql), self.on_spark(sql), sql)


def open_both(spark: Any, folder: Path | None = None) -> Both:
    """Two empty engines."""
    con = duckdb.connect(":memory:")
    con.execute("SET TimeZone = 'UTC'")
    return Both(con, spark, folder or Path(tempfile.mkdtemp(prefix="engines-")))


def both_engines(test: Callable[..., Any]) -> Callable[..., None]:
    """Run a test once on each engine and compare what it returns.

    The test takes `engine` (an `Engine`) and asks for the fixture `both`.
    """
    signature = inspect.signature(test)

    @functools.wraps(test)
    def twice(*args: Any, both: Both, **kwargs: Any) -> None:
        answers = [test(*args, engine=Engine(name, both), **kwargs) for name in ("duckdb", "spark")]
        assert answers[0] is not None, "the test must return its rows"
        assert_same(answers[0], answers[1], test.__name__)

    parameters = [p for p in signature.parameters.values() if p.name != "engine"]
    parameters.append(inspect.Parameter("both", inspect.Parameter.KEYWORD_ONLY))
    twice.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return twice


def plain(value: Any) -> Any:
    """A value as DuckDB's client gives it."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "asDict"):
        return {name: plain(item) for name, item in value.asDict().items()}
    return value


def assert_same(ours: Sequence[Row], theirs: Sequence[Row], what: str) -> None:
    """Assert that two answers have the same rows."""
    one, two = (sorted(rows, key=_order) for rows in (ours, theirs))
    assert len(one) == len(two), f"{len(one)} rows on DuckDB, {len(two)} on Spark: {what}"
    for a, b in zip(one, two, strict=True):
        assert len(a) == len(b), what
        assert all(map(same, a, b)), f"DuckDB {a}\nSpark  {b}\n{what}"


def unequal(ours: Sequence[Row], theirs: Sequence[Row]) -> dict[int, int]:
    """In how many rows two answers differ, by place of the column: nothing of what is in the rows."""
    found: Counter[int] = Counter()
    for a, b in zip(*(sorted(rows, key=_order) for rows in (ours, theirs)), strict=True):
        found.update(at for at, (x, y) in enumerate(zip(a, b, strict=True)) if not same(x, y))
    return dict(found)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal; numbers whatever their type, text never a number."""
    if a is None or b is None:
        return a is None and b is None
    if isinstance(a, float) or isinstance(b, float):
        if not isinstance(a, float | int | Decimal) or not isinstance(b, float | int | Decimal):
            return False
        x, y = float(a), float(b)
        if math.isnan(x) or math.isnan(y):
            return math.isnan(x) and math.isnan(y)
        return x == y or abs(x - y) <= TOLERANCE * max(abs(x), abs(y))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) is not isinstance(b, bool) or isinstance(a, str) is not isinstance(
        b, str
    ):
        return False
    if isinstance(a, datetime) is not isinstance(b, datetime) or isinstance(
        a, date
    ) is not isinstance(b, date):
        return False
    return bool(a == b)


def _order(row: Row) -> tuple[list[str], list[str]]:
    """A key to pair rows by: what is exact first, floating-point numbers roughly behind it."""
    exact = [_key(value) for value in row if not isinstance(value, float)]
    rough = [f"{value or 0.0:.6e}" for value in row if isinstance(value, float)]
    return exact, rough


def _key(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int | Decimal):
        return str(Decimal(value).normalize())
    if isinstance(value, list):
        return "[" + ",".join(map(_key, value)) + "]"
    return repr(value)
