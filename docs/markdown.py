"""Pieces of Markdown that generated pages share."""

from __future__ import annotations

import re


def cell(text: str | None) -> str:
    """A text as the cell of a table."""
    return (text or "").replace("|", "\\|").replace("<", "\\<").strip()


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
