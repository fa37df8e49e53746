"""Folding and tokens: variants are one, and parts of a text are parts of what it is folded to."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.fold import fold, fold_places
from catalog.search.tokens import Term, query_terms, tokens

CONVERSIONS = ("t2s", "s2t", "tw2s", "s2tw", "hk2s", "s2hk")


@cache
def phrases() -> tuple[str, ...]:
    """The words of OpenCC's own dictionaries, which it converts by context."""
    found: set[str] = set()
    for file in Path(opencc.__file__).parent.rglob("*.ocd2"):
        text = file.read_bytes().decode("utf-8", "ignore")
        found |= set(re.findall(r"[\u3400-\u9fff]{2,12}", text))
    return tuple(sorted(found))


@pytest.mark.parametrize("name", CONVERSIONS)
def test_every_word_is_folded_alike_in_both_scripts(name: str) -> None:
    converter = opencc.OpenCC(name)
    assert len(phrases()) > 10_000
    differing = [word for word in phrases() if fold(converter.convert(word)) != fold(word)]
    assert differing == []


@given(st.text(), st.text())
def test_parts_are_folded_by_themselves(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)


@given(st.text())
def test_folding_is_done_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_places_are_where_each_character_comes_from(text: str) -> None:
    folded, places = fold_places(text)
    assert folded == fold(text) and len(places) == len(folded)
    assert all(folded[i] in fold(text[place]) for i, place in enumerate(places))


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Ａｂｃ１", "abc1"), ("Café", "cafe"), ("Straße", "strasse"), ("規劃", fold("规划"))],
)
def test_width_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_tokens_of_mixed_text() -> None:
    folded = fold("代碼")
    assert tokens("Tax_rate 代碼2") == ["tax", "rate", *folded, folded, "2"]


def test_terms_of_a_query() -> None:
    assert query_terms("8年 tax tax") == [
        Term("8", "suffix"),
        Term("年", han=True),
        Term("tax", "prefix"),
    ]
