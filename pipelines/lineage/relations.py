"""What a query's columns and rows are made of: SELECT, set operations, CTEs and the FROM clause.

Every part of a query that is read here is named; a part that is not is an error, never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from catalog.lineage import ROW
from pipelines.lineage.expressions import Expressions
from pipelines.lineage.flow import (
    EMPTY,
    TRANSFORMATION,
    Flow,
    Trace,
    influence,
    merged,
    treated,
)
from pipelines.lineage.scope import Context, Relation, Scope

_SELECT = {
    "with_", "expressions", "from_", "joins", "laterals", "where", "group", "having", "qualify",
    "windows", "distinct", "order", "limit", "offset",
}  # fmt: skip
_SET = {"with_", "this", "expression", "distinct", "by_name", "order", "limit", "offset"}
_TABLE = {"this", "alias", "db", "joins"}
_SUBQUERY = {"this", "alias", "joins", "with_", "order", "limit", "offset"}
_JOIN = {"this", "on", "using", "side", "kind", "method"}
_METHODS = {"", "NATURAL", "ASOF"}
_ROUNDS = 50


class Relations:
    """Evaluates the queries of one model."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._expressions = Expressions(self.query)

    def query(self, node: Any, outer: Scope) -> Relation:
        """The relation that a query gives."""
        if isinstance(node, exp.Subquery):
            return self._subquery(node, outer)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer)
        if isinstance(node, exp.Values):
            return self._values(node, outer)
        if isinstance(node, exp.Select):
            return self._select(node, outer)
        raise self._context.unresolved(node, "only SELECT, UNION, INTERSECT, EXCEPT and VALUES")

    def _known(self, node: Any, known: set[str]) -> None:
        for key, value in node.args.items():
            if value and key not in known:
                shown = value[0] if isinstance(value, list) else value
                raise self._context.unresolved(
                    shown if isinstance(shown, exp.Expression) else node,
                    f"{key.strip('_').upper()} is not supported in a model",
                )

    # -- common table expressions ---------------------------------------------------------------

    def _with(self, node: Any, outer: Scope) -> Scope:
        clause = node.args.get("with_")
        if clause is None:
            return outer
        ctes = dict(outer.ctes)
        for cte in clause.expressions:
            scope = replace(outer, ctes=ctes)
            name = cte.alias.lower()
            names = [c.name.lower() for c in cte.args["alias"].args.get("columns") or []]
            self._known(cte, {"this", "alias", "materialized"})
            recursive = (
                clause.args.get("recursive")
                and isinstance(cte.this, exp.SetOperation)
                and any(
                    not t.db and t.name.lower() == name
                    for t in cte.this.expression.find_all(exp.Table)
                )
            )
            if recursive:
                ctes = {**ctes, name: self._recursive(cte.this, scope, name, names)}
            else:
                ctes = {**ctes, name: _renamed(self.query(cte.this, scope), names)}
        return replace(outer, ctes=ctes)

    def _recursive(
        self, node: exp.SetOperation, outer: Scope, name: str, names: list[str]
    ) -> Relation:
        """The least fixed point: what the recursive part adds, until it adds nothing."""
        self._known(node, {"this", "expression", "distinct"})
        known = _renamed(self.query(node.this, outer), names)
        for _ in range(_ROUNDS):
            scope = Scope(self._context, {**outer.ctes, name: known}, outer)
            added = self.query(node.expression, scope)
            if len(added.columns) != len(known.columns):
                raise self._context.unresolved(node, "the two sides have different columns")
            new = _united(known, added)
            if node.args.get("distinct"):
                new.rows.update(influence(new.whole(), "set"))
            new = _renamed(new, names)
            if _same(known, new):
                return known
            known = new
        raise self._context.unresolved(node, "the recursion's lineage does not settle")

    # -- set operations, values, subqueries -----------------------------------------------------

    def _set_operation(self, node: exp.SetOperation, outer: Scope) -> Relation:
        self._known(node, _SET)
        scope = self._with(node, outer)
        left, right = self.query(node.this, scope), self.query(node.expression, scope)
        if node.args.get("by_name"):
            if any(name is None for name, _ in (*left.columns, *right.columns)):
                raise self._context.unresolved(node, "BY NAME needs a name for every column")
            relation = _united_by_name(left, right)
        elif len(left.columns) != len(right.columns):
            raise self._context.unresolved(node, "the two sides have different columns")
        else:
            relation = _united(left, right)
        if node.args.get("distinct") or not isinstance(node, exp.Union):
            # Which rows stay depends on all values of both sides.
            relation.rows.update(influence(relation.whole(), "set"))
        return self._ordered(node, relation, scope)

    def _ordered(self, node: Any, relation: Relation, scope: Scope) -> Relation:
        """ORDER BY and LIMIT of a whole set operation."""
        inner = scope.inner(sources={"": relation})
        projections = [flow for _, flow in relation.columns]
        relation.rows.update(self._order(node, inner, projections))
        relation.rows.update(self._limit(node, inner))
        return relation

    def _values(self, node: exp.Values, outer: Scope) -> Relation:
        rows = [row.expressions for row in node.expressions]
        width = max((len(row) for row in rows), default=0)
        columns: list[tuple[str | None, Flow]] = []
        for index in range(width):
            cells = (self._expressions.flow(row[index], outer) for row in rows if index < len(row))
            columns.append((f"col{index}", merged(cells)))
        alias = node.args.get("alias")
        names = [c.name.lower() for c in alias.args.get("columns") or []] if alias else []
        return _renamed(Relation(columns, {}), names)

    def _subquery(self, node: exp.Subquery, outer: Scope) -> Relation:
        self._known(node, _SUBQUERY - {"joins"})
        scope = self._with(node, outer)
        return self._ordered(node, self.query(node.this, scope), scope)

    # -- SELECT ---------------------------------------------------------------------------------

    def _select(self, node: exp.Select, outer: Scope) -> Relation:
        self._known(node, _SELECT)
        scope = Scope(self._context, self._with(node, outer).ctes, outer)
        rows: dict[Trace, int] = {}
        merged_away: dict[str, set[str]] = {}
        if node.args.get("from_"):
            self._from(node.args["from_"].this, scope, rows, merged_away)
        for join in node.args.get("joins") or []:
            self._join(join, scope, rows, merged_away)
        for lateral in node.args.get("laterals") or []:
            self._from(lateral, scope, rows, merged_away)
        for window in node.args.get("windows") or []:
            scope.windows[window.name.lower()] = window
        columns = self._projections(node, scope, rows, merged_away)
        rows.update(scope.rows())
        self._clauses(node, scope, rows, [flow for _, flow in columns])
        return Relation(columns, rows)

    def _projections(
        self,
        node: exp.Select,
        scope: Scope,
        rows: dict[Trace, int],
        merged_away: Mapping[str, set[str]],
    ) -> list[tuple[str | None, Flow]]:
        columns: list[tuple[str | None, Flow]] = []
        for item in node.expressions:
            if _is_star(item):
                columns += self._star(item, scope, merged_away)
                continue
            flow = self._expressions.flow(item, scope)
            if _explodes(item):
                rows.update(influence(flow, "rows"))
            name = item.alias_or_name.lower() if isinstance(item, exp.Alias | exp.Column) else None
            columns.append((name, flow))
            if isinstance(item, exp.Alias) and name:
                scope.aliases[name] = merged([scope.aliases.get(name, EMPTY), flow])
        for name, flow in columns:
            if name:
                scope.aliases[name] = merged([scope.aliases.get(name, EMPTY), flow])
        return columns

    def _clauses(
        self, node: exp.Select, scope: Scope, rows: dict[Trace, int], projections: list[Flow]
    ) -> None:
        flow = self._expressions.flow
        if node.args.get("where"):
            rows.update(influence(flow(node.args["where"].this, scope), "filter"))
        if node.args.get("group"):
            rows.update(influence(self._group(node, scope, projections), "group"))
        if node.args.get("having"):
            rows.update(influence(flow(node.args["having"].this, scope), "having"))
        if node.args.get("qualify"):
            rows.update(influence(flow(node.args["qualify"].this, scope), "filter"))
        distinct = node.args.get("distinct")
        if distinct is not None:
            on = distinct.args.get("on")
            keys = self._key(on, scope, projections) if on else merged(projections)
            rows.update(influence(keys, "group"))
        rows.update(self._order(node, scope, projections))
        rows.update(self._limit(node, scope))

    def _group(self, node: exp.Select, scope: Scope, projections: list[Flow]) -> Flow:
        group = node.args["group"]
        if group.args.get("all"):
            plain = [
                flow
                for item, flow in zip(node.expressions, projections, strict=False)
                if not _aggregated(item)
            ]
            # A star stands for several projections: then all of them are taken.
            aligned = len(projections) == len(node.expressions)
            return merged(plain if aligned else projections)
        keys = []
        for value in group.args.values():
            items = value if isinstance(value, list) else [value]
            keys += [self._key(k, scope, projections) for k in items if _node(k)]
        return merged(keys)

    def _key(self, node: Any, scope: Scope, projections: list[Flow]) -> Flow:
        """A grouping or ordering key; a number is the place of a projection."""
        if isinstance(node, exp.Literal) and not node.is_string:
            place = int(node.this) - 1
            return projections[place] if 0 <= place < len(projections) else EMPTY
        if isinstance(node, exp.Var) and node.name.upper() == "ALL":
            return merged(projections)
        if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets | exp.Tuple | exp.Paren):
            inside = node.expressions or [node.this]
            return merged(self._key(part, scope, projections) for part in inside)
        return self._expressions.flow(node, scope)

    def _order(self, node: Any, scope: Scope, projections: list[Flow]) -> dict[Trace, int]:
        order = node.args.get("order")
        if order is None:
            return {}
        keys = merged(self._key(item.this, scope, projections) for item in order.expressions)
        return influence(keys, "order")

    def _limit(self, node: Any, scope: Scope) -> dict[Trace, int]:
        found: dict[Trace, int] = {}
        for clause in (node.args.get("limit"), node.args.get("offset")):
            if clause is not None:
                found.update(
                    influence(
                        self._expressions.flow(
                            clause.expression or clause.args.get("count"), scope
                        ),
                        "limit",
                    )
                )
                for trace, line in scope.rows().items():
                    if trace.column == ROW:
                        found[trace._replace(how="limit")] = line
        return found

    # -- FROM -----------------------------------------------------------------------------------

    def _from(
        self,
        node: Any,
        scope: Scope,
        rows: dict[Trace, int],
        merged_away: dict[str, set[str]],
    ) -> None:
        """Add one item of a FROM clause to the scope."""
        if isinstance(node, exp.Table):
            self._table(node, scope)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            self._known(node, {"this", "joins"})
            self._from(node.this, scope, rows, merged_away)  # FROM (a JOIN b)
        elif isinstance(node, exp.Subquery):
            self._known(node, _SUBQUERY)
            names = _alias_columns(node)
            inner = Scope(self._context, scope.ctes, scope)
            relation = _renamed(self._subquery_alone(node, inner), names)
            scope.add(node.alias.lower() or f"({len(scope.sources)})", relation)
        elif isinstance(node, exp.Lateral):
            self._lateral(node, scope, rows)
        elif isinstance(node, exp.Unnest):
            self._unnest(node, scope, rows)
        elif isinstance(node, exp.Values):
            relation = self._values(node, scope)
            scope.add(node.alias.lower() or f"({len(scope.sources)})", relation)
        else:
            raise self._context.unresolved(node, "this item of FROM is not supported in a model")
        for join in node.args.get("joins") or []:
            self._join(join, scope, rows, merged_away)

    def _subquery_alone(self, node: exp.Subquery, scope: Scope) -> Relation:
        within = self._with(node, scope)
        return self._ordered(node, self.query(node.this, within), within)

    def _table(self, node: exp.Table, scope: Scope) -> None:
        self._known(node, _TABLE)
        name = node.name.lower()
        if not node.db and name in scope.ctes:
            known = scope.ctes[name]
            relation, table = Relation(list(known.columns), dict(known.rows)), ""
        else:
            table = f"{node.db}.{node.name}".lower()
            relation = self._context.table(table, node)
        alias = (node.alias or node.name).lower()
        scope.add(alias, _renamed(relation, _alias_columns(node)), "" if node.alias else table)

    def _lateral(self, node: exp.Lateral, scope: Scope, rows: dict[Trace, int]) -> None:
        if isinstance(node.this, exp.Subquery):
            inner = Scope(self._context, scope.ctes, scope)
            relation = _renamed(self.query(node.this, inner), _alias_columns(node))
            scope.add(node.alias.lower() or f"({len(scope.sources)})", relation)
        elif isinstance(node.this, exp.Unnest | exp.Explode):
            self._unnest(node.this, scope, rows, node)
        else:
            raise self._context.unresolved(node, "this LATERAL is not supported in a model")

    def _unnest(
        self, node: Any, scope: Scope, rows: dict[Trace, int], holder: Any | None = None
    ) -> None:
        lists = node.expressions or [node.this]
        flows = [treated(self._expressions.flow(item, scope), TRANSFORMATION) for item in lists]
        rows.update(influence(merged(flows), "rows"))
        holder = holder or node
        names = _alias_columns(holder)
        alias = holder.alias.lower() or "unnest"
        if len(names) < len(flows):
            names += [alias] * (len(flows) - len(names))
        columns: list[tuple[str | None, Flow]] = list(zip(names, flows, strict=False))
        scope.add(alias, Relation(columns, {}))

    def _join(
        self,
        join: exp.Join,
        scope: Scope,
        rows: dict[Trace, int],
        merged_away: dict[str, set[str]],
    ) -> None:
        self._known(join, _JOIN)
        method = str(join.args.get("method") or "").upper()
        if method not in _METHODS:
            raise self._context.unresolved(join, f"{method} JOIN is not supported in a model")
        before = set(scope.sources)
        left = {name for r in scope.sources.values() for name, _ in r.columns if name}
        self._from(join.this, scope, rows, merged_away)
        added = [name for name in scope.sources if name not in before]
        shared = [u.name.lower() for u in join.args.get("using") or []]
        if method == "NATURAL":
            own = [n for a in added for n, _ in scope.sources[a].columns if n]
            shared = [name for name in own if name in left]
        for name in shared:
            self._using(name, scope)
            rows.update(influence(scope.plain(name) or EMPTY, "join"))
            for alias in added:
                merged_away.setdefault(alias, set()).add(name)
        if join.args.get("on"):
            rows.update(influence(self._expressions.flow(join.args["on"], scope), "join"))
        if str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
            for alias in added:
                rows.update(scope.sources.pop(alias).rows)

    def _using(self, name: str, scope: Scope) -> None:
        """Columns that USING requires to be equal."""
        flows = [flow for r in scope.sources.values() if (flow := r.named(name)) is not None]
        plain = [(t.table, t.column) for f in flows for t in f.direct if not t.masks]
        for one in plain:
            for other in plain:
                if one < other:
                    self._context.equal.add((one, other))

    def _star(
        self, item: Any, scope: Scope, merged_away: Mapping[str, set[str]]
    ) -> list[tuple[str | None, Flow]]:
        """The columns of `*` or `t.*`, with EXCLUDE, REPLACE and RENAME."""
        star = item.this if isinstance(item, exp.Column) else item
        self._known(star, {"except_", "replace", "rename"})
        if isinstance(item, exp.Column):
            relation = scope.sources.get(item.table.lower())
            if relation is None:
                scope.column(item)  # says why
                raise self._context.unresolved(item, "no such table")
            sources = {item.table.lower(): relation}
            merged_away = {}
        else:
            sources = scope.sources
        left_out = {e.name.lower() for e in star.args.get("except_") or []}
        replaced = {
            e.alias.lower(): self._expressions.flow(e.this, scope)
            for e in star.args.get("replace") or []
        }
        renamed = {e.this.name.lower(): e.alias.lower() for e in star.args.get("rename") or []}
        found: list[tuple[str | None, Flow]] = []
        for alias, relation in sources.items():
            for name, flow in relation.columns:
                if name in left_out or name in merged_away.get(alias, ()):
                    continue
                if any(name in gone for gone in merged_away.values()):
                    flow = scope.plain(name or "") or flow  # USING: both sides make the column
                value = replaced.get(name or "", flow)
                found.append((renamed.get(name or "", name), value))
        return found


def _is_star(item: Any) -> bool:
    return isinstance(item, exp.Star) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def _aggregated(item: Any) -> bool:
    """Whether an item aggregates in its own query, not in a subquery."""
    inside = item.walk(prune=lambda node: isinstance(node, exp.Query))
    return any(isinstance(node, exp.AggFunc) for node in inside)


def _explodes(item: Any) -> bool:
    inside = item.walk(prune=lambda node: isinstance(node, exp.Query))
    return any(
        isinstance(node, exp.Explode)
        or node.name.lower() in ("generate_subscripts", "regexp_split_to_table")
        for node in inside
    )


def _node(value: Any) -> bool:
    return isinstance(value, exp.Expression)


def _alias_columns(node: Any) -> list[str]:
    alias = node.args.get("alias")
    return [c.name.lower() for c in alias.args.get("columns") or []] if alias else []


def _renamed(relation: Relation, names: list[str]) -> Relation:
    """The relation under column aliases; the columns beyond them keep their names."""
    if not names:
        return relation
    columns = [
        (names[i] if i < len(names) else name, flow)
        for i, (name, flow) in enumerate(relation.columns)
    ]
    return Relation(columns, relation.rows)


def _united(left: Relation, right: Relation) -> Relation:
    """Columns by position, under the names of the left."""
    columns = [
        (name, merged([flow, other]))
        for (name, flow), (_, other) in zip(left.columns, right.columns, strict=True)
    ]
    return Relation(columns, {**left.rows, **right.rows})


def _united_by_name(left: Relation, right: Relation) -> Relation:
    names = list(dict.fromkeys(name for name, _ in (*left.columns, *right.columns)))
    columns: list[tuple[str | None, Flow]] = [
        (n, merged([(n and left.named(n)) or EMPTY, (n and right.named(n)) or EMPTY]))
        for n in names
    ]
    return Relation(columns, {**left.rows, **right.rows})


def _same(one: Relation, other: Relation) -> bool:
    return one.rows.keys() == other.rows.keys() and all(
        a.direct.keys() == b.direct.keys() and a.indirect.keys() == b.indirect.keys()
        for (_, a), (_, b) in zip(one.columns, other.columns, strict=True)
    )
