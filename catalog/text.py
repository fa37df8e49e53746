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
    """One language's messages: `errors.<code>.{what,next}` and `ui.<key>`.

    They stand in `messages/<lang>.toml` and, for what has come since, in a file for each subject in
    the folder `messages/<lang>/`.

    Raises:
        ValueError: two files have the same key (a programming error).
    """
    folder = files("catalog") / "messages"
    more = sorted((folder / lang).iterdir(), key=lambda file: file.name)
    found: dict[str, Any] = {"errors": {}, "ui": {}}
    for file in (folder / f"{lang}.toml", *more):
        read = tomllib.loads(file.read_text("utf-8"))
        for section, known in found.items():
            entries = read.get(section, {})
            if twice := known.keys() & entries.keys():
                raise ValueError(f"{file.name}: already said elsewhere: {sorted(twice)}")
            known |= entries
    return found


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
