"""What a text is found by: its words, and of Chinese each character and each pair of neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from catalog.search.fold import fold

HAN = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<han>[{HAN}]+)|[^\W_{HAN}]+")
Match = Literal["exact", "prefix", "suffix"]


def tokens(text: str) -> list[str]:
    """The tokens of a text, repeated as they are in it."""
    found: list[str] = []
    for match in _RUN.finditer(fold(text)):
        run = match[0]
        if match["han"]:
            found += run
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a query asks for.

    Attributes:
        match: `prefix` of a word stands for all words that begin with it. A word with which a longer
            part begins may be the end of one: `8年度` is found in `108年度預算`, and `D97-分帶` in
            `TWD97-分帶`.
        han: whether it is Chinese: two neighbours, or a single character.
    """

    text: str
    match: Match = "exact"
    han: bool = False


def query_terms(query: str) -> list[Term]:
    """The terms of a query, each once, in their order."""
    found: dict[Term, None] = {}
    for chunk in fold(query).split():
        found |= dict.fromkeys(_chunk_terms(chunk))
    return list(found)


def _chunk_terms(chunk: str) -> Iterator[Term]:
    runs = list(_RUN.finditer(chunk))
    for number, match in enumerate(runs):
        run = match[0]
        if not match["han"]:
            goes_on = number + 1 < len(runs)
            yield Term(run, "suffix" if goes_on and match.start() == 0 else "prefix")
        elif len(run) == 1:
            yield Term(run, han=True)
        else:
            yield from (Term(run[i : i + 2], han=True) for i in range(len(run) - 1))
