"""Every masking function on Spark: the same values and types as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pipelines.masking import MASKS, KeyRing, install_duckdb, install_spark
from pipelines.masking.keys import hmac_pads
from tests.pipelines.masking.nasty import CASES, RING, USES, WHO, bits, kind_of, rows_of, written

pytestmark = pytest.mark.slow
SPARK_TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "DOUBLE": "double", "DATE": "date"}


@pytest.fixture(scope="module", autouse=True)
def _masks(spark: Any) -> None:
    install_spark(spark, RING, USES)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        install_duckdb(connection, RING, USES)
        yield connection


def tables_of(case: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column types and rows, with a number to order by."""
    kinds = [kind_of(column) for column in case[1]]
    return kinds, [(number, *row) for number, row in enumerate(rows_of(case[1]))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: written(case[0], ["x"], case[2]))
def test_equal_to_duckdb(spark: Any, con: duckdb.DuckDBPyConnection, case: Any) -> None:
    kinds, rows = tables_of(case)
    names = [f"c{i}" for i in range(len(kinds))]
    call = written(case[0], names, case[2])
    schema = ", ".join(
        ["n bigint", *(f"{n} {SPARK_TYPES[k]}" for n, k in zip(names, kinds, strict=True))]
    )
    frame = spark.createDataFrame(rows, schema)
    frame.createOrReplaceTempView("cases")
    asked = spark.sql(f"SELECT n, {call} AS m FROM cases")
    theirs = {row.n: row.m for row in asked.collect()}
    import pyarrow as pa

    arrow = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
    }
    columns = {"n": pa.array([row[0] for row in rows])}
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True), start=1):
        columns[name] = pa.array([row[place] for row in rows], arrow[kind])
    con.register("cases", pa.table(columns))
    ours = dict(con.execute(f"SELECT n, {call} FROM cases").fetchall())
    assert {n: bits(v) for n, v in theirs.items()} == {n: bits(v) for n, v in ours.items()}
    kind = con.execute(f"SELECT typeof({call}) FROM cases LIMIT 1").fetchall()[0][0]
    assert asked.schema["m"].dataType.simpleString() == SPARK_TYPES[kind]
    assert kind == MASKS[case[0]].result_type


def test_contexts(spark: Any) -> None:
    """Where a masking function may stand on Spark."""
    spark.range(30).selectExpr("CAST(id % 7 AS STRING) AS x").createOrReplaceTempView("t")
    call = written("mask_pseudonym", ["x"], WHO)
    for query in (
        f"WITH a AS (SELECT {call} AS m FROM t) SELECT m, count(*) FROM a GROUP BY m",
        f"SELECT {call}, count(*) FROM t GROUP BY {call}",
        f"SELECT row_number() OVER (PARTITION BY {call} ORDER BY x) FROM t",
        f"SELECT count(*) FROM (SELECT {call} AS m FROM t) a JOIN (SELECT {call} AS m FROM t) b ON a.m = b.m",
        f"SELECT x FROM t WHERE {call} > '8'",
    ):
        assert spark.sql(query).collect()


def test_missing_key_fails(spark: Any) -> None:
    spark.range(2).selectExpr("CAST(id AS STRING) AS x").createOrReplaceTempView("t")
    for name in ("mask_pseudonym", "mask_pseudonym_sm3", "mask_sm4"):
        with pytest.raises(Exception, match="mask_key"):
            spark.sql(f"SELECT {name}(x, 'joining', 'somebody_else') FROM t").collect()


def test_no_key_in_a_plan(spark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ring = KeyRing.of({1: b"A-KEY-THAT-CAN-BE-READ-IN-A-TEXT"})
    install_spark(spark, ring, USES)
    try:
        spark.range(2).selectExpr("CAST(id AS STRING) AS x").createOrReplaceTempView("t")
        calls = ", ".join(
            written(name, ["x"], (*extra, *WHO))
            for name, extra in (
                ("mask_pseudonym", ()),
                ("mask_pseudonym_sm3", ()),
                ("mask_sm4", ()),
                ("mask_token", ("digits",)),
            )
        )
        frame = spark.sql(f"SELECT {calls} FROM t")
        frame.collect()
        frame.explain(extended=True)
        for mode in ("codegen", "formatted", "cost"):
            frame.explain(mode=mode)
        said = capsys.readouterr().out
    finally:
        install_spark(spark, RING, USES)
    assert "mask_pseudonym" in said or "sha2" in said
    for use in USES:
        key = ring.derive(use)
        for secret in (b"A-KEY-THAT-CAN-BE-READ-IN-A-TEXT", key, *hmac_pads(key)):
            for form in (secret.hex(), repr(secret)[2:-1], str(list(secret))[1:-1]):
                assert form not in said and form.upper() not in said
