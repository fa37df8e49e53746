"""What flows into an expression.

Any function carries all of its arguments unless it stands here: an unknown function can hide no
source. Masking functions are the only ones that change what a trace is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlglot import exp

from catalog.errors import Location
from catalog.lineage import MaskUse
from pipelines.dialect import line_of
from pipelines.errors import PipelineError
from pipelines.lineage.flow import (
    AGGREGATED,
    AGGREGATION,
    BENT,
    CLEANED,
    COUNT,
    EMPTY,
    IDENTITY,
    JOINT,
    OWN,
    PARTIAL,
    PICKED,
    RESPELT,
    SMALLER,
    SPELT,
    TRANSFORMATION,
    WHOLE,
    WRITTEN,
    YEARS,
    Flow,
    Trace,
    after,
    depending,
    influence,
    merged,
    mingled,
    placed,
    sources_of,
    treated,
)
from pipelines.lineage.nodes import (
    ORDERLESS,
    aggregate_functions,
    children,
    is_blank,
    is_nothing,
    is_placeholder,
    is_truncated,
    is_years,
    name_of,
    path_of,
    takes_ties,
)
from pipelines.lineage.scope import Relation, Scope
from pipelines.lineage.traits import (
    counted_as,
    is_changed,
    is_count,
    is_hidden,
    is_keyed,
    is_mixed,
    is_wide,
    of_some,
    own_rows,
    rows_chosen,
    unmasked,
    with_name,
    zero_for_none,
)
from pipelines.lineage.types import WHOLE_NUMBERS, whole_number
from pipelines.lineage.written import writes
from pipelines.masking.calls import MaskCall, mask_call
from pipelines.masking.spelling import separates, spelling

_LISTING = frozenset({"json_group_array", "json_group_object", "json_group_structure"})
_PICKING = (exp.Max, exp.Min, exp.AnyValue, exp.First, exp.Last)
# Aggregates that are no larger than what they aggregate. Any other may make a value larger than a
# rounding hides (a product, a variance, a slope, digits one after the other).
_LEVELLING = (
    exp.ApproxQuantile, exp.Avg, exp.Median, exp.Mode, exp.PercentileCont,
    exp.PercentileDisc, exp.Quantile, exp.Stddev, exp.StddevPop, exp.StddevSamp,
)  # fmt: skip
_LEVELLING_NAMES = frozenset({"favg", "geomean", "mad"})
# Statistics of a group that are usual beside each other, and show no more of it than each alone.
_PLAIN = (exp.Avg, exp.Max, exp.Median, exp.Min, exp.Sum)
_REFUSED = (exp.Columns, exp.PositionalColumn, exp.Placeholder, exp.Parameter, exp.SessionParameter)
_SILENT = (exp.Literal, exp.DataType, exp.Var, exp.Boolean, exp.Null, exp.WindowSpec)

_COMPARING = (exp.EQ, exp.NullSafeEQ, exp.GTE, exp.LTE, exp.In, exp.Between, exp.ArrayContains)

Query = Callable[[Any, Scope], Relation]


class Expressions:
    """Evaluates expressions; `query` gives the relation of a subquery."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._special: dict[type[Any], Callable[[Any, Scope], Flow]] = {
            exp.Column: lambda node, scope: scope.column(node),
            exp.Identifier: lambda node, scope: scope.path([node.name.lower()], node),
            exp.Star: lambda node, scope: scope.every(),
            exp.Alias: lambda node, scope: self.flow(node.this, scope),
            exp.Paren: lambda node, scope: self.flow(node.this, scope),
            exp.Cast: self._cast,
            exp.TryCast: self._cast,
            exp.Coalesce: self._coalesce,
            exp.Greatest: self._one_of,
            exp.Least: self._one_of,
            exp.Array: self._one_of,
            exp.Lag: self._shifted,
            exp.Lead: self._shifted,
            exp.Trim: self._trim,
            exp.Nullif: self._nullif,
            exp.Case: self._case,
            exp.If: self._if,
            exp.Count: self._count,
            exp.Sum: self._sum,
            exp.Div: self._divided,
            exp.Replace: self._replaced,
            exp.ArgMax: self._arg_extreme,
            exp.ArgMin: self._arg_extreme,
            exp.Filter: self._filter,
            exp.Window: self._window,
            exp.Order: self._order_inside,
            exp.WithinGroup: self._within_group,
            exp.Subquery: self._scalar,
            exp.Exists: self._exists,
            exp.Lambda: self._lambda,
            exp.Comprehension: self._comprehension,
            exp.Dot: self._dot,
            exp.PropertyEQ: self._property,
            exp.Upper: self._respelt,
            exp.Lower: self._respelt,
            **dict.fromkeys(_COMPARING, self._equal),
            exp.NEQ: self._compared,
            exp.NullSafeNEQ: self._compared,
            exp.GT: self._ordered,
            exp.LT: self._ordered,
        }

    def flow(self, node: Any, scope: Scope) -> Flow:
        """What flows into one expression."""
        special = self._special.get(type(node))
        if special is not None:
            return special(node, scope)
        if node is None or isinstance(node, _SILENT):
            return EMPTY
        if isinstance(node, exp.Query):
            return self._scalar(node, scope)
        if isinstance(node, _REFUSED):
            problem = "columns must be named one by one"
            raise scope.context.unresolved(node, problem)
        if isinstance(node, exp.Anonymous):
            call = mask_call(node, scope.context.path)
            if call is not None:
                return self._masked(call, node, scope)
            if is_truncated(node):
                return treated(self.several(children(node), scope), CLEANED)
            if is_years(node):
                return treated(self.several(children(node), scope), YEARS)
            if node.name.lower() in aggregate_functions() or node.name.lower() in _LISTING:
                how = AGGREGATION if node.name.lower() in _LEVELLING_NAMES else BENT
                inside = treated(self.several(children(node), scope), how)
                return depending(inside, scope.arrival())
        inside = self.several(children(node), scope)
        inside = merged([inside, self._unit(node, scope)])
        if isinstance(node, exp.AggFunc):
            how = AGGREGATION if isinstance(node, _LEVELLING) and not is_mixed(inside) else BENT
            value = self._picked(inside) if isinstance(node, _PICKING) else treated(inside, how)
            value = of_some(value, scope)
            return value if isinstance(node, ORDERLESS) else depending(value, scope.arrival())
        return self._made(node, inside, scope)

    def several(self, nodes: Iterable[Any], scope: Scope) -> Flow:
        """What flows into any of several expressions; lambdas see the other arguments."""
        plain: list[Any] = []
        lambdas: list[Any] = []
        for node in nodes:
            (lambdas if isinstance(node, exp.Lambda) else plain).append(node)
        flow = merged(self.flow(node, scope) for node in plain)
        return merged([flow, *(self._called(node, scope, flow) for node in lambdas)])

    # -- masks ----------------------------------------------------------------------------------

    def _masked(self, call: MaskCall, node: Any, scope: Scope) -> Flow:
        flow = self.several(call.values, scope)
        function = call.function
        if function.keyed and (not flow.direct or WRITTEN in flow.indirect):
            where = Location(scope.context.path, line_of(node) or 1)
            raise PipelineError("mask_constant", where=where, function=function.name)
        text = "; ".join(value.sql("duckdb") for value in call.values)
        path, start = scope.context.path, node.meta.get("start", 0)
        joint = JOINT if self._is_joint(call.values, scope) else ""
        # Written twice in one SELECT a text means the same: as a column and as the key of its group.
        same = scope.number and not scope.unsure
        spot = f"SELECT {scope.number}" if same else f"{line_of(node)}:{start}"
        changed = f"{joint}{text} at {path.parent.name}/{path.stem}:{spot}"
        group = self._group(call, scope)
        # What a cell shows of a longitude hangs on the latitude beside it.
        alone = text.lower() if len(call.values) > 1 else ""
        direct: dict[Trace, int] = {}
        for trace, line in flow.direct.items():
            if not is_hidden(function, trace):
                direct[trace._replace(how=TRANSFORMATION)] = line
                continue
            use = MaskUse(
                function.name,
                call.literals,
                alone if trace.how in WHOLE else changed,
                function.leads_to(call.literals),
                function.kind,
                function.family or "",
                function.keyed,
                group,
                trace.how if trace.how in (PICKED, AGGREGATION) else "",
            )
            direct[trace._replace(how=IDENTITY, masks=(*trace.masks, use))] = line
        return Flow(direct, flow.indirect)

    def _is_joint(self, values: Sequence[Any], scope: Scope) -> bool:
        """Whether a value is whole columns one after the other, `a || '-' || b`: never one alone."""
        node = values[0].unnest() if len(values) == 1 else None
        if not isinstance(node, exp.DPipe):
            return False
        parts = [part.unnest() for part in node.flatten()]
        return all(isinstance(p, exp.Literal) or self._is_whole(p, scope) for p in parts)

    def _is_whole(self, node: Any, scope: Scope) -> bool:
        if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
            node = node.this.unnest()
        if not isinstance(node, exp.Column):
            return False
        flow = self.flow(node, scope)
        return [trace.how for trace in flow.direct] == [IDENTITY]

    def _group(self, call: MaskCall, scope: Scope) -> str:
        """The groups and the column of which a plain statistic is masked; empty if it is none."""
        value = call.values[0]
        column = value.this if isinstance(value, _PLAIN) else None
        select = value.find_ancestor(exp.Select)
        # A condition, an order, a second argument: then it is of other rows than its neighbours.
        if not isinstance(column, exp.Column) or select is None or len(children(value)) > 1:
            return ""
        if any(trace.how != IDENTITY for trace in self.flow(column, scope).direct):
            return ""
        number = scope.context.selects.setdefault(id(select), len(scope.context.selects))
        path = scope.context.path
        return f"{column.sql('duckdb').lower()} in {path.parent.name}/{path.stem}:{number}"

    # -- values ---------------------------------------------------------------------------------

    def _divided(self, node: exp.Div, scope: Scope) -> Flow:
        """Behind a whole number a value is smaller; what it is divided by is changed."""
        small = whole_number(node.expression, scope)
        value = treated(self.flow(node.this, scope), SMALLER if small else TRANSFORMATION)
        by = treated(self.flow(node.expression, scope), TRANSFORMATION)
        return merged([value, by])

    def _replaced(self, node: exp.Replace, scope: Scope) -> Flow:
        texts = [node.expression, node.args.get("replacement")]
        plain = all(isinstance(text, exp.Literal) and text.is_string for text in texts)
        old, new = (text.name if plain and text else "" for text in texts)
        how = SPELT if spelling(old, new) else RESPELT if separates(old, new) else TRANSFORMATION
        inside = self.several(children(node), scope)
        noted = {WRITTEN: 0} if inside.direct and writes(node, inside) else {}
        return depending(treated(inside, how if plain else TRANSFORMATION), noted)

    def _respelt(self, node: Any, scope: Scope) -> Flow:
        return treated(self.several(children(node), scope), RESPELT)

    def _made(self, node: Any, inside: Flow, scope: Scope) -> Flow:
        """A changed value; it is noted if the model may have written it."""
        flow = treated(inside, TRANSFORMATION)
        if not flow.direct or (isinstance(node, exp.DPipe) and self._is_joint([node], scope)):
            return flow
        return depending(flow, {WRITTEN: 0}) if writes(node, inside) else flow

    def _picked(self, flow: Flow) -> Flow:
        """One of the values. Of secrets among others it may be known that none is greater."""
        alone = len(sources_of(flow)) < 2 and WRITTEN not in flow.indirect
        return treated(flow, PICKED if alone else BENT)

    def _unit(self, node: Any, scope: Scope) -> Flow:
        """A column in the place of a unit's name, which the parser takes for one."""
        unit = node.args.get("unit")
        if not isinstance(unit, exp.Var):
            return EMPTY
        found = (around.plain(unit.name.lower(), rows=False) for around in scope.up())
        return next((flow for flow in found if flow is not None), EMPTY)

    def _coalesce(self, node: exp.Coalesce, scope: Scope) -> Flow:
        """A constant in the place of NULL marks where there was none."""
        if zero_for_none(node):
            value = self.flow(node.this, scope)
            if is_count(value):
                return value
            return depending(treated(value, TRANSFORMATION), {WRITTEN: 0})
        marked = any(isinstance(p, exp.Literal) and not is_blank(p) for p in node.expressions)
        return self._choice(children(node), TRANSFORMATION if marked else CLEANED, scope)

    def _cast(self, node: exp.Cast, scope: Scope) -> Flow:
        """A count stays one in another width of whole numbers: the engine fails, it never cuts.

        A type that holds few values tests a value (TRY_CAST to an ENUM is NULL for all others).
        """
        inside = self.flow(node.this, scope)
        flow = merged([inside, self.several(children(node)[1:], scope)])
        counted = flow.direct and all(trace.how == COUNT for trace in flow.direct)
        if counted and node.to.this in WHOLE_NUMBERS and not isinstance(node, exp.TryCast):
            return flow
        flow = treated(flow, CLEANED if is_wide(node) else TRANSFORMATION)
        if not isinstance(node, exp.TryCast) or not any(is_changed(t) for t in flow.direct):
            return flow
        # Whether a value that was made fits is what the model makes of it.
        return depending(flow, influence(inside, "case"))

    def _trim(self, node: Any, scope: Scope) -> Flow:
        how = TRANSFORMATION if node.args.get("expression") else CLEANED
        return treated(self.several(children(node), scope), how)

    def _nullif(self, node: Any, scope: Scope) -> Flow:
        # To take one value out is to test for it; only a text without a letter or digit is nobody's.
        parts = [self._choice([node.this], IDENTITY, scope), self.flow(node.expression, scope)]
        if is_placeholder(node.expression):
            return treated(merged(parts), CLEANED)
        return depending(treated(merged(parts), TRANSFORMATION), influence(merged(parts), "case"))

    def _case(self, node: exp.Case, scope: Scope) -> Flow:
        otherwise = node.args.get("default") is not None
        results = [node.args["default"]] if otherwise else []
        results += [branch.args["true"] for branch in node.args["ifs"]]
        conditions = [branch.this for branch in node.args["ifs"]]
        if node.this is None:
            return self._branching(self.several(conditions, scope), results, scope, otherwise)
        # `CASE x WHEN y` compares x with each y.
        return self._branching(
            self._told([node.this, *conditions], scope), results, scope, otherwise
        )

    def _if(self, node: exp.If, scope: Scope) -> Flow:
        results = [node.args[key] for key in ("true", "false") if node.args.get(key)]
        return self._branching(self.flow(node.this, scope), results, scope, len(results) > 1)

    def _branching(
        self, conditions: Flow, results: list[Any], scope: Scope, otherwise: bool
    ) -> Flow:
        chosen = influence(conditions, "case")
        flows = [self.flow(result, scope) for result in results]
        value = depending(_either_of(results, flows, CLEANED), chosen)
        # What is aggregated is no longer a value of some rows: one CASE may hide where few are.
        rowwise = any(trace.how not in AGGREGATED and not trace.masks for trace in value.direct)
        sources = {sources_of(flow) for flow in flows}
        whole = otherwise and len(sources) == 1 and all(sources)
        return depending(value, {PARTIAL: 0}) if rowwise and not whole else value

    def _one_of(self, node: Any, scope: Scope) -> Flow:
        """The greatest or least of several values is one of them; so may be what is taken from a
        list, or from the row before where there is none."""
        return self._choice(children(node), TRANSFORMATION, scope)

    def _shifted(self, node: exp.Lag | exp.Lead, scope: Scope) -> Flow:
        parts = [self._choice([node.this, node.args.get("default")], IDENTITY, scope)]
        offset = self.flow(node.args.get("offset"), scope)
        return depending(treated(merged([*parts, offset]), AGGREGATION), scope.arrival())

    def _choice(self, choices: Sequence[Any], how: str, scope: Scope) -> Flow:
        """What may be any of several values; it is noted if the model writes one of them out."""
        return _either_of(choices, [self.flow(choice, scope) for choice in choices], how)

    def _equal(self, node: Any, scope: Scope) -> Flow:
        """A comparison may make its two sides one value: they are taken to be so."""
        parts = [self.flow(part, scope) for part in children(node)]
        for one in parts[0].direct if parts else ():
            for other in (trace for part in parts[1:] for trace in part.direct):
                pair = sorted([(one.table, one.column), (other.table, other.column)])
                scope.context.equal.add((pair[0], pair[1]))
        return self._compared(node, scope)

    def _compared(self, node: Any, scope: Scope) -> Flow:
        return self._told(children(node), scope)

    def _ordered(self, node: Any, scope: Scope) -> Flow:
        return self._told(children(node), scope, named=False)

    def _told(self, nodes: Sequence[Any], scope: Scope, named: bool = True) -> Flow:
        """What a comparison tells of its sides. Equal under one key is equal: who compares two
        pseudonyms, or one with a text that is written down, compares what they stand for.

        Args:
            named: whether a written text may be the pseudonym of something; it is no bound.
        """
        parts = [self.flow(node, scope) for node in nodes]
        keyed = [any(is_keyed(trace) for trace in part.direct) for part in parts]
        written = [
            not (is_nothing(node) or is_placeholder(node))
            and (not part.direct or WRITTEN in part.indirect)
            for node, part in zip(nodes, parts, strict=True)
        ]
        if sum(keyed) > 1 or (named and any(keyed) and any(written)):
            parts = [unmasked(part) for part in parts]
        if named and any(written):
            parts = [with_name(part) for part in parts]
        return treated(merged(parts), TRANSFORMATION)

    def _dot(self, node: exp.Dot, scope: Scope) -> Flow:
        """A struct's field, or a function called in the way of a method."""
        path = path_of(node)
        if path:
            return treated(scope.path(path, node), TRANSFORMATION)
        call = node.expression
        inside = [node.this] if isinstance(call, exp.Identifier) else [node.this, call]
        return treated(self.several(inside, scope), TRANSFORMATION)

    def _property(self, node: exp.PropertyEQ, scope: Scope) -> Flow:
        """A named entry; its name is no column unless it is written as one (a MAP's key)."""
        named = isinstance(node.this, exp.Identifier)
        parts = [node.expression] if named else [node.this, node.expression]
        return treated(self.several(parts, scope), TRANSFORMATION)

    # -- lists ----------------------------------------------------------------------------------

    def _lambda(self, node: exp.Lambda, scope: Scope) -> Flow:
        return self._called(node, scope, EMPTY)

    def _called(self, node: exp.Lambda, scope: Scope, argument: Flow) -> Flow:
        value = treated(argument, TRANSFORMATION)
        variables = {parameter.name.lower(): value for parameter in node.expressions}
        return treated(self.flow(node.this, scope.inner(variables=variables)), TRANSFORMATION)

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> Flow:
        source = treated(self.flow(node.args["iterator"], scope), TRANSFORMATION)
        names = [node.expression, *([node.args["position"]] if node.args.get("position") else [])]
        inner = scope.inner(variables={name.name.lower(): source for name in names})
        flow = merged([source, self.flow(node.this, inner)])
        condition = node.args.get("condition")
        if condition is None:
            return flow
        return depending(flow, influence(self.flow(condition, inner), "case"))

    # -- aggregates and windows -----------------------------------------------------------------

    def _count(self, node: exp.Count, scope: Scope) -> Flow:
        found = scope.found(node.this)
        if found is not None:
            # Of a LEFT JOIN: the rows that were found, none of them for a row without any.
            return Flow(counted_as(found.rows, COUNT), {})
        inside = self.several([n for n in children(node) if not isinstance(n, exp.Star)], scope)
        rows = own_rows(scope)
        if inside.direct:
            told = {t._replace(how="count", place=OWN): line for t, line in rows.items()}
            return depending(treated(inside, COUNT), told)
        # The rows themselves are what count(*) carries: an unchanged count is told from another. Rows
        # that a join may repeat are no count of anything.
        how = COUNT if scope.singly else AGGREGATION
        return Flow({t._replace(how=how): line for t, line in rows.items()}, inside.indirect)

    def _sum(self, node: exp.Sum, scope: Scope) -> Flow:
        """The sum of the counts of disjoint groups is the count of them together."""
        inside = self.several(children(node), scope)
        if is_count(inside) and scope.tallied(node.this):
            return placed(inside, lambda t: OWN if t.place and t.place[-1] is OWN else t.place)
        # Of rows that a join repeats a sum shows as much larger a value as the join has rows.
        direct = {
            t._replace(how=after(t.how, AGGREGATION if scope.comes_once(t) else BENT)): line
            for t, line in inside.direct.items()
        }
        return of_some(Flow(direct, inside.indirect), scope)

    def _arg_extreme(self, node: Any, scope: Scope) -> Flow:
        value = treated(self.flow(node.this, scope), PICKED)
        others = [part for part in children(node) if part is not node.this]
        by = influence(self.several(others, scope), "order")
        return depending(value, by, scope.arrival())  # of equal rows the first that comes

    def _filter(self, node: exp.Filter, scope: Scope) -> Flow:
        condition = self.flow(node.expression.this, scope)
        value, number = self.flow(node.this, scope), scope.context.number()
        # Of some rows of the group: who counts all of them has not counted these.
        value = placed(value, lambda trace: trace.place if trace.how == COUNT else ("some", number))
        return depending(value, influence(condition, "filter"))

    def _window(self, node: exp.Window, scope: Scope) -> Flow:
        over = influence(self.window_keys(node, scope), "window")
        value, number = treated(self.flow(node.this, scope), TRANSFORMATION), scope.context.number()
        value = placed(value, lambda _: ("window", number))  # of other rows, or groups, besides
        value = depending(value, over, scope.arrival() if takes_ties(node) else {})
        scope.order.update(over)
        return value

    def window_keys(self, node: exp.Window, scope: Scope) -> Flow:
        """What a window is partitioned, ordered and framed by."""
        keys: list[Any] = list(node.args.get("partition_by") or [])
        for key in ("order", "spec"):
            if node.args.get(key):
                keys += children(node.args[key])
        flows = [self.several(keys, scope)]
        for name in (node.this, node.args.get("alias"), node.args.get("first")):
            if not isinstance(name, exp.Identifier | exp.Var | str):
                continue
            base = next(
                (s.windows[n] for s in scope.up() if (n := name_of(name)) in s.windows), None
            )
            if base is not None and base is not node:
                flows.append(self.window_keys(base, scope))
        return merged(flows)

    def _order_inside(self, node: exp.Order, scope: Scope) -> Flow:
        """`f(x ORDER BY y)`: x is carried, y decides the order."""
        keys = self.several(node.expressions, scope)
        value = self.flow(node.this, scope) if node.this else EMPTY
        return depending(value, influence(keys, "order"))

    def _within_group(self, node: exp.WithinGroup, scope: Scope) -> Flow:
        """`quantile_cont(0.5) WITHIN GROUP (ORDER BY x)`: x is what is aggregated."""
        return treated(self.several([node.this, *node.expression.expressions], scope), AGGREGATION)

    # -- subqueries -----------------------------------------------------------------------------

    def _scalar(self, node: Any, scope: Scope) -> Flow:
        relation, number = self._query(node, scope), scope.context.number()
        value = placed(relation.whole(), lambda trace: ("subquery", number, trace.place))
        return depending(value, rows_chosen(relation), relation.order)

    def _exists(self, node: exp.Exists, scope: Scope) -> Flow:
        relation = self._query(node.this, scope)
        return Flow({}, rows_chosen(relation))


def _either_of(choices: Sequence[Any], flows: Sequence[Flow], how: str) -> Flow:
    """One of several values, of which the flows are known; each is evaluated once."""
    flow = treated(mingled(flows), how)
    pairs = zip(choices, flows, strict=True)
    written = any(
        not (found.direct or is_nothing(choice) or is_blank(choice)) for choice, found in pairs
    )
    return depending(flow, {WRITTEN: 0}) if written else flow
