"""Exchanges of one Chinese character for another that change nothing of where an address is cut."""

from __future__ import annotations

from pipelines.masking.patterns import ADDRESS_MARKS

# Two ways to write one character, which the pattern of addresses reads alike wherever it stands.
_ALIKE = frozenset(map(frozenset, ("台臺", "区區", "县縣", "国國", "号號", "邻鄰", "栋棟", "场場")))
_FIRST, _LAST = "\u4e00", "\u9fff"  # what the pattern takes for a character of a name


def spelling(old: str, new: str) -> bool:
    """Whether to write `new` for `old` and then to mask an address is to mask it and then write so.

    A suffix of a city or district, a house number, the name of a country are what `mask_address`
    cuts by: they may only be exchanged for their own variants.
    """
    if len(old) != 1 or len(new) != 1 or not all(_FIRST <= c <= _LAST for c in (old, new)):
        return False
    return frozenset({old, new}) in _ALIKE or not {old, new} & ADDRESS_MARKS


def separates(old: str, new: str) -> bool:
    """Whether `old` is what stands between the parts of a number, and is left out."""
    return bool(old) and not new and not old.strip(" -()\u3000（）")
