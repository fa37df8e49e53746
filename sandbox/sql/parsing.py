"""From text to the parser's tree of one SELECT, in bounded time and memory.

The parser reads far more than is offered, and for some of it takes time that doubles with every level.
So what it is given is bounded before it starts, and what it gives before anything recurses over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from sandbox.errors import Refusal
from sandbox.sql.size import MOST_CHARACTERS, MOST_NODES, too_large

MOST_DEPTH = 60
MOST_VIEWS = 3
_DIALECT = Postgres()
# What may stand before a bracket, however many there are. Anything else there (types with arguments,
# arrays, LATERAL, functions that are not offered) may be read again at every level.
_BEFORE_NAMES = """
    STRING NUMBER L_PAREN COMMA STAR PLUS DASH SLASH EQ NEQ LT LTE GT GTE AND OR NOT IN SELECT FROM WHERE
    HAVING GROUP_BY ORDER_BY JOIN ON USING CASE WHEN THEN ELSE BETWEEN LIKE IS DISTINCT OVER LIMIT ALIAS
"""
_BEFORE = {getattr(TokenType, name) for name in _BEFORE_NAMES.split()}
_FUNCTION_NAMES = """
    count sum avg mean variance var var_samp stddev stddev_samp stdev median min max percentile_cont
    percentile_disc group width_bucket clamp cast
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
MOST_OTHERS = 3
_JOINS = {TokenType.JOIN, TokenType.STRAIGHT_JOIN}
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def parsed(text: str) -> exp.Select:
    """The one SELECT of a text.

    Raises:
        Refusal: `question_size`, `question_comment`, `question_syntax`, `question_statement`,
            `many_views`, `not_offered`.
    """
    if len(text) > MOST_CHARACTERS:
        raise too_large()
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        # Neither has a place in UTF-8 text, and no engine takes it.
        raise Refusal("question_syntax")
    try:
        tokens = _DIALECT.tokenize(text)
        _check(tokens)
        statements = _DIALECT.parser().parse(tokens, text)
    except RecursionError:
        raise too_large() from None
    except SqlglotError as error:
        places = getattr(error, "errors", None) or [{}]
        line, column = places[0].get("line") or 0, places[0].get("col") or 0
        # The parser's own words quote the question and are in one language only.
        raise Refusal("question_syntax", line=line, column=column) from None
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        raise Refusal("question_syntax") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise Refusal("question_statement")
    _bounded(statements[0])
    return statements[0]


def _check(tokens: Sequence[Token]) -> None:
    """Refuse what is no question, and what the parser could take too long for."""
    for token in tokens:
        if token.comments:
            raise Refusal("question_comment", line=token.line, column=token.col)
    if not tokens or tokens[0].token_type != TokenType.SELECT:
        raise Refusal("question_statement")
    # A chain of joins without conditions is read again at every one of them.
    joins = [token for token in tokens if token.token_type in _JOINS]
    if len(joins) >= MOST_VIEWS:
        last = joins[-1]
        raise Refusal("many_views", most=MOST_VIEWS, line=last.line, column=last.col)
    depth = others = 0
    for before, token in pairwise(tokens):
        kind = token.token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth > MOST_DEPTH:
            raise too_large()
        if kind in _OPENING and not _plain(before, token):
            others += 1
            if others > MOST_OTHERS:
                what = f"{before.text[:40].upper()} {token.text}"
                where = {"line": token.line, "column": token.col}
                raise Refusal("not_offered", what=what, instead="value", **where)


def _plain(before: Token, bracket: Token) -> bool:
    """Whether a bracket is one of the few kinds of which there may be many."""
    if bracket.token_type != TokenType.L_PAREN:
        return False
    named = before.token_type == TokenType.VAR and before.text.lower() in FUNCTIONS
    return named or before.token_type in _BEFORE


def _bounded(root: exp.Expression) -> None:
    """Refuse what is large or deep before anything recurses over it."""
    level: list[exp.Expression] = [root]
    seen = 0
    for _ in range(MOST_DEPTH):
        seen += len(level)
        if seen > MOST_NODES:
            break
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            return
    raise too_large()
