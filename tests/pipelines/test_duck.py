"""Memory that one engine lends to another."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.duck import Budget, connection, lent

ROWS = "CREATE TABLE held AS SELECT random() AS a, random() AS b FROM range(8000000)"


def _limit(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("SELECT current_setting('memory_limit')").fetchone()
    assert row is not None
    return str(row[0])


def _used(con: duckdb.DuckDBPyConnection) -> int:
    """Bytes that DuckDB holds in memory."""
    row = con.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()
    assert row is not None
    return int(row[0])


def test_half_is_lent_and_what_exceeds_it_is_spilled(tmp_path: Path) -> None:
    with connection(Budget("200MiB", 1, tmp_path)) as con:
        con.execute(ROWS)
        total = con.execute("SELECT sum(a) FROM held").fetchone()
        assert _used(con) > 110 * 2**20
        with lent(con):
            assert _limit(con) == "100.0 MiB"
            assert _used(con) <= 100 * 2**20
        assert _limit(con) == "200.0 MiB"
        assert con.execute("SELECT sum(a) FROM held").fetchone() == pytest.approx(total)


def test_it_comes_back_after_a_failure(tmp_path: Path) -> None:
    with connection(Budget("200MiB", 1, tmp_path)) as con:
        with pytest.raises(ZeroDivisionError), lent(con):
            raise ZeroDivisionError
        assert _limit(con) == "200.0 MiB"


def test_what_cannot_be_spilled_is_not_lent() -> None:
    with duckdb.connect(config={"memory_limit": "200MiB", "threads": 1}) as con:
        con.execute("SET temp_directory = ''")
        con.execute(ROWS)
        with lent(con):
            assert _limit(con) == "200.0 MiB"
            assert con.execute("SELECT count(*) FROM held").fetchone() == (8_000_000,)
