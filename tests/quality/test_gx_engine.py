"""Great Expectations over DuckDB: that our engine works, and that it is still needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    duckdb.sql("SELECT range AS id FROM range(5)").write_parquet(str(tmp_path / "a.parquet"))
    return tmp_path / "a.parquet"


@pytest.fixture
def context() -> Any:
    import great_expectations as gx

    return gx.get_context(mode="ephemeral")


def _validate(source: Any) -> Any:
    import great_expectations as gx

    batch = source.add_table_asset("t", table_name="t").add_batch_definition_whole_table("all")
    expectation = gx.expectations.ExpectColumnValuesToNotBeNull(column="id")
    return batch.get_batch().validate(expectation)


def test_our_engine_reads_a_view_over_parquet_files(context: Any, parquet: Path) -> None:
    from quality.gx_engine import DuckDBDatasource

    with duckdb.connect() as database:
        database.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet(['{parquet}', '{parquet}'])")
        source = DuckDBDatasource.attach(context, "ours", database)
        result = _validate(source)
        source.get_execution_engine().close()
        assert result.success
        assert result.result["element_count"] == 10
        assert database.execute("SELECT count(*) FROM t").fetchone() == (10,)  # still open


def test_released_engine_sees_what_was_created_since(context: Any, parquet: Path) -> None:
    from quality.gx_engine import DuckDBDatasource

    with duckdb.connect() as database:
        engine = DuckDBDatasource.attach(context, "ours", database).get_execution_engine()
        one = engine.execute_query(sa.text("SELECT 1")).fetchall()
        database.execute("CREATE TABLE later AS SELECT 2 AS x")
        engine.release()
        two = engine.execute_query(sa.text("SELECT x FROM later")).fetchall()
        engine.close()
    assert (one, two) == ([(1,)], [(2,)])


@pytest.mark.filterwarnings("ignore:You are using a generic SQLDatasource")
def test_gx_still_needs_our_engine(context: Any, tmp_path: Path, parquet: Path) -> None:
    """When this fails, GX can read DuckDB by itself: delete `quality/gx_engine.py`."""
    file = tmp_path / "plain.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{parquet}')")
    source = context.data_sources.add_sql("plain", connection_string=f"duckdb:///{file}")
    result = _validate(source)
    source.get_execution_engine().close()
    assert not result.success
    assert "IndexError" in str(result.exception_info)


def test_a_datasource_without_a_database_says_how_to_make_one() -> None:
    from quality.gx_engine import DuckDBDatasource

    with pytest.raises(RuntimeError, match="attach"):
        DuckDBDatasource(name="bare").get_engine()


def test_importing_the_room_does_not_import_gx() -> None:
    names = "certify, checksums, errors, predicates, rules, scores, split, suite"
    code = (
        f"import sys; from quality import {names}; assert 'great_expectations' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
