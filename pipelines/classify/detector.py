"""One column's values to counts and evidence; the scaffold and `classify` share it."""

from __future__ import annotations

import duckdb

from pipelines.classify.evidence import content_evidence
from pipelines.classify.result import LIMITED, Evidence
from pipelines.classify.sample import Column
from pipelines.classify.signs import count_signs


def by_content(con: duckdb.DuckDBPyConnection, table: str) -> list[Evidence]:
    """What the values give away.

    Args:
        table: distinct values `x` with their number of rows `n`.
    """
    return content_evidence(count_signs(con, table))


def free_text(con: duckdb.DuckDBPyConnection, table: str) -> list[Evidence]:
    """Long texts of which hardly two are equal: nobody knows what people wrote into them."""
    (row,) = con.execute(
        f"SELECT sum(n * strlen(x)) / sum(n), count(*) / sum(n), sum(n) FROM {table}"
    ).fetchall()
    long_texts = row[0] is not None and row[0] >= 40 and row[1] >= 0.3
    if not long_texts or row[2] < 20:
        return []
    return [Evidence("free_text", LIMITED, int(row[2]), int(row[2]))]


def column_counts(con: duckdb.DuckDBPyConnection, column: Column) -> dict[str, float]:
    """The signs of one column of the sample `t`, weighted by rows."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE classified AS SELECT x, count(*) AS n "
        f"FROM (SELECT {column.text} AS x FROM t) WHERE x IS NOT NULL GROUP BY 1"
    ).fetchall()
    return count_signs(con, "classified")
