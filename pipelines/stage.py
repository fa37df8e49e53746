"""Staging: a step's rows, typed and judged, in a private DuckDB; then split in good and bad.

`stage_collected` reads the received text once; `stage_model` runs a model's SELECT. Both leave a
table `staged` of the same shape, from which the good rows and the quarantine are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from catalog.contract import META_COLUMNS
from pipelines.duck import copy_to_parquet, create_views, table_columns
from pipelines.lake import Column
from pipelines.masking.install import install_duckdb
from pipelines.plan import Step
from pipelines.reading import filled_sql, staging_sql
from quality.predicates import literal, quoted, violation
from quality.rules import Rule
from quality.split import FILTER_COLUMN

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.masking.keys import KeyRing

QUARANTINE_COLUMNS = (
    Column("_row", "BIGINT"),
    Column("_source_file", "VARCHAR"),
    Column("_source_line", "BIGINT"),
    Column("_load_id", "VARCHAR"),
    Column("_reasons", "VARCHAR[]"),
    Column("_original", "VARCHAR"),
)
_LIVE = f"{FILTER_COLUMN} IS NULL"


@dataclass(slots=True)
class Counts:
    """What became of a step's rows.

    Attributes:
        failures: rows that broke each rule, warnings included.
        reasons: quarantined rows per reason code (a row with two reasons counts in both).
        present: non-null values per field among the rows that were not filtered.
    """

    received: int = 0
    published: int = 0
    quarantined: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    present: dict[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """Rows that the rules looked at."""
        return self.received - sum(self.filtered.values())


class Stage:
    """One step's staged rows in one DuckDB connection.

    Attributes:
        new_file: gives more files for the good rows, where one is not enough.
        good_files: the files of the good rows, once they are written.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, step: Step, as_of: date) -> None:
        self.con = con
        self.step = step
        self.as_of = as_of
        self.counts = Counts()
        self._bad_ids = False
        self._masks_installed = False
        self._originals: Callable[[], pa.RecordBatchReader] | None = None
        self.good_files: list[Path] = []
        self.new_file: Callable[[], Path] | None = None

    # -- filling --------------------------------------------------------------------------------

    def fill_collected(self, reader: Callable[[], pa.RecordBatchReader]) -> None:
        """Type and judge the received text; `reader` opens the same stream each time it is called."""
        self._originals = reader
        received = reader()
        self.con.register("received", received)
        sql = staging_sql(self.step.contract, self.step.masks, "received", self.as_of)
        self.con.execute(f"CREATE OR REPLACE TABLE staged AS {sql}")
        self.con.unregister("received")
        self._after_fill()

    def fill_model(self, sql: str, inputs: Mapping[str, str], ring: KeyRing | None = None) -> None:
        """Run a model's SELECT over its inputs' snapshots and judge the result.

        Args:
            ring: the keys of its masking functions, when it needs any.
        """
        self.prepare_model(inputs, ring)
        contract, masks = self.step.contract, self.step.masks
        types = {item.name: item.physical_type for item in contract.fields}
        violations = {rule.id: violation(rule, types, self.as_of) for rule in masks.rules}
        columns = ", ".join(
            f"CAST({quoted(f.name)} AS {f.physical_type}) AS {quoted(f.name)}"
            for f in contract.fields
        )
        kept = ", ".join(quoted(f.name) for f in contract.fields)
        self.con.execute(
            f"CREATE OR REPLACE TABLE staged AS SELECT {kept}, "
            f"{', '.join(masks.select_list(violations))}, CAST(NULL AS VARCHAR) AS {FILTER_COLUMN} "
            f"FROM (SELECT {columns} FROM (\n{sql.rstrip().rstrip(';')}\n) AS model) AS typed"
        )
        self._after_fill()

    def prepare_model(self, inputs: Mapping[str, str], ring: KeyRing | None = None) -> None:
        """Make a model's inputs and masking functions known, so that its SQL can run."""
        create_views(self.con, inputs)
        if self.step.masking and not self._masks_installed:
            install_duckdb(self.con, ring, self.step.keys)
            self._masks_installed = True

    def recount(self) -> None:
        """Count again, after filters were set on staged rows."""
        self._after_fill()

    def _after_fill(self) -> None:
        """Count once: filters, rule failures by distinct mask, and non-null values per field."""
        masks = self.step.masks
        listed = ", ".join(masks.columns)
        groups = self.con.execute(
            f"SELECT {FILTER_COLUMN}, {listed}, count(*) FROM staged GROUP BY ALL"
        ).fetchall()
        counts = self.counts = Counts()
        live = []
        for name, *bits, rows in groups:
            counts.received += rows
            if name is not None:
                counts.filtered[name] = counts.filtered.get(name, 0) + rows
            else:
                live.append((bits, rows))
        counts.failures = masks.failures(live)
        fields = [item.name for item in self.step.contract.fields]
        present = self.con.execute(
            f"SELECT {', '.join(f'count({quoted(n)})' for n in fields)} FROM staged WHERE {_LIVE}"
        ).fetchone()
        counts.present = dict(zip(fields, present or (), strict=False))

    # -- rules that need other rows -------------------------------------------------------------

    def judge_sets(
        self,
        parents: Mapping[str, str],
        published: str | None = None,
        earlier: str | None = None,
    ) -> dict[str, int | None]:
        """Judge unique and foreign-key rules.

        Args:
            parents: SELECT text per referenced table; a table that is not there is not assessed.
            published: SELECT text of rows that stay beside the staged ones: their keys are taken.
            earlier: the same, of collected rows: they take the keys of rows that come after them
                in published order.

        Returns:
            Assessed rows per rule id; None where the rule could not be assessed.
        """
        self._begin_sets(parents, published)
        assessed: dict[str, int | None] = {}
        for rule in self.step.rules:
            if rule.kind == "unique":
                assessed[rule.id] = self._judge_unique(rule, published, earlier)
            elif rule.kind == "foreign_key":
                there = rule.params["references"] in parents
                assessed[rule.id] = self._judge_foreign_key(rule) if there else None
        return assessed

    def _begin_sets(self, parents: Mapping[str, str], published: str | None) -> None:
        """Make known what staged rows are compared with; no row is rejected by a set rule yet."""
        self.con.execute("CREATE OR REPLACE TABLE set_bad (rid BIGINT, reason VARCHAR)")
        self._bad_ids = False
        create_views(self.con, parents)

    def eligible(self, fields: Sequence[str]) -> str:
        """Rows that a set rule compares: neither filtered nor rejected, every field given."""
        given = "".join(f" AND {quoted(name)} IS NOT NULL" for name in fields)
        return f"{_LIVE} AND NOT ({self.step.masks.rejected()}){given}"

    def _judge_unique(self, rule: Rule, published: str | None, earlier: str | None = None) -> int:
        keys = ", ".join(quoted(name) for name in rule.fields)
        where = self.eligible(rule.fields)
        total = self._one(f"SELECT count(*) FROM staged WHERE {where}")[0]
        repeated = f"SELECT {keys} FROM staged WHERE {where} GROUP BY {keys} HAVING count(*) > 1"
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE repeated AS {repeated}")
        if self._one("SELECT count(*) FROM repeated")[0]:
            # Only rows of repeated keys are ordered; they are few.
            self._add_bad(
                rule,
                f"SELECT rid FROM (SELECT rowid AS rid, row_number() OVER (PARTITION BY {keys} "
                f"ORDER BY {self._order()}) AS nth FROM staged "
                f"WHERE {where} AND ({keys}) IN (SELECT {keys} FROM repeated)) AS numbered "
                "WHERE nth > 1",
            )
        already = f"SELECT rid FROM set_bad WHERE reason = {literal(rule.id)}"
        if published is not None:
            taken = f"SELECT {keys} FROM ({published}) AS published"
            self._add_bad(
                rule,
                f"SELECT rid FROM (SELECT rowid AS rid FROM staged WHERE {where} "
                f"AND ({keys}) IN ({taken})) AS taken WHERE rid NOT IN ({already})",
            )
        if earlier is not None:
            same = " AND ".join(f"_e.{quoted(n)} = _s.{quoted(n)}" for n in rule.fields)
            self._add_bad(
                rule,
                f"SELECT _s.rowid AS rid FROM staged AS _s WHERE {where} AND EXISTS (SELECT 1 FROM "
                f"({earlier}) AS _e WHERE {same} AND (_e._source_file, _e._source_line) < "
                f"(_s._source_file, _s._source_line)) AND _s.rowid NOT IN ({already})",
            )
        return int(total)

    def _order(self) -> str:
        """A total order of rows: published order for collected data, all values for a model."""
        if self.step.kind == "collect":
            return "_source_file, _source_line"
        return ", ".join(quoted(item.name) for item in self.step.contract.fields)

    def _judge_foreign_key(self, rule: Rule) -> int:
        where = self.eligible(rule.fields)
        database, table = str(rule.params["references"]).split(".")
        same = " AND ".join(
            f"_p.{quoted(target)} = _s.{quoted(name)}"
            for name, target in zip(rule.fields, rule.params["to"], strict=True)
        )
        self._add_bad(
            rule,
            f"SELECT _s.rowid AS rid FROM staged AS _s WHERE {where} AND NOT EXISTS "
            f"(SELECT 1 FROM {quoted(database)}.{quoted(table)} AS _p WHERE {same})",
        )
        return int(self._one(f"SELECT count(*) FROM staged WHERE {where}")[0])

    def _add_bad(self, rule: Rule, sql: str) -> None:
        reason = rule.id.replace("'", "''")
        if rule.severity == "reject":
            row = self.con.execute(
                f"INSERT INTO set_bad SELECT rid, '{reason}' FROM ({sql})"
            ).fetchone()
            failed = int(row[0]) if row else 0
            self._bad_ids = self._bad_ids or failed > 0
        else:
            failed = int(self._one(f"SELECT count(*) FROM ({sql}) AS bad")[0])
        self.counts.failures[rule.id] += failed

    def rejected_by_sets(self) -> int:
        """How many rows the rules that need other rows have rejected."""
        return self._one("SELECT count(DISTINCT rid) FROM set_bad")[0]

    # -- writing --------------------------------------------------------------------------------

    def good_sql(self) -> str:
        """The rows to publish, with exactly the lake's columns."""
        columns = ", ".join(quoted(c.name) for c in table_columns(self.step.contract))
        kept = f"{_LIVE} AND NOT ({self.step.masks.rejected()})"
        if self._bad_ids:
            kept += " AND rowid NOT IN (SELECT rid FROM set_bad)"
        return f"SELECT {columns} FROM staged WHERE {kept}"

    def write_good(self, path: Path) -> int:
        """Write the rows to publish; returns their number."""
        self.good_files = [path]
        self.counts.published = copy_to_parquet(self.con, self.good_sql(), path)
        return self.counts.published

    def write_quarantine(self, path: Path) -> int:
        """Write rejected rows with their reasons and original text; returns their number."""
        self._collect_bad()
        counts = self.counts
        counts.quarantined = int(self._one("SELECT count(*) FROM bad")[0])
        if not counts.quarantined:
            return 0
        reasons = self.con.execute(
            "SELECT reason, count(*) FROM (SELECT unnest(_reasons) AS reason FROM bad) GROUP BY ALL"
        ).fetchall()
        counts.reasons = Counter({str(reason): int(rows) for reason, rows in reasons})
        listed = ", ".join(column.name for column in QUARANTINE_COLUMNS)
        return copy_to_parquet(self.con, f"SELECT {listed} FROM ({self._original_sql()})", path)

    def _collect_bad(self) -> None:
        """The rejected rows: their ids, reasons and where they came from."""
        parts = [*self.step.masks.reasons(), "coalesce(b.reasons, [])"]
        meta = (
            ", ".join(f"s.{name}" for name in META_COLUMNS)
            if self.step.kind == "collect"
            else ", ".join(
                f"CAST(NULL AS {kind}) AS {name}"
                for name, kind in zip(META_COLUMNS, ("VARCHAR", "BIGINT", "VARCHAR"), strict=True)
            )
        )
        self.con.execute(
            f"CREATE TABLE bad AS SELECT s.rowid AS _row, {meta}, "
            f"CAST({' || '.join(parts)} AS VARCHAR[]) AS _reasons "
            f"FROM staged AS s LEFT JOIN (SELECT rid, list(reason ORDER BY reason) AS reasons "
            f"FROM set_bad GROUP BY rid) AS b ON b.rid = s.rowid "
            f"WHERE s.{_LIVE} AND ({self.step.masks.rejected()} OR b.rid IS NOT NULL)"
        )

    def _original_sql(self) -> str:
        names = [item.name for item in self.step.contract.fields]
        packed = ", ".join(f"'{name}', s.{quoted(name)}" for name in names)
        if self._originals is None:
            return (
                f"SELECT b.*, CAST(json_object({packed}) AS VARCHAR) AS _original "
                "FROM bad AS b JOIN staged AS s ON s.rowid = b._row"
            )
        # The original text is read again from the landing, for the bad rows only: keeping it for
        # every row would double the work of the good ones.
        self.con.register("received", self._originals_of_bad())
        self.con.execute(
            "CREATE TABLE originals AS SELECT s._load_id, s._source_line, CASE WHEN s._raw IS NULL "
            f"THEN CAST(json_object({packed}) AS VARCHAR) ELSE s._raw END AS _original "
            f"FROM ({filled_sql(self.step.contract, 'received')}) AS s "
            "JOIN (SELECT DISTINCT _load_id, _source_line FROM bad) AS b "
            "ON b._load_id = s._load_id AND b._source_line = s._source_line"
        )
        self.con.unregister("received")
        return (
            "SELECT b.*, o._original FROM bad AS b LEFT JOIN originals AS o "
            "ON o._load_id = b._load_id AND o._source_line = b._source_line"
        )

    def _originals_of_bad(self) -> pa.RecordBatchReader:
        """The received text again; only the lines in question, unless cells are filled from above."""
        assert self._originals is not None
        reader = self._originals()
        if any(item.read.fill_down for item in self.step.contract.fields):
            return reader
        lines = self.con.sql("SELECT DISTINCT _source_line FROM bad").to_arrow_table()
        return only_lines(reader, lines.column(0))

    def _one(self, sql: str) -> tuple[int, ...]:
        row = self.con.execute(sql).fetchone()
        assert row is not None
        return tuple(int(value or 0) for value in row)


def only_lines(reader: pa.RecordBatchReader, lines: pa.ChunkedArray) -> pa.RecordBatchReader:
    """The rows of a stream whose `_source_line` is one of `lines`, found before the engine sees it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.SetLookupOptions(value_set=lines.combine_chunks())

    def kept() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            found = batch.filter(pc.is_in(batch.column("_source_line"), options=wanted))
            if found.num_rows:
                yield found

    return pa.RecordBatchReader.from_batches(reader.schema, kept())
