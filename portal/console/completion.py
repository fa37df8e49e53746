"""What the editor completes: the views and fields of an agreement, and the words of the language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catalog.text import text
from portal.console.numbers import short
from sandbox.sql.words import KEYWORDS, function_forms
from sandbox.terms import ColumnTerms, ViewTerms


def completion(views: Iterable[ViewTerms], lang: str | None = None) -> dict[str, Any]:
    """As plain values for the page: `views` (name, unit, fields), `functions`, `keywords`.

    A field has its name, its kind, `detail` (what is registered of it, for people) and `keys`; the
    column that says whose a row is stands among the fields, with what it is good for.
    """
    return {
        "views": [_view(view, lang) for view in views],
        "functions": [{"name": name, "form": form} for name, form in function_forms().items()],
        "keywords": list(KEYWORDS),
    }


def _view(view: ViewTerms, lang: str | None) -> dict[str, Any]:
    unit = {
        "name": view.unit_column,
        "kind": "unit",
        "detail": text("console_unit_column", lang),
        "keys": [],
    }
    return {
        "name": view.name,
        "detail": text("console_unit", lang, unit=view.unit),
        "fields": [unit, *(_field(one, lang) for one in view.columns.values())],
    }


def _field(column: ColumnTerms, lang: str | None) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "detail": field_detail(column, lang),
        "keys": list(column.keys or ()),
    }


def field_detail(column: ColumnTerms, lang: str | None = None) -> str:
    """The kind of a field and what is registered of it, in one line."""
    said = [text(f"console_kind_{column.kind}", lang)]
    if column.bounds is not None:
        low, high = (short(float(bound)) for bound in column.bounds)
        said.append(text("console_bounds", lang, low=low, high=high))
    if column.keys is not None:
        said.append(text("console_keys", lang, count=len(column.keys)))
    if column.like:
        said.append("LIKE")
    return " · ".join(said)
