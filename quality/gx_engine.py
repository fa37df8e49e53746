"""Great Expectations over an in-process DuckDB.

GX closes its connection before it fetches unless the dialect is on a private list of its own
(SQLite, SQL Server, ...), and a closed duckdb-engine connection has no rows: every expectation
fails with `IndexError` (GX 1.24). The engine here keeps its connection, as GX does for SQLite.
`tests/quality/test_gx_engine.py` fails on the day GX no longer needs it.

Importing this module imports Great Expectations (4 s and more): import it inside a function.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import duckdb
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.compatibility import pydantic
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine.interfaces import ReflectedPrimaryKeyConstraint
from sqlalchemy.engine.reflection import Inspector


class ViewInspector(Inspector):
    """What GX asks of the view that it judges."""

    def get_pk_constraint(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> ReflectedPrimaryKeyConstraint:
        """None: a view has no primary key, and finding that out took a fifth of a small suite."""
        return {"constrained_columns": [], "name": None}


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """GX's SQL engine with one connection that stays open until `release` or `close`."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """The kept connection; opened at first use."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def release(self) -> None:
        """Close the kept connection, so that the next query sees what was created since."""
        self._inspector = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Release the connection and dispose of the pool."""
        self.release()
        super().close()


class UnexpectedRowCount(UnexpectedRowsExpectation):
    """GX's own expectation without its second run of the query, which fetches rows for display.

    We keep no rows (`RESULT_FORMAT`), and a query over all rows may be the dearest of a suite.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        rows = metrics["unexpected_rows_query.row_count"]
        return {"success": rows == 0, "result": {"observed_value": rows}}


class _Compiled(BytecodeCache):
    """Compiled templates, for as long as the process lives."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get(bucket.key)
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class PageView(DefaultJinjaPageView):
    """GX's page of a result. GX compiles its templates anew for every site that it writes."""

    def __init__(
        self, custom_styles_directory: str | None = None, custom_views_directory: str | None = None
    ) -> None:
        super().__init__(custom_styles_directory, custom_views_directory)
        self.env.bytecode_cache = _COMPILED


class DuckDBDatasource(SQLDatasource):
    """A fluent datasource over a DuckDB connection of ours; use `attach`, not the constructor."""

    # GX's own datasources (SqliteDatasource, ...) narrow the type in the same way.
    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]
    connection_string: str = "duckdb://"

    _duckdb_engine: DuckDBExecutionEngine | None = pydantic.PrivateAttr(None)

    @classmethod
    def attach(
        cls, context: Any, name: str, database: duckdb.DuckDBPyConnection
    ) -> DuckDBDatasource:
        """A datasource called `name` in `context` that reads `database`.

        Each connection GX opens is a cursor of `database`: it sees the same tables and views, has
        a transaction of its own, and closing it leaves `database` open.
        """

        def connect() -> Any:
            return ConnectionWrapper(database.cursor())

        engine = sa.create_engine("duckdb://", creator=connect, poolclass=sa.pool.NullPool)
        # SQLAlchemy takes a dialect's own class of inspector, but does not declare it.
        engine.dialect.inspector = ViewInspector  # type: ignore[attr-defined]
        source: DuckDBDatasource = context.add_or_update_datasource(datasource=cls(name=name))
        source._duckdb_engine = DuckDBExecutionEngine(engine=engine, create_temp_table=False)
        return source

    @property
    def execution_engine_type(self) -> builtins.type[SqlAlchemyExecutionEngine]:
        """The engine that keeps its connection."""
        return DuckDBExecutionEngine

    def get_execution_engine(self) -> DuckDBExecutionEngine:
        """The engine over the attached database."""
        if self._duckdb_engine is None:
            raise RuntimeError(
                "DuckDBDatasource has no database: make it with DuckDBDatasource.attach"
            )
        return self._duckdb_engine

    def get_engine(self) -> sa.Engine:
        """SQLAlchemy's engine over the attached database."""
        return self.get_execution_engine().engine
