"""Both engines count the same, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from sandbox.counting import counted
from tests.sandbox.test_statement import QUANTILES, QUESTIONS, city, planned
from tests.support.engines import Both, open_both

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(spark: Any) -> Iterator[Both]:
    engines = open_both(spark)
    with duckdb.connect() as con:
        city(con, 3)
        for name in ("firm", "visit"):
            rows = con.table(name).arrow()
            engines.con.register("rows", rows)
            engines.con.execute(
                f"CREATE SCHEMA IF NOT EXISTS open; CREATE TABLE open.{name} AS SELECT * FROM rows"
            )
            engines.con.unregister("rows")
    engines.share("open.firm", "open.visit")
    yield engines
    engines.con.close()


@pytest.mark.parametrize("text", QUESTIONS + QUANTILES)
def test_both_engines_count_the_same(both: Both, text: str) -> None:
    plan = planned(text)
    on_duckdb = counted(plan, both.on_duckdb)
    assert counted(plan, both.on_spark, portable=True) == on_duckdb
    assert on_duckdb.counted or any(on_duckdb.bins.values())
