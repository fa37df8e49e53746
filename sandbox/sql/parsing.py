"""From text to the parser's tree of one SELECT, in bounded time and memory.

The parser reads far more than is offered, and for some of it takes time that doubles with every level. So
what it is given is bounded before it starts, and what it gives is bounded before anything recurses over it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from sandbox.errors import Refusal
from sandbox.sql.size import MOST_CHARACTERS, MOST_NODES, too_large

MOST_DEPTH = 60
_DIALECT = "postgres"
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def parsed(text: str) -> exp.Select:
    """The one SELECT of a text.

    Raises:
        Refusal: `question_size`, `question_comment`, `question_syntax`, `question_statement`, `not_offered`.
    """
    if len(text) > MOST_CHARACTERS:
        raise too_large()
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        # Neither has a place in UTF-8 text, and no engine takes it.
        raise Refusal("question_syntax")
    try:
        tokens = sqlglot.tokenize(text, read=_DIALECT)
        _check(tokens)
        statements = sqlglot.parse(text, read=_DIALECT)
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
    depth = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        kind = token.token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth > MOST_DEPTH:
            raise too_large()
        typed = before is not None and before.token_type in Parser.TYPE_TOKENS
        if kind in _OPENING and (typed or kind != TokenType.L_PAREN):
            # Types with arguments and arrays are read again at every level, so that the time doubles.
            what = f"{before.text[:40].upper()} {token.text}" if before and typed else token.text
            where = {"line": token.line, "column": token.col}
            raise Refusal("not_offered", what=what, instead="value", **where)


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
