"""The published text of a source in DuckDB, for profiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.contract import Contract, DatabaseSource, FileSource
from pipelines.scaffold_look import Look, landed_file, limited
from pipelines.scaffold_profile import Draft

if TYPE_CHECKING:
    import duckdb

    from pipelines.collect.received import Received


@dataclass(slots=True)
class Opened:
    """A source that can be read as text: its look, and where its bytes are."""

    look: Look
    stem: str
    outside: bool = False
    url: str | None = None
    scratch: Path = Path()
    file: Path = Path()
    rows: int = 0

    def receive(self, contract: Contract) -> Received:
        """The published text under a contract."""
        from pipelines.collect import Landing, fetch_database, read_files

        if self.url is None:
            return read_files(contract, [landed_file(self.file)])
        assert isinstance(self.look.source, DatabaseSource)
        some = replace(contract, source=limited(self.url, self.look.source, self.rows))
        load = fetch_database(some, self.url, Landing(self.scratch / "landing"), None)
        return read_files(some, [load.landed] if load.landed else [])


@dataclass(slots=True)
class PublishedText:
    """The published text as a DuckDB table `t`."""

    columns: list[str]
    malformed: int
    sampled: bool
    extra: bool


def load_text(
    con: duckdb.DuckDBPyConnection,
    opened: Opened,
    drafts: Sequence[Draft],
    columns: Sequence[str],
    filters: Sequence[dict[str, str]],
    rows: int,
    sample: int | None = None,
) -> PublishedText:
    """Read the source as text into `t`; a table whose rows end early is read again with padding.

    Args:
        rows: at most so many rows from the beginning.
        sample: at most so many of them, from anywhere; the same every time.
    """
    loaded = _read_into(con, opened, drafts, columns, filters, rows, sample)
    source = opened.look.source
    if (
        not loaded.malformed
        or not isinstance(source, FileSource)
        or source.options.header != "first"
    ):
        return loaded
    if source.format not in ("csv", "excel"):
        return loaded
    plain = opened.look
    padded = source.options.model_copy(update={"header": "find"})
    opened.look = replace(plain, source=replace(source, options=padded))
    again = _read_into(con, opened, drafts, columns, filters, rows, sample)
    if again.malformed < loaded.malformed:
        return again
    opened.look = plain
    return _read_into(con, opened, drafts, columns, filters, rows, sample)


def _read_into(
    con: duckdb.DuckDBPyConnection,
    opened: Opened,
    drafts: Sequence[Draft],
    columns: Sequence[str],
    filters: Sequence[dict[str, str]],
    rows: int,
    sample: int | None,
) -> PublishedText:
    from pipelines.classify.sample import sampled_sql
    from pipelines.reading import WHITE
    from quality.predicates import literal, quoted

    received = opened.receive(_text_contract(opened.look, drafts))
    con.register("received", received.reader())
    names = ", ".join(
        f"{quoted(d.field.name)} AS {c}" for d, c in zip(drafts, columns, strict=True)
    )
    source = "received" if sample is None else f"({sampled_sql('received', sample)})"
    drop = " OR ".join(f"coalesce({f['when']}, FALSE)" for f in filters if "when" in f) or "FALSE"
    try:
        con.execute(
            "CREATE OR REPLACE TABLE t AS SELECT *, _malformed IS NOT NULL AS bad FROM "
            f"(SELECT {names}, _malformed, {drop} AS _drop FROM {source} LIMIT {rows})"
        )
    except Exception as error:
        raise received.failure or error from error
    finally:
        con.unregister("received")
    blank = " AND ".join(f"coalesce(trim({c}, {literal(WHITE)}), '') = ''" for c in columns)
    seen, malformed = con.execute("SELECT count(*), count(*) FILTER (bad) FROM t").fetchall()[0]
    con.execute(f"DELETE FROM t WHERE bad OR _drop OR ({blank})")
    extra = any(w.code == "column_extra" for w in received.warnings)
    return PublishedText(list(columns), int(malformed), seen >= rows, extra)


def _text_contract(look: Look, drafts: Sequence[Draft]) -> Contract:
    """Everything as text; a column without a header is only warned of."""
    source = look.source
    if isinstance(source, FileSource):
        options = source.options.model_copy(update={"extra_columns": "warn"})
        source = replace(source, options=options)
    fields = tuple(draft.field for draft in drafts)
    return Contract(Path(), "raw", "scaffold", "0", "", None, fields, source=source)
