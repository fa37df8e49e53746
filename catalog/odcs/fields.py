"""The fields of a contract, as its schema lists them."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

from catalog.contract import (
    DEFAULT_TYPES,
    LEVELS,
    META_COLUMNS,
    PHYSICAL_TYPES,
    VALUE_KINDS,
    ContractField,
    Read,
    Severities,
)
from catalog.odcs.document import Document, Properties
from catalog.privacy import Answerable
from catalog.terms import Sharing
from catalog.yamlsource import KeyPath

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_FIELD_PROPERTIES = (
    "read",
    "severity",
    "kind",
    "step",
    "noise",
    "renamed_from",
    "answerable",
    "source_of",
    "sharing",
)
_READ, _SEVERITY = Read(), Severities()  # what most fields have, one of each for all of them
_OPTIONS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "boolean": (),
}
_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format")


def read_fields(document: Document, schema: dict[str, Any]) -> Iterator[ContractField]:
    """The fields; what is wrong with them is among the faults."""
    seen: set[str] = set()
    entries = schema.get("properties") or []
    if not entries:
        document.fault("contract_no_fields", "schema", 0)
    for index, entry in enumerate(entries):
        at: KeyPath = ("schema", 0, "properties", index)
        name = str(entry.get("name") or "")
        if not _NAME.match(name) or name in META_COLUMNS:
            document.fault("field_name", *at, "name", name=name)
        if name in seen:
            document.fault("field_repeated", *at, "name", name=name)
        seen.add(name)
        yield _field(document, entry, name, at)


def _field(document: Document, entry: dict[str, Any], name: str, at: KeyPath) -> ContractField:
    logical, physical = _types(document, entry, name, at)
    level = entry.get("classification")
    if level is not None and level not in LEVELS:
        document.fault("field_level", *at, "classification", level=level, known=", ".join(LEVELS))
    properties = document.properties(entry, (*at, "customProperties"), _FIELD_PROPERTIES)
    options = entry.get("logicalTypeOptions") or {}
    for key in options:
        known = _OPTIONS.get(logical, _RANGE)
        if key not in known:
            place = (*at, "logicalTypeOptions", key)
            document.fault("unknown_key", *place, key=key, expected=", ".join(known) or "-")
    _pattern(document, options, at)
    key_position = int(entry.get("primaryKeyPosition") or 1) if entry.get("primaryKey") else None
    return ContractField(
        name=name,
        logical_type=logical,
        physical_type=physical,
        where=document.where(*at),
        title=str(entry.get("businessName") or ""),
        description=str(entry.get("description") or ""),
        level=level,
        required=bool(entry.get("required")),
        unique=bool(entry.get("unique")),
        key_position=key_position,
        options=options,
        read=document.extension(Read, properties, "read", _READ),
        severity=document.extension(Severities, properties, "severity", _SEVERITY),
        kind=_kind(document, properties),
        step=_positive(document, properties, "step"),
        noise=_positive(document, properties, "noise"),
        answerable=document.extension(Answerable, properties, "answerable", None),
        former=_former(document, properties),
        source_of=_element(document, properties),
        sharing=document.extension(Sharing, properties, "sharing", None),
    )


def _former(document: Document, properties: Properties) -> tuple[str, ...]:
    if "renamed_from" not in properties:
        return ()
    place, value = properties["renamed_from"]
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(n, str) and _NAME.match(n) for n in names):
        problem = "expected a name of the field in an earlier version, or several"
        document.fault("value_invalid", *place, key="renamed_from", problem=problem)
        return ()
    return tuple(names)


def _element(document: Document, properties: Properties) -> str | None:
    if "source_of" not in properties:
        return None
    place, value = properties["source_of"]
    if not isinstance(value, str) or not value.strip():
        problem = "expected the name or identifier of a data element"
        document.fault("value_invalid", *place, key="source_of", problem=problem)
        return None
    return value.strip()


def _kind(document: Document, properties: Properties) -> str | None:
    if "kind" not in properties:
        return None
    place, value = properties["kind"]
    if value not in VALUE_KINDS:
        problem = f"expected one of {', '.join(VALUE_KINDS)}"
        document.fault("value_invalid", *place, key="kind", problem=problem)
        return None
    return str(value)


def _positive(document: Document, properties: Properties, key: str) -> float | None:
    if key not in properties:
        return None
    place, value = properties[key]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        document.fault("value_invalid", *place, key=key, problem="expected a number above 0")
        return None
    return float(value)


def _pattern(document: Document, options: dict[str, Any], at: KeyPath) -> None:
    if "pattern" not in options:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the engine's own reading of it is checked later
            re.compile(str(options["pattern"]))
    except re.error as error:
        document.fault(
            "value_invalid",
            *at,
            "logicalTypeOptions",
            "pattern",
            key="pattern",
            problem=f"not a regular expression: {error}",
        )


def _types(document: Document, entry: dict[str, Any], name: str, at: KeyPath) -> tuple[str, str]:
    logical = str(entry.get("logicalType") or "")
    if logical not in PHYSICAL_TYPES:
        known = ", ".join(PHYSICAL_TYPES)
        document.fault(
            "field_type", *at, "logicalType", name=name, type=logical or "-", known=known
        )
        return "string", "VARCHAR"
    physical = str(entry.get("physicalType") or DEFAULT_TYPES.get(logical, "")).upper()
    physical = re.sub(r"\s+", "", physical)
    if not _physical_ok(logical, physical) or (logical == "array" and document.database == "raw"):
        document.fault(
            "field_physical_type",
            *at,
            "physicalType",
            name=name,
            type=physical or "-",
            logical=logical,
            known=", ".join(PHYSICAL_TYPES[logical]),
        )
    return logical, physical


def _physical_ok(logical: str, physical: str) -> bool:
    if logical == "array":
        return physical.endswith("[]") and len(physical) > 2
    if re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", physical):
        return logical == "number"
    return physical in PHYSICAL_TYPES[logical] and physical != "DECIMAL"
