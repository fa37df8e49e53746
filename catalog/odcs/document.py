"""A document of the standard while it is read: its structure, its extensions, and the faults found.

The structure is checked against the pydantic model of `open-data-contract-standard`, more strictly
than it does itself: unknown keys are errors at every depth.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from catalog.errors import CatalogError, CityBrainError, Location
from catalog.yamlsource import KeyPath, YamlDocument

Ext = TypeVar("Ext", bound=BaseModel)
Properties = dict[str, tuple[KeyPath, Any]]
"""Custom properties by name: where the value stands, and the value."""


class ContractFaults(CatalogError):
    """All faults of one contract."""

    def __init__(self, faults: list[CityBrainError]) -> None:
        self.faults = faults
        super().__init__("problems", count=len(faults))


class Document:
    """One document; faults gather in `faults` so that all are reported at once.

    Args:
        database, table: where the workspace's layout puts it.
    """

    def __init__(self, source: YamlDocument, database: str, table: str) -> None:
        self.source = source
        self.database = database
        self.table = table
        self.faults: list[CityBrainError] = []

    def where(self, *at: str | int) -> Location:
        """The place of a key in the file."""
        return self.source.where(*at)

    def fault(self, code: str, *at: str | int, **fields: Any) -> None:
        """Remember a fault at the place of the keys `at`."""
        self.faults.append(CatalogError(code, where=self.where(*at), **fields))

    def structure(self, data: dict[str, Any]) -> None:
        """Find what the standard does not allow in `data`, the whole document."""
        version = str(data.get("apiVersion", ""))
        if not version.startswith("v3.1"):
            self.fault("contract_api_version", "apiVersion", version=version or "-")
        for at, key, known in _unknown_keys(OpenDataContractStandard, data, ()):
            self.fault("unknown_key", *at, key, key=key, expected=", ".join(known))
        if self.faults:
            return
        try:
            OpenDataContractStandard.model_validate(data)
        except ValidationError as error:
            self._validation(error, ())
        for key in ("id", "version", "status"):
            if not data.get(key):
                self.fault("key_missing", key=key)

    def _validation(self, error: ValidationError, at: KeyPath) -> None:
        for item in error.errors():
            keys = tuple("schema" if part == "schema_" else part for part in item["loc"])
            place = (*at, *keys)
            if item["type"] == "extra_forbidden":
                self.fault("unknown_key", *place, key=keys[-1], expected="docs/contracts.md")
            elif item["type"] == "missing":
                self.fault("key_missing", *place, key=keys[-1])
            else:
                message = item["msg"].removeprefix("Value error, ")
                self.fault("value_invalid", *place, key=".".join(map(str, keys)), problem=message)

    def properties(self, holder: dict[str, Any], at: KeyPath, known: tuple[str, ...]) -> Properties:
        """The custom properties of `holder` as name -> (place, value); unknown names are faults."""
        found: Properties = {}
        for index, entry in enumerate(holder.get("customProperties") or []):
            name = entry.get("property")
            place = (*at, index)
            if name not in known:
                expected = ", ".join(known)
                self.fault("unknown_property", *place, "property", name=name, expected=expected)
            elif name in found:
                self.fault("yaml_duplicate_key", *place, key=name)
            else:
                found[name] = ((*place, "value"), entry.get("value"))
        return found

    def extension(self, model: type[Ext], properties: Properties, name: str, default: Any) -> Any:
        """The value of a property as a `model`; `default` where it is missing or unusable."""
        if name not in properties:
            return default
        place, value = properties[name]
        return self.build(model, place, value) or default

    def build(self, model: type[Ext], place: KeyPath, value: Any) -> Ext | None:
        """A `model` of the value at a place; None, with faults, where it is none."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            self._validation(error, place)
            return None

    def names(self, properties: Properties, name: str) -> tuple[str, ...]:
        """The value of a property as a list of names; empty where it is missing."""
        place, value = properties.get(name, ((), []))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault("value_invalid", *place, key=name, problem="expected a list of names")
            return ()
        return tuple(value)

    def items(self, model: type[Ext], properties: Properties, name: str) -> tuple[Ext, ...]:
        """The value of a property as a list of `model`s; what is unusable is left out, with faults."""
        place, value = properties.get(name, ((), []))
        if not isinstance(value, list):
            self.fault("value_invalid", *place, key=name, problem="expected a list")
            return ()
        built = [self.build(model, (*place, i), item) for i, item in enumerate(value)]
        return tuple(item for item in built if item is not None)


def _unknown_keys(
    model: type[BaseModel], data: Any, at: KeyPath
) -> Iterator[tuple[KeyPath, str, list[str]]]:
    """Keys of `data` that the ODCS model does not know, at any depth."""
    if not isinstance(data, dict):
        return
    known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    for key, value in data.items():
        if key not in known:
            yield at, str(key), sorted(known)
            continue
        for inner in _models_in(known[key]):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from _unknown_keys(inner, item, (*at, key, index))
            else:
                yield from _unknown_keys(inner, value, (*at, key))
            break


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)
