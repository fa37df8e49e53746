"""Staging on Spark: the same step as on DuckDB, with the rows in Spark.

Spark runs the model, its row rules, the rules that need other rows, the split and the writing of the
good rows. What is small stays in DuckDB, through the same code as ever: the text of the few rejected
rows, certification, SQL rules and the risk of a release, all over the Parquet files that Spark wrote.
DuckDB also reads the published text of collected resources into types: how a date or a number is
written is said in its SQL.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.duck import copy_to_parquet, create_views, empty_sql, table_columns
from pipelines.errors import PipelineError
from pipelines.masking.install import install_duckdb, install_spark
from pipelines.plan import Step
from pipelines.portability import JUDGED, judging_sql, types_of
from pipelines.reading import staging_sql
from pipelines.spark.engine import SparkEngine
from pipelines.spark.queries import portable, to_spark
from pipelines.spark.text import name, string, table_view
from pipelines.spark.types import spark_type
from pipelines.stage import Counts, Stage
from quality.rules import Rule
from quality.split import FILTER_COLUMN

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.masking.keys import KeyRing

_NAME, _TEXT = r'"(?:[^"]|"")*"', r"'(?:[^']|'')*'"
_FILES = re.compile(
    rf"SELECT (?P<columns>{_NAME}(?:, {_NAME})*) "
    rf"FROM read_parquet\(\[(?P<files>{_TEXT}(?:, {_TEXT})*)\]\)"
)
_LIVE = f"{FILTER_COLUMN} IS NULL"
_STAGED, _BAD = "staged", "set_bad"


class SparkStage(Stage):
    """One step's staged rows, in Spark."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, step: Step, as_of: date, engine: SparkEngine
    ) -> None:
        super().__init__(con, step, as_of)
        self._engine = engine
        self._session = engine.own_session()
        self._folder = engine.scratch / uuid.uuid4().hex
        self._folder.mkdir(parents=True)
        self._bad_parts: list[str] = []

    # -- filling --------------------------------------------------------------------------------

    def fill_collected(self, reader: Callable[[], pa.RecordBatchReader]) -> None:
        """Type the received text in DuckDB, as a stream to a Parquet file; Spark does the rest."""
        self._originals = reader
        self.con.register("received", reader())
        sql = staging_sql(self.step.contract, self.step.masks, "received", self.as_of)
        path = self._folder / "staged.parquet"
        copy_to_parquet(self.con, f"SELECT *, row_number() OVER () AS rid FROM ({sql})", path)
        self.con.unregister("received")
        with _translated():
            self._session.read.parquet(str(path)).createOrReplaceTempView(_STAGED)
            self._after_fill()

    def fill_model(self, sql: str, inputs: Mapping[str, str], ring: KeyRing | None = None) -> None:
        """Run a model's SELECT on Spark over its inputs' snapshots and judge the result."""
        assert self.step.model is not None
        contracts = self._engine.contracts
        types = {table: types_of(contracts[table]) for table in inputs}
        names = self._names(sql, inputs)
        query = portable(sql, types, names, self.step.model.path)
        with _translated():
            self._show(inputs)
            if self.step.masking:
                install_spark(self._session, ring, self.step.keys)
            fields = {item.name: item.physical_type for item in self.step.contract.fields}
            typed = ", ".join(
                f"CAST({name(f)} AS {spark_type(kind)}) AS {name(f)}" for f, kind in fields.items()
            )
            frame = self._session.sql(f"SELECT {typed} FROM ({query}) AS model")
            frame.createOrReplaceTempView(name(table_view(JUDGED)))
            judged = to_spark(judging_sql(self.step, self.as_of), {JUDGED: fields})
            # Written once: the rows keep their numbers, whatever reads them afterwards.
            staged = self._session.sql(
                f"SELECT *, monotonically_increasing_id() AS rid FROM ({judged})"
            )
            self._keep(staged, "staged", _STAGED)
            self._after_fill()

    def _names(self, sql: str, inputs: Mapping[str, str]) -> list[str]:
        """The columns of the model, as DuckDB names them."""
        create_views(self.con, inputs)
        if self.step.masking:
            install_duckdb(self.con, None, ())
        described = self.con.execute(f"DESCRIBE {sql.rstrip().rstrip(';')}").fetchall()
        return [str(row[0]) for row in described]

    def _show(self, tables: Mapping[str, str]) -> None:
        show(self._session, self.con, tables, self._folder)

    def _keep(self, frame: Any, folder: str, view: str) -> None:
        """Write rows to the scratch folder, and a view of them."""
        path = str(self._folder / folder)
        frame.write.mode("overwrite").parquet(path)
        self._session.read.schema(frame.schema).parquet(path).createOrReplaceTempView(view)

    def _after_fill(self) -> None:
        masks = self.step.masks
        listed = ", ".join((FILTER_COLUMN, *masks.columns))
        counts = self.counts = Counts()
        live = []
        for filtered, *bits, rows in self._rows(
            f"SELECT {listed}, count(*) FROM {_STAGED} GROUP BY {listed}"
        ):
            counts.received += rows
            if filtered is not None:
                counts.filtered[filtered] = counts.filtered.get(filtered, 0) + rows
            else:
                live.append((bits, rows))
        counts.failures = masks.failures(live)
        fields = [item.name for item in self.step.contract.fields]
        counted = ", ".join(f"count({name(field)})" for field in fields)
        (present,) = self._rows(f"SELECT {counted} FROM {_STAGED} WHERE {_LIVE}")
        counts.present = dict(zip(fields, present, strict=True))

    # -- rules that need other rows -------------------------------------------------------------

    def judge_sets(
        self,
        parents: Mapping[str, str],
        published: str | None = None,
        earlier: str | None = None,
    ) -> dict[str, int | None]:
        """As `Stage.judge_sets`, for a whole table: none of its rows are earlier than others."""
        assert earlier is None
        with _translated():
            return super().judge_sets(parents, published)

    def _begin_sets(self, parents: Mapping[str, str], published: str | None) -> None:
        self._show(parents)
        if published is not None:
            self._show({"model.published": published})

    def eligible(self, fields: Sequence[str]) -> str:
        given = " AND ".join(f"s.{name(field)} IS NOT NULL" for field in fields)
        return f"{_LIVE} AND NOT ({self.step.masks.rejected()}) AND {given}"

    def _judge_unique(self, rule: Rule, published: str | None, earlier: str | None = None) -> int:
        keys = ", ".join(f"s.{name(field)}" for field in rule.fields)
        where = self.eligible(rule.fields)
        self._add_bad(
            rule,
            f"SELECT rid FROM (SELECT s.rid, row_number() OVER (PARTITION BY {keys} "
            f"ORDER BY {self._order()}) AS nth FROM {_STAGED} AS s WHERE {where}) WHERE nth > 1",
        )
        if published is not None:
            same = " AND ".join(f"p.{name(f)} = s.{name(f)}" for f in rule.fields)
            already = "" if not self._bad_parts else f" AND s.rid NOT IN (SELECT rid FROM {_BAD})"
            view = name(table_view("model.published"))
            self._add_bad(
                rule,
                f"SELECT s.rid FROM {_STAGED} AS s LEFT SEMI JOIN {view} AS p ON {same} "
                f"WHERE {where}{already}",
            )
        return self._number(f"SELECT count(*) FROM {_STAGED} AS s WHERE {where}")

    def _order(self) -> str:
        """As on DuckDB, where NULLs come last."""
        fields = (
            ("_source_file", "_source_line")
            if self.step.kind == "collect"
            else tuple(item.name for item in self.step.contract.fields)
        )
        return ", ".join(f"s.{name(field)} ASC NULLS LAST" for field in fields)

    def _judge_foreign_key(self, rule: Rule) -> int:
        where = self.eligible(rule.fields)
        parent = name(table_view(str(rule.params["references"])))
        same = " AND ".join(
            f"p.{name(target)} = s.{name(field)}"
            for field, target in zip(rule.fields, rule.params["to"], strict=True)
        )
        self._add_bad(
            rule,
            f"SELECT s.rid FROM {_STAGED} AS s LEFT ANTI JOIN {parent} AS p ON {same} WHERE {where}",
        )
        return self._number(f"SELECT count(*) FROM {_STAGED} AS s WHERE {where}")

    def _add_bad(self, rule: Rule, sql: str) -> None:
        """Note rows that break a rule; they are written down, so that no order changes them."""
        part = f"bad_{len(self._bad_parts)}"
        frame = self._session.sql(f"SELECT rid, {string(rule.id)} AS reason FROM ({sql})")
        if rule.severity != "reject":
            failed = int(frame.count())
            if failed or rule.kind != "unique":
                self.counts.failures[rule.id] += failed
            return
        self._keep(frame, part, part)
        failed = self._number(f"SELECT count(*) FROM {part}")
        self._bad_parts.append(part)
        union = " UNION ALL ".join(f"SELECT rid, reason FROM {p}" for p in self._bad_parts)
        self._session.sql(union).createOrReplaceTempView(_BAD)
        self._bad_ids = self._bad_ids or failed > 0
        if failed or rule.kind != "unique":  # as on DuckDB, where an unbroken key is not counted
            self.counts.failures[rule.id] += failed

    # -- writing --------------------------------------------------------------------------------

    def write_good(self, path: Path) -> int:
        """Write the rows to publish, in as many files as Spark has parts; returns their number."""
        import pyarrow.parquet as pq

        columns = ", ".join(f"s.{name(c.name)}" for c in table_columns(self.step.contract))
        kept = f"{_LIVE} AND NOT ({self.step.masks.rejected()})"
        good = f"SELECT {columns} FROM {_STAGED} AS s"
        if self._bad_ids:
            good += f" LEFT ANTI JOIN {_BAD} AS b ON b.rid = s.rid"
        with _translated():
            frame = self._session.sql(f"{good} WHERE {kept}")
            if self.new_file is None:
                frame = frame.coalesce(1)
            folder = self._folder / "good"
            frame.write.mode("overwrite").parquet(str(folder))
        parts = [p for p in sorted(folder.glob("part-*.parquet")) if pq.read_metadata(p).num_rows]
        self.good_files = [path, *(self.new_file() for _ in parts[1:] if self.new_file)]
        if not parts:
            copy_to_parquet(self.con, empty_sql(table_columns(self.step.contract)), path)
        for part, target in zip(parts, self.good_files, strict=False):
            _move(part, target)
        rows = sum(int(pq.read_metadata(file).num_rows) for file in self.good_files)
        self.counts.published = rows
        return rows

    def write_quarantine(self, path: Path) -> int:
        """Hand the rejected rows to DuckDB, which writes them as ever; returns their number."""
        rejected = self.step.masks.rejected()
        given = f"SELECT rid, sort_array(collect_list(reason)) AS reasons FROM {_BAD} GROUP BY rid"
        if not self._bad_ids:
            given = (
                "SELECT CAST(NULL AS BIGINT) AS rid, CAST(array() AS ARRAY<STRING>) AS reasons "
                "WHERE FALSE"
            )
        folder = self._folder / "rejected"
        with _translated():
            frame = self._session.sql(
                f"SELECT s.*, b.reasons FROM {_STAGED} AS s LEFT JOIN ({given}) "
                f"AS b ON b.rid = s.rid WHERE {_LIVE} AND ({rejected} OR b.rid IS NOT NULL)"
            )
            frame.coalesce(1).write.mode("overwrite").parquet(str(folder))
        self.con.execute(
            f"CREATE TABLE staged AS SELECT * FROM read_parquet('{folder}/part-*.parquet')"
        )
        self.con.execute(
            "CREATE TABLE set_bad AS SELECT rowid AS rid, CAST(unnest(reasons) AS VARCHAR) AS reason "
            "FROM staged"
        )
        rows = super().write_quarantine(path)
        shutil.rmtree(self._folder, ignore_errors=True)
        return rows

    def hand_over(self, table: str, columns: Sequence[str]) -> None:
        """Give DuckDB some columns of the staged rows, as a table."""
        folder = self._folder / f"for_{table}"
        listed = ", ".join(map(name, columns))
        with _translated():
            frame = self._session.sql(f"SELECT {listed} FROM {_STAGED}")
            frame.coalesce(1).write.mode("overwrite").parquet(str(folder))
        self.con.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{folder}/part-*.parquet')"
        )

    # -- asking ---------------------------------------------------------------------------------

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        return iter([tuple(row) for row in self._session.sql(sql).collect()])

    def _number(self, sql: str) -> int:
        ((number,),) = self._rows(sql)
        found: int = number
        return found


def show(
    session: Any, con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], folder: Path
) -> None:
    """Show tables to Spark as views, each given as DuckDB's SELECT text.

    Args:
        folder: for rows that are no plain snapshot, such as those of a table without any: DuckDB
            writes what it gives.
    """
    for table, sql in tables.items():
        frame = frame_of(session, sql)
        if frame is None:
            path = folder / f"{uuid.uuid4().hex}.parquet"
            copy_to_parquet(con, sql, path)
            frame = session.read.parquet(str(path))
        frame.createOrReplaceTempView(name(table_view(table)))


def frame_of(session: Any, sql: str) -> Any | None:
    """The rows that a SELECT of `files_of` names, in Spark; None for any other text."""
    found = files_of(sql)
    if found is None:
        return None
    columns, files = found
    # A file may have columns that the table has dropped since it was written.
    return session.read.parquet(*files).select(*map(name, columns))


def files_of(sql: str) -> tuple[list[str], list[str]] | None:
    """Columns and files of a SELECT that `pipelines.duck.files_sql` wrote; None for any other text."""
    found = _FILES.fullmatch(sql.strip())
    if found is None:
        return None
    columns = [item[1:-1].replace('""', '"') for item in re.findall(_NAME, found["columns"])]
    return columns, [item[1:-1].replace("''", "'") for item in re.findall(_TEXT, found["files"])]


def _move(part: Path, target: Path) -> None:
    try:
        os.replace(part, target)
    except OSError:  # another file system
        shutil.copyfile(part, target)


@contextmanager
def _translated() -> Iterator[None]:
    """Our error for what Spark refuses."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j", "grpc")):
            raise
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        problem = next((line for line in lines if line.startswith("[")), lines[0] if lines else "-")
        raise PipelineError("spark_failed", problem=problem[:400]) from error
