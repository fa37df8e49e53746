"""A small schema that the lineage tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from catalog.lineage import ModelLineage
from pipelines.dialect import ModelDialect
from pipelines.lineage import model_lineage
from pipelines.masking.install import install_duckdb
from tests.support.interference import World

SCHEMA = {
    "raw.t": ("a", "b", "c", "d", "l", "s", "p"),
    "raw.u": ("b", "v", "w"),
}
TYPES = {
    "raw.t": "a BIGINT, b VARCHAR, c BIGINT, d DATE, l BIGINT[], s STRUCT(f BIGINT, g VARCHAR), p BOOLEAN",
    "raw.u": "b VARCHAR, v VARCHAR, w BIGINT",
}


class Tracer:
    """Traces a query over the schema as the compiler does, the engine naming the columns."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("CREATE SCHEMA raw")
        for name, columns in TYPES.items():
            self.con.execute(f"CREATE TABLE {name} ({columns})")
        install_duckdb(self.con, None, ())

    def __call__(self, sql: str) -> ModelLineage:
        outputs = [str(row[0]) for row in self.con.execute(f"DESCRIBE {sql}").fetchall()]
        tree = sqlglot.parse_one(sql, read=ModelDialect)
        assert isinstance(tree, exp.Query)
        return model_lineage(tree, Path("m.sql"), SCHEMA, outputs)


@pytest.fixture(scope="session")
def trace() -> Iterator[Tracer]:
    tracer = Tracer()
    yield tracer
    tracer.con.close()


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    """Small databases with different rows, on which a query is run to see what decides it."""
    made = [World(seed) for seed in range(6)]
    yield made
    for world in made:
        world.con.close()
