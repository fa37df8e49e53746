"""Whether a part of a model's table needs only a part of its inputs.

A model whose rows of May are made of rows of May alone can be computed for May alone. That is proven
here from its SQL, or refused; it is never assumed. What is proven, for a column of what a query gives:
*every row of it depends, of each table that is read in parts, only on rows whose own column has the
same value* (for time: lies in the same period). Dependence includes absence: a LEFT JOIN row without
a partner depends on there being none. A column loses the property where that is not sure.

Every reading of a table counts by itself (a *scan*): in a join of a table with itself both sides must
be bound to the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from sqlglot import exp

from pipelines.incremental.scans import (
    Names,
    NotLocal,
    Rows,
    Source,
    Tags,
    bound_sources,
    core,
    divides,
    joined,
    periods,
)
from pipelines.lineage.nodes import aggregate_functions, aggregated

_SELECT = {
    "with_", "expressions", "from_", "joins", "where", "group", "having", "qualify", "distinct",
    "order", "laterals", "windows", "limit", "offset", "kind", "hint", "operation_modifiers",
}  # fmt: skip
_JOIN = {"this", "on", "using", "side", "kind", "method"}


@dataclass(frozen=True, slots=True)
class Local:
    """A proof: by table that is read in parts, its column for every column that divides the model's.

    Attributes:
        columns: columns of the model that divide its rows.
        inputs: by table, the columns of it that correspond to them, in their order.
    """

    columns: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]


def prove(
    tree: exp.Query,
    schema: Mapping[str, Mapping[str, str]],
    tables: Iterable[str],
    columns: Mapping[str, str],
    grain: str | None,
    lookback: int = 0,
) -> Local:
    """Prove that rows of the model depend only on input rows of the same part.

    Args:
        tree: the model's query.
        schema: columns and their types of every table that it reads.
        tables: the tables that are to be read in parts; a change of another makes all rows new.
        columns: the model's columns that divide it, and their types; of keys those that can be proven.
        grain: the length of a period (`day`, `month`, `year`); None: values are compared as they are.
        lookback: how many earlier periods of its inputs a row may depend on.

    Raises:
        NotLocal: a part of the model may need more.
    """
    prover = _Prover(schema, frozenset(tables), grain)
    rows = prover.query(tree, {})
    if rows.back > lookback:
        raise NotLocal(tree, f"a window reaches {rows.back} periods back, 'lookback' is {lookback}")
    proven: dict[str, list[str]] = {table: [] for table in rows.scans.values()}
    chosen = []
    for column in columns:
        tags = rows.tags(column)
        found = {table: _common(table, rows, tags) for table in proven}
        if grain is None and any(
            schema[t].get(c or "") != columns[column] for t, c in found.items()
        ):
            continue
        if all(found.values()):
            chosen.append(column)
            for table, name in found.items():
                proven[table].append(str(name))
    if not proven or not chosen or (grain is not None and len(chosen) != len(columns)):
        named = ", ".join(columns)
        raise NotLocal(tree, f"rows of one {named} may be made of rows of another")
    return Local(tuple(chosen), {table: tuple(names) for table, names in proven.items()})


def _common(table: str, rows: Rows, tags: Tags) -> str | None:
    """The column of a table to which all its scans are bound."""
    found: frozenset[str] | None = None
    for scan, name in rows.scans.items():
        if name == table:
            these = tags.get(scan, frozenset())
            found = these if found is None else found & these
    return min(found) if found else None


class _Prover:
    def __init__(
        self, schema: Mapping[str, Mapping[str, str]], tables: frozenset[str], grain: str | None
    ) -> None:
        self._schema = schema
        self._tables = tables
        self.grain = grain
        self._numbers = count()

    # -- queries --------------------------------------------------------------------------------

    def query(self, node: Any, ctes: Mapping[str, Any]) -> Rows:
        """The rows that a query gives.

        Args:
            ctes: queries by name, each with the names that are known inside it; they are read anew
                wherever they are named, so that each reading has scans of its own.
        """
        if isinstance(node, exp.Subquery):
            inner = self.query(node.this, self._with(node, ctes))
            self._cut(node, inner)
            return inner
        if isinstance(node, exp.SetOperation):
            return self._set(node, self._with(node, ctes))
        if isinstance(node, exp.Select):
            return self._select(node, self._with(node, ctes))
        if isinstance(node, exp.Values):
            return Rows()
        raise NotLocal(node, f"{node.key.upper()} is not looked into")

    def _with(self, node: Any, ctes: Mapping[str, Any]) -> Mapping[str, Any]:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        if clause.args.get("recursive"):
            raise NotLocal(clause, "a recursion may go through all rows")
        known = dict(ctes)
        for cte in clause.expressions:
            known[cte.alias.lower()] = (cte, dict(known))
        return known

    def _cut(self, node: Any, rows: Rows) -> None:
        """What takes some rows of all."""
        if rows.scans and (node.args.get("limit") or node.args.get("offset")):
            raise NotLocal(node, "LIMIT and OFFSET depend on all rows")
        if rows.scans and (node.args.get("sample") or node.args.get("pivots")):
            raise NotLocal(node, "a sample or PIVOT depends on all rows")

    def _set(self, node: exp.SetOperation, ctes: Mapping[str, Any]) -> Rows:
        left, right = self.query(node.this, ctes), self.query(node.expression, ctes)
        if node.args.get("by_name"):
            names = {name: name for name in (*left.order, *right.order)}
        else:
            names = dict(zip(left.order, right.order, strict=False))
        columns = {
            name: {**left.tags(name), **right.tags(other)}
            for name, other in names.items()
            if _there(name, left) and _there(other, right)
        }
        types = {n: t for n, t in left.types.items() if right.types.get(names.get(n, "")) == t}
        back = max(left.back, right.back)
        rows = Rows({**left.scans, **right.scans}, columns, left.order, types, back)
        self._cut(node, rows)
        return rows

    # -- SELECT ---------------------------------------------------------------------------------

    def _select(self, node: exp.Select, ctes: Mapping[str, Any]) -> Rows:
        for name, part in node.args.items():
            if part and name not in _SELECT:
                raise NotLocal(node, f"{name.upper()} is not looked into")
        sources = self._sources(node, ctes)
        rows = joined(sources)
        self._subqueries(node, ctes)
        labels = {
            item.alias.lower(): item.this
            for item in node.expressions
            if isinstance(item, exp.Alias)
        }
        names = Names(sources, rows, labels)
        back = self._windows(node, names)
        names.rows = rows = replace(rows, back=rows.back + back)
        self._cut(node, rows)
        if rows.scans:
            _distinct_on(node, names, self)
        projected = self._projected(node, names)
        if not _grouped(node):
            return projected
        keys = [self.tags_of(key, names) for key in _group_keys(node, names)]
        kept = {
            name: tags if any(tags == key for key in keys) else {}
            for name, tags in projected.columns.items()
        }
        if rows.scans and not any(rows.bound(key) for key in keys):
            raise NotLocal(node.args.get("group") or node, "a group may take rows of several parts")
        return replace(projected, columns=kept)

    def _projected(self, node: exp.Select, names: Names) -> Rows:
        columns: dict[str, Tags] = {}
        types: dict[str, str] = {}
        order: list[str] = []
        for item in node.expressions:
            bare = item.this if isinstance(item, exp.Alias) else item
            if isinstance(bare, exp.Star) or (
                isinstance(bare, exp.Column) and isinstance(bare.this, exp.Star)
            ):
                found = _starred(bare, names)
            else:
                found = [(item.alias_or_name.lower(), self.tags_of(bare, names), names.type(bare))]
            for name, tags, kind in found:
                # A name that stands twice says nothing.
                columns[name] = {} if name in columns else tags
                order.append(name)
                if kind:
                    types[name] = kind
        return Rows(names.rows.scans, columns, tuple(order), types, names.rows.back)

    def _subqueries(self, node: exp.Select, ctes: Mapping[str, Any]) -> None:
        """Queries inside expressions may only read tables that are read whole."""
        for part in ("expressions", "where", "group", "having", "qualify", "order", "joins"):
            for inner in _listed(node.args.get(part)):
                where = inner.args.get("on") if isinstance(inner, exp.Join) else inner
                for query in where.find_all(exp.Query) if where is not None else ():
                    self._only_whole(query, ctes)
        for lateral in node.args.get("laterals") or []:
            for query in lateral.find_all(exp.Query):
                self._only_whole(query, ctes)

    def _only_whole(self, query: Any, ctes: Mapping[str, Any]) -> None:
        for table in query.find_all(exp.Table):
            name = table.name.lower()
            if table.db and f"{table.db.lower()}.{name}" in self._tables:
                raise NotLocal(table, f"a subquery reads all of {table.db}.{table.name}")
            if (
                not table.db
                and name in ctes
                and self.query(ctes[name][0].this, ctes[name][1]).scans
            ):
                raise NotLocal(table, f"a subquery reads all of {table.name}")

    def _windows(self, node: exp.Select, names: Names) -> int:
        """How many periods back the windows of a SELECT reach.

        Raises:
            NotLocal: one may see rows of any part.
        """
        if not names.rows.scans:
            return 0
        reach = 0
        named = {w.name.lower(): w for w in node.args.get("windows") or []}
        parts = [*node.expressions, node.args.get("qualify"), node.args.get("order")]
        for part in parts:
            for window in part.find_all(exp.Window) if part is not None else ():
                if window.args.get("first") or (window.alias and window.alias.lower() not in named):
                    raise NotLocal(window, "this window is not looked into")
                whole = named.get(window.alias.lower(), window) if window.alias else window
                reach = max(reach, self._reach(whole, names))
        return reach

    def _reach(self, window: Any, names: Names) -> int:
        keys = window.args.get("partition_by") or []
        if any(names.rows.bound(self.tags_of(key, names)) for key in keys):
            return 0
        spec, order = window.args.get("spec"), window.args.get("order")
        first = order.expressions[0] if order is not None and len(order.expressions) == 1 else None
        back = periods(spec, self.grain) if spec is not None and self.grain is not None else None
        if back is None or first is None or first.args.get("desc"):
            raise NotLocal(window, "a window may see rows of several parts")
        if not names.rows.bound(self.tags_of(first.this, names)) or not isinstance(
            first.this, exp.Column
        ):
            raise NotLocal(window, "a window may see rows of several parts")
        return back

    # -- FROM -----------------------------------------------------------------------------------

    def _sources(self, node: exp.Select, ctes: Mapping[str, Any]) -> list[Source]:
        found: list[Source] = []
        first = node.args.get("from_")
        if first is not None:
            found.append(Source(*self._source(first.this, ctes)))
        for join in node.args.get("joins") or []:
            for name, part in join.args.items():
                if part and name not in _JOIN:
                    raise NotLocal(join, f"a join with {name.upper()} is not looked into")
            alias, rows = self._source(join.this, ctes)
            found.append(Source(alias, rows, join))
        for lateral in node.args.get("laterals") or []:
            found.append(Source(lateral.alias.lower(), Rows()))
        where = node.args.get("where")
        return bound_sources(found, where.this if where else None, self.grain)

    def _source(self, node: Any, ctes: Mapping[str, Any]) -> tuple[str, Rows]:
        alias = node.alias_or_name.lower()
        if isinstance(node, exp.Subquery):
            return alias, _renamed(self.query(node, ctes), node)
        if not isinstance(node, exp.Table):
            if any(True for _ in node.find_all(exp.Query)):
                raise NotLocal(node, "what is made row by row is not looked into")
            return alias, Rows()
        if node.args.get("joins"):
            raise NotLocal(node, "joins in parentheses are not looked into")
        name = node.name.lower()
        if not node.db and name in ctes:
            cte, inside = ctes[name]
            rows = _renamed(_renamed(self.query(cte.this, inside), cte), node)
        elif not isinstance(node.this, exp.Identifier):
            rows = Rows()
        else:
            rows = _renamed(self._scan(f"{node.db.lower()}.{name}"), node)
        self._cut(node, rows)
        return alias, rows

    def _scan(self, table: str) -> Rows:
        types = {name.lower(): kind for name, kind in self._schema.get(table, {}).items()}
        order = tuple(types)
        if table not in self._tables:
            return Rows(columns={name: {} for name in order}, order=order, types=types)
        scan = next(self._numbers)
        none: Tags = {}
        tags = {
            name: {scan: frozenset([name])} if divides(kind, self.grain) else none
            for name, kind in types.items()
        }
        return Rows({scan: table}, tags, order, types)

    # -- expressions ----------------------------------------------------------------------------

    def tags_of(self, node: Any, names: Names) -> Tags:
        return names.of(core(node, self.grain))


def _there(name: str, rows: Rows) -> bool:
    return name in rows.columns


def _listed(part: Any) -> list[Any]:
    return part if isinstance(part, list) else [part] if part is not None else []


def _grouped(node: exp.Select) -> bool:
    unknown = aggregate_functions()
    return node.args.get("group") is not None or any(
        aggregated(item)
        or any(call.name.lower() in unknown for call in item.find_all(exp.Anonymous))
        for item in node.expressions
    )


def _group_keys(node: exp.Select, names: Names) -> Iterator[Any]:
    group = node.args.get("group")
    if group is None:
        return
    for part in ("grouping_sets", "cube", "rollup", "totals"):
        if group.args.get(part):
            raise NotLocal(group, "grouping sets make groups of several parts")
    if group.args.get("all"):
        for item in node.expressions:
            if not aggregated(item):
                yield item.this if isinstance(item, exp.Alias) else item
    for key in group.expressions:
        if isinstance(key, exp.Literal) and not key.is_string:
            item = node.expressions[int(key.this) - 1]
            yield item.this if isinstance(item, exp.Alias) else item
        elif isinstance(key, exp.Rollup | exp.Cube | exp.GroupingSets):
            raise NotLocal(key, "grouping sets make groups of several parts")
        else:
            yield _label_of(key, node, names)


def _label_of(key: Any, node: exp.Select, names: Names) -> Any:
    """What a group key is that names an entry of the SELECT list."""
    if isinstance(key, exp.Column) and not key.table and not names.named(key.name.lower()):
        named = [i for i in node.expressions if isinstance(i, exp.Alias) and i.alias == key.name]
        if len(named) == 1 and not isinstance(named[0].this, exp.Column):
            return named[0].this
    return key


def _distinct_on(node: exp.Select, names: Names, prover: _Prover) -> None:
    distinct = node.args.get("distinct")
    on = distinct.args.get("on") if distinct is not None else None
    if on is None:
        return
    keys = on.expressions if isinstance(on, exp.Tuple) else [on]
    if not any(names.rows.bound(prover.tags_of(key, names)) for key in keys):
        raise NotLocal(on, "DISTINCT ON may choose among rows of several parts")


def _starred(node: Any, names: Names) -> list[tuple[str, Tags, str | None]]:
    star = node if isinstance(node, exp.Star) else node.this
    if star.args.get("replace") or star.args.get("rename"):
        raise NotLocal(node, "a star with REPLACE or RENAME is not looked into")
    left_out = {item.name.lower() for item in star.args.get("except_") or []}
    table = node.table.lower() if isinstance(node, exp.Column) else ""
    return [
        (name, names.rows.tags(f"{source.alias}.{name}"), source.rows.types.get(name))
        for source in names.sources
        if table in ("", source.alias)
        for name in source.rows.order
        if name not in left_out
    ]


def _renamed(rows: Rows, node: Any) -> Rows:
    """Rows whose columns an alias names anew."""
    alias = node.args.get("alias")
    names = [c.name.lower() for c in (alias.args.get("columns") or [])] if alias else []
    if not names:
        return rows
    order = (*names, *rows.order[len(names) :])
    pairs = list(zip(order, rows.order, strict=False))
    tags = {new: rows.tags(old) for new, old in pairs}
    types = {new: rows.types[old] for new, old in pairs if old in rows.types}
    return replace(rows, columns=tags, order=order, types=types)
