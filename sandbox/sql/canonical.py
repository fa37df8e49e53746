"""One form for every way to write the same condition or value, so that it is asked and paid once.

Only rewrites that hold in SQL's logic of three values are made. Two questions with the same form
always have the same answer; two with different forms may still mean the same, and then both cost.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.sql.tree import (
    All,
    AnyOf,
    Arithmetic,
    Bucket,
    Case,
    Clamp,
    Compared,
    Comparison,
    Condition,
    Day,
    Member,
    Missing,
    Not,
    Number,
    Text,
    Truth,
    Value,
)

_MIRRORED: dict[Compared, Compared] = {
    "=": "=",
    "<>": "<>",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}
_OPPOSITE: dict[Compared, Compared] = {
    "=": "<>",
    "<>": "=",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
}
_COMPARES: dict[Compared, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LITERALS = (Number, Text, Day, Truth)


def ordering(node: object) -> str:
    """By which parts are sorted whose order does not matter."""
    return repr(node)


def condition(node: Condition) -> Condition:
    """The one form of a condition."""
    match node:
        case Comparison():
            return _comparison(node)
        case Member(of, options):
            return _member(value(of), options)
        case Missing(of):
            inner = value(of)
            return Truth(False) if isinstance(inner, _LITERALS) else Missing(inner)
        case Not(part):
            return _not(condition(part))
        case All(parts):
            return _joined(All, (condition(p) for p in parts), neutral=True)
        case AnyOf(parts):
            return _joined(AnyOf, (condition(p) for p in parts), neutral=False)
        case _:
            return node


def value(node: Value) -> Value:
    """The one form of a value."""
    match node:
        case Arithmetic(op, left, right):
            left, right = value(left), value(right)
            if op in "+*" and ordering(right) < ordering(left):
                left, right = right, left
            return Arithmetic(op, left, right)
        case Clamp(of, low, high):
            return Clamp(value(of), low, high)
        case Bucket(of, low, high, count):
            return Bucket(value(of), low, high, count)
        case Case(branches, otherwise):
            return _case(branches, otherwise)
        case _:
            return node


def _comparison(node: Comparison) -> Condition:
    left, right, op = value(node.left), value(node.right), node.op
    if isinstance(left, _LITERALS) and isinstance(right, _LITERALS):
        return Truth(_COMPARES[op](left.value, right.value))
    turned = isinstance(left, _LITERALS) or (
        not isinstance(right, _LITERALS) and ordering(right) < ordering(left)
    )
    if turned:
        left, right, op = right, left, _MIRRORED[op]
    if isinstance(right, Truth) and op in ("=", "<>"):
        # `flag <> TRUE` and `flag = FALSE` are one condition of two spellings.
        right = Truth(right.value if op == "=" else not right.value)
        op = "="
    return Comparison(op, left, right)


def _member(of: Value, options: Iterable[Number | Text | Day | Truth]) -> Condition:
    listed = tuple(sorted(set(options), key=ordering))
    if isinstance(of, _LITERALS):
        return Truth(of in listed)
    if len(listed) == 1:
        return _comparison(Comparison("=", of, listed[0]))
    return Member(of, listed)


def _not(part: Condition) -> Condition:
    match part:
        case Truth(known):
            return Truth(not known)
        case Comparison(op, left, right):
            return _comparison(Comparison(_OPPOSITE[op], left, right))
        case Not(inner):
            return inner
        case All(parts):
            return _joined(AnyOf, (_not(p) for p in parts), neutral=False)
        case AnyOf(parts):
            return _joined(All, (_not(p) for p in parts), neutral=True)
        case _:
            return Not(part)


def _joined(
    kind: type[All] | type[AnyOf], parts: Iterable[Condition], *, neutral: bool
) -> Condition:
    """Parts without repetitions, in order; nested ones of the same kind are taken apart.

    Args:
        neutral: what changes nothing: TRUE among all, FALSE among any.
    """
    found: set[Condition] = set()
    for part in parts:
        for one in part.parts if isinstance(part, kind) else (part,):
            if one == Truth(not neutral):
                return one
            if one != Truth(neutral):
                found.add(one)
    if not found:
        return Truth(neutral)
    listed = tuple(sorted(found, key=ordering))
    return listed[0] if len(listed) == 1 else kind(listed)


def _case(branches: tuple[tuple[Condition, Value], ...], otherwise: Value | None) -> Value:
    kept: list[tuple[Condition, Value]] = []
    last = value(otherwise) if otherwise is not None else None
    for test, then in branches:
        test, then = condition(test), value(then)
        if test == Truth(False):
            continue
        if test == Truth(True):
            last = then
            break
        kept.append((test, then))
    if not kept and last is not None:
        return last
    if not kept:
        # Always NULL; a branch is left so that it is known what kind of value it is.
        kept.append((Truth(False), value(branches[0][1])))
    return Case(tuple(kept), last)
