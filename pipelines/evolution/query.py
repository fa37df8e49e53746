"""A model's query as parts: what computes each column, and the rest, which decides the rows.

Read from the tokens of its text, not from a tree that is written again: a parser that loses a detail
would make two different queries the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from pipelines.dialect import ModelDialect
from pipelines.masking.calls import PREFIX

_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_QUOTED = {TokenType.IDENTIFIER, TokenType.STRING}
_APART = {"UNION", "INTERSECT", "EXCEPT", "DISTINCT", "QUALIFY", "WINDOW", "PIVOT", "UNPIVOT"}
_TURNS = (exp.Explode, exp.Unnest, exp.UDTF, exp.GenerateSeries, exp.Columns)


@dataclass(frozen=True, slots=True)
class Query:
    """A query's parts.

    Attributes:
        columns: by name, a fingerprint of what computes the column; empty when a column cannot be
            told from the others.
        body: a fingerprint of the rest.
        words: by column the names in what computes it; under `""` those of the rest.
    """

    columns: Mapping[str, str]
    body: str
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def query_parts(sql: str) -> Query:
    """The parts of a model's SQL, which has been found sound.

    White space and comments are in none of them.
    """
    tokens = sqlglot.tokenize(sql, read=ModelDialect)
    found = _list_of(tokens)
    if found is None:
        return Query({}, _mark(sql, tokens))
    start, end = found
    items = list(_split(tokens[start:end]))
    tree = sqlglot.parse_one(sql, read=ModelDialect)
    assert isinstance(tree, exp.Select)
    if len(items) != len(tree.selects) or not _separable(tree):
        return Query({}, _mark(sql, tokens))
    names = [item.alias_or_name for item in tree.selects]
    rest = [*tokens[:start], *tokens[end:]]
    parts = {
        name: _computed(item, node)
        for name, item, node in zip(names, items, tree.selects, strict=True)
    }
    words = {name: _words(part) for name, part in parts.items()}
    columns = {name: _mark(sql, part) for name, part in parts.items()}
    return Query(columns, _mark(sql, rest), {**words, "": _words(rest)})


def _list_of(tokens: Sequence[Token]) -> tuple[int, int] | None:
    """Where the SELECT list of the outermost query begins and ends; None when there is no one."""
    outer = [n for n, depth in enumerate(_depths(tokens)) if depth == 0]
    words = {n: tokens[n].text.upper() for n in outer if tokens[n].token_type not in _QUOTED}
    selects = [n for n, word in words.items() if word == "SELECT"]
    froms = [n for n, word in words.items() if word == "FROM"]
    if len(selects) != 1 or len(froms) > 1 or any(word in _APART for word in words.values()):
        return None
    end = froms[0] if froms else len(tokens)
    return (selects[0] + 1, end) if selects[0] < end else None


def _depths(tokens: Sequence[Token]) -> Iterator[int]:
    depth = 0
    for token in tokens:
        depth -= token.token_type in _CLOSE
        yield depth
        depth += token.token_type in _OPEN


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The items of a list."""
    item: list[Token] = []
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if depth == 0 and token.token_type is TokenType.COMMA:
            yield item
            item = []
        else:
            item.append(token)
    if item:
        yield item


def _computed(item: list[Token], node: Any) -> list[Token]:
    """An item without the name that it gives."""
    if not isinstance(node, exp.Alias):
        return item
    named = 2 if item[-2].token_type is TokenType.ALIAS else 1
    return item[:-named]


def _separable(tree: exp.Select) -> bool:
    """Whether each column could be left out, or be named otherwise, and the rows stayed the same."""
    group, order = tree.args.get("group"), tree.args.get("order")
    if group is not None and group.args.get("all"):
        return False
    # A place in the list, or all of it, means another column when there are others.
    for clause in (group, order):
        if clause is not None and any(map(_by_place, clause.walk())):
            return False
    for item in tree.selects:
        if not item.alias_or_name or item.is_star or item.find(*_TURNS):
            return False
        calls = [f for f in item.find_all(exp.Anonymous) if not f.name.lower().startswith(PREFIX)]
        # Without a group it is the aggregates that make one row of all.
        if group is None and (calls or item.find(exp.AggFunc)):
            return False
        if any(call.name.lower() in ("unnest", "generate_subscripts") for call in calls):
            return False
    return True


def _by_place(node: Any) -> bool:
    number = isinstance(node, exp.Literal) and not node.is_string
    return number or isinstance(node, exp.PositionalColumn | exp.Var | exp.Columns | exp.Star)


def _words(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset(token.text.lower() for token in tokens)


def _mark(sql: str, tokens: Sequence[Token]) -> str:
    text = "\0".join(_text(sql, token) for token in tokens)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(sql: str, token: Token) -> str:
    """A token as it is written; of `GROUP  BY`, which is one, without what stands between."""
    written = sql[token.start : token.end + 1]
    return written if token.token_type in _QUOTED else " ".join(written.split())
