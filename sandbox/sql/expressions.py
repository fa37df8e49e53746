"""Values and conditions of a question, from the parser's nodes into our own tree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

from sandbox.errors import Refusal
from sandbox.sql.reading import Scope, not_offered, only, refuse
from sandbox.sql.size import BUCKET_COPIES, CLAMP_COPIES
from sandbox.sql.tree import (
    All,
    AnyOf,
    Arithmetic,
    Bucket,
    Case,
    Clamp,
    Column,
    Compared,
    Comparison,
    Computed,
    Condition,
    Day,
    Like,
    Literal_,
    Member,
    Missing,
    Not,
    Number,
    Text,
    Truth,
    Value,
)
from sandbox.terms import Kind

MOST_OPTIONS = 1_000
MOST_BUCKETS = 1_000
MOST_DIGITS = 30
MOST_TEXT = 200
MOST_WILDCARDS = 4
_EXACT = Context(prec=2 * MOST_DIGITS)
COMPARED: dict[type[exp.Expression], Compared] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_COMPUTED: dict[type[exp.Expression], Computed] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}
_LITERALS = (Number, Text, Day, Truth)


class Expressions:
    """Reads the values and conditions of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    # -- values ---------------------------------------------------------------------------------

    def value(self, node: exp.Expression | None) -> Value:
        """A value; the privacy unit's own column is none.

        Raises:
            Refusal: whatever is not offered, with its place.
        """
        if node is None:
            # The parser takes functions without their arguments.
            raise Refusal("question_syntax")
        if isinstance(node, exp.Column):
            found = self.scope.resolve(node)
            if self.scope.is_unit(found):
                refuse(node, "unit_used")
            return found
        if isinstance(node, exp.Paren):
            only(node, "this")
            return self.value(node.this)
        if type(node) in _COMPUTED:
            return self._arithmetic(node)
        if isinstance(node, exp.Star):
            not_offered(node, "rows", "*")
        reader = _VALUES.get(type(node))
        if reader is None:
            not_offered(node, "value")
        found = reader(self, node)
        return found

    def _arithmetic(self, node: exp.Expression) -> Value:
        only(node, "this", "expression", "typed", "safe")
        left = self.number(node.args["this"])
        right = self.number(node.args["expression"])
        return Arithmetic(_COMPUTED[type(node)], left, right)

    def number(self, node: exp.Expression | None) -> Value:
        """A value that is a number."""
        return self._of_kind(node, "number")

    def _of_kind(self, node: exp.Expression | None, wanted: Kind) -> Value:
        found = self.value(node)
        kind = self.kind(found)
        if node is not None and kind != wanted:
            refuse(node, "wrong_kind", kind=kind, wanted=wanted)
        return found

    def kind(self, value: Value) -> Kind:
        """What kind of value it is."""
        match value:
            case Column():
                return self.scope.terms(value).kind
            case Text():
                return "text"
            case Day():
                return "date"
            case Truth():
                return "boolean"
            case Case(branches, otherwise):
                return self.kind(branches[0][1] if branches else otherwise or Number(Decimal(0)))
            case _:
                return "number"

    def _literal(self, node: exp.Literal) -> Literal_:
        only(node, "this", "is_string")
        if node.is_string:
            return Text(_text(node))
        try:
            number = Decimal(node.this)
        except InvalidOperation:
            refuse(node, "question_syntax")
        _bounded_number(node, number)
        return Number(plain(number))

    def _negated(self, node: exp.Neg) -> Value:
        only(node, "this")
        inner = self.number(node.this)
        if isinstance(inner, Number):
            return Number(plain(inner.value.copy_negate()))
        return Arithmetic("-", Number(Decimal(0)), inner)

    def _boolean(self, node: exp.Boolean) -> Value:
        only(node, "this")
        return Truth(bool(node.this))

    def _cast(self, node: exp.Cast) -> Value:
        """`DATE '2020-01-31'` is the one cast that there is."""
        only(node, "this", "to")
        inner, to = node.this, node.args["to"]
        is_day = isinstance(inner, exp.Literal) and inner.is_string
        if not is_day or to.this != exp.DType.DATE or any(to.args.get(k) for k in ("expressions",)):
            not_offered(node, "cast", "CAST")
        try:
            return Day(date.fromisoformat(inner.this))
        except ValueError:
            refuse(inner, "not_a_day")

    def _case(self, node: exp.Case) -> Value:
        only(node, "this", "ifs", "default")
        whole = self.value(node.args["this"]) if node.args.get("this") is not None else None
        branches = []
        for branch in node.args["ifs"]:
            only(branch, "this", "true")
            if whole is None:
                test = self.condition(branch.this)
            else:
                self.scope.sizes.copied(whole)
                test = self._compared("=", whole, self.value(branch.this), branch.this)
            branches.append((test, self.value(branch.args["true"])))
        default = node.args.get("default")
        otherwise = None
        if default is not None and not isinstance(default, exp.Null):
            otherwise = self.value(default)
        values = [then for _, then in branches] + ([otherwise] if otherwise is not None else [])
        if len({self.kind(one) for one in values}) != 1:
            refuse(node, "mixed_kinds")
        return Case(tuple(branches), otherwise)

    def _bucket(self, node: exp.WidthBucket) -> Value:
        only(node, "this", "min_value", "max_value", "num_buckets")
        low, high = (
            self._constant(node.args.get(name), node) for name in ("min_value", "max_value")
        )
        count = self._constant(node.args.get("num_buckets"), node)
        if not (low < high and count == int(count) and 1 <= count <= MOST_BUCKETS):
            refuse(node, "bad_buckets", most=MOST_BUCKETS)
        of = self.number(node.this)
        self.scope.sizes.copied(of, BUCKET_COPIES - 1)
        return Bucket(of, low, high, int(count))

    def _clamp(self, node: exp.Anonymous) -> Value:
        """`CLAMP(value, low, high)`; of any other function that the parser does not know, nothing."""
        arguments = node.expressions
        if str(node.this).lower() != "clamp" or len(arguments) != 3:
            not_offered(node, "value", f"{str(node.this)[:40].upper()}()")
        low, high = (self._constant(one, node) for one in arguments[1:])
        if not low < high:
            refuse(node, "bad_bounds")
        of = self.number(arguments[0])
        self.scope.sizes.copied(of, CLAMP_COPIES - 1)
        return Clamp(of, low, high)

    def _constant(self, node: exp.Expression | None, within: exp.Expression) -> Decimal:
        found = self.value(node) if node is not None else None
        if not isinstance(found, Number):
            refuse(node if node is not None else within, "not_a_constant")
        return found.value

    # -- conditions -----------------------------------------------------------------------------

    def condition(self, node: exp.Expression) -> Condition:
        """A condition on a row.

        Raises:
            Refusal: whatever is not offered, with its place.
        """
        if isinstance(node, exp.Paren):
            only(node, "this")
            return self.condition(node.this)
        if type(node) in COMPARED:
            return self._comparison(node)
        reader = _CONDITIONS.get(type(node))
        if reader is None:
            not_offered(node, "condition")
        return reader(self, node)

    def _comparison(self, node: exp.Expression) -> Condition:
        only(node, "this", "expression")
        left, right = self.value(node.args["this"]), self.value(node.args["expression"])
        return self._compared(COMPARED[type(node)], left, right, node)

    def _compared(self, op: Compared, left: Value, right: Value, node: exp.Expression) -> Condition:
        kinds = self.kind(left), self.kind(right)
        if kinds == ("date", "text") or kinds == ("text", "date"):
            left, right = _as_day(left, node), _as_day(right, node)
        if self.kind(left) != self.kind(right):
            refuse(node, "wrong_kind", kind=kinds[1], wanted=kinds[0])
        if kinds[0] == "boolean" and op not in ("=", "<>"):
            not_offered(node, "condition", f"TRUE {op} FALSE")
        return Comparison(op, left, right)

    def _between(self, node: exp.Between) -> Condition:
        only(node, "this", "low", "high")
        of = self.value(node.this)
        self.scope.sizes.copied(of)
        low, high = (self.value(node.args[name]) for name in ("low", "high"))
        return All((self._compared(">=", of, low, node), self._compared("<=", of, high, node)))

    def _member(self, node: exp.In) -> Condition:
        only(node, "this", "expressions")
        if len(node.expressions) > MOST_OPTIONS:
            refuse(node, "many_options", most=MOST_OPTIONS)
        of = self.value(node.this)
        kind, options = self.kind(of), []
        for one in node.expressions:
            option = self.value(one)
            if kind == "date":
                option = _as_day(option, one)
            if not isinstance(option, _LITERALS):
                refuse(one, "not_a_constant")
            if self.kind(option) != kind:
                refuse(one, "wrong_kind", kind=self.kind(option), wanted=kind)
            options.append(option)
        if not options:
            not_offered(node, "condition", "IN ()")
        return Member(of, tuple(options))

    def _like(self, node: exp.Like) -> Condition:
        only(node, "this", "expression", "negate")
        of, pattern = self.value(node.this), self.value(node.args["expression"])
        if not isinstance(of, Column) or not self.scope.terms(of).like:
            refuse(node, "like_not_registered")
        if not isinstance(pattern, Text):
            refuse(node, "not_a_constant")
        # Few wildcards: time must not tell how well a row fits. A backslash escapes on one engine
        # and not on the other.
        if pattern.value.count("%") > MOST_WILDCARDS or "\\" in pattern.value:
            refuse(node, "bad_pattern", most=MOST_WILDCARDS)
        fits = Like(of, pattern.value)
        return Not(fits) if node.args.get("negate") else fits

    def _is(self, node: exp.Is) -> Condition:
        only(node, "this", "expression", "negate")
        right = node.args["expression"]
        if not isinstance(right, exp.Null):
            not_offered(node, "condition", "IS")
        missing = Missing(self.value(node.this))
        return Not(missing) if node.args.get("negate") else missing

    def _not(self, node: exp.Not) -> Condition:
        only(node, "this")
        return Not(self.condition(node.this))

    def _joined(self, node: exp.Expression) -> Condition:
        only(node, "this", "expression")
        parts = (self.condition(node.args["this"]), self.condition(node.args["expression"]))
        return All(parts) if isinstance(node, exp.And) else AnyOf(parts)

    def _flag(self, node: exp.Column) -> Condition:
        """A column of truth values stands for `column = TRUE`."""
        return Comparison("=", self._of_kind(node, "boolean"), Truth(True))

    def _truth(self, node: exp.Boolean) -> Condition:
        only(node, "this")
        return Truth(bool(node.this))


def plain(number: Decimal) -> Decimal:
    """One way of writing each number."""
    number = number.normalize(_EXACT) if number else Decimal(0)
    whole = number == number.to_integral_value(context=_EXACT)
    return number.quantize(Decimal(1), context=_EXACT) if whole else number


def _bounded_number(node: exp.Expression, number: Decimal) -> None:
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS:
        refuse(node, "bad_number", most=MOST_DIGITS)
    if number and not -MOST_DIGITS < number.adjusted() < MOST_DIGITS:
        refuse(node, "bad_number", most=MOST_DIGITS)


def _text(node: exp.Literal) -> str:
    if len(node.this) > MOST_TEXT:
        refuse(node, "long_text", most=MOST_TEXT)
    return str(node.this)


def _as_day(value: Value, node: exp.Expression) -> Value:
    """A text that is compared with a date is the date it writes."""
    if not isinstance(value, Text):
        return value
    try:
        return Day(date.fromisoformat(value.value))
    except ValueError:
        refuse(node, "not_a_day")


_VALUES: dict[type[exp.Expression], Callable[[Expressions, Any], Value]] = {
    exp.Literal: Expressions._literal,
    exp.Neg: Expressions._negated,
    exp.Boolean: Expressions._boolean,
    exp.Cast: Expressions._cast,
    exp.Case: Expressions._case,
    exp.WidthBucket: Expressions._bucket,
    exp.Anonymous: Expressions._clamp,
}
_CONDITIONS: dict[type[exp.Expression], Callable[[Expressions, Any], Condition]] = {
    exp.Between: Expressions._between,
    exp.In: Expressions._member,
    exp.Like: Expressions._like,
    exp.Is: Expressions._is,
    exp.Not: Expressions._not,
    exp.And: Expressions._joined,
    exp.Or: Expressions._joined,
    exp.Column: Expressions._flag,
    exp.Boolean: Expressions._truth,
}
