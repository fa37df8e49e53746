"""A model's SQL: one SELECT, its table references, and what it may not do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.optimizer.scope import traverse_scope

from catalog.contract import DATABASES
from catalog.errors import CityBrainError, Location
from pipelines.dialect import ModelDialect, line_of
from pipelines.errors import PipelineError

# Functions that read files, the network or the engine's own state: never in a model or a query.
# DuckDB's table functions are refused as a class (a FROM item must be a table of the city).
FORBIDDEN_FUNCTIONS = frozenset(
    {
        "current_setting",
        "getenv",
        "getvariable",
        "glob",
        "nextval",
        "currval",
        "query",
        "query_table",
        "read_blob",
        "read_csv",
        "read_csv_auto",
        "read_json",
        "read_json_auto",
        "read_parquet",
        "read_text",
        "setseed",
        "write_log",
    }
)
_VOLATILE_NODES: tuple[type[exp.Expression], ...] = (
    exp.Rand,
    exp.CurrentDate,
    exp.CurrentTimestamp,
    exp.CurrentTime,
    exp.CurrentUser,
    exp.Localtime,
    exp.Localtimestamp,
    exp.TableSample,
    exp.Uuid,
)


@lru_cache
def volatile_functions() -> frozenset[str]:
    """What the engine itself calls volatile: functions whose value changes from run to run."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN "
            "('scalar', 'macro') AND stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"
        ).fetchall()
    return frozenset(str(name).lower() for (name,) in rows) - {"error"}


def refused_functions(tree: Any, *, deterministic: bool) -> list[tuple[str, int]]:
    """Name and line of every function in `tree` that a model (or, if not deterministic, a query)
    may not call."""
    refused = FORBIDDEN_FUNCTIONS | (volatile_functions() if deterministic else frozenset())
    found = []
    for node in tree.walk():
        name = ""
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
        elif isinstance(node, exp.Func):
            name = node.sql_name().lower()
        volatile = deterministic and isinstance(node, _VOLATILE_NODES)
        if volatile or name in refused:
            found.append((name or node.key, line_of(node) or 1))
    return found


@dataclass(frozen=True, slots=True)
class Reference:
    """A table that a query reads, and where it says so."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A SELECT that passed the structural checks."""

    tree: exp.Query
    references: tuple[Reference, ...]


def parse_query(
    sql: str,
    path: Path,
    *,
    deterministic: bool = True,
    databases: tuple[str, ...] = DATABASES,
) -> tuple[ParsedQuery | None, list[CityBrainError]]:
    """Parse one SELECT in DuckDB's dialect and find the city tables that it reads.

    Args:
        sql: the text.
        path: where it stands, for error locations.
        deterministic: refuse functions whose value changes from run to run (a model must give the
            same rows for the same inputs; an ad-hoc query may ask for today's date).
        databases: the databases whose tables may be read.
    """
    try:
        statements = [s for s in sqlglot.parse(sql, read=ModelDialect) if s is not None]
    except (ParseError, TokenError) as error:
        return None, [_syntax(error, path)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return None, [PipelineError("sql_one_select", where=Location(path, 1))]
    tree = statements[0]
    problems: list[CityBrainError] = list(_forbidden(tree, path, deterministic))
    references = _references(tree, path, databases, problems)
    return ParsedQuery(tree, references), problems


def _syntax(error: Exception, path: Path) -> PipelineError:
    details = getattr(error, "errors", None)
    if details:
        first = details[0]
        where = Location(path, first.get("line") or 1, first.get("col") or 0)
        return PipelineError("sql_syntax", where=where, problem=first.get("description") or "")
    return PipelineError("sql_syntax", where=Location(path, 1), problem=str(error).split("\n")[0])


def _forbidden(tree: exp.Query, path: Path, deterministic: bool) -> list[PipelineError]:
    found = [
        PipelineError("sql_one_select", where=Location(path, line_of(node) or 1))
        for node in tree.walk()
        if isinstance(node, exp.Into | exp.Command | exp.DML)
    ]
    found += [
        PipelineError("sql_function", where=Location(path, line), function=name)
        for name, line in refused_functions(tree, deterministic=deterministic)
    ]
    return found


def _references(
    tree: exp.Query, path: Path, databases: tuple[str, ...], problems: list[CityBrainError]
) -> tuple[Reference, ...]:
    found: dict[str, Reference] = {}
    for scope in traverse_scope(tree):
        for source in scope.tables:
            if (
                not source.db
                and source.name in scope.sources
                and not isinstance(scope.sources[source.name], exp.Table)
            ):
                continue
            line = line_of(source) or 1
            if isinstance(source.this, exp.GenerateSeries):
                continue  # reads nothing; what it makes, its arguments decide
            if not isinstance(source.this, exp.Identifier):
                where = Location(path, line)
                problems.append(PipelineError("sql_table_function", where=where, name=source.sql()))
                continue
            if source.catalog or source.db not in databases:
                problems.append(
                    PipelineError(
                        "sql_table_name",
                        where=Location(path, line),
                        name=source.sql(),
                        known=", ".join(databases),
                    )
                )
                continue
            name = f"{source.db}.{source.name}"
            found.setdefault(name, Reference(name, line))
    return tuple(found.values())
