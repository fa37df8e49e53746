"""The type of every expression of a query, as DuckDB itself gives it.

An expression is asked for with each of its columns replaced by a NULL of the column's type, so no
table is needed and every question is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from pipelines.spark.refusal import Refusal

Columns = Mapping[str, str]


@lru_cache(maxsize=1)
def _engine() -> Any:
    import duckdb

    from pipelines.masking.install import install_duckdb

    con = duckdb.connect(":memory:")
    con.execute("SET enable_external_access = false")
    con.execute("SET TimeZone = 'UTC'")
    install_duckdb(con, None, ())
    return con


@lru_cache(maxsize=65536)
def type_of_sql(expression: str) -> str:
    """DuckDB's type of an expression without columns.

    Raises:
        Refusal: it does not bind by itself.
    """
    import duckdb

    try:
        rows = _engine().cursor().execute(f"DESCRIBE SELECT {expression}").fetchall()
    except duckdb.Error as error:
        raise Refusal(expression[:60], str(error).split("\n")[0]) from None
    return str(rows[0][1])


def value_of_sql(expression: str) -> str | None:
    """The value, as text, of an expression of literals; None for NULL."""
    rows = _engine().cursor().execute(f"SELECT CAST({expression} AS VARCHAR)").fetchall()
    return None if rows[0][0] is None else str(rows[0][0])


class Types:
    """Types of a qualified query's columns and expressions.

    Args:
        tables: by `database.table`, the types of its columns by name.
    """

    def __init__(self, tree: exp.Query, tables: Mapping[str, Columns]) -> None:
        self._tables = tables
        self._columns: dict[int, str] = {}
        self._outputs: dict[int, list[tuple[str, str]]] = {}
        self._parameters: list[dict[str, str]] = []
        self._known: dict[int, tuple[Any, str]] = {}
        for scope in traverse_scope(tree):
            for column in scope.columns:
                self._columns[id(column)] = self._column(column, scope)
            self._outputs[id(scope.expression)] = self._produced(scope)

    def of(self, node: Any) -> str:
        """The DuckDB type of an expression."""
        known = self._known.get(id(node))
        if known is not None:
            return known[1]
        found = self._columns.get(id(node)) if isinstance(node, exp.Column) else None
        found = found or type_of_sql(self._alone(node))
        if not self._parameters:
            self._known[id(node)] = (node, found)  # the node is kept, so its id stays its own
        return found

    def outputs(self, query: Any) -> list[tuple[str, str]]:
        """Names and types of the columns that a SELECT or a set operation of the tree gives."""
        found = self._outputs.get(id(query.unnest()))
        if found is None:
            raise Refusal(query.key, "its columns are not known", query)
        return found

    def declare(self, names: Mapping[str, str]) -> None:
        """The types of a lambda's parameters, until `forget`."""
        self._parameters.append(dict(names))

    def forget(self) -> None:
        """The innermost lambda has ended."""
        self._parameters.pop()

    # -- columns --------------------------------------------------------------------------------

    def _column(self, column: exp.Column, scope: Scope) -> str:
        at: Scope | None = scope
        while at is not None:
            source = at.sources.get(column.table)
            if source is not None:
                found = self._in_source(column, source, at)
                if found is not None:
                    return found
            at = at.parent
        return ""  # a lambda's parameter, or an alias; asked for, it does not bind

    def _in_source(self, column: exp.Column, source: Any, scope: Scope) -> str | None:
        name = column.name.lower()
        if isinstance(source, exp.Table):
            if isinstance(source.this, exp.Identifier):
                columns = self._tables.get(f"{source.db}.{source.name}".lower(), {})
                return {k.lower(): v for k, v in columns.items()}.get(name)
            return series_type(source.this)
        if isinstance(source, Scope):
            inner = source.expression
            if isinstance(inner, exp.Unnest):
                return self.of(inner.expressions[0]).removesuffix("[]")
            if id(inner) not in self._outputs and isinstance(inner, exp.SetOperation):
                return _named(self.outputs(inner.left), name)  # a recursive CTE reads itself
            if isinstance(inner, exp.Values):
                return self._listed(inner, name)
            return _named(self._outputs.get(id(inner), []), name)
        if isinstance(source, exp.Values):
            return self._listed(source, name)
        return None

    def _listed(self, values: Any, name: str) -> str | None:
        """The type of a column of VALUES: that of its first row, when all are the same."""
        for place, column in enumerate(values.args["alias"].columns):
            if column.name.lower() == name:
                kinds = {self.of(row.expressions[place]) for row in values.expressions}
                return kinds.pop() if len(kinds) == 1 else None
        return None

    def _produced(self, scope: Scope) -> list[tuple[str, str]]:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            return self._unified(query)
        if isinstance(query, exp.Select):
            return [(item.alias_or_name, self._safe(item)) for item in query.expressions]
        return []

    def _safe(self, item: Any) -> str:
        try:
            return self.of(item.unalias())
        except Refusal:
            return ""

    def _unified(self, query: exp.SetOperation) -> list[tuple[str, str]]:
        left = self._outputs.get(id(query.left.unnest()), [])
        right = self._outputs.get(id(query.right.unnest()), [])
        if query.args.get("by_name"):
            names = dict.fromkeys([n for n, _ in left] + [n for n, _ in right])
            pairs = [(n, _named(left, n) or "", _named(right, n) or "") for n in names]
        elif len(left) == len(right):
            pairs = [(n, a, b) for (n, a), (_, b) in zip(left, right, strict=True)]
        else:
            pairs = [(n, a, a) for n, a in left]  # the right side reads this very query
        found = []
        for name, a, b in pairs:
            one, two = (typed_null(k) for k in (a, b))
            kind = type_of_sql(f"x FROM (SELECT {one} AS x UNION ALL SELECT {two}) AS u")
            found.append((name, kind))
        return found

    # -- expressions ----------------------------------------------------------------------------

    def _alone(self, node: Any) -> str:
        """The expression's DuckDB text with its columns and subqueries replaced by typed NULLs."""
        copy = _copied(node, self._kind_of)
        return str(copy.sql(dialect="duckdb", comments=False))

    def _kind_of(self, node: Any) -> str | None:
        """The type that a node is replaced by a NULL of; None: look inside."""
        if isinstance(node, exp.Column):
            for names in reversed(self._parameters):
                if not node.table and node.name in names:
                    return names[node.name]
            kind = self._columns.get(id(node))
            if not kind:
                raise Refusal(node.sql(dialect="duckdb"), "its type is not known", node)
            return kind
        if isinstance(node, exp.Identifier) and _stands_alone(node):
            return next((n[node.name] for n in reversed(self._parameters) if node.name in n), None)
        if isinstance(node, exp.Exists):
            return "BOOLEAN"
        if isinstance(node, exp.In) and node.args.get("query"):
            return "BOOLEAN"
        if isinstance(node, exp.Subquery | exp.Select | exp.SetOperation):
            return self.outputs(node)[0][1]
        return None


def _copied(node: Any, kind_of: Callable[[Any], str | None]) -> Any:
    kind = kind_of(node)
    if kind is not None:
        return exp.Var(this=typed_null(kind))  # text that is written as it is
    copy = type(node)()
    copy.comments = None
    for key, value in node.args.items():
        if key == "alias" and isinstance(node, exp.Window):
            continue  # a named window; no type depends on it
        if isinstance(value, exp.Expression):
            copy.set(key, _copied(value, kind_of))
        elif isinstance(value, list):
            copy.set(
                key,
                [_copied(v, kind_of) if isinstance(v, exp.Expression) else v for v in value],
            )
        else:
            copy.set(key, value)
    return copy


def _named(columns: Sequence[tuple[str, str]], name: str) -> str | None:
    return next((kind for column, kind in columns if column.lower() == name.lower()), None)


def _stands_alone(node: exp.Identifier) -> bool:
    """Whether an identifier is an expression: a lambda's parameter, not the name of a field."""
    parent = node.parent
    if isinstance(parent, exp.Dot):
        return node is parent.this
    return not isinstance(
        parent, exp.Column | exp.PropertyEQ | exp.Alias | exp.Table | exp.TableAlias | exp.DataType
    )


def typed_null(kind: str) -> str:
    """A NULL of a DuckDB type."""
    return "NULL" if kind in ('"NULL"', "") else f"CAST(NULL AS {kind})"


def series_type(function: Any) -> str | None:
    """The type of what `range` and `generate_series` make."""
    if isinstance(function, exp.GenerateSeries):
        return "TIMESTAMP" if function.args.get("step") and _timed(function) else "BIGINT"
    return None


def _timed(function: exp.GenerateSeries) -> bool:
    return isinstance(function.args.get("step"), exp.Interval)
