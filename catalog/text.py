"""User-facing text in English and Chinese, from the message catalogues beside this module."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "zh")


def language() -> str:
    """The user's language: `CITYBRAIN_LANG`, else the locale, else English."""
    chosen = os.environ.get("CITYBRAIN_LANG", "")
    if chosen in LANGUAGES:
        return chosen
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "zh" if locale.startswith("zh") else "en"


@lru_cache
def catalogue(lang: str) -> dict[str, Any]:
    """One language's messages: `errors.<code>.{what,next}` and `ui.<key>`."""
    return tomllib.loads((files("catalog") / "messages" / f"{lang}.toml").read_text("utf-8"))


def text(key: str, lang: str | None = None, **fields: Any) -> str:
    """The interface text `key`, with its fields filled in.

    Raises:
        KeyError: the catalogue has no such key (a programming error; a test compares the keys).
    """
    message: str = catalogue(lang or language())["ui"][key]
    return message.format_map(fields)


def error_parts(code: str, lang: str | None = None, **fields: Any) -> tuple[str, str]:
    """What happened, and what to do next, for an error code."""
    entry = catalogue(lang or language())["errors"].get(code)
    if entry is None:
        # An error must reach the user even when its text is missing (a test finds that).
        return f"{code}: {fields}", ""
    return entry["what"].format_map(fields), entry["next"].format_map(fields)
