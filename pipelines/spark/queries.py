"""A DuckDB query as Spark SQL text: SELECT, joins, set operations, what stands in FROM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from catalog.errors import Location
from pipelines.dialect import ModelDialect, line_of
from pipelines.errors import PipelineError
from pipelines.spark.aggregates import ordered, specification
from pipelines.spark.expressions import Expressions, interval
from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast, name, numbered, table_view
from pipelines.spark.types import family, spark_type
from pipelines.spark.typing import Types, series_type

_JOINS = {
    ("", ""): "INNER JOIN", ("", "INNER"): "INNER JOIN", ("", "CROSS"): "CROSS JOIN",
    ("LEFT", ""): "LEFT JOIN", ("LEFT", "OUTER"): "LEFT JOIN",
    ("RIGHT", ""): "RIGHT JOIN", ("RIGHT", "OUTER"): "RIGHT JOIN",
    ("FULL", ""): "FULL JOIN", ("FULL", "OUTER"): "FULL JOIN",
    ("", "SEMI"): "LEFT SEMI JOIN", ("", "ANTI"): "LEFT ANTI JOIN",
}  # fmt: skip
_SETS: dict[type[Any], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}
_KNOWN = frozenset(
    {
        "with_", "kind", "expressions", "hint", "distinct", "into", "from_", "joins", "where",
        "group", "having", "qualify", "windows", "order", "limit", "offset", "laterals",
        "operation_modifiers",
    }
)  # fmt: skip


def to_spark(
    sql: str, tables: Mapping[str, Mapping[str, str]], names: list[str] | None = None
) -> str:
    """A model's SELECT in Spark SQL; tables are the temporary views of `table_view`.

    Args:
        tables: by `database.table`, the DuckDB types of its columns by name.
        names: the names of the result's columns; unset, those that the query writes.

    Raises:
        Refusal: a part of it has no equal on Spark.
    """
    with numbered():
        return _Writer(_qualified(sql, tables), tables).text(names)


def portable(
    sql: str, tables: Mapping[str, Mapping[str, str]], names: list[str] | None, path: Path
) -> str:
    """As `to_spark`, for a model's file.

    Raises:
        PipelineError: `sql_not_portable`.
    """
    try:
        return to_spark(sql, tables, names)
    except Refusal as refusal:
        line = line_of(refusal.node) if refusal.node is not None else 0
        where = Location(path, line or 1)
        raise PipelineError(
            "sql_not_portable", where=where, part=refusal.part, problem=refusal.why
        ) from None


def _qualified(sql: str, tables: Mapping[str, Mapping[str, str]]) -> exp.Query:
    schema: dict[str, Any] = {}
    for full, columns in tables.items():
        database, _, short = full.partition(".")
        # Only names are asked of it; the types are the engine's own affair.
        schema.setdefault(database, {})[short] = dict.fromkeys(columns, "VARCHAR")
    try:
        tree = sqlglot.parse_one(sql, read=ModelDialect)
        for table in list(tree.find_all(exp.Table)):
            _unpivot(table, tables)
        for subquery in list(tree.find_all(exp.Subquery)):
            _unbracket(subquery)
        for select in list(tree.find_all(exp.Select)):
            _distinct_on(select)
        return qualify(tree, dialect=ModelDialect, schema=schema, quote_identifiers=False)  # type: ignore[return-value]
    except SqlglotError as error:
        raise Refusal("query", str(error).split("\n")[0]) from None


def _unpivot(node: exp.Table, tables: Mapping[str, Mapping[str, str]]) -> None:
    """UNPIVOT of a table of the city as one SELECT for each column; NULLs are left out."""
    pivots = node.args.get("pivots") or []
    columns = tables.get(f"{node.db}.{node.name}")
    if len(pivots) != 1 or not pivots[0].args.get("unpivot") or columns is None:
        return
    (pivot,) = pivots
    into, fields = pivot.expressions, pivot.args.get("fields") or []
    if len(into) != 1 or len(fields) != 1 or pivot.args.get("include_nulls") or node.alias:
        return
    label, taken = fields[0].this.name, [item.name for item in fields[0].expressions]
    if not set(taken) <= set(columns):
        return
    kept = [column for column in columns if column not in taken]
    source = exp.table_(node.name, db=node.db)
    selects = [
        exp.select(
            *(exp.column(column) for column in kept),
            exp.alias_(exp.Literal.string(column), label),
            exp.alias_(exp.column(column), into[0].name),
        )
        .from_(source.copy())
        .where(exp.not_(exp.Is(this=exp.column(column), expression=exp.Null())))
        for column in taken
    ]
    query: exp.Query = selects[0]
    for other in selects[1:]:
        query = exp.union(query, other, distinct=False)
    node.replace(query.subquery(pivot.alias or node.name))


def _unbracket(node: exp.Subquery) -> None:
    """`(SELECT ...) ORDER BY ... LIMIT ...`: DuckDB takes them for the SELECT's own."""
    inner = node.unnest()
    if not isinstance(inner, exp.Select) or any(
        inner.args.get(k) for k in ("order", "limit", "offset")
    ):
        return
    for key in ("order", "limit", "offset"):
        if node.args.get(key):
            inner.set(key, node.args[key].pop())


def _distinct_on(node: exp.Select) -> None:
    """DISTINCT ON as the first row of a window."""
    distinct, order = node.args.get("distinct"), node.args.get("order")
    on = distinct.args.get("on") if distinct is not None else None
    if on is None or order is None or any(node.args.get(k) for k in ("qualify", "group", "limit")):
        return  # refused later: which row stays is by chance, or not said here
    keys = on.expressions if isinstance(on, exp.Tuple) else [on]
    first = exp.Window(
        this=exp.RowNumber(), partition_by=[key.copy() for key in keys], order=order.copy()
    )
    node.set("qualify", exp.Qualify(this=exp.EQ(this=first, expression=exp.Literal.number(1))))
    node.set("distinct", None)
    node.set("order", None)


class _Writer:
    def __init__(self, tree: exp.Query, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.tree = tree
        self.types = Types(tree, tables)
        self.to = Expressions(self.types, self.query)

    def text(self, names: list[str] | None) -> str:
        if names is not None:
            self._rename(names)
        return self.query(self.tree)

    def _rename(self, names: list[str]) -> None:
        first = self.tree.unnest()
        while isinstance(first, exp.SetOperation):
            first = first.left.unnest()
        if not isinstance(first, exp.Select) or len(first.expressions) != len(names):
            raise Refusal("SELECT", "its columns are not known", self.tree)
        for item, wanted in zip(first.expressions, names, strict=True):
            if isinstance(item, exp.Alias):
                item.set("alias", exp.to_identifier(wanted))

    # -- queries --------------------------------------------------------------------------------

    def query(self, node: Any) -> str:
        """A SELECT or set operation, with its WITH in front."""
        if isinstance(node, exp.Subquery):
            if any(node.args.get(key) for key in ("with_", "order", "limit", "offset")):
                inner = f"({self.query(node.this)})"
                return f"{self._with(node)}SELECT * FROM {inner} AS _q{self._tail(node)}"
            return self.query(node.this)
        if isinstance(node, exp.SetOperation):
            return self._with(node) + self._set(node) + self._tail(node)
        if isinstance(node, exp.Select):
            return self._with(node) + self._select(node)
        raise Refusal(node.key, "not a SELECT", node)

    def _with(self, node: Any) -> str:
        clause = node.args.get("with_")
        if clause is None:
            return ""
        parts = []
        for cte in clause.expressions:
            columns = ""
            alias = cte.args["alias"]
            if alias.columns:
                columns = f"({', '.join(name(c.name) for c in alias.columns)})"
            parts.append(f"{name(alias.name)}{columns} AS ({self.query(cte.this)})")
        word = (
            "WITH RECURSIVE" if clause.args.get("recursive") and self._recursive(clause) else "WITH"
        )
        return f"{word} {', '.join(parts)} "

    @staticmethod
    def _recursive(clause: Any) -> bool:
        return any(
            table.name == cte.alias and not table.db
            for cte in clause.expressions
            for table in cte.this.find_all(exp.Table)
        )

    def _set(self, node: Any) -> str:
        kind = next(word for of, word in _SETS.items() if isinstance(node, of))
        every = "" if node.args.get("distinct", True) else " ALL"
        left, right = self.types.outputs(node.left), self.types.outputs(node.right)
        if node.args.get("by_name"):
            names = [column for column, _ in left]
            if sorted(names) != sorted(column for column, _ in right):
                raise Refusal("UNION BY NAME", "both sides must have the same columns", node)
            listed = ", ".join(name(column) for column in names)
            sides = (
                self.query(node.left),
                f"SELECT {listed} FROM ({self.query(node.right)}) AS _n",
            )
        else:
            for (_, a), (_, b) in zip(left, right, strict=True):
                if family(a) != family(b) and '"NULL"' not in (a, b):
                    raise Refusal(kind, f"{a} and {b} in one column: cast one side", node)
            sides = (self.query(node.left), self.query(node.right))
        return f"({sides[0]}) {kind}{every} ({sides[1]})"

    def _select(self, node: Any) -> str:
        unknown = [key for key, value in node.args.items() if value and key not in _KNOWN]
        distinct = node.args.get("distinct")
        if unknown or node.args.get("into") or (distinct is not None and distinct.args.get("on")):
            part = unknown[0] if unknown else "DISTINCT ON"
            raise Refusal(part, "write it as a window with QUALIFY", node)
        items = [self._item(item) for item in node.expressions]
        core = self._source(node)
        if node.args.get("where"):
            core += f" WHERE {self.to.boolean(node.args['where'].this)}"
        core += self._group(node)
        if node.args.get("having"):
            core += f" HAVING {self.to.boolean(node.args['having'].this)}"
        core += self._windows(node)
        word = "SELECT DISTINCT" if distinct is not None else "SELECT"
        if node.args.get("qualify"):
            return self._qualified(node, items, core, word) + self._tail(node, named=True)
        return f"{word} {', '.join(items)}{core}{self._tail(node)}"

    def _qualified(self, node: Any, items: list[str], core: str, word: str) -> str:
        """QUALIFY as a column of a subquery, which is not handed on."""
        kept = ", ".join(name(item.alias_or_name) for item in node.expressions)
        test = self.to.boolean(node.args["qualify"].this)
        inner = f"SELECT {', '.join(items)}, {test} AS `_kept`{core}"
        return f"{word} {kept} FROM ({inner}) AS _q WHERE `_kept`"

    def _item(self, item: Any) -> str:
        if isinstance(item, exp.Alias):
            inner = item.this
            if isinstance(inner, exp.Explode):
                return f"explode({self.to.sql(inner.this)}) AS {name(item.alias)}"
            return f"{self.to.sql(inner)} AS {name(item.alias)}"
        if isinstance(item, exp.Column):
            return f"{self.to.sql(item)} AS {name(item.name)}"
        raise Refusal(item.key, "a column without a name", item)

    def _group(self, node: Any) -> str:
        group = node.args.get("group")
        if group is None:
            return ""
        if group.args.get("all"):
            keys = [i.unalias() for i in node.expressions if not _aggregated(i)]
            return f" GROUP BY {', '.join(self._key(key, node) for key in keys)}" if keys else ""
        plain = []
        for key in group.expressions:
            if isinstance(key, exp.Rollup | exp.Cube):
                listed = ", ".join(self.to.sql(part) for part in key.expressions)
                plain.append(f"{key.key.upper()} ({listed})")
            elif isinstance(key, exp.GroupingSets):
                raise Refusal("GROUPING SETS", "write ROLLUP or CUBE, or several SELECTs", node)
            else:
                plain.append(self._key(key, node))
        return f" GROUP BY {', '.join(plain)}"

    def _key(self, key: Any, node: Any) -> str:
        """A key of GROUP BY; one that is also a column of the result by its place."""
        if not isinstance(key, exp.Column):
            for place, item in enumerate(node.expressions, 1):
                if item.unalias() == key:
                    return str(place)
        return self.to.sql(key)

    def _windows(self, node: Any) -> str:
        windows = node.args.get("windows") or []
        parts = [f"{name(w.name)} AS ({specification(self.to, w)})" for w in windows]
        return f" WINDOW {', '.join(parts)}" if parts else ""

    def _tail(self, node: Any, named: bool = False) -> str:
        """ORDER BY, LIMIT and OFFSET."""
        order, limit, offset = (node.args.get(key) for key in ("order", "limit", "offset"))
        text = ""
        if order is not None and (limit is not None or offset is not None):
            # Without a limit an order decides nothing about the rows of a table.
            keys = [self._order_key(item, node, named) for item in order.expressions]
            text += f" ORDER BY {', '.join(keys)}"
        if limit is not None:
            text += f" LIMIT {self.to.whole(limit.expression)}"
        if offset is not None:
            text += f" OFFSET {self.to.whole(offset.expression)}"
        return text

    def _order_key(self, item: Any, node: Any, named: bool) -> str:
        select = node if isinstance(node, exp.Select) else None
        if select is not None:
            for column in select.expressions:
                if isinstance(column, exp.Alias) and column.this == item.this:
                    item = item.copy()
                    item.set("this", exp.column(column.alias))
                    return ordered(self.to, item)
        if named and not (isinstance(item.this, exp.Column) and not item.this.table):
            raise Refusal("ORDER BY", "with QUALIFY by a column of the result", item)
        return ordered(self.to, item)

    # -- FROM -----------------------------------------------------------------------------------

    def _source(self, node: Any) -> str:
        clause = node.args.get("from_")
        if clause is None:
            return ""
        if node.args.get("laterals"):
            raise Refusal("LATERAL", "write a join", node)
        text = f" FROM {self._item_of_from(clause.this)}"
        for join in node.args.get("joins") or []:
            text += self._join(join)
        return text

    def _join(self, join: Any) -> str:
        if join.args.get("method") or join.args.get("using"):
            raise Refusal(
                f"{join.args.get('method') or 'USING'} JOIN", "no such join on Spark", join
            )
        kind = _JOINS.get((str(join.side or "").upper(), str(join.kind or "").upper()))
        if kind is None:
            raise Refusal(f"{join.side} {join.kind} JOIN", "no such join on Spark", join)
        condition = join.args.get("on")
        if isinstance(join.this, exp.Unnest):
            return f" {self._exploded(join.this)}"
        if condition is None and kind == "INNER JOIN":
            kind = "CROSS JOIN"
        text = f" {kind} {self._item_of_from(join.this)}"
        return f"{text} ON {self.to.boolean(condition)}" if condition is not None else text

    def _item_of_from(self, item: Any) -> str:
        if isinstance(item, exp.Table):
            if any(item.args.get(k) for k in ("pivots", "sample", "laterals", "joins", "when")):
                raise Refusal("PIVOT or TABLESAMPLE", "write it with CASE or UNION ALL", item)
            if not isinstance(item.this, exp.Identifier):
                return self._series(item)
            full = f"{item.db}.{item.name}" if item.db else ""
            return f"{name(table_view(full) if full else item.name)} AS {name(item.alias_or_name)}"
        if isinstance(item, exp.Subquery):
            if item.args.get("pivots") or item.args.get("sample") or item.args.get("joins"):
                raise Refusal("PIVOT or TABLESAMPLE", "write it with CASE or UNION ALL", item)
            alias = item.args.get("alias")
            columns = ""
            if alias is not None and alias.columns:
                columns = f"({', '.join(name(c.name) for c in alias.columns)})"
            return f"({self.query(item)}) AS {name(_alias(item))}{columns}"
        if isinstance(item, exp.Unnest):
            return f"(SELECT {self._unnested(item)}"
        if isinstance(item, exp.Lateral) and isinstance(item.this, exp.Subquery):
            return f"LATERAL ({self.query(item.this)}) AS {name(item.alias)}"
        if isinstance(item, exp.Values):
            rows = [
                "(" + ", ".join(self.to.sql(v) for v in row.expressions) + ")"
                for row in item.expressions
            ]
            columns = ", ".join(name(c.name) for c in item.args["alias"].columns)
            return f"(VALUES {', '.join(rows)}) AS {name(item.alias)}({columns})"
        raise Refusal(item.key, "nothing that may stand in FROM", item)

    def _exploded(self, item: Any) -> str:
        alias = item.args["alias"]
        if len(item.expressions) != 1 or len(alias.columns) != 1 or item.args.get("offset"):
            raise Refusal("unnest", "of one list", item)
        inner = self.to.sql(item.expressions[0])
        column = name(alias.columns[0].name)
        return f"CROSS JOIN LATERAL explode({inner}) AS {name(alias.name)}({column})"

    def _unnested(self, item: Any) -> str:
        alias = item.args["alias"]
        column = name(alias.columns[0].name if alias.columns else "unnest")
        return f"explode({self.to.sql(item.expressions[0])}) AS {column}) AS {name(alias.name)}"

    def _series(self, table: Any) -> str:
        function, alias = table.this, table.args.get("alias")
        kind = series_type(function)
        if kind is None or alias is None or len(alias.columns) != 1:
            raise Refusal("table function", "range and generate_series, with a named column", table)
        ends = [function.args["start"], function.args["end"]]
        step = function.args.get("step")
        if kind == "BIGINT":
            if step is not None:
                raise Refusal("generate_series", "of numbers, with the step 1", table)
            start, end = (cast(self.to.sql(e), "BIGINT") for e in ends)
            by = "1L"
        else:
            start, end = (cast(self.to.sql(e), "TIMESTAMP_NTZ") for e in ends)
            by = interval(step)
            if "-" in by:
                raise Refusal("generate_series", "forwards", table)
        if function.args.get("is_end_exclusive"):
            if kind != "BIGINT":
                raise Refusal("range", "of times: use generate_series", table)
            end = f"({end} - 1L)"
        listed = (
            f"CASE WHEN {start} <= {end} THEN sequence({start}, {end}, {by}) "
            f"ELSE CAST(array() AS ARRAY<{spark_type(kind)}>) END"
        )
        column = name(alias.columns[0].name)
        return f"(SELECT explode({listed}) AS {column}) AS {name(alias.name)}"


def _alias(item: Any) -> str:
    """The name of a subquery, which may stand in brackets of its own."""
    while isinstance(item, exp.Subquery) and not item.alias:
        item = item.this
    return str(item.alias) if isinstance(item, exp.Subquery) else "_q"


def _aggregated(item: Any) -> bool:
    """Whether an item of SELECT has an aggregate that is not a window's."""
    return any(
        isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Window)
        for node in item.walk()
    )
