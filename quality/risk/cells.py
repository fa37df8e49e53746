"""Rows rolled up once: every combination of the fields that matter, with its count.

All measures are groupings of this table, inside the engine, which spills to disk beyond its memory.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from quality.errors import QualityError
from quality.predicates import quoted
from quality.risk.policy import RiskPolicy

_ORDERED = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,\s*\d+\)|FLOAT|DOUBLE|DATE|TIME( .*)?"
    r"|TIMESTAMP.*|INTERVAL"
)


@dataclass(frozen=True, slots=True)
class Cells:
    """A table or subquery of combinations.

    Attributes:
        source: what stands behind FROM; its column `n` holds the number of rows.
        keys: one SQL expression for each quasi-identifier, in the policy's order.
        sensitive: one SQL expression for each sensitive field, in the policy's order.
        ordered: whether the values of a sensitive field have an order (numbers, dates, times).
    """

    con: duckdb.DuckDBPyConnection
    source: str
    keys: tuple[str, ...]
    sensitive: tuple[str, ...]
    ordered: tuple[bool, ...]

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a statement."""
        found = self.con.execute(sql).fetchone()
        assert found is not None, sql
        return found


def new_name(what: str) -> str:
    """A name for a temporary table that nobody else uses."""
    return f"risk_{what}_{uuid.uuid4().hex}"


def run(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Execute SQL that was given to us.

    Raises:
        QualityError: `risk_relation`. What the engine says is told only where it names columns and
            functions; an error of a conversion would repeat the value.
    """
    try:
        return con.execute(sql)
    except (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.InterruptException):
        raise  # of the machine, not of the SQL
    except duckdb.Error as error:
        safe = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
        told = str(error).splitlines()[0] if isinstance(error, safe) else type(error).__name__
        raise QualityError("risk_relation", problem=told) from None


def column_types(con: duckdb.DuckDBPyConnection, relation_sql: str) -> dict[str, str]:
    """The columns of a SELECT with their physical types."""
    described = run(con, f"DESCRIBE {relation_sql}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def is_ordered(physical_type: str) -> bool:
    """Whether the ordered distance applies: numbers, dates and times."""
    return _ORDERED.fullmatch(physical_type) is not None


def check_fields(policy: RiskPolicy, columns: Mapping[str, str]) -> None:
    """Refuse a policy that does not fit the columns.

    Raises:
        QualityError: `risk_no_quasi`, `risk_field` or `risk_role`.
    """
    if not policy.quasi_identifiers:
        raise QualityError("risk_no_quasi", resource=policy.resource)
    named = (*policy.quasi_identifiers, *policy.sensitive)
    for field in named:
        if field not in columns:
            known = ", ".join(columns)
            raise QualityError("risk_field", field=field, known=known)
        if named.count(field) > 1:
            raise QualityError("risk_role", resource=policy.resource, field=field)


@contextmanager
def roll_up(
    con: duckdb.DuckDBPyConnection, relation_sql: str, policy: RiskPolicy
) -> Iterator[Cells]:
    """The combinations of a relation's quasi-identifiers and sensitive fields, while the block runs.

    Raises:
        QualityError: the policy does not fit, or the relation cannot be read.
    """
    types = column_types(con, relation_sql)
    check_fields(policy, types)
    name = new_name("cells")
    keys = tuple(f"q{i}" for i in range(len(policy.quasi_identifiers)))
    sensitive = tuple(f"s{i}" for i in range(len(policy.sensitive)))
    run(con, _roll_up_sql(name, relation_sql, policy, (*keys, *sensitive)))
    ordered = tuple(is_ordered(types[field]) for field in policy.sensitive)
    try:
        yield Cells(con, name, keys, sensitive, ordered)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {name}")


def _roll_up_sql(name: str, relation_sql: str, policy: RiskPolicy, aliases: Sequence[str]) -> str:
    fields = (*policy.quasi_identifiers, *policy.sensitive)
    chosen = ", ".join(
        f"{quoted(field)} AS {alias}" for field, alias in zip(fields, aliases, strict=True)
    )
    return (
        f"CREATE TEMP TABLE {name} AS SELECT {chosen}, count(*) AS n "
        f"FROM ({relation_sql}) GROUP BY ALL"
    )
