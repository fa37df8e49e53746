"""Aggregates and windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from pipelines.spark.expressions import Expressions, Handler, branches
from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast
from pipelines.spark.types import decimal, spark_type

Over = Callable[[str], str]
_AGGREGATES = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Count, exp.CountIf)
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank)


def _plain(text: str) -> str:
    return text


def _aggregate(
    to: Expressions, node: Any, when: str = "", over: Over = _plain, typed: Any = None
) -> str:
    """An aggregate, of the rows for which `when` holds.

    Args:
        typed: the node that DuckDB gives the type of: the window around it, if there is one.
    """
    if isinstance(node, exp.Count):
        return _count(to, node, when, over)
    inner, distinct = node.this, ""
    if isinstance(inner, exp.Distinct):
        inner, distinct = inner.expressions[0], "DISTINCT "
    if isinstance(inner, exp.Order):
        raise Refusal(node.sql_name().lower(), "without ORDER BY", node)
    kind = to.type(inner)
    value = to.sql(inner)
    result = to.type(typed or node)
    if isinstance(node, exp.Min | exp.Max):
        if node.expressions:
            raise Refusal(node.sql_name().lower(), "with one argument", node)
        return over(f"{node.sql_name().lower()}({distinct}{_when(when, value)})")
    if isinstance(node, exp.Sum):
        wide = spark_type(result) if decimal(result) else "DOUBLE"
        return over(f"sum({distinct}{_when(when, cast(value, wide))})")
    if isinstance(node, exp.Avg):
        return _average(kind, f"{distinct}{{}}", value, when, over)
    raise Refusal(node.sql_name().lower(), "not proven on both engines", node)


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END" if condition else value


def _average(kind: str, form: str, value: str, when: str, over: Over) -> str:
    """A mean is a DOUBLE; that of whole or decimal numbers comes of their exact sum."""
    size = decimal(kind)
    if size is None:
        return over(f"avg({form.format(_when(when, cast(value, 'DOUBLE')))})")
    exact = cast(value, f"DECIMAL(38,{size[1]})")
    total = over(f"sum({form.format(_when(when, exact))})")
    number = over(f"count({form.format(_when(when, value))})")
    return f"try_divide(CAST({total} AS DOUBLE), CAST({number} AS DOUBLE))"


def _count(to: Expressions, node: Any, when: str, over: Over) -> str:
    inner = node.this
    if inner is None or isinstance(inner, exp.Star):
        return over(f"count({_when(when, '1') if when else '*'})")
    if node.expressions:
        raise Refusal("count", "with one argument", node)
    if isinstance(inner, exp.Distinct):
        if len(inner.expressions) != 1:
            raise Refusal("count", "DISTINCT of one expression", node)
        return over(f"count(DISTINCT {_when(when, to.sql(inner.expressions[0]))})")
    return over(f"count({_when(when, to.sql(inner))})")


def _filtered(to: Expressions, node: Any, over: Over = _plain, typed: Any = None) -> str:
    """FILTER as a CASE: the same for every aggregate that passes NULLs over."""
    inner = node.this
    if not isinstance(inner, _AGGREGATES):
        raise Refusal("FILTER", f"of {inner.key}", node)
    return _aggregate(to, inner, to.boolean(node.expression.this), over, typed)


def _listed(to: Expressions, node: Any, value: Any, order: Any, *, nulls: bool) -> str:
    """The values of a group as an array in an order; NULL for a group without any."""
    if order is None:
        raise Refusal(
            node.sql_name().lower(), "write ORDER BY in it: else the order is by chance", node
        )
    fields, tests = [], []
    for number, item in enumerate(order.expressions):
        key = to.sql(item.this)
        fields += [f"'k{number}'", key]
        a, b = f"a.k{number}", f"b.k{number}"
        first = bool(item.args.get("nulls_first"))
        less, more = ("1", "-1") if item.args.get("desc") else ("-1", "1")
        low, high = ("-1", "1") if first else ("1", "-1")
        tests.append(
            f"WHEN {a} IS NULL AND {b} IS NOT NULL THEN {low} "
            f"WHEN {a} IS NOT NULL AND {b} IS NULL THEN {high} "
            f"WHEN {a} < {b} THEN {less} WHEN {a} > {b} THEN {more}"
        )
    row = f"named_struct({', '.join(fields)}, 'v', {to.sql(value)})"
    if not nulls:
        row = f"CASE WHEN {to.sql(value)} IS NOT NULL THEN {row} END"
    ordered = f"array_sort(collect_list({row}), (a, b) -> CASE {' '.join(tests)} ELSE 0 END)"
    values = f"transform({ordered}, x -> x.v)"
    return f"CASE WHEN count({row}) > 0 THEN {values} END"


def _array(to: Expressions, node: Any) -> str:
    inner = node.this
    if isinstance(inner, exp.Distinct):
        raise Refusal("list", "DISTINCT", node)
    order = inner if isinstance(inner, exp.Order) else None
    return _listed(to, node, inner.this if order is not None else inner, order, nulls=True)


def _joined(to: Expressions, node: Any) -> str:
    inner = node.this
    order = inner if isinstance(inner, exp.Order) else None
    value = inner.this if order is not None else inner
    separator = node.args.get("separator")
    if to.type(value) != "VARCHAR" or isinstance(value, exp.Distinct) or separator is None:
        raise Refusal("string_agg", "of text, with a separator", node)
    return f"array_join({_listed(to, node, value, order, nulls=False)}, {to.sql(separator)})"


def _first(to: Expressions, node: Any) -> str:
    """`first(x ORDER BY y)`: the first element of the list."""
    inner = node.this
    if not isinstance(inner, exp.Order):
        raise Refusal("first", "write ORDER BY in it: else which is first is by chance", node)
    return f"try_element_at({_listed(to, node, inner.this, inner, nulls=True)}, 1)"


def _last(to: Expressions, node: Any) -> str:
    inner = node.this
    if not isinstance(inner, exp.Order):
        raise Refusal("last", "write ORDER BY in it: else which is last is by chance", node)
    return f"try_element_at({_listed(to, node, inner.this, inner, nulls=True)}, -1)"


def _extreme(function: str) -> Handler:
    """`arg_max` passes over rows without the value or without its measure."""

    def write(to: Expressions, node: Any) -> str:
        if node.args.get("count") is not None:
            raise Refusal("arg_max", "with two arguments", node)
        value, by = to.sql(node.this), to.sql(node.expression)
        return f"{function}({value}, CASE WHEN {value} IS NOT NULL THEN {by} END)"

    return write


def _median(to: Expressions, node: Any) -> str:
    if to.type(node) != "DOUBLE":
        raise Refusal("median", f"of {to.type(node.this)}: cast it to DOUBLE", node)
    return f"percentile({to.number(node.this, 'DOUBLE')}, 0.5D)"


def _quantile(to: Expressions, node: Any) -> str:
    share = node.expression
    if to.type(node) != "DOUBLE" or not isinstance(share, exp.Literal):
        raise Refusal("quantile_cont", "of a DOUBLE, with a written share", node)
    return f"percentile({to.number(node.this, 'DOUBLE')}, {share.this}D)"


def _spread(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        return f"{function}({to.number(node.this, 'DOUBLE')})"

    return write


def _every(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        value = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
        return f"{function}({to.boolean(value)})"

    return write


# -- windows ----------------------------------------------------------------------------------------


def _window(to: Expressions, node: Any) -> str:
    inner, named = node.this, node.args.get("alias")
    order = node.args.get("order")
    if isinstance(inner, exp.IgnoreNulls | exp.RespectNulls):
        ignored, inner = isinstance(inner, exp.IgnoreNulls), inner.this
    else:
        ignored = False
    if named is not None and (order or node.args.get("partition_by")):
        raise Refusal("window", "a named window that is written on", node)
    text = to_name(named) if named is not None else f"({specification(to, node)})"

    def over(function: str) -> str:
        return f"{function} OVER {text}"

    if isinstance(inner, exp.Filter):
        return _filtered(to, inner, over, node)
    if isinstance(inner, _AGGREGATES):
        return _aggregate(to, inner, over=over, typed=node)
    if order is None and named is None:
        raise Refusal(inner.key, "write ORDER BY: else the rows have no order", node)
    return _in_order(to, node, inner, over, " IGNORE NULLS" if ignored else "")


def _in_order(to: Expressions, node: Any, inner: Any, over: Over, nulls: str) -> str:
    """A window function that looks at the order of the rows."""
    if isinstance(inner, _RANKS):
        return cast(over(f"{inner.sql_name().lower()}()"), "BIGINT")
    if isinstance(inner, exp.Ntile):
        return cast(over(f"ntile({to.whole(inner.this, 1)})"), "BIGINT")
    if isinstance(inner, exp.PercentRank | exp.CumeDist):
        return over(f"{inner.sql_name().lower()}()")
    if isinstance(inner, exp.Lag | exp.Lead):
        parts = [to.sql(inner.this)]
        if inner.args.get("offset") is not None:
            parts.append(str(to.whole(inner.args["offset"])))
        if inner.args.get("default") is not None:
            parts.append(branches(to, node, [inner.args["default"]])[0])
        return over(f"{inner.sql_name().lower()}({', '.join(parts)}){nulls}")
    if isinstance(inner, exp.FirstValue | exp.LastValue):
        return over(f"{inner.sql_name().lower()}({to.sql(inner.this)}){nulls}")
    raise Refusal(inner.sql_name().lower(), "not proven as a window on both engines", node)


def to_name(named: Any) -> str:
    """The name of a window."""
    return "`" + str(named.name) + "`"


def specification(to: Expressions, node: Any) -> str:
    """What stands between the brackets of OVER."""
    parts = []
    keys = node.args.get("partition_by") or []
    if keys:
        parts.append("PARTITION BY " + ", ".join(to.sql(key) for key in keys))
    order = node.args.get("order")
    if order is not None:
        parts.append("ORDER BY " + ", ".join(ordered(to, item) for item in order.expressions))
    frame = node.args.get("spec")
    if frame is not None:
        parts.append(_frame(to, frame))
    return " ".join(parts)


def ordered(to: Expressions, item: Any) -> str:
    """One key of ORDER BY, with the place of NULLs always written."""
    if isinstance(item.this, exp.Literal):
        raise Refusal("ORDER BY", "by a name instead of a number", item)
    direction = "DESC" if item.args.get("desc") else "ASC"
    nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
    return f"{to.sql(item.this)} {direction} NULLS {nulls}"


def _frame(to: Expressions, frame: Any) -> str:
    kind = str(frame.args.get("kind") or "").upper()
    if kind not in ("ROWS", "RANGE") or frame.args.get("exclude"):
        raise Refusal("window", "a frame of ROWS or RANGE", frame)
    ends = []
    for key in ("start", "end"):
        end, side = frame.args.get(key), str(frame.args.get(f"{key}_side") or "")
        if end is None:
            ends.append("CURRENT ROW")
        elif isinstance(end, str):
            ends.append(f"{end} {side}".strip())
        elif kind == "ROWS":
            ends.append(f"{to.whole(end)} {side}")
        else:
            raise Refusal("window", "RANGE by a distance", frame)
    return f"{kind} BETWEEN {ends[0]} AND {ends[1]}"


def _top(to: Expressions, node: Any) -> str:
    return _aggregate(to, node)


BY_CLASS: dict[type[Any], Handler] = {
    **dict.fromkeys(_AGGREGATES, _top),
    exp.Filter: _filtered,
    exp.Window: _window,
    exp.ArrayAgg: _array,
    exp.GroupConcat: _joined,
    exp.First: _first,
    exp.Last: _last,
    exp.ArgMax: _extreme("max_by"),
    exp.ArgMin: _extreme("min_by"),
    exp.Median: _median,
    exp.PercentileCont: _quantile,
    exp.Stddev: _spread("stddev_samp"),
    exp.StddevSamp: _spread("stddev_samp"),
    exp.StddevPop: _spread("stddev_pop"),
    exp.Variance: _spread("var_samp"),
    exp.VariancePop: _spread("var_pop"),
    exp.LogicalAnd: _every("bool_and"),
    exp.LogicalOr: _every("bool_or"),
}
BY_NAME: dict[str, Handler] = {}
