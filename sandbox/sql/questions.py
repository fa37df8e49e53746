"""From the text of a question to a `Question`: what is selected from, grouped by, asked and sorted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlglot import exp

from sandbox.sql import canonical
from sandbox.sql.expressions import COMPARED, Expressions
from sandbox.sql.parsing import MOST_VIEWS, parsed
from sandbox.sql.reading import (
    Scope,
    Source,
    conjuncts,
    folded,
    not_offered,
    only,
    refuse,
    shown,
)
from sandbox.sql.size import Sizes
from sandbox.sql.tree import (
    Aggregate,
    AggregateKind,
    All,
    Bucket,
    Case,
    Column,
    Condition,
    Kept,
    Number,
    Output,
    Question,
    Sorted,
    Value,
)
from sandbox.terms import ViewTerms

MOST_AGGREGATES = 20
MOST_KEYS = 4
_SIMPLE: dict[type[exp.Expression], AggregateKind] = {
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Variance: "var",
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.Min: "min",
    exp.Max: "max",
}
SYNONYMS: dict[str, AggregateKind] = {"var": "var", "stdev": "stddev", "mean": "avg"}


def read_question(text: str, views: Mapping[str, ViewTerms]) -> Question:
    """A question as it is planned, charged and remembered.

    Args:
        views: what the agreement grants, by full name; columns that are not granted are not there.

    Raises:
        Refusal: with code, place and what to write instead; never by anything in the data.
    """
    return _Reader(views).question(parsed(text))


class _Reader:
    def __init__(self, views: Mapping[str, ViewTerms], sizes: Sizes | None = None) -> None:
        self.scope = Scope(views, sizes or Sizes())
        self.expressions = Expressions(self.scope)
        self.aggregates: list[Aggregate] = []
        self.outputs: list[Output] = []
        self.keys: list[Value] = []

    def question(self, select: exp.Select) -> Question:
        only(select, "expressions", "from_", "joins", "where", "group", "having", "order", "limit")
        conditions = self._sources(select)
        if select.args.get("where"):
            conditions.append(self.expressions.condition(select.args["where"].this))
        self._keys(select)
        self._outputs(select)
        if not self.aggregates:
            not_offered(select, "rows", "SELECT")
        having = self._having(select.args.get("having"))
        order = self._order(select.args.get("order"))
        where = canonical.condition(All(tuple(conditions)))
        used = {source.view.name for source in self.scope.sources.values()}
        return Question(
            tuple(sorted(used)),
            where,
            tuple(self.keys),
            tuple(self.aggregates),
            tuple(self.outputs),
            having,
            order,
            self._limit(select.args.get("limit")),
        )

    # -- what is selected from ------------------------------------------------------------------

    def _sources(self, select: exp.Select) -> list[Condition]:
        """Read FROM and JOIN into the scope; the conditions of subqueries."""
        start = select.args.get("from_")
        if start is None:
            not_offered(select, "from", "SELECT")
        only(start, "this")
        conditions = self._source(start.this)
        for join in select.args.get("joins") or []:
            conditions += self._join(join)
        views = [source.view.name for source in self.scope.sources.values()]
        if len(set(views)) != len(views):
            not_offered(select, "self_join", "JOIN")
        if len(views) > MOST_VIEWS:
            refuse(select, "many_views", most=MOST_VIEWS)
        return conditions

    def _source(self, node: exp.Expression) -> list[Condition]:
        if isinstance(node, exp.Subquery):
            return self._projection(node)
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            not_offered(node, "from")
        only(node, "this", "db", "alias")
        database = node.args.get("db")
        parts = [folded(part) for part in (database, node.this) if part is not None]
        view = self.scope.views.get(".".join(parts))
        if view is None:
            refuse(
                node, "unknown_view", name=shown(".".join(parts)), known=", ".join(self.scope.views)
            )
        names: dict[str, Value] = {name: Column(view.name, name) for name in view.columns}
        names[view.unit_column] = Column(view.name, view.unit_column)
        self._add(node, Source(view, names), parts[-1])
        return []

    def _add(self, node: exp.Expression, source: Source, default: str | None) -> None:
        alias = node.args.get("alias")
        if alias is not None:
            only(alias, "this")
        name = folded(alias.this) if alias is not None else default
        if name is None or name in self.scope.sources:
            refuse(node, "bad_alias")
        self.scope.sources[name] = source

    def _projection(self, node: exp.Subquery) -> list[Condition]:
        """A subquery that chooses, computes and filters columns of one view."""
        only(node, "this", "alias")
        inner = node.this
        if not isinstance(inner, exp.Select):
            not_offered(node, "projection", "(...)")
        only(inner, "expressions", "from_", "where")
        reader = _Reader(self.scope.views, self.scope.sizes)
        conditions = reader._sources(inner)
        if len(reader.scope.sources) != 1:
            not_offered(node, "projection", "JOIN")
        (source,) = reader.scope.sources.values()
        names: dict[str, Value] = {}
        for item in inner.expressions:
            if isinstance(item, exp.Star):
                only(item)
                if names.keys() & source.names.keys():
                    refuse(item, "ambiguous_name", name="*")
                names |= source.names
                continue
            name, value = reader._projected(item)
            if name in names:
                refuse(item, "ambiguous_name", name=shown(name))
            names[name] = value
        if inner.args.get("where"):
            conditions.append(reader.expressions.condition(inner.args["where"].this))
        self._add(node, Source(source.view, names), None)
        return conditions

    def _projected(self, item: exp.Expression) -> tuple[str, Value]:
        if isinstance(item, exp.Alias):
            only(item, "this", "alias")
            return folded(item.args["alias"]), self._any_value(item.this)
        if not isinstance(item, exp.Column):
            not_offered(item, "named")
        return folded(item.this), self._any_value(item)

    def _any_value(self, node: exp.Expression) -> Value:
        """A value, the unit's column included."""
        if isinstance(node, exp.Column):
            return self.scope.resolve(node)
        return self.expressions.value(node)

    def _join(self, join: exp.Join) -> list[Condition]:
        """An inner join on the units of both sides, and on nothing else."""
        for name in ("side", "method"):
            if join.args.get(name):
                not_offered(join, "join", f"{join.args[name]} JOIN")
        only(join, "this", "kind", "on", "using")
        if join.args.get("kind") not in (None, "", "INNER"):
            not_offered(join, "join", f"{join.args['kind']} JOIN")
        before = list(self.scope.sources)
        conditions = self._source(join.this)
        (alias,) = set(self.scope.sources) - set(before)
        using, on = join.args.get("using") or [], join.args.get("on")
        if len(using) == 1:
            name = folded(using[0])
            sides = [
                self.scope.sources[one].names.get(name)
                for one in (alias, *before)
                if name in self.scope.sources[one].names
            ]
            joined = len(sides) > 1 and all(s is not None and self.scope.is_unit(s) for s in sides)
        else:
            joined = on is not None and self._units_equal(on, alias)
        if not joined:
            not_offered(join, "join", "JOIN")
        units = {source.view.unit for source in self.scope.sources.values()}
        if len(units) > 1:
            not_offered(join, "join", "JOIN")
        return conditions

    def _units_equal(self, on: exp.Expression, alias: str) -> bool:
        while isinstance(on, exp.Paren):
            on = on.this
        if not isinstance(on, exp.EQ):
            return False
        sides = (on.this, on.expression)
        if not all(isinstance(side, exp.Column) for side in sides):
            return False
        tables = {folded(side.args["table"]) for side in sides if side.args.get("table")}
        values = [self.scope.resolve(side) for side in sides]
        return alias in tables and len(tables) == 2 and all(map(self.scope.is_unit, values))

    # -- what is asked --------------------------------------------------------------------------

    def _keys(self, select: exp.Select) -> None:
        group = select.args.get("group")
        if group is None:
            return
        only(group, "expressions")
        named = {
            folded(item.args["alias"]): item.this
            for item in select.expressions
            if isinstance(item, exp.Alias)
        }
        if len(group.expressions) > MOST_KEYS:
            refuse(group, "many_keys", most=MOST_KEYS)
        for node in group.expressions:
            if isinstance(node, exp.Column) and not node.args.get("table"):
                known = any(folded(node.this) in s.names for s in self.scope.sources.values())
                node = node if known else named.get(folded(node.this), node)
            key = canonical.value(self.expressions.value(node))
            if not isinstance(key, Column | Bucket | Case):
                not_offered(node, "key", "GROUP BY")
            if key not in self.keys:
                self.keys.append(key)

    def _outputs(self, select: exp.Select) -> None:
        for place, item in enumerate(select.expressions, 1):
            alias = None
            node = item
            if isinstance(item, exp.Alias):
                only(item, "this", "alias")
                alias, node = folded(item.args["alias"]), item.this
            aggregate = self._aggregate(node)
            if aggregate is None:
                key = canonical.value(self.expressions.value(node))
                if key not in self.keys:
                    not_offered(node, "grouped" if self.keys else "rows")
                name = alias or (key.name if isinstance(key, Column) else f"key_{place}")
                output = Output(name, "key", self.keys.index(key))
            else:
                output = Output(
                    alias or f"{aggregate.kind}_{place}", "aggregate", self._at(aggregate)
                )
            if any(output.name == known.name for known in self.outputs):
                refuse(item, "ambiguous_name", name=shown(output.name))
            self.outputs.append(output)
        if len(self.aggregates) > MOST_AGGREGATES:
            refuse(select, "many_aggregates", most=MOST_AGGREGATES)

    def _at(self, aggregate: Aggregate) -> int:
        """The place of an aggregate; the same one is answered once however often it is written."""
        if aggregate not in self.aggregates:
            self.aggregates.append(aggregate)
        return self.aggregates.index(aggregate)

    def _aggregate(self, node: exp.Expression) -> Aggregate | None:
        """The aggregate that a node asks for; None when it is no aggregate."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Count):
            return self._count(node)
        if type(node) in _SIMPLE:
            only(node, "this")
            return Aggregate(_SIMPLE[type(node)], self._measured(node.this))
        if isinstance(node, exp.Anonymous) and str(node.this).lower() in SYNONYMS:
            only(node, "this", "expressions")
            if len(node.expressions) != 1:
                not_offered(node, "aggregate")
            return Aggregate(SYNONYMS[str(node.this).lower()], self._measured(node.expressions[0]))
        if isinstance(node, exp.Median):
            only(node, "this")
            return Aggregate("quantile", self._measured(node.this), Decimal("0.5"))
        if isinstance(node, exp.WithinGroup):
            return self._within(node)
        if isinstance(node, exp.AggFunc | exp.Window):
            not_offered(node, "aggregate")
        return None

    def _measured(self, node: exp.Expression) -> Value:
        return canonical.value(self.expressions.number(node))

    def _count(self, node: exp.Count) -> Aggregate:
        only(node, "this", "big_int")
        inner = node.this
        if isinstance(inner, exp.Star):
            only(inner)
            return Aggregate("count")
        if isinstance(inner, exp.Distinct):
            only(inner, "expressions")
            found = [self.scope.resolve(c) for c in inner.expressions if isinstance(c, exp.Column)]
            if len(inner.expressions) != 1 or not found or not self.scope.is_unit(found[0]):
                not_offered(node, "distinct", "COUNT DISTINCT")
            return Aggregate("count_units")
        if isinstance(inner, exp.Column) and self.scope.is_unit(self.scope.resolve(inner)):
            # A row whose unit is not known counts nowhere.
            return Aggregate("count")
        value = canonical.value(self.expressions.value(inner))
        return Aggregate("count") if isinstance(value, Number) else Aggregate("count", value)

    def _within(self, node: exp.WithinGroup) -> Aggregate:
        only(node, "this", "expression")
        inner, order = node.this, node.args["expression"]
        if not isinstance(inner, exp.PercentileCont | exp.PercentileDisc):
            not_offered(node, "aggregate")
        only(inner, "this")
        only(order, "expressions")
        if len(order.expressions) != 1:
            not_offered(node, "aggregate")
        (ordered,) = order.expressions
        only(ordered, "this", "nulls_first")
        q = self.expressions.number(inner.this)
        if not isinstance(q, Number) or not 0 <= q.value <= 1:
            refuse(inner, "bad_quantile")
        return Aggregate("quantile", self._measured(ordered.this), q.value)

    # -- what is made of the answer -------------------------------------------------------------

    def _named(self, node: exp.Expression) -> str:
        """The name of the answer's column that a HAVING or ORDER BY means."""
        aggregate = self._aggregate(node)
        if aggregate is not None:
            for output in self.outputs:
                if output.source == "aggregate" and self.aggregates[output.index] == aggregate:
                    return output.name
            not_offered(node, "select_it_first")
        if isinstance(node, exp.Column):
            name = folded(node.this)
            if not node.args.get("table") and any(name == o.name for o in self.outputs):
                return name
            key = self.scope.resolve(node)
            for output in self.outputs:
                if output.source == "key" and self.keys[output.index] == key:
                    return output.name
        not_offered(node, "select_it_first")

    def _having(self, node: exp.Having | None) -> tuple[Kept, ...]:
        if node is None:
            return ()
        only(node, "this")
        found = []
        for part in conjuncts(node.this):
            if type(part) not in COMPARED:
                not_offered(part, "having")
            limit = self.expressions.value(part.args["expression"])
            if not isinstance(limit, Number):
                refuse(part, "not_a_constant")
            found.append(Kept(self._named(part.args["this"]), COMPARED[type(part)], limit.value))
        return tuple(found)

    def _order(self, node: exp.Order | None) -> tuple[Sorted, ...]:
        if node is None:
            return ()
        only(node, "expressions")
        for one in node.expressions:
            only(one, "this", "desc", "nulls_first")
        return tuple(
            Sorted(self._named(o.this), bool(o.args.get("desc"))) for o in node.expressions
        )

    def _limit(self, node: exp.Limit | None) -> int | None:
        if node is None:
            return None
        only(node, "expression")
        limit = self.expressions.value(node.args["expression"])
        if not isinstance(limit, Number) or limit.value != int(limit.value) or limit.value < 0:
            refuse(node, "not_a_constant")
        return int(limit.value)
