"""Collecting from real PostgreSQL, MariaDB and SQLite servers."""

from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.contract import Collect, Contract, ContractField, DatabaseSource
from pipelines.collect import DatabaseLoad, Landing, fetch_database, read_files
from pipelines.collect.databases import _groups
from pipelines.collect.dialects import MysqlSession, PostgresSession, first_line
from pipelines.errors import PipelineError
from tests.pipelines.collect.helpers import HERE, field
from tests.servers import MariaServer, PostgresServer

Execute = Callable[..., Any]


def key(name: str, kind: str = "integer") -> ContractField:
    return ContractField(name, kind, "BIGINT", HERE, key_position=1)


def database(*fields: ContractField | str, cursor: str | None = None, **source: Any) -> Contract:
    """A contract of a database resource."""
    where = source or {"table": "permits"}
    return Contract(
        path=Path("contract.yaml"),
        database="raw",
        table="permits",
        version="1.0.0",
        title="permits",
        department=None,
        fields=tuple(field(f) if isinstance(f, str) else f for f in fields),
        source=DatabaseSource.model_validate({"connection": "permits_db", **where}),
        collect=Collect(mode="incremental", cursor=cursor) if cursor else Collect(),
    )


def table(contract: Contract, load: DatabaseLoad) -> list[tuple[Any, ...]]:
    """The fetched rows, read back as a run does."""
    assert load.landed is not None
    found = read_files(contract, [load.landed]).reader().read_all()
    assert found.column("_source_line").to_pylist() == list(range(1, load.rows + 1))
    names = [f.name for f in contract.fields]
    return [tuple(row[name] for name in names) for row in found.to_pylist()]


def refused(contract: Contract, url: str, folder: Path, since: str | None = None) -> PipelineError:
    """The error of a fetch, after which the landing is empty."""
    with pytest.raises(PipelineError) as caught:
        fetch_database(contract, url, Landing(folder / "landing"), since)
    assert files(folder / "landing") == []
    return caught.value


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Execute]]:
    """An empty database on each kind of server: its URL and a way to run statements."""
    name = "t" + str(abs(hash(request.node.name)) % 10**9)
    if request.param == "sqlite":
        path = tmp_path / "city.db"
        connection = sqlite3.connect(path, isolation_level=None)
        yield f"sqlite:///{path}", lambda *all: [connection.execute(one) for one in all]
        connection.close()
        return
    running = request.getfixturevalue(request.param)
    url = running.url(name)
    yield url, lambda *all: running.execute(name, *all)


def test_a_whole_table(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute(
        "CREATE TABLE permits (no int PRIMARY KEY, name varchar(50), fee decimal(10,2), d date)",
        "INSERT INTO permits VALUES (3, '臺南市''s', 1.50, '2024-01-02'), (1, NULL, NULL, NULL)",
        "INSERT INTO permits VALUES (2, '', 0, '1999-12-31')",
    )
    contract = database(key("no"), "name", "d")
    load = fetch_database(contract, url, Landing(tmp_path / "landing"), None)
    assert (load.rows, load.watermark) == (3, None)
    assert table(contract, load) == [
        ("1", None, None),
        ("2", "", "1999-12-31"),
        ("3", "臺南市's", "2024-01-02"),
    ]
    again = fetch_database(contract, url, Landing(tmp_path / "landing"), None)
    assert again == load
    assert files(tmp_path / "landing") == [load.landed.path]  # type: ignore[union-attr]


def test_an_empty_table_is_a_file_without_rows(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE permits (no int PRIMARY KEY)")
    load = fetch_database(database(key("no")), url, Landing(tmp_path / "landing"), None)
    assert load.rows == 0
    assert table(database(key("no")), load) == []


def test_a_query_with_published_names(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (1, 2), (3, 4)")
    query = "SELECT a AS permit_no, a + b AS total, 7 AS unused FROM t WHERE a > 1; -- big ones"
    query = query.replace(";", "")
    contract = database(field("no", "permit_no"), "total", field("x", optional=True), query=query)
    load = fetch_database(contract, url, Landing(tmp_path / "landing"), None)
    assert table(contract, load) == [("3", "7", None)]


def test_increments_by_a_number(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE permits (no int, name varchar(9))")
    contract = database(key("no"), "name", cursor="no")
    landing = Landing(tmp_path / "landing")
    assert fetch_database(contract, url, landing, None) == DatabaseLoad(None, 0, None)
    execute("INSERT INTO permits VALUES (10, 'x'), (9, 'y'), (NULL, 'z')")
    first = fetch_database(contract, url, landing, None)
    assert table(contract, first) == [(None, "z"), ("9", "y"), ("10", "x")]
    assert first.watermark == "10"
    assert fetch_database(contract, url, landing, "10") == DatabaseLoad(None, 0, "10")
    execute("INSERT INTO permits VALUES (100, 'v'), (11, 'w')")
    second = fetch_database(contract, url, landing, "10")
    assert table(contract, second) == [("11", "w"), ("100", "v")]
    assert second.watermark == "100"


def test_increments_by_a_moment(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    kind = "timestamp" if url.startswith("postgres") else "datetime(6)"
    execute(
        f"CREATE TABLE permits (no int, changed {kind})",
        "INSERT INTO permits VALUES (1, '2024-01-02 03:04:05.120000')",
        "INSERT INTO permits VALUES (2, '2024-01-02 03:04:05.130000')",
        "INSERT INTO permits VALUES (3, '2023-01-01 00:00:00.000000')",
    )
    changed = ContractField("changed", "timestamp", "TIMESTAMP", HERE)
    contract = database(key("no"), changed, cursor="changed")
    landing = Landing(tmp_path / "landing")
    first = fetch_database(contract, url, landing, None)
    assert [row[0] for row in table(contract, first)] == ["3", "1", "2"]
    execute("INSERT INTO permits VALUES (4, '2024-01-02 03:04:05.131000')")
    second = fetch_database(contract, url, landing, first.watermark)
    assert [row[0] for row in table(contract, second)] == ["4"]
    assert fetch_database(contract, url, landing, second.watermark).landed is None


def test_a_row_that_comes_later_with_the_last_cursor_is_fetched(
    server: tuple[str, Execute], tmp_path: Path
) -> None:
    url, execute = server
    kind = "timestamp" if url.startswith("postgres") else "datetime"
    execute(
        f"CREATE TABLE permits (no int, name varchar(9), changed {kind})",
        "INSERT INTO permits VALUES (1, 'a', '2024-01-02 00:00:00')",
        "INSERT INTO permits VALUES (2, NULL, '2024-01-02 00:00:00')",
        "INSERT INTO permits VALUES (3, '文', '2024-01-01 00:00:00')",
    )
    changed = ContractField("changed", "timestamp", "TIMESTAMP", HERE)
    contract = database(key("no"), "name", changed, cursor="changed")
    landing = Landing(tmp_path / "landing")
    load = fetch_database(contract, url, landing, None)
    assert load.ties is not None
    assert load.ties.total() == 2
    assert fetch_database(contract, url, landing, load.watermark, load.ties).landed is None
    assert fetch_database(contract, url, landing, load.watermark).landed is None
    # One comes, one becomes another, one goes: all at the same moment.
    execute(
        "INSERT INTO permits VALUES (4, 'd', '2024-01-02 00:00:00')",
        "UPDATE permits SET name = 'b' WHERE no = 2",
        "DELETE FROM permits WHERE no = 1",
    )
    second = fetch_database(contract, url, landing, load.watermark, load.ties)
    assert sorted(row[:2] for row in table(contract, second)) == [("2", "b"), ("4", "d")]
    assert second.watermark == load.watermark
    execute("UPDATE permits SET name = NULL WHERE no = 2")
    third = fetch_database(contract, url, landing, second.watermark, second.ties)
    assert [row[:2] for row in table(contract, third)] == [("2", None)]
    execute("INSERT INTO permits VALUES (5, 'e', '2024-01-03 00:00:00')")
    last = fetch_database(contract, url, landing, third.watermark, third.ties)
    assert [row[0] for row in table(contract, last)] == ["5"]
    assert fetch_database(contract, url, landing, last.watermark, last.ties).landed is None


def test_cursors_that_are_equal_and_written_differently_are_one(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url, landing = postgres.url("scales"), Landing(tmp_path / "landing")
    postgres.execute(
        "scales",
        "CREATE TABLE permits (no int, at numeric)",
        "INSERT INTO permits VALUES (1, 1), (2, 2.0), (3, 2.00)",
    )
    contract = database(key("no"), ContractField("at", "number", "DOUBLE", HERE), cursor="at")
    load = fetch_database(contract, url, landing, None)
    assert load.ties is not None
    assert load.ties.total() == 2
    assert fetch_database(contract, url, landing, load.watermark, load.ties).landed is None
    postgres.execute("scales", "INSERT INTO permits VALUES (0, 2.000)")
    second = fetch_database(contract, url, landing, load.watermark, load.ties)
    assert table(contract, second) == [("0", "2.000")]
    assert fetch_database(contract, url, landing, second.watermark, second.ties).landed is None


def test_a_watermark_is_a_value_and_never_sql(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE permits (no varchar(50))", "INSERT INTO permits VALUES ('b'), ('a')")
    contract = database(field("no"), cursor="no")
    landing = Landing(tmp_path / "landing")
    for since in ("a' OR '1'='1", "a\\' OR 1=1 -- ", 'a"; DROP TABLE permits; --'):
        assert fetch_database(contract, url, landing, since).rows == 1


def test_missing_columns_and_tables(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE permits (permit_nr int, x int)")
    error = refused(database("permit_no"), url, tmp_path)
    assert error.code == "column_missing"
    assert (error.fields["nearest"], error.fields["seen"]) == ("permit_nr", "permit_nr, x")
    error = refused(database("a", table="nowhere"), url, tmp_path)
    assert (error.code, error.fields["connection"]) == ("database_query_failed", "permits_db")
    assert "nowhere" in error.fields["reason"]


def test_a_contract_cannot_write(server: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = server
    execute("CREATE TABLE permits (no int)", "INSERT INTO permits VALUES (1)")
    query = "SELECT 1 AS no) AS q; DELETE FROM permits; SELECT * FROM (SELECT 1 AS no"
    error = refused(database("no", query=query), url, tmp_path)
    assert error.code == "database_query_failed"
    load = fetch_database(database("no"), url, Landing(tmp_path / "landing"), None)
    assert load.rows == 1


def test_postgres_types(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.url("types")
    postgres.execute(
        "types",
        """CREATE TABLE permits AS SELECT 1::bigint AS no, true AS ok, false AS no_ok,
        123456789012345678.10::numeric AS n, 0.1::float8 AS f, '\\x00ff'::bytea AS bytes,
        timestamp '2024-01-02 03:04:05' AS t, timestamp '2024-01-02 03:04:05.12' AS tf,
        timestamptz '2024-01-02 03:04:05+08' AS tz, date '2024-01-02' AS d,
        '{"a": 1}'::jsonb AS j, ARRAY[1, 2] AS a, NULL::text AS nothing,
        '6f1f4d2e-0000-4000-8000-000000000001'::uuid AS u, time '08:30' AS c""",
    )
    names = [
        "no",
        "ok",
        "no_ok",
        "n",
        "f",
        "bytes",
        "t",
        "tf",
        "tz",
        "d",
        "j",
        "a",
        "nothing",
        "u",
        "c",
    ]
    contract = database(*names, table="permits", schema="public")
    load = fetch_database(contract, url, Landing(tmp_path / "landing"), None)
    assert dict(zip(names, table(contract, load)[0], strict=True)) == {
        "no": "1",
        "ok": "true",
        "no_ok": "false",
        "n": "123456789012345678.10",
        "f": "0.1",
        "bytes": "00ff",
        "t": "2024-01-02 03:04:05",
        "tf": "2024-01-02 03:04:05.12",
        "tz": "2024-01-01 19:04:05+00",
        "d": "2024-01-02",
        "j": '{"a": 1}',
        "a": "{1,2}",
        "nothing": None,
        "u": "6f1f4d2e-0000-4000-8000-000000000001",
        "c": "08:30:00",
    }


def test_mariadb_types(mariadb: MariaServer, tmp_path: Path) -> None:
    url = mariadb.url("types")
    mariadb.execute(
        "types",
        """CREATE TABLE permits (no bigint unsigned, ok boolean, flag bit(1), n decimal(20,2),
        f double, bytes blob, t datetime, tf datetime(6), ts timestamp NULL, d date, zero date,
        j json, y year, c time, word varchar(9))""",
        "SET sql_mode = ''",
    )
    mariadb.execute(
        "types",
        """INSERT INTO permits VALUES (18446744073709551615, true, b'1', 123456789012345678.10,
        0.1, x'00ff', '2024-01-02 03:04:05', '2024-01-02 03:04:05.12', NULL, '2024-01-02',
        NULL, '{"a": 1}', 2024, '08:30', '臺南')""",
    )
    names = ["no", "n", "f", "bytes", "t", "tf", "ts", "d", "zero", "j", "y", "c", "word"]
    booleans = [ContractField(name, "boolean", "BOOLEAN", HERE) for name in ("ok", "flag")]
    contract = database(*names, *booleans)
    load = fetch_database(contract, url, Landing(tmp_path / "landing"), None)
    assert table(contract, load) == [
        (
            "18446744073709551615",
            "123456789012345678.10",
            "0.1",
            "00ff",
            "2024-01-02 03:04:05",
            "2024-01-02 03:04:05.120000",
            None,
            "2024-01-02",
            None,
            '{"a": 1}',
            "2024",
            "08:30:00",
            "臺南",
            "true",
            "true",
        )
    ]


def test_sqlite_types(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE permits (no, ok)")
        rows = [(1, 1), (2.5, 0), ("x", None), (b"\x00\xff", 1), (3.0, 0), (1e300, 1)]
        connection.executemany("INSERT INTO permits VALUES (?, ?)", rows)
    contract = database("no", ContractField("ok", "boolean", "BOOLEAN", HERE))
    load = fetch_database(contract, f"sqlite:///{path}", Landing(tmp_path / "landing"), None)
    assert table(contract, load) == [
        ("1", "true"),
        ("2.5", "false"),
        ("x", None),
        ("00ff", "true"),
        ("3", "false"),
        ("1e+300", "true"),
    ]


MEMORY = """
import sys
from pathlib import Path
from pipelines.collect import Landing, fetch_database
from tests.pipelines.collect.test_databases import database, key

def peak():  # not ru_maxrss: a child inherits that from its parent
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0])

url, folder = sys.argv[1], Path(sys.argv[2])
contract = database(key("no"), "name", "note")
small = database(key("no"), "name", "note", query="SELECT * FROM permits WHERE no < 1000")
fetch_database(small, url, Landing(folder / "a"), None)
before = peak()
load = fetch_database(contract, url, Landing(folder / "b"), None)
after = peak()
print(load.rows, (after - before) // 1024)
"""
NOTE = 600


def large(name: str, running: PostgresServer | MariaServer) -> str:
    """A database whose table holds 300,000 rows, about 180 MB of text."""
    url = running.url(name)
    if isinstance(running, PostgresServer):
        rows = f"SELECT i AS no, 'n' || i AS name, repeat(chr(65 + i % 26), {NOTE}) AS note"
        rows += " FROM generate_series(1, 300000) i"
    else:
        rows = f"SELECT seq AS no, concat('n', seq) AS name, repeat(char(65 + seq % 26), {NOTE})"
        rows += " AS note FROM seq_1_to_300000"
    running.execute(name, f"CREATE TABLE IF NOT EXISTS permits AS {rows}")
    return url


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_memory_is_bounded(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = large("big", request.getfixturevalue(kind))
    command = [sys.executable, "-c", MEMORY, url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, growth = map(int, done.stdout.split())
    assert rows == 300_000
    assert growth < 120, f"{growth} MiB for a table of 180 MB"


class Killer:
    """Ends the reading connection after its first batch, as a server that restarts does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, session: type, kill: Callable[[], Any]):
        whole = session.batches  # type: ignore[attr-defined]

        def batches(self: Any, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
            for number, batch in enumerate(whole(self, query, schema)):
                yield batch
                if number == 0:
                    kill()

        monkeypatch.setattr(session, "batches", batches)


def test_postgres_goes_away_while_reading(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = large("big", postgres)
    find = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'big'"
    Killer(monkeypatch, PostgresSession, lambda: postgres.execute("postgres", find))
    error = refused(database(key("no"), "name", "note"), url, tmp_path)
    assert (error.code, error.fields["connection"]) == ("source_connection_lost", "permits_db")


def test_mariadb_goes_away_while_reading(
    mariadb: MariaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = large("big", mariadb)

    def kill() -> None:
        found = mariadb.execute(
            None, "SELECT id FROM information_schema.processlist WHERE db = 'big'"
        )
        for (thread,) in found:
            mariadb.execute(None, f"KILL {thread}")

    Killer(monkeypatch, MysqlSession, kill)
    error = refused(database(key("no"), "name", "note"), url, tmp_path)
    assert error.code == "source_connection_lost"


def test_an_error_of_the_query_while_reading_is_no_lost_connection(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    query = "SELECT 1 / (200000 - i) AS no FROM generate_series(1, 300000) i"
    error = refused(database("no", query=query), postgres.url("types"), tmp_path)
    assert error.code == "database_query_failed"
    assert "division by zero" in error.fields["reason"]


def test_nobody_listens(tmp_path: Path) -> None:
    for url in (
        "postgresql://someone:secret@127.0.0.1:1/x",
        "mysql+pymysql://someone:secret@127.0.0.1:1/x",
        f"sqlite:///{tmp_path}/nothing.db",
    ):
        error = refused(database("a"), url, tmp_path)
        assert error.code == "connection_unreachable"
        assert "secret" not in str(error.fields)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("no url", "connection_url"),
        ("nosuch://x/y", "connection_url"),
        ("oracle://x/y", "database_unsupported"),
    ],
)
def test_urls_that_cannot_be_used(tmp_path: Path, url: str, code: str) -> None:
    assert refused(database("a"), url, tmp_path).code == code


def test_a_missing_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    error = refused(database("a"), "mysql+pymysql://x@127.0.0.1:1/y", tmp_path)
    assert (error.code, error.fields["driver"]) == ("database_driver_missing", "pymysql")


def test_batches_of_any_size_give_the_same_groups() -> None:
    schema = pa.schema([("a", pa.string())])
    rows = pa.record_batch({"a": pa.array(map(str, range(200_000)))}, schema=schema)
    sizes = []
    for step in (7_000, 150_000):
        parts = (rows.slice(i, step) for i in range(0, len(rows), step))
        groups = list(_groups(parts, schema))
        assert pa.concat_tables(groups).column("a").to_pylist() == rows.column("a").to_pylist()
        sizes.append([len(group) for group in groups])
    assert sizes[0] == sizes[1] == [65_536, 65_536, 65_536, 3_392]


def test_the_landed_file_is_plain_text_parquet(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE permits (no int)")
        connection.execute("INSERT INTO permits VALUES (1)")
    url = f"sqlite:///{path}"
    load = fetch_database(database("no"), url, Landing(tmp_path / "landing"), None)
    assert load.landed is not None
    assert load.landed.name == "permits_db/permits"
    assert load.landed.path.suffix == ".parquet"
    assert pq.read_schema(load.landed.path) == pa.schema([("no", pa.string())])
    other = dataclasses.replace(load.landed, name="x")
    assert other.sha256 == load.landed.sha256


def test_a_reason_is_one_line() -> None:
    assert first_line(ValueError(1064, "syntax error\nnear SELECT")) == "syntax error"
    assert first_line(ValueError()) == "ValueError"
