"""The SQL behind page files: a snapshot in its order, and what is different since another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.duck import Budget, connection, files_sql, snapshot_sql
from pipelines.errors import PipelineError
from pipelines.exchange.objected import ROW_KEY, key_sql
from pipelines.exchange.pagefiles import write_pages
from pipelines.exchange.reader import View
from pipelines.exchange.streams import BATCH_ROWS, selected_sql
from pipelines.lake import Snapshot
from quality.predicates import quoted

CHANGE = "_change"  # a column of changes: `upsert` or `delete`
ROW = "citybrain_row"


def snapshot_pages(view: View, snapshot: Snapshot, budget: Budget) -> Callable[[Path], None]:
    """Writes the file of a view of a snapshot.

    In the order of the primary key; without one, as the rows stand in the published files. Rows of one
    key stay in the order of the files, so that a file that is made again is the same.
    """

    def write(path: Path) -> None:
        with _working(snapshot.table, budget) as con:
            source, order, chosen = snapshot_sql(snapshot), "", view.selection
            there = {column.name for column in snapshot.columns}
            if view.key and set(view.key) <= there:
                source = f"SELECT *, row_number() OVER () AS {ROW} FROM ({source})"
                keys = [f"s.{quoted(name)}" for name in view.key]
                columns = {**chosen.columns, ROW_KEY: key_sql(view.key)}
                chosen = replace(chosen, columns=columns)
                order = f" ORDER BY {', '.join(keys)}, s.{ROW}"
            _write(con, selected_sql(con, source, chosen) + order, path)

    return write


def changed_pages(
    view: View, before: Snapshot, after: Snapshot, budget: Budget
) -> Callable[[Path], None]:
    """Writes the file of what is different in a view of a snapshot since another one.

    A row is there when it is new, or when a granted value is another one, or when it has come within
    the grant's row filter; the key of a row is there, and nothing else of it, when it has gone or has
    left the filter. Files that both snapshots hold are not read.

    Raises (when it writes):
        PipelineError: `changes_key`: a key stands twice.
    """

    def write(path: Path) -> None:
        with _working(after.table, budget) as con:
            for name, one, other in (("old", before, after), ("new", after, before)):
                _side(con, view, name, one, other)
            _write(con, _difference(view), path)

    return write


def comparable(view: View, before: Snapshot, after: Snapshot) -> None:
    """That a view of two snapshots can be compared by key.

    Raises:
        PipelineError: `changes_key`: there is no key, or it is not given as it is; `changes_columns`:
            a column is not in both, or of another type.
    """
    plain = {one.name for one in view.fields if not one.masked}
    if not view.key or not set(view.key) <= plain:
        raise PipelineError("changes_key", table=after.table)
    then = {column.name: column.type for column in before.columns}
    now = {column.name: column.type for column in after.columns}
    rows = () if view.grant.rows is None else (view.grant.rows.field,)
    for name in dict.fromkeys((*view.key, *view.names, *rows)):
        if then.get(name) != now.get(name):
            raise PipelineError("changes_columns", table=after.table, field=name)


def _side(
    con: duckdb.DuckDBPyConnection, view: View, name: str, one: Snapshot, other: Snapshot
) -> None:
    shared = set(other.files)
    source = files_sql([path for path in one.files if path not in shared], one.columns)
    con.execute(f"CREATE TEMP TABLE {name} AS {selected_sql(con, source, view.selection)}")
    keys = ", ".join(map(quoted, view.key))
    twice = f"SELECT 1 FROM {name} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    if con.execute(twice).fetchone():
        raise PipelineError("changes_key", table=one.table)


def _difference(view: View) -> str:
    first = quoted(view.key[0])
    same = " AND ".join(f"o.{quoted(name)} = n.{quoted(name)}" for name in view.key)
    others = [quoted(name) for name in view.names if name not in view.key]
    differ = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in others) or "FALSE"
    listed = [
        f"coalesce(n.{quoted(name)}, o.{quoted(name)}) AS {quoted(name)}"
        if name in view.key
        else f"n.{quoted(name)}"
        for name in view.names
    ]
    keys = ", ".join(f"coalesce(n.{quoted(name)}, o.{quoted(name)})" for name in view.key)
    return (
        f"SELECT CASE WHEN n.{first} IS NULL THEN 'delete' ELSE 'upsert' END AS {CHANGE}, "
        f"{', '.join(listed)} FROM old AS o FULL JOIN new AS n ON {same} "
        f"WHERE o.{first} IS NULL OR n.{first} IS NULL OR {differ} ORDER BY {keys}"
    )


def _write(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    write_pages(con.sql(sql).to_arrow_reader(BATCH_ROWS), path)


@contextmanager
def _working(table: str, budget: Budget) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private connection that keeps rows in order; its errors never quote a row."""
    budget.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=budget.scratch, prefix="pages-") as folder:
        mine = replace(budget, scratch=Path(folder))
        try:
            with connection(mine, on_disk=True) as con:
                con.execute("SET preserve_insertion_order = true")
                yield con
        except (duckdb.Error, OSError) as error:
            problem = type(error).__name__
            raise PipelineError("export_failed", table=table, problem=problem) from error
