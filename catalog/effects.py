"""What of a contract decides the rows of its table: compared between versions, it says whether rows
that are published already are those that the new version would publish.

Texts for people, the catalogue's entries and the cadence decide nothing; everything else does, named
or not, so that what a contract learns to say later is not forgotten here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pydantic import BaseModel

from catalog.contract import Contract, ContractField, QualityDeclaration

_SILENT = {
    "path", "version", "title", "department", "fields", "quality", "purpose", "limitations",
    "catalogue", "frequency", "schedule", "fingerprint", "privacy",
}  # fmt: skip
_SILENT_OF_FIELD = {
    "name",
    "physical_type",
    "where",
    "title",
    "description",
    "former",
    "answerable",
    "source_of",
    "sharing",
}


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """What decides one column's values.

    Attributes:
        type: its type.
        rules: a fingerprint of how it is read, what it must meet and, of a model, what computes it.
    """

    type: str
    rules: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What decides a table's rows.

    Attributes:
        version: the contract's version.
        columns: by name, in the contract's order.
        rest: a fingerprint of everything that is not about one column.
    """

    version: str
    columns: Mapping[str, FieldEffect] = field(default_factory=dict)
    rest: str = ""

    @property
    def text(self) -> str:
        """All of it in one line, for a snapshot's properties and for fingerprints."""
        columns = {name: [item.type, item.rules] for name, item in self.columns.items()}
        return json.dumps([self.version, self.rest, columns], ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Effect:
        """The inverse of `text`."""
        version, rest, columns = json.loads(text)
        return cls(version, {name: FieldEffect(*item) for name, item in columns.items()}, rest)


def effect_of(
    contract: Contract, columns: Mapping[str, str] | None = None, body: str = ""
) -> Effect:
    """What a contract, and of a model its query, decides.

    Args:
        columns: of a model, what computes each column.
        body: of a model, the rest of its query.
    """
    own: dict[str, list[QualityDeclaration]] = {}
    for declared in contract.quality:
        own.setdefault(declared.field or "", []).append(declared)
    computed = columns or {}
    found = {
        item.name: FieldEffect(
            item.physical_type,
            _mark(
                _of_field(contract, item), _declared(own.get(item.name)), computed.get(item.name)
            ),
        )
        for item in contract.fields
    }
    return Effect(contract.version, found, _mark(rest_of(contract), body))


def rest_of(contract: Contract) -> str:
    """What a contract says that is about the table and no single column, as text."""
    named = {
        item.name: _plain(getattr(contract, item.name))
        for item in fields(contract)
        if item.name not in _SILENT
    }
    of_table = [d for d in contract.quality if d.field is None]
    # A key with a column more or less is another key, though nothing is said of the columns that stay.
    parts = [named, _declared(of_table), len(contract.primary_key)]
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def _of_field(contract: Contract, item: ContractField) -> dict[str, Any]:
    named = {
        part.name: _plain(getattr(item, part.name))
        for part in fields(item)
        if part.name not in _SILENT_OF_FIELD
    }
    if contract.source is not None:
        # A field that is renamed and still read from the same published column is read as before.
        named["read"] = {**named["read"], "source": list(item.source_names)}
    return named


def _declared(declarations: list[QualityDeclaration] | None) -> list[Any]:
    return [_plain(declared.data) for declared in declarations or ()]


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseModel):
        return {"": type(value).__name__, **value.model_dump(mode="json")}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        named = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        return {"": type(value).__name__, **named}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _mark(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
