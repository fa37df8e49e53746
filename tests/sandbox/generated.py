"""What SQL may reach an engine: our own words (`sandbox.statement`), and of a question its literals alone.

It is told apart here by a small lexer of its own, so that a mistake of the parser cannot hide from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from sandbox.plan import Plan
from sandbox.sql.tree import Like, Text

_LEXED = re.compile(
    r"(?P<string>'(?:[^']|'')*')|(?P<name>\"(?:[^\"]|\"\")*\")|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<space>\s+)|(?P<sign><>|<=|>=|\|\||[-+*/%=<>(),.])|(?P<other>.)",
    re.DOTALL,
)
_KEYWORDS = """
    SELECT FROM WHERE GROUP BY ORDER AS JOIN ON AND OR NOT IN IS NULL LIKE CASE WHEN THEN ELSE END TRUE FALSE
    CAST DOUBLE VARCHAR BIGINT DECIMAL DATE OVER PARTITION DISTINCT
    sum count least greatest coalesce abs floor nullif md5 row_number unnest arg_min left bin rows _place _unit _row _rank r u n b o g p
    WITH UNION ALL min _rows a m
"""
_WORDS = frozenset(_KEYWORDS.split())
_OWN = re.compile(r"[tkvp]\d+")
MOST_SQL = 2_000_000  # characters


def faults(sql: str, plan: Plan) -> list[str]:
    """What of an SQL text is neither ours nor a literal of the question."""
    allowed = set(_literals(plan.question)) | {"|", "0x"}
    for values in plan.domain or ():
        allowed |= {value for value in values if isinstance(value, str)}
    names = {view.unit_column for view in plan.views.values()}
    names |= {name for view in plan.views.values() for name in view.columns}
    tables = {part for view in plan.views for part in view.split(".")}
    found = [] if len(sql) <= MOST_SQL else [f"{len(sql)} characters"]
    before = ""
    for one in _LEXED.finditer(sql):
        kind, text = one.lastgroup, one.group()
        inner = text[1:-1].replace("''", "'").replace('""', '"')
        bad = kind == "other"
        bad |= kind == "string" and before != "DATE" and inner not in allowed
        bad |= kind == "string" and before == "DATE" and not re.fullmatch(r"\d{4}-\d\d-\d\d", inner)
        bad |= kind == "name" and inner not in names
        bad |= kind == "word" and not (text in _WORDS or text in tables or _OWN.fullmatch(text))
        bad |= kind == "sign" and text == "-" and sql[one.end() : one.end() + 1] == "-"
        if bad:
            found.append(text)
        before = before if kind == "space" else text
    return found


def _literals(node: object) -> Iterator[str]:
    if isinstance(node, Text):
        yield node.value
    elif isinstance(node, Like):
        yield node.pattern
    elif isinstance(node, tuple):
        for part in node:
            yield from _literals(part)
    elif is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            yield from _literals(getattr(node, item.name))
