"""The base of every error we raise, and the catalogue package's own.

An error is data: a code, fields and (where it concerns a file) a location. Its text comes from
the message catalogues (`catalog/messages/*.toml`), says what was expected and ends in a sentence
that says what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.text import error_parts


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a text file; lines and columns count from 1, 0 means unknown."""

    path: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [str(self.path)]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class CityBrainError(Exception):
    """An error with a code, fields and a location; `str()` gives the text in the user's language."""

    def __init__(self, code: str, *, where: Location | None = None, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.fields = fields

    def text(self, lang: str | None = None) -> str:
        """The message in `lang` (`en` or `zh`; default: the user's language), without the location."""
        return " ".join(self.parts(lang)).strip()

    def parts(self, lang: str | None = None) -> tuple[str, str]:
        """What happened, and what to do next."""
        return error_parts(self.code, lang, **self.fields)

    def __str__(self) -> str:
        prefix = f"{self.where}: " if self.where else ""
        return f"{prefix}[{self.code}] {self.text()}"

    def as_dict(self, lang: str | None = None) -> dict[str, Any]:
        """The error for machines: code, location, fields and text."""
        place = {"path": str(self.where.path), "line": self.where.line} if self.where else None
        fields = {key: str(value) for key, value in self.fields.items()}
        return {"code": self.code, "where": place, "fields": fields, "message": self.text(lang)}


class CatalogError(CityBrainError):
    """A contract, a department file or the catalogue database is at fault."""


class Problems(CatalogError):
    """Everything that is wrong with a workspace, found in one go."""

    def __init__(self, problems: Iterable[CityBrainError]) -> None:
        self.problems = sorted(problems, key=lambda p: (str(p.where or ""), p.code))
        super().__init__("problems", count=len(self.problems))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
