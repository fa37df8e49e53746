"""What a query's columns and rows are made of: SELECT, set operations, CTEs and VALUES.

Every part of a query that is read here is named; a part that is not is an error, never passed over.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from sqlglot import exp

from pipelines.lineage.clauses import Clauses
from pipelines.lineage.expressions import Expressions
from pipelines.lineage.flow import (
    AGGREGATION,
    COUNT,
    EMPTY,
    IDENTITY,
    OWN,
    PARTIAL,
    UNITED,
    WRITTEN,
    Flow,
    Place,
    Trace,
    depending,
    influence,
    merged,
    mingled,
    placed,
    sources_of,
)
from pipelines.lineage.keys import keys_of, keys_of_set, only_of
from pipelines.lineage.nodes import aggregated, explodes, is_nothing, is_star, takes_ties
from pipelines.lineage.scope import Context, Relation, Scope
from pipelines.lineage.sources import SUBQUERY, Found, Sources, alias_columns
from pipelines.lineage.types import column_types

_SELECT = {
    "with_", "expressions", "from_", "joins", "laterals", "where", "group", "having", "qualify",
    "windows", "distinct", "order", "limit", "offset",
}  # fmt: skip
_SET = {"with_", "this", "expression", "distinct", "by_name", "order", "limit", "offset"}
_ROUNDS = 50


class Relations:
    """Evaluates the queries of one model."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._expressions = Expressions(self.query)
        self._clauses = Clauses(self._expressions)
        self._sources = Sources(context, self._expressions, self.query, self._parenthesised)

    def query(self, node: Any, outer: Scope, after: tuple[Any, ...] = ()) -> Relation:
        """The relation that a query gives.

        Args:
            after: queries in parentheses around it, whose ORDER BY and LIMIT it is subject to.
        """
        if isinstance(node, exp.Subquery):
            self._context.known(node, SUBQUERY)
            return self._parenthesised(node, outer, after)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer, after)
        if isinstance(node, exp.Values):
            return self._clauses.of_whole(after, self._values(node, outer), outer)
        if isinstance(node, exp.Select):
            return self._select(node, outer, after)
        raise self._context.unresolved(node, "only SELECT, UNION, INTERSECT, EXCEPT and VALUES")

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
            self._context.known(cte, {"this", "alias", "materialized"})
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
                ctes = {**ctes, name: self.query(cte.this, scope).renamed(names)}
        return replace(outer, ctes=ctes)

    def _recursive(
        self, node: exp.SetOperation, outer: Scope, name: str, names: list[str]
    ) -> Relation:
        """The least fixed point: what the recursive part adds, until it adds nothing."""
        self._context.known(node, {"this", "expression", "distinct"})
        first = _loose(self.query(node.this, outer)).renamed(names)
        # The recursion may give rows of the first part again.
        known = replace(first, tallies=False, singly=False, keys=(), types={})
        for _ in range(_ROUNDS):
            scope = Scope(self._context, {**outer.ctes, name: known}, outer)
            added = self.query(node.expression, scope)
            if len(added.columns) != len(known.columns):
                raise self._context.unresolved(node, "the two sides have different columns")
            new = _united(known, added)
            if node.args.get("distinct"):
                new.rows.update(influence(new.whole(), "set"))
            new = _loose(new).renamed(names)
            if _same(known, new):
                return known
            known = new
        raise self._context.unresolved(node, "the recursion's lineage does not settle")

    # -- set operations, values, subqueries -----------------------------------------------------

    def _set_operation(
        self, node: exp.SetOperation, outer: Scope, after: tuple[Any, ...]
    ) -> Relation:
        self._context.known(node, _SET)
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
        relation.singly = self._apart(node, left, right)
        relation.of = left.of | right.of
        relation.grouped = left.grouped or right.grouped or bool(node.args.get("distinct"))
        relation.keys = keys_of_set(node, [name for name, _ in relation.columns])
        if node.args.get("distinct") or not isinstance(node, exp.Union):
            # Which rows stay depends on all values of both sides.
            relation.rows.update(influence(relation.whole(), "set"))
        return self._clauses.of_whole((node, *after), relation, scope)

    def _apart(self, node: exp.SetOperation, left: Relation, right: Relation) -> bool:
        """Whether no row of a table can stand for two rows of a set operation."""
        if not isinstance(node, exp.Union):
            return left.singly  # some of its rows
        if not (left.singly and right.singly):
            return False
        if node.args.get("distinct") and _alike(left, right):
            return True
        # Of tables that are made from others it is not known here whether they have rows in common.
        self._context.apart |= {(one, other) for one in left.of for other in right.of}
        return not left.of & right.of

    def _values(self, node: exp.Values, outer: Scope) -> Relation:
        rows = [row.expressions for row in node.expressions]
        width = max((len(row) for row in rows), default=0)
        columns: list[tuple[str | None, Flow]] = []
        for index in range(width):
            items = [row[index] for row in rows if index < len(row)]
            cells = (_noted(self._expressions.flow(item, outer), item) for item in items)
            columns.append((f"col{index}", merged(cells)))
        return Relation(columns, {}, singly=True).renamed(alias_columns(node))

    def _parenthesised(
        self, node: exp.Subquery, outer: Scope, after: tuple[Any, ...] = ()
    ) -> Relation:
        return self.query(node.this, self._with(node, outer), (node, *after))

    # -- SELECT ---------------------------------------------------------------------------------

    def _select(self, node: exp.Select, outer: Scope, after: tuple[Any, ...]) -> Relation:
        self._context.known(node, _SELECT)
        number = self._context.number()
        scope = Scope(self._context, self._with(node, outer).ctes, outer, number=number)
        found = self._sources.read(node, scope)
        for window in node.args.get("windows") or []:
            scope.windows[window.name.lower()] = window
        scope.single = not node.args.get("joins") and not node.args.get("laterals")
        columns = self._projections(node, found)
        rows = {**found.rows, **scope.rows()}
        projections = [flow for _, flow in columns]
        rows.update(self._clauses.of_select(node, after, scope, projections))
        groups, decide = _groups(node), self._deciding(node, scope, projections)
        columns = [(name, scope.settled(flow, decide, groups=groups)) for name, flow in columns]
        singly = not found.explodes and _singly(node, scope, bool(decide))
        tallies = singly and _tallies(node, scope)
        named = (scope.once if scope.singly else decide) if singly else scope.sources
        of = frozenset[str]().union(*(scope.sources[name].of for name in named))
        keys = () if found.explodes else keys_of(node, scope, [name for name, _ in columns])
        types = column_types(node, scope)
        grouped = groups or any(relation.grouped for relation in scope.sources.values())
        grouped = grouped or node.args.get("distinct") is not None
        return Relation(columns, rows, scope.arrival(), tallies, singly, keys, types, of, grouped)

    def _deciding(self, node: exp.Select, scope: Scope, projections: list[Flow]) -> set[str]:
        """The source whose rows come once again where a join has repeated them: grouped by what it
        alone decides, or made distinct by it."""
        if scope.singly:
            return set()
        distinct, group = node.args.get("distinct"), node.args.get("group")
        if group is not None:
            found = scope.deciding(self._clauses.group_keys(node, scope, projections))
            plain = [item for item in node.expressions if not aggregated(item)]
            parts = [*group.expressions, *plain]
        elif distinct is not None and distinct.args.get("on") is None:
            found, parts = scope.deciding(merged(projections)), node.expressions
        else:
            return set()
        return {name for name in found if all(only_of(name, part, scope) for part in parts)}

    def _projections(self, node: exp.Select, found: Found) -> list[tuple[str | None, Flow]]:
        scope = found.scope
        columns: list[tuple[str | None, Flow]] = []
        tied: list[int] = []
        for item in node.expressions:
            if is_star(item):
                columns += self._sources.star(item, found)
                continue
            flow = _noted(self._expressions.flow(item, scope), item)
            if explodes(item):
                found.explodes = True
                found.rows.update(influence(flow, "rows"))
            name = item.alias_or_name.lower() if isinstance(item, exp.Alias | exp.Column) else None
            if any(takes_ties(window) for window in item.find_all(exp.Window)):
                tied.append(len(columns))
            columns.append((name, flow))
            if isinstance(item, exp.Alias) and name:
                scope.labels.add(name)
                scope.aliases[name] = merged([scope.aliases.get(name, EMPTY), flow])
        for place in tied:
            # Ties come as the other windows of this SELECT, later ones too, have sorted the rows.
            name, flow = columns[place]
            columns[place] = (name, depending(flow, scope.arrival()))
        for name, flow in columns:
            if name:
                scope.aliases[name] = merged([scope.aliases.get(name, EMPTY), flow])
        return columns


def _groups(node: exp.Select) -> bool:
    """Whether a SELECT makes groups of its rows."""
    return node.args.get("group") is not None or any(aggregated(i) for i in node.expressions)


def _loose(relation: Relation) -> Relation:
    """The relation, with nothing said of which of its values belong to one row."""
    columns: list[tuple[str | None, Flow]] = [
        (name, placed(flow, partial(_loosely, at)))
        for at, (name, flow) in enumerate(relation.columns)
    ]
    return replace(relation, columns=columns)


def _loosely(at: int, trace: Trace) -> Place:
    return ("loose", at)


def _noted(flow: Flow, item: Any) -> Flow:
    """The flow of an item, with the note that it is written out if it comes from no column."""
    return flow if flow.direct or is_nothing(item) else depending(flow, {WRITTEN: 0})


def _tallies(node: exp.Select, scope: Scope) -> bool:
    """Whether the counts among the columns of a SELECT are of disjoint groups; its rows are there once.

    They are where the SELECT groups, each row into one group, or hands on such groups, each once.
    """
    group = node.args.get("group")
    if node.args.get("distinct"):
        return False
    if group is not None:
        return True
    if any(aggregated(item) for item in node.expressions):
        return True
    return scope.single and all(relation.tallies for relation in scope.sources.values())


def _singly(node: exp.Select, scope: Scope, again: bool) -> bool:
    """Whether each row that a SELECT gives is another one: a group, a distinct row, a source's.

    Args:
        again: whether rows that a join has repeated come once again.
    """
    group = node.args.get("group")
    if group is not None and group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is not None:
        return False
    if scope.singly or again:
        return True
    return group is None and any(aggregated(item) for item in node.expressions)


def _alike(left: Relation, right: Relation) -> bool:
    """Whether both sides of a set operation make of a row of their table the same, if anything."""
    sides = [[list(flow.direct) for _, flow in side.columns] for side in (left, right)]
    own = all(
        len(traces) == 1 and traces[0].how == IDENTITY and traces[0].place is OWN
        for side in sides
        for traces in side
    )
    return own and sides[0] == sides[1]


def _united(left: Relation, right: Relation) -> Relation:
    """Columns by position, under the names of the left."""
    left, right = _apart_in_place(left), _apart_in_place(right)
    columns = [
        (name, _either(flow, other))
        for (name, flow), (_, other) in zip(left.columns, right.columns, strict=True)
    ]
    pairs = zip(left.columns, right.columns, strict=True)
    kinds = [
        (a or "", left.types.get(a or ""), right.types.get(b or "")) for (a, _), (b, _) in pairs
    ]
    types = {name: kind for name, kind, other in kinds if kind is not None and kind == other}
    rows, order = {**left.rows, **right.rows}, {**left.order, **right.order}
    return Relation(columns, rows, order, types=types)


def _united_by_name(left: Relation, right: Relation) -> Relation:
    left, right = _apart_in_place(left), _apart_in_place(right)
    names = list(dict.fromkeys(name for name, _ in (*left.columns, *right.columns)))
    columns: list[tuple[str | None, Flow]] = [
        (n, _either((n and left.named(n)) or EMPTY, (n and right.named(n)) or EMPTY)) for n in names
    ]
    return Relation(columns, {**left.rows, **right.rows}, {**left.order, **right.order})


def _either(one: Flow, other: Flow) -> Flow:
    """A column of a set operation: a count only if both sides count."""
    if not (one.direct and other.direct):
        # A value of one side only: who counts the rows of both has not counted these.
        one, other = (_of_one_side(_no_count(flow)) for flow in (one, other))
    united = mingled([one, other])
    if not (one.direct and other.direct) or sources_of(one) == sources_of(other):
        return united
    plain = all(t.how == IDENTITY and t.place is OWN for t in united.direct)
    return depending(united, {UNITED if plain else PARTIAL: 0})


def _of_one_side(flow: Flow) -> Flow:
    tables = tuple(sorted({trace.table for trace in flow.direct}))
    return placed(flow, lambda trace: ("part", tables) if trace.place is OWN else trace.place)


def _no_count(flow: Flow) -> Flow:
    direct = {
        t._replace(how=AGGREGATION) if t.how == COUNT else t: line
        for t, line in flow.direct.items()
    }
    return Flow(direct, flow.indirect)


def _apart_in_place(side: Relation) -> Relation:
    """A side of a set operation, where the other side's rows must not vouch for its own.

    If any value is of another row than the side's own, then its own are marked as well.
    """
    traces = [trace for _, flow in side.columns for trace in flow.direct]
    if all(trace.place is OWN for trace in traces):
        return side
    mark = ("side", min(repr(trace.place) for trace in traces if trace.place is not OWN))
    return side.placed(lambda trace: mark if trace.place is OWN else trace.place)


def _same(one: Relation, other: Relation) -> bool:
    return one.rows.keys() == other.rows.keys() and all(
        a.direct.keys() == b.direct.keys() and a.indirect.keys() == b.indirect.keys()
        for (_, a), (_, b) in zip(one.columns, other.columns, strict=True)
    )
