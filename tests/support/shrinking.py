"""Making a failing query small enough to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from pipelines.dialect import ModelDialect

_OPTIONAL = ("with_", "joins", "where", "group", "having", "qualify", "distinct", "order", "limit")
_LISTS = ("expressions", "joins", "except_", "replace", "rename")


def shrunk(sql: str, still: Callable[[str], bool], tries: int = 400) -> str:
    """A smaller query for which `still` holds; `sql` itself when none is found."""
    while tries > 0:
        for smaller in _smaller(sql):
            tries -= 1
            if len(smaller) < len(sql) and still(smaller):
                sql = smaller
                break
            if tries <= 0:
                break
        else:
            break
    return sql


def _smaller(sql: str) -> Iterator[str]:
    """The query with one part left out or replaced by a part of it."""
    try:
        places = sum(1 for _ in sqlglot.parse_one(sql, read=ModelDialect).walk())
        for place in range(places):
            yield from _without(sql, place)
    except SqlglotError:
        return


def _without(sql: str, place: int) -> Iterator[str]:
    """Variations of the node at one place of the tree."""

    def node() -> tuple[exp.Expression, Any]:
        tree = sqlglot.parse_one(sql, read=ModelDialect)
        assert isinstance(tree, exp.Expression)
        return tree, list(tree.walk())[place]

    tree, here = node()
    for key in _OPTIONAL:
        if here.args.get(key):
            tree, here = node()
            here.set(key, None)
            yield tree.sql("duckdb")
    for key in _LISTS:
        for index in range(
            len(here.args.get(key) or []) if isinstance(here.args.get(key), list) else 0
        ):
            tree, here = node()
            if len(here.args[key]) > 1:
                here.args[key].pop(index)
                yield tree.sql("duckdb")
    for index in range(len(list(here.iter_expressions()))):
        tree, here = node()
        if here.parent is not None and isinstance(
            here, exp.Func | exp.Binary | exp.Paren | exp.SetOperation
        ):
            here.replace(list(here.iter_expressions())[index].copy())
            yield tree.sql("duckdb")
