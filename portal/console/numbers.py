"""How numbers are written on the console's pages."""

from __future__ import annotations


def short(value: float) -> str:
    """A number for people: whole from a thousand on, else four digits, never with an exponent that
    only hides zeros."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """A share of one as percent."""
    return f"{100 * share:.3g} %"
