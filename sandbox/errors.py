"""The errors of the sandbox room."""

from __future__ import annotations

from typing import Any

from catalog.errors import CityBrainError
from catalog.text import error_parts, text


class SandboxError(CityBrainError):
    """A question, an agreement or a budget does not allow what was asked for."""


class Refusal(SandboxError):
    """A question that is not answered, found from its text and from public metadata alone.

    It never depends on the data: whoever reads it learns nothing about a row.

    Attributes:
        line, column: where in the question, from 1; 0 when there is no one place.
    """

    def __init__(self, code: str, *, line: int = 0, column: int = 0, **fields: Any) -> None:
        super().__init__(code, **fields)
        self.line = line
        self.column = column

    def parts(self, lang: str | None = None) -> tuple[str, str]:
        """The message in `lang`; what to write instead is a text of its own."""
        if "instead" not in self.fields:
            return super().parts(lang)
        instead = text(f"sandbox_instead_{self.fields['instead']}", lang)
        return error_parts(self.code, lang, **(self.fields | {"instead": instead}))

    def as_dict(self, lang: str | None = None) -> dict[str, Any]:
        """The refusal for machines, with its place in the question."""
        found = super().as_dict(lang)
        found["where"] = {"line": self.line, "column": self.column} if self.line else None
        return found
