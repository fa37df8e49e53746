"""How each kind of database is read: its session, its SQL and its rows as Arrow text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from catalog.contract import ContractField, DatabaseSource
from pipelines.collect.arrow_text import float_text
from pipelines.errors import PipelineError

FETCH_ROWS = 4_096
ALIAS = "q"
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the database; `binary` when its values are bytes."""

    name: str
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read: `fields` with their columns (None: absent), in `order`, beyond `since`.

    Attributes:
        inclusive: rows at `since` are read, too.
    """

    relation: str
    fields: tuple[tuple[ContractField, Column | None], ...]
    order: tuple[Column, ...]
    cursor: ContractField | None
    since: str | None
    inclusive: bool = False

    @property
    def schema(self) -> pa.Schema:
        """One string column a field."""
        return pa.schema([(field.name, pa.string()) for field, _ in self.fields])


class Session(Protocol):
    """One connection of one driver."""

    nulls_first: str
    errors: tuple[type[Exception], ...]

    def text(self, column: str, binary: bool) -> str: ...
    def columns(self, query: str) -> list[Column]: ...
    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]: ...
    def alive(self) -> bool: ...
    def close(self) -> None: ...


class Database:
    """A connection with its SQL dialect. Every error of the driver gets a code and a name."""

    def __init__(self, session: Session, dialect: Dialect, connection: str) -> None:
        self._session = session
        self._quote: Callable[[str], str] = dialect.identifier_preparer.quote_identifier
        self._escapes = dialect.name == "mysql"
        self._boolean = dialect.name == "postgresql"
        self._connection = connection

    def relation(self, source: DatabaseSource) -> str:
        """What stands behind FROM, with its alias."""
        if source.query is not None:
            query = source.query.strip().rstrip(";")
            # A line comment at the query's end must not swallow the bracket.
            return f"(\n{query}\n) AS {ALIAS}"
        parts = [part for part in (source.db_schema, source.table) if part]
        return f"{'.'.join(map(self._quote, parts))} AS {ALIAS}"

    def columns(self, relation: str) -> list[Column]:
        """The columns that the table or query has.

        Raises:
            PipelineError: `database_query_failed`, `source_connection_lost`.
        """
        with self._errors():
            return self._session.columns(f"SELECT * FROM {relation} WHERE 1 = 0")

    def batches(self, selection: Selection) -> Iterator[pa.RecordBatch]:
        """The selected rows as text, in batches that fit into memory.

        Raises:
            PipelineError: `database_query_failed`, `source_connection_lost`.
        """
        query = self.sql(selection)
        with self._errors():
            for batch in self._session.batches(query, selection.schema):
                yield batch if self._boolean else _booleans(batch, selection)

    def sql(self, selection: Selection) -> str:
        """The SELECT for a selection."""
        items = ", ".join(self._item(field, column) for field, column in selection.fields)
        where = self._where(selection)
        order = ", ".join(map(self._column, selection.order))
        if selection.cursor is not None and selection.since is None:
            # The last row must be the one with the greatest cursor.
            first, *others = map(self._column, selection.order)
            order = ", ".join([first + self._session.nulls_first, *others])
        return f"SELECT {items} FROM {selection.relation}{where}" + (
            f" ORDER BY {order}" if order else ""
        )

    def _item(self, field: ContractField, column: Column | None) -> str:
        if column is None:
            return f"{self._session.text('NULL', False)} AS {self._quote(field.name)}"
        text = self._session.text(self._column(column), column.binary)
        return f"{text} AS {self._quote(field.name)}"

    def _column(self, column: Column) -> str:
        return f"{ALIAS}.{self._quote(column.name)}"

    def _where(self, selection: Selection) -> str:
        if selection.cursor is None or selection.since is None:
            return ""
        value = self._literal(selection.since, selection.cursor.logical_type)
        beyond = ">=" if selection.inclusive else ">"
        return f" WHERE {self._column(selection.order[0])} {beyond} {value}"

    def _literal(self, value: str, logical_type: str) -> str:
        numeric = {"integer": _INTEGER, "number": _NUMBER}.get(logical_type)
        if numeric is not None and numeric.fullmatch(value):
            return value
        if self._escapes:
            value = value.replace("\\", "\\\\")
        return "'" + value.replace("'", "''") + "'"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._session.errors as error:
            code = "database_query_failed" if self._session.alive() else "source_connection_lost"
            raise PipelineError(
                code, connection=self._connection, reason=first_line(error)
            ) from error


@contextmanager
def open_database(url: str, connection: str) -> Iterator[Database]:
    """Connect for reading only, with a session in UTC.

    Args:
        url: SQLAlchemy URL; its password appears in no message.
        connection: the connection's name, for the messages.

    Raises:
        PipelineError: `connection_url`, `database_unsupported`, `database_driver_missing`,
            `connection_unreachable`.
    """
    try:
        parsed = make_url(url)
        dialect = parsed.get_dialect()()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise PipelineError("connection_url", connection=connection) from error
    opener = _OPENERS.get(dialect.name)
    if opener is None:
        raise PipelineError("database_unsupported", connection=connection, kind=dialect.name)
    try:
        session = opener(parsed, dialect)
    except ImportError as error:
        raise PipelineError(
            "database_driver_missing",
            connection=connection,
            kind=dialect.name,
            driver=error.name,
        ) from error
    except Exception as error:
        raise PipelineError(
            "connection_unreachable", connection=connection, reason=first_line(error)
        ) from error
    try:
        yield Database(session, dialect, connection)
    finally:
        session.close()


def first_line(error: Exception) -> str:
    """A driver's error without the query and the details behind it."""
    text = str(error.args[-1]) if error.args else str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0]


def _booleans(batch: pa.RecordBatch, selection: Selection) -> pa.RecordBatch:
    """MySQL and SQLite keep booleans as numbers (or a bit): write them as every other source."""
    columns = []
    for array, (field, _) in zip(batch.columns, selection.fields, strict=True):
        if field.logical_type == "boolean" and field.read.codes is None:
            for true, false in (("1", "0"), ("01", "00")):
                array = pc.if_else(pc.equal(array, true), "true", array)
                array = pc.if_else(pc.equal(array, false), "false", array)
        columns.append(array)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


class PostgresSession:
    """PostgreSQL through ADBC: the rows arrive as Arrow, without becoming Python objects."""

    nulls_first = " NULLS FIRST"

    def __init__(self, url: URL, dialect: Dialect) -> None:
        import adbc_driver_postgresql.dbapi as adbc

        self.errors: tuple[type[Exception], ...] = (
            adbc.Error,
            OSError,
            pa.ArrowException,
        )
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # SQLAlchemy leaves spaces as they are; libpq refuses them, and quotes the password.
        self._connection = adbc.connect(plain.replace(" ", "%20"))
        self._cursor = self._connection.cursor()
        for setting in (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET timezone = 'UTC'",
            "SET datestyle = 'ISO, YMD'",
            "SET intervalstyle = 'iso_8601'",
            "SET extra_float_digits = 1",
        ):
            self._cursor.execute(setting)
        self._connection.commit()

    def text(self, column: str, binary: bool) -> str:
        """The server's own text form."""
        return f"encode({column}, 'hex')" if binary else f"CAST({column} AS text)"

    def columns(self, query: str) -> list[Column]:
        """The columns of a query without rows."""
        self._cursor.execute(query)
        schema = self._cursor.fetch_arrow_table().schema
        return [Column(item.name, pa.types.is_binary(item.type)) for item in schema]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows as the server's COPY sends them."""
        self._cursor.execute(query)
        with self._cursor.fetch_record_batch() as reader:
            for batch in reader:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    def alive(self) -> bool:
        """Does the connection still answer?"""
        try:
            self._connection.rollback()
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchall()
        except self.errors:
            return False
        return True

    def close(self) -> None:
        """Close the connection, also a lost one."""
        for thing in (self._cursor, self._connection):
            with contextlib.suppress(*self.errors):
                thing.close()


class MysqlSession:
    """MySQL and MariaDB through PyMySQL's streaming cursor, without its type conversions."""

    nulls_first = ""  # MySQL sorts NULL first

    def __init__(self, url: URL, dialect: Dialect) -> None:
        import pymysql
        from pymysql.converters import encoders
        from pymysql.cursors import SSCursor

        self.errors: tuple[type[Exception], ...] = (pymysql.Error, OSError)
        args, options = dialect.create_connect_args(url)
        plain = {"conv": dict(encoders), "cursorclass": SSCursor, "client_flag": 0}
        self._connection: Any = pymysql.connect(*args, **{**options, **plain})
        with self._connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET time_zone = '+00:00'")

    def text(self, column: str, binary: bool) -> str:
        """The text protocol writes every value as text already."""
        return column

    def columns(self, query: str) -> list[Column]:
        """The columns of a query without rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return [Column(item[0]) for item in cursor.description or ()]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows as the server sends them."""
        cursor = self._connection.cursor()
        cursor.execute(query)
        yield from _fetched(cursor, schema)
        cursor.close()

    def alive(self) -> bool:
        """Does the connection still answer?"""
        try:
            self._connection.ping(reconnect=False)
        except self.errors:
            return False
        return True

    def close(self) -> None:
        """Close the connection at once; PyMySQL would first read a broken result to its end."""
        if (result := self._connection._result) is not None:
            result.unbuffered_active = False
        self._connection._force_close()


class SqliteSession:
    """A SQLite file, opened read-only."""

    nulls_first = ""  # SQLite sorts NULL first

    def __init__(self, url: URL, dialect: Dialect) -> None:
        import sqlite3
        from pathlib import Path

        self.errors: tuple[type[Exception], ...] = (sqlite3.Error,)
        if not url.database or not Path(url.database).is_file():
            raise FileNotFoundError(f"there is no file {url.database}")
        path = Path(url.database).resolve().as_uri()
        self._connection = sqlite3.connect(f"{path}?mode=ro", uri=True)

    def text(self, column: str, binary: bool) -> str:
        """Values carry their own type in SQLite; they become text in `_fetched`."""
        return column

    def columns(self, query: str) -> list[Column]:
        """The columns of a query without rows."""
        cursor = self._connection.execute(query)
        return [Column(item[0]) for item in cursor.description]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows."""
        yield from _fetched(self._connection.execute(query), schema)

    def alive(self) -> bool:
        """A file does not hang up."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _fetched(cursor: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(FETCH_ROWS):
        columns = [_texts(column) for column in zip(*rows, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _texts(values: Sequence[Any]) -> pa.Array:
    if not all(value is None or type(value) is str for value in values):
        values = [value if value is None else _text(value) for value in values]
    return pa.array(values, pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return float_text(value) if isinstance(value, float) else str(value)


_OPENERS: dict[str, Callable[[URL, Dialect], Session]] = {
    "postgresql": PostgresSession,
    "mysql": MysqlSession,
    "mariadb": MysqlSession,
    "sqlite": SqliteSession,
}
