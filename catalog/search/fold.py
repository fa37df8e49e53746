"""Folding: what texts are compared as, so that spelling variants find each other.

Each character is folded by itself, whatever stands beside it: letters lose case, width and accents;
Chinese characters that are variants of each other, traditional and simplified first of all, become
one. A part of a text is therefore folded to the same part of the folded text, which is what lets every
substring of a name be found. OpenCC converts words by context instead (乾隆 stays, 乾燥 becomes 干燥);
that is why its conversions are taken here one character at a time, and united.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import opencc

_CONVERSIONS = (
    "t2s", "s2t", "tw2s", "s2tw", "hk2s", "s2hk", "t2tw", "t2hk", "tw2t", "hk2t",
)  # fmt: skip
# What OpenCC exchanges within words only (計畫 and 计划, 答覆 and 答复, 家具 and 傢俱).
_IN_WORDS = ("畫劃", "覆复", "俱具", "藉借", "瞭了", "鍊链", "甦苏", "沈沉", "哩里", "彷仿", "像象")
_HAN = ((0x3400, 0xA000), (0x20000, 0x32000))


@lru_cache
def _variants() -> dict[str, str]:
    """Every character that has variants, and the one that stands for all of them."""
    characters = [chr(code) for first, end in _HAN for code in range(first, end)]
    text = "\n".join(characters)
    leader: dict[str, str] = {}

    def lead(character: str) -> str:
        while (other := leader.get(character, character)) != character:
            character = other
        return character

    def unite(pairs: Iterable[tuple[str, str]]) -> None:
        for one, other in pairs:
            if len(other) == 1 and one != other:
                first, second = sorted((lead(one), lead(other)))
                leader[second] = first

    for name in _CONVERSIONS:
        unite(zip(characters, opencc.OpenCC(name).convert(text).split("\n"), strict=True))
    unite((pair[0], pair[1]) for pair in _IN_WORDS)
    return {character: lead(character) for character in leader}


class _Folded(dict[int, str]):
    """A table for `str.translate` that is filled as characters are met."""

    def __missing__(self, code: int) -> str:
        bare = unicodedata.normalize("NFKD", chr(code)).casefold()
        kept = "".join(c for c in bare if unicodedata.category(c) != "Mn")
        variants = _variants()
        self[code] = "".join(variants.get(c, c) for c in unicodedata.normalize("NFC", kept))
        return self[code]


_TABLE = _Folded()


def fold(text: str) -> str:
    """A text as it is compared.

    `fold(a + b) == fold(a) + fold(b)` for any texts; the length may differ from that of the text.
    """
    return text.translate(_TABLE)


def fold_places(text: str) -> tuple[str, list[int]]:
    """A folded text, and for each of its characters the place in `text` that it comes from."""
    parts, places = [], []
    for place, character in enumerate(text):
        folded = fold(character)
        parts.append(folded)
        places += [place] * len(folded)
    return "".join(parts), places
