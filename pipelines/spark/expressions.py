"""Expressions of a typed DuckDB query as Spark SQL text.

A node that has no entry here is refused: what nobody has thought about never reaches Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from pipelines.masking.function import MaskFunction
from pipelines.masking.functions import MASKS
from pipelines.spark import casts
from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast, name, string, without_lambdas
from pipelines.spark.types import FLOATS, INTEGERS, decimal, family, spark_type
from pipelines.spark.typing import Types, type_of_sql, value_of_sql

Handler = Callable[["Expressions", Any], str]


class Expressions:
    """Writes expressions; queries inside them are handed to `query`."""

    def __init__(self, types: Types, query: Callable[[Any], str]) -> None:
        self.types = types
        self.query = query
        self._parameters: list[frozenset[str]] = []

    def sql(self, node: Any) -> str:
        """The Spark text of an expression.

        Raises:
            Refusal: it has none that means the same.
        """
        try:
            _refuse_unknown_parts(node)
            return self._handler(node)(self, node)
        except Refusal as refusal:
            refusal.node = refusal.node or node
            raise

    def _handler(self, node: Any) -> Handler:
        from pipelines.spark import functions

        if isinstance(node, exp.Anonymous):
            called = node.name.lower()
            if called in MASKS:
                return _mask
            found = functions.BY_NAME.get(called)
        else:
            called = node.sql_name().lower() if isinstance(node, exp.Func) else node.key
            found = _NODES.get(type(node)) or functions.BY_CLASS.get(type(node))
        if found is None:
            raise Refusal(
                called, "no function or form of this name is proven on both engines", node
            )
        return found

    # -- help for handlers ----------------------------------------------------------------------

    def type(self, node: Any) -> str:
        """The DuckDB type of an expression."""
        return self.types.of(node)

    def as_type(self, text: str, node: Any) -> str:
        """`text` as the Spark type of what DuckDB makes of `node`."""
        return cast(text, spark_type(self.type(node)))

    def number(self, node: Any, kind: str) -> str:
        """A number as another DuckDB type."""
        have = self.type(node)
        return self.sql(node) if have == kind else cast(self.sql(node), spark_type(kind))

    def texts(self, node: Any) -> str:
        """A value as text, as `||` and `concat` take it."""
        have = self.type(node)
        return (
            self.sql(node)
            if have == "VARCHAR"
            else casts.convert(self.sql(node), have, "VARCHAR", attempt=False)
        )

    def boolean(self, node: Any) -> str:
        """A condition.

        Raises:
            Refusal: DuckDB would cast it first.
        """
        if self.type(node) not in ("BOOLEAN", '"NULL"'):
            raise Refusal("condition", "a condition must be a BOOLEAN", node)
        return self.sql(node)

    def whole(self, node: Any, least: int = 0) -> int:
        """A whole number that is written out.

        Raises:
            Refusal: it is not, or it is less than `least`.
        """
        try:
            found = int(value_of_sql(node.sql(dialect="duckdb")) or "") if _written(node) else None
        except ValueError:
            found = None
        if found is None or found < least:
            raise Refusal("argument", f"a whole number from {least} must be written here", node)
        return found

    def written(self, node: Any) -> str:
        """A text that is written out."""
        if not isinstance(node, exp.Literal) or not node.is_string:
            raise Refusal("argument", "a text must be written here", node)
        return str(node.this)

    def with_parameters(self, names: Sequence[str], kinds: Sequence[str], body: Any) -> str:
        """A lambda's body."""
        self._parameters.append(frozenset(names))
        self.types.declare(dict(zip(names, kinds, strict=True)))
        try:
            return self.sql(body)
        finally:
            self._parameters.pop()
            self.types.forget()

    def compared(self, left: Any, right: Any) -> tuple[str, str]:
        """Both sides of a comparison, in one type.

        Raises:
            Refusal: DuckDB would read one side's text as the other's type.
        """
        kinds = [self.type(left), self.type(right)]
        texts = [self.sql(left), self.sql(right)]
        if "VARCHAR" in kinds and kinds[0] != kinds[1] and '"NULL"' not in kinds:
            at = kinds.index("VARCHAR")
            node, other = (left, right)[at], kinds[1 - at]
            if not isinstance(node, exp.Literal):
                raise Refusal(f"{kinds[0]} = {kinds[1]}", "cast one side in the model", node)
            texts[at] = literal_of(f"CAST({node.sql(dialect='duckdb')} AS {other})", other)
            return texts[0], texts[1]
        if family(kinds[0]) != family(kinds[1]) and "null" not in map(family, kinds):
            raise Refusal(f"{kinds[0]} = {kinds[1]}", "cast one side in the model", left)
        if set(kinds) == {"DATE", "TIMESTAMP"}:
            texts = [cast(text, "TIMESTAMP_NTZ") for text in texts]
        return texts[0], texts[1]


def literal_of(sql: str, kind: str) -> str:
    """What DuckDB makes of an expression of literals, as a Spark literal of a DuckDB type."""
    value = value_of_sql(sql)
    if value is None:
        return cast("NULL", spark_type(kind))
    if kind == "TIMESTAMP":
        return f"TIMESTAMP_NTZ {string(value)}"
    if kind == "DATE":
        if not value[:4].isdigit() or len(value) != 10:
            raise Refusal("DATE", f"{value!r} is not written alike")
        return f"DATE {string(value)}"
    return cast(string(value), spark_type(kind))


def _written(node: Any) -> bool:
    return not any(isinstance(n, exp.Column | exp.Query | exp.Anonymous) for n in node.walk())


# The parts of a node beside its operands that a handler reads, or that say nothing of its meaning.
# Any other part, such as the `negate` of a LIKE, would be lost in silence: it is refused.
_PARTS: dict[type[Any], frozenset[str]] = {
    of: frozenset(parts.split())
    for of, parts in {
        exp.Column: "table",
        exp.Identifier: "quoted start end",
        exp.Literal: "is_string",
        exp.Like: "negate",
        exp.Cast: "to",
        exp.TryCast: "to safe",
        exp.Case: "ifs default",
        exp.If: "true false",
        exp.In: "query",
        exp.Between: "low high",
        exp.Subquery: "alias with_",
        exp.Round: "decimals",
        exp.RegexpReplace: "replacement modifiers single_replace",
        exp.RegexpExtract: "group null_if_pos_overflow",
        exp.DPipe: "safe",
        exp.RegexpLike: "full_match",
        exp.Trim: "position",
        exp.Replace: "replacement",
        exp.Translate: "from_ to",
        exp.Substring: "start length",
        exp.Pad: "is_left fill_pattern",
        exp.StrPosition: "substr",
        exp.SplitPart: "delimiter part_index",
        exp.Concat: "safe coalesce",
        exp.ConcatWs: "safe coalesce",
        exp.Div: "typed safe",
        exp.Greatest: "ignore_nulls",
        exp.Least: "ignore_nulls",
        exp.SHA2: "length",
        exp.Count: "big_int",
        exp.Window: "partition_by order spec alias over",
        exp.GroupConcat: "separator",
        exp.Array: "bracket_notation value_constructor",
        exp.Bracket: "offset safe",
        exp.ArrayContains: "ensure_variant check_null",
    }.items()
}
_OPERANDS = frozenset({"this", "expression", "expressions"})


def _refuse_unknown_parts(node: Any) -> None:
    known = _PARTS.get(type(node), frozenset())
    for part, value in node.args.items():
        if value and part not in _OPERANDS and part not in known:
            raise Refusal(node.key, f"its part {part} is not proven on both engines", node)


# -- leaves -----------------------------------------------------------------------------------------


def _column(to: Expressions, node: Any) -> str:
    return f"{name(node.table)}.{name(node.name)}" if node.table else name(node.name)


def _identifier(to: Expressions, node: Any) -> str:
    if not any(node.name in names for names in to._parameters):
        raise Refusal(node.name, "a name that is no column", node)
    return name(node.name)


def _literal(to: Expressions, node: Any) -> str:
    if node.is_string:
        return string(str(node.this))
    kind = type_of_sql(node.sql(dialect="duckdb"))
    text = str(value_of_sql(node.sql(dialect="duckdb")))
    if kind == "DOUBLE":
        return cast(string(str(node.this)), "DOUBLE")
    return (
        cast(text, spark_type(kind)) if kind in ("HUGEINT",) or kind.startswith("DECIMAL") else text
    )


def _boolean(to: Expressions, node: Any) -> str:
    return "TRUE" if node.this else "FALSE"


def _null(to: Expressions, node: Any) -> str:
    return "NULL"


def _paren(to: Expressions, node: Any) -> str:
    return f"({to.sql(node.this)})"


# -- operators --------------------------------------------------------------------------------------


def _arithmetic(sign: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        left, right = node.left, node.right
        kinds = (to.type(left), to.type(right))
        result = to.type(node)
        if isinstance(right, exp.Interval) or isinstance(left, exp.Interval):
            return _with_interval(to, node, sign)
        if result in FLOATS:
            return f"({to.number(left, result)} {sign} {to.number(right, result)})"
        if result in INTEGERS and all(kind in INTEGERS for kind in kinds):
            return cast(
                f"({to.number(left, result)} {sign} {to.number(right, result)})", spark_type(result)
            )
        if result.startswith("DECIMAL"):
            _check_decimals(sign, kinds, result, node)
            return cast(f"({_operand(to, left)} {sign} {_operand(to, right)})", spark_type(result))
        if kinds == ("DATE", "DATE") and sign == "-":
            return cast(f"datediff({to.sql(left)}, {to.sql(right)})", "BIGINT")
        if kinds[0] == "DATE" and kinds[1] in INTEGERS[:3] and sign in "+-":
            function = "date_add" if sign == "+" else "date_sub"
            return f"{function}({to.sql(left)}, {to.sql(right)})"
        raise Refusal(f"{kinds[0]} {sign} {kinds[1]}", "not proven on both engines", node)

    return write


def _operand(to: Expressions, node: Any) -> str:
    """An operand of decimals: an integer as the decimal that DuckDB makes of it."""
    size = decimal(to.type(node))
    if size is None:
        raise Refusal(to.type(node), "not a number", node)
    return cast(to.sql(node), f"DECIMAL({size[0]},{size[1]})")


def _check_decimals(sign: str, kinds: tuple[str, str], result: str, node: Any) -> None:
    """Spark keeps digits before the point and drops some behind it; then it is not exact."""
    one, two, made = decimal(kinds[0]), decimal(kinds[1]), decimal(result)
    if one is None or two is None or made is None:
        raise Refusal(f"{kinds[0]} {sign} {kinds[1]}", "not proven on both engines", node)
    if sign == "*":
        digits, scale = one[0] + two[0] + 1, one[1] + two[1]
    elif sign == "%":
        scale = max(one[1], two[1])
        digits = min(one[0] - one[1], two[0] - two[1]) + scale
    else:
        scale = max(one[1], two[1])
        digits = max(one[0] - one[1], two[0] - two[1]) + scale + 1
    if digits > 38 and max(38 - (digits - scale), min(scale, 6)) < scale:
        why = f"{digits} digits: cast the operands to smaller decimals"
        raise Refusal(f"{kinds[0]} {sign} {kinds[1]}", why, node)


UNITS = {
    "YEAR": ("YEAR", 1), "QUARTER": ("MONTH", 3), "MONTH": ("MONTH", 1), "WEEK": ("DAY", 7),
    "DAY": ("DAY", 1), "HOUR": ("HOUR", 1), "MINUTE": ("MINUTE", 1), "SECOND": ("SECOND", 1),
}  # fmt: skip


def interval(node: Any) -> str:
    """An interval that is written out, of one unit."""
    unit = UNITS.get(str(node.args["unit"].name).upper().removesuffix("S")) if node.unit else None
    text = node.this.name if isinstance(node.this, exp.Literal) else ""
    if unit is None or not text.lstrip("-").isdigit():
        raise Refusal("interval", "a whole number of one unit must be written", node)
    return f"INTERVAL '{int(text) * unit[1]}' {unit[0]}"


def _with_interval(to: Expressions, node: Any, sign: str) -> str:
    left, right = node.left, node.right
    if isinstance(left, exp.Interval):
        left, right = right, left
    kind = to.type(left)
    if kind not in ("DATE", "TIMESTAMP") or sign not in "+-":
        raise Refusal("interval", f"{kind} {sign} INTERVAL is not proven on both engines", node)
    return cast(
        f"({cast(to.sql(left), 'TIMESTAMP_NTZ')} {sign} {interval(right)})", "TIMESTAMP_NTZ"
    )


def _divide(to: Expressions, node: Any) -> str:
    """Division is of DOUBLEs; by zero it is infinite or no number, as IEEE 754 has it."""
    if to.type(node) not in FLOATS:
        raise Refusal("/", "not a division of numbers", node)
    left, right = to.number(node.left, "DOUBLE"), to.number(node.right, "DOUBLE")
    if _not_zero(node.right):
        return f"({left} / {right})"
    infinity = "CAST('Infinity' AS DOUBLE)"
    if to.type(node.right) in FLOATS:
        # The sign of a zero is lost in a comparison; it is kept in its text.
        infinity = (
            f"CASE WHEN CAST({right} AS STRING) = '-0.0' THEN -{infinity} ELSE {infinity} END"
        )
    by_zero = f"CASE WHEN {right} = 0D THEN {left} * {infinity} END"
    return f"coalesce(try_divide({left}, {right}), {by_zero})"


def _not_zero(node: Any) -> bool:
    if not _written(node):
        return False
    value = value_of_sql(node.sql(dialect="duckdb"))
    return value is not None and float(value) != 0


def _quotient(to: Expressions, node: Any) -> str:
    kind = to.type(node)
    if any(to.type(side) not in INTEGERS[:4] for side in (node.left, node.right)):
        raise Refusal("//", "only of integers (DuckDB divides others as `/` does)", node)
    return cast(f"({to.sql(node.left)} DIV {to.sql(node.right)})", spark_type(kind))


def _modulo(to: Expressions, node: Any) -> str:
    kinds = [to.type(side) for side in (node.left, node.right)]
    if any(kind not in INTEGERS for kind in kinds):
        raise Refusal("%", "only of integers", node)
    result = to.type(node)
    return cast(
        f"({to.number(node.left, result)} % {to.number(node.right, result)})", spark_type(result)
    )


def _negative(to: Expressions, node: Any) -> str:
    if family(to.type(node.this)) != "number":
        raise Refusal("-", "only of numbers", node)
    return to.as_type(f"(- {to.sql(node.this)})", node)


def _comparison(sign: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        if isinstance(node.left, exp.Tuple):
            return _tuples(to, node, sign)
        left, right = to.compared(node.left, node.right)
        return f"({left} {sign} {right})"

    return write


def _tuples(to: Expressions, node: Any, sign: str) -> str:
    raise Refusal("tuple", "compare field by field", node)


def _distinct(sign: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        left, right = to.compared(node.left, node.right)
        same = f"({left} <=> {right})"
        return same if sign == "same" else f"(NOT {same})"

    return write


def _junction(word: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        return f"({to.boolean(node.left)} {word} {to.boolean(node.right)})"

    return write


def _not(to: Expressions, node: Any) -> str:
    return f"(NOT {to.boolean(node.this)})"


def _is(to: Expressions, node: Any) -> str:
    other = node.expression
    if isinstance(other, exp.Null):
        return f"({to.sql(node.this)} IS NULL)"
    if isinstance(other, exp.Boolean):
        return f"({to.boolean(node.this)} <=> {to.sql(other)})"
    raise Refusal("IS", "only IS NULL, IS TRUE and IS FALSE", node)


def _between(to: Expressions, node: Any) -> str:
    low = to.compared(node.this, node.args["low"])
    high = to.compared(node.this, node.args["high"])
    return f"({low[0]} >= {low[1]} AND {high[0]} <= {high[1]})"


def _in(to: Expressions, node: Any) -> str:
    query = node.args.get("query")
    if node.args.get("unnest") or node.args.get("field"):
        raise Refusal("IN", "only a written list or a subquery", node)
    if query is None:
        values = [to.compared(node.this, item)[1] for item in node.expressions]
        return f"({to.sql(node.this)} IN ({', '.join(values)}))"
    kinds = [kind for _, kind in to.types.outputs(query)]
    asked = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
    for item, kind in zip(asked, kinds, strict=True):
        if family(to.type(item)) != family(kind):
            raise Refusal("IN", f"{to.type(item)} and {kind}: cast one side", node)
    inside = ", ".join(to.sql(item) for item in asked)
    left = f"({inside})" if len(asked) > 1 else inside
    return f"({left} IN ({to.query(query.unnest())}))"


def _like(to: Expressions, node: Any) -> str:
    """DuckDB's LIKE has no escape; Spark's is a backslash."""
    if isinstance(node.expression, exp.Escape) or to.type(node.this) != "VARCHAR":
        raise Refusal("LIKE", "without ESCAPE, of text", node)
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        written = string(str(pattern.this).replace("\\", "\\\\"))
    else:
        written = f"replace({to.texts(pattern)}, '\\\\', '\\\\\\\\')"
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    return f"({to.sql(node.this)} {word} {written})"


def _concatenated(to: Expressions, node: Any) -> str:
    kinds = (to.type(node.left), to.type(node.right))
    if any(kind.endswith("[]") for kind in kinds):
        raise Refusal("||", "of lists", node)
    return f"({to.texts(node.left)} || {to.texts(node.right)})"


def _case(to: Expressions, node: Any) -> str:
    parts = ["CASE"]
    subject = node.this
    for branch in node.args["ifs"]:
        if subject is None:
            when = to.boolean(branch.this)
        else:
            left, right = to.compared(subject, branch.this)
            when = f"{left} = {right}"
        parts.append(f"WHEN {when} THEN {_branch(to, branch.args['true'], node)}")
    if node.args.get("default") is not None:
        parts.append(f"ELSE {_branch(to, node.args['default'], node)}")
    return " ".join([*parts, "END"])


def _branch(to: Expressions, value: Any, node: Any) -> str:
    """One of several values that become one type."""
    have, want = to.type(value), to.type(node)
    if have in (want, '"NULL"') or want == '"NULL"':
        return to.sql(value)
    if family(have) != family(want):
        raise Refusal(f"{have} beside {want}", "cast both to one type", value)
    return casts.convert(to.sql(value), have, want, attempt=False)


def branches(to: Expressions, node: Any, values: Sequence[Any]) -> list[str]:
    """Several values of one node, in the node's type."""
    return [_branch(to, value, node) for value in values]


def _cast(to: Expressions, node: Any) -> str:
    attempt = isinstance(node, exp.TryCast)
    want = to.type(node)
    if isinstance(node.this, exp.Literal) and node.this.is_string and want in ("DATE", "TIMESTAMP"):
        return literal_of(node.sql(dialect="duckdb"), want)
    return casts.convert(to.sql(node.this), to.type(node.this), want, attempt=attempt)


def _mask(to: Expressions, node: Any) -> str:
    function: MaskFunction = MASKS[node.name.lower()]
    with without_lambdas():
        return f"{function.name}({', '.join(_arguments(to, function, node))})"


def _arguments(to: Expressions, function: MaskFunction, node: Any) -> list[str]:
    arguments = []
    for parameter, given in zip(function.parameters, node.expressions, strict=True):
        text, kind = to.sql(given), to.type(given)
        if parameter.type in ("ANY", "VARCHAR"):
            text = to.texts(given)
        elif parameter.type != kind:
            text = cast(text, spark_type(parameter.type))
        arguments.append(text)
    return arguments


# -- subqueries -------------------------------------------------------------------------------------


def _subquery(to: Expressions, node: Any) -> str:
    return f"({to.query(node.unnest())})"


def _exists(to: Expressions, node: Any) -> str:
    return f"EXISTS ({to.query(node.this.unnest())})"


_NODES: dict[type[Any], Handler] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Paren: _paren,
    exp.Add: _arithmetic("+"),
    exp.Sub: _arithmetic("-"),
    exp.Mul: _arithmetic("*"),
    exp.Div: _divide,
    exp.IntDiv: _quotient,
    exp.Mod: _modulo,
    exp.Neg: _negative,
    exp.EQ: _comparison("="),
    exp.NEQ: _comparison("<>"),
    exp.LT: _comparison("<"),
    exp.LTE: _comparison("<="),
    exp.GT: _comparison(">"),
    exp.GTE: _comparison(">="),
    exp.NullSafeEQ: _distinct("same"),
    exp.NullSafeNEQ: _distinct("other"),
    exp.And: _junction("AND"),
    exp.Or: _junction("OR"),
    exp.Not: _not,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Like: _like,
    exp.DPipe: _concatenated,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Subquery: _subquery,
    exp.Exists: _exists,
}
