"""Marking in a text what a query found in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.search.fold import fold_places
from catalog.search.tokens import HAN, Term

Segment = tuple[str, bool]
_WORD = rf"[^\W_{HAN}]"


def highlight(text: str, terms: Sequence[Term]) -> list[Segment]:
    """The text in segments, each with whether a term stands there.

    The segments together are the text. They are plain text: who shows them as HTML must escape them.
    """
    folded, places = fold_places(text)
    marked = [False] * len(text)
    for term in terms:
        for match in re.finditer(_pattern(term), folded):
            for place in places[match.start() : match.end()]:
                marked[place] = True
    segments: list[Segment] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marked[end] != marked[start]:
            segments.append((text[start:end], marked[start]))
            start = end
    return segments


def excerpt(text: str, terms: Sequence[Term], length: int = 160) -> list[Segment]:
    """The part of a text around the first thing that was found, highlighted."""
    segments = highlight(text, terms)
    before = 0
    for part, hit in segments:
        if hit:
            break
        before += len(part)
    else:
        before = 0
    start = max(0, min(before - length // 4, len(text) - length))
    found = highlight(text[start : start + length], terms)
    if start > 0:
        found.insert(0, ("…", False))
    if start + length < len(text):
        found.append(("…", False))
    return found


def _pattern(term: Term) -> str:
    """The whole word that a term found; Chinese as it is."""
    if term.han:
        return re.escape(term.text)
    if term.match == "suffix":
        return rf"{_WORD}*{re.escape(term.text)}(?!{_WORD})"
    return rf"(?<!{_WORD}){re.escape(term.text)}{_WORD}*"
