"""Reading an Open Data Contract Standard 3.1 document into a `Contract`.

Every fault is collected with its file and line; a contract is returned only when it has none.
The structure is checked against the pydantic model of `open-data-contract-standard`, more strictly
than it does itself: unknown keys are errors at every depth.
"""

from __future__ import annotations

import hashlib
import math
import re
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from catalog.cadence import Schedule
from catalog.contract import (
    DEFAULT_TYPES,
    FILE_FORMATS,
    LEVELS,
    META_COLUMNS,
    PHYSICAL_TYPES,
    VALUE_KINDS,
    Collect,
    Contract,
    ContractField,
    DatabaseSource,
    Deleted,
    FileOptions,
    FileSource,
    Filter,
    Gate,
    Justification,
    Materialisation,
    QualityDeclaration,
    Read,
    Release,
    Severities,
)
from catalog.errors import CatalogError, CityBrainError
from catalog.privacy import Answerable, Privacy, misfit
from catalog.resources.terms import unconditioned, unconditioned_fields
from catalog.terms import Catalogue, Sharing
from catalog.yamlsource import KeyPath, YamlDocument, load_yaml

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_CONTRACT_PROPERTIES = (
    "collect",
    "filters",
    "materialisation",
    "optional_inputs",
    "gate",
    "catalogue",
    "release",
    "privacy",
    "justification",
    "row_level",
    "schedule",
)
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
_PRIVATE = Release(channel="sandbox", kind="private")  # what every model of sandbox/ is
_READ, _SEVERITY = Read(), Severities()  # what most fields have, one of each for all of them
_OPTIONS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "boolean": (),
}
_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format")

Ext = TypeVar("Ext", bound=BaseModel)


def read_contract(path: Path, database: str, table: str) -> Contract:
    """Read one contract.

    Args:
        path: the YAML file.
        database, table: where the workspace's layout puts it (`raw`, `environment__penalties`).

    Raises:
        CatalogError: the file is not YAML.
        ContractFaults: anything else; holds every fault found.
    """
    document = load_yaml(path)
    reader = _Reader(document, database, table)
    contract = reader.contract()
    if reader.faults or contract is None:
        raise ContractFaults(reader.faults)
    return contract


class ContractFaults(CatalogError):
    """All faults of one contract."""

    def __init__(self, faults: list[CityBrainError]) -> None:
        self.faults = faults
        super().__init__("problems", count=len(faults))


class _Reader:
    """Reads one document; faults gather in `faults` so that all are reported at once."""

    def __init__(self, document: YamlDocument, database: str, table: str) -> None:
        self.document = document
        self.database = database
        self.table = table
        self.faults: list[CityBrainError] = []

    def fault(self, code: str, *at: str | int, **fields: Any) -> None:
        self.faults.append(CatalogError(code, where=self.document.where(*at), **fields))

    def contract(self) -> Contract | None:
        data = self.document.data
        if not isinstance(data, dict):
            self.fault("contract_empty")
            return None
        self._structure(data)
        if self.faults:
            return None
        schemas = data.get("schema") or []
        if len(schemas) != 1:
            self.fault("contract_one_schema", "schema", count=len(schemas))
            return None
        schema = schemas[0]
        if schema.get("name") != self.table:
            self.fault(
                "contract_name", "schema", 0, "name", name=schema.get("name"), expected=self.table
            )
        properties = self._properties(data, ("customProperties",), _CONTRACT_PROPERTIES)
        fields = tuple(self._fields(schema))
        contract = Contract(
            path=self.document.path,
            database=self.database,
            table=self.table,
            version=str(data["version"]),
            title=str(data.get("name") or self.table),
            department=data.get("domain"),
            fields=fields,
            quality=tuple(self._quality(schema)),
            purpose=str((data.get("description") or {}).get("purpose") or ""),
            limitations=str((data.get("description") or {}).get("limitations") or ""),
            source=self._source(data),
            collect=self._extension(Collect, properties, "collect", Collect()),
            filters=self._list(Filter, properties, "filters"),
            materialisation=self._extension(
                Materialisation, properties, "materialisation", Materialisation()
            ),
            optional_inputs=self._names(properties, "optional_inputs"),
            gate=self._extension(Gate, properties, "gate", None),
            catalogue=self._extension(Catalogue, properties, "catalogue", Catalogue()),
            release=self._release(properties),
            privacy=self._extension(Privacy, properties, "privacy", None),
            justifications=self._list(Justification, properties, "justification"),
            row_level=self._row_level(properties),
            frequency=self._frequency(data),
            schedule=self._schedule(properties),
            fingerprint=hashlib.sha256(self.document.path.read_bytes()).hexdigest(),
        )
        self._references(contract, properties)
        return contract

    # -- structure ------------------------------------------------------------------------------

    def _structure(self, data: dict[str, Any]) -> None:
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

    def _properties(
        self, holder: dict[str, Any], at: KeyPath, known: tuple[str, ...]
    ) -> dict[str, tuple[KeyPath, Any]]:
        """The custom properties of `holder` as name -> (place, value); unknown names are faults."""
        found: dict[str, tuple[KeyPath, Any]] = {}
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

    def _extension(
        self,
        model: type[Ext],
        properties: dict[str, tuple[KeyPath, Any]],
        name: str,
        default: Any,
    ) -> Any:
        if name not in properties:
            return default
        place, value = properties[name]
        return self._build(model, place, value) or default

    def _build(self, model: type[Ext], place: KeyPath, value: Any) -> Ext | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            self._validation(error, place)
            return None

    # -- parts ----------------------------------------------------------------------------------

    def _fields(self, schema: dict[str, Any]) -> Iterator[ContractField]:
        seen: set[str] = set()
        entries = schema.get("properties") or []
        if not entries:
            self.fault("contract_no_fields", "schema", 0)
        for index, entry in enumerate(entries):
            at: KeyPath = ("schema", 0, "properties", index)
            name = str(entry.get("name") or "")
            if not _NAME.match(name) or name in META_COLUMNS:
                self.fault("field_name", *at, "name", name=name)
            if name in seen:
                self.fault("field_repeated", *at, "name", name=name)
            seen.add(name)
            yield self._field(entry, name, at)

    def _field(self, entry: dict[str, Any], name: str, at: KeyPath) -> ContractField:
        logical, physical = self._types(entry, name, at)
        level = entry.get("classification")
        if level is not None and level not in LEVELS:
            self.fault("field_level", *at, "classification", level=level, known=", ".join(LEVELS))
        properties = self._properties(entry, (*at, "customProperties"), _FIELD_PROPERTIES)
        options = entry.get("logicalTypeOptions") or {}
        for key in options:
            known = _OPTIONS.get(logical, _RANGE)
            if key not in known:
                place = (*at, "logicalTypeOptions", key)
                self.fault("unknown_key", *place, key=key, expected=", ".join(known) or "-")
        self._pattern(options, at)
        key_position = (
            int(entry.get("primaryKeyPosition") or 1) if entry.get("primaryKey") else None
        )
        return ContractField(
            name=name,
            logical_type=logical,
            physical_type=physical,
            where=self.document.where(*at),
            title=str(entry.get("businessName") or ""),
            description=str(entry.get("description") or ""),
            level=level,
            required=bool(entry.get("required")),
            unique=bool(entry.get("unique")),
            key_position=key_position,
            options=options,
            read=self._extension(Read, properties, "read", _READ),
            severity=self._extension(Severities, properties, "severity", _SEVERITY),
            kind=self._kind(properties),
            step=self._positive(properties, "step"),
            noise=self._positive(properties, "noise"),
            answerable=self._extension(Answerable, properties, "answerable", None),
            former=self._former(properties),
            source_of=self._element(properties),
            sharing=self._extension(Sharing, properties, "sharing", None),
        )

    def _former(self, properties: dict[str, tuple[KeyPath, Any]]) -> tuple[str, ...]:
        if "renamed_from" not in properties:
            return ()
        place, value = properties["renamed_from"]
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(n, str) and _NAME.match(n) for n in names):
            problem = "expected a name of the field in an earlier version, or several"
            self.fault("value_invalid", *place, key="renamed_from", problem=problem)
            return ()
        return tuple(names)

    def _element(self, properties: dict[str, tuple[KeyPath, Any]]) -> str | None:
        if "source_of" not in properties:
            return None
        place, value = properties["source_of"]
        if not isinstance(value, str) or not value.strip():
            problem = "expected the name or identifier of a data element"
            self.fault("value_invalid", *place, key="source_of", problem=problem)
            return None
        return value.strip()

    def _kind(self, properties: dict[str, tuple[KeyPath, Any]]) -> str | None:
        if "kind" not in properties:
            return None
        place, value = properties["kind"]
        if value not in VALUE_KINDS:
            problem = f"expected one of {', '.join(VALUE_KINDS)}"
            self.fault("value_invalid", *place, key="kind", problem=problem)
            return None
        return str(value)

    def _positive(self, properties: dict[str, tuple[KeyPath, Any]], key: str) -> float | None:
        if key not in properties:
            return None
        place, value = properties[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < math.inf:
            self.fault("value_invalid", *place, key=key, problem="expected a number above 0")
            return None
        return float(value)

    def _pattern(self, options: dict[str, Any], at: KeyPath) -> None:
        if "pattern" not in options:
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the engine's own reading of it is checked later
                re.compile(str(options["pattern"]))
        except re.error as error:
            self.fault(
                "value_invalid",
                *at,
                "logicalTypeOptions",
                "pattern",
                key="pattern",
                problem=f"not a regular expression: {error}",
            )

    def _types(self, entry: dict[str, Any], name: str, at: KeyPath) -> tuple[str, str]:
        logical = str(entry.get("logicalType") or "")
        if logical not in PHYSICAL_TYPES:
            known = ", ".join(PHYSICAL_TYPES)
            self.fault(
                "field_type", *at, "logicalType", name=name, type=logical or "-", known=known
            )
            return "string", "VARCHAR"
        physical = str(entry.get("physicalType") or DEFAULT_TYPES.get(logical, "")).upper()
        physical = re.sub(r"\s+", "", physical)
        if not _physical_ok(logical, physical) or (logical == "array" and self.database == "raw"):
            self.fault(
                "field_physical_type",
                *at,
                "physicalType",
                name=name,
                type=physical or "-",
                logical=logical,
                known=", ".join(PHYSICAL_TYPES[logical]),
            )
        return logical, physical

    def _quality(self, schema: dict[str, Any]) -> Iterator[QualityDeclaration]:
        for index, entry in enumerate(schema.get("properties") or []):
            for number, declared in enumerate(entry.get("quality") or []):
                where = self.document.where("schema", 0, "properties", index, "quality", number)
                yield QualityDeclaration(declared, entry.get("name"), where)
        for number, declared in enumerate(schema.get("quality") or []):
            where = self.document.where("schema", 0, "quality", number)
            yield QualityDeclaration(declared, None, where)

    def _source(self, data: dict[str, Any]) -> FileSource | DatabaseSource | None:
        servers = data.get("servers") or []
        if self.database != "raw":
            if servers:
                self.fault("model_with_servers", "servers")
            return None
        if len(servers) != 1 or servers[0].get("server") != "source":
            self.fault("contract_one_server", "servers")
            return None
        server, at = servers[0], ("servers", 0)
        if server.get("type") == "local":
            return self._file_source(server, at)
        if server.get("type") == "custom":
            properties = self._properties(server, (*at, "customProperties"), ("database",))
            if "database" not in properties:
                self.fault("key_missing", *at, key="database")
                return None
            place, value = properties["database"]
            return self._build(DatabaseSource, place, value)
        self.fault("server_type", *at, "type", type=server.get("type"))
        return None

    def _file_source(self, server: dict[str, Any], at: KeyPath) -> FileSource | None:
        properties = self._properties(server, (*at, "customProperties"), ("file",))
        options = self._extension(FileOptions, properties, "file", FileOptions())
        pattern, kind = str(server.get("path") or ""), str(server.get("format") or "")
        if not pattern or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            self.fault("server_path", *at, "path", path=pattern)
            return None
        if kind not in FILE_FORMATS:
            self.fault("server_format", *at, "format", format=kind, known=", ".join(FILE_FORMATS))
            return None
        encoding = server.get("encoding")
        if encoding is not None:
            try:
                "".encode(str(encoding))
            except LookupError:
                self.fault("server_encoding", *at, "encoding", encoding=encoding)
        return FileSource(pattern, kind, encoding, options)

    def _names(self, properties: dict[str, tuple[KeyPath, Any]], name: str) -> tuple[str, ...]:
        place, value = properties.get(name, ((), []))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault("value_invalid", *place, key=name, problem="expected a list of names")
            return ()
        return tuple(value)

    def _list(
        self, model: type[Ext], properties: dict[str, tuple[KeyPath, Any]], name: str
    ) -> tuple[Ext, ...]:
        place, value = properties.get(name, ((), []))
        if not isinstance(value, list):
            self.fault("value_invalid", *place, key=name, problem="expected a list")
            return ()
        built = [self._build(model, (*place, i), item) for i, item in enumerate(value)]
        return tuple(item for item in built if item is not None)

    def _release(self, properties: dict[str, tuple[KeyPath, Any]]) -> Release | None:
        """What the contract says; an open model is a release whether it says so or not."""
        default = {"open": Release(), "sandbox": _PRIVATE}.get(self.database)
        release: Release | None = self._extension(Release, properties, "release", default)
        place = properties.get("release", ((), None))[0]
        if release is not None and self.database == "raw":
            self.fault("release_raw", *place)
        if release is not None and self.database == "open" and release.channel != "open":
            problem = "a model of open/ is released through the channel 'open'"
            self.fault("value_invalid", *place, "channel", key="channel", problem=problem)
        if (self.database == "sandbox") != (release is not None and release.kind == "private"):
            problem = "models of sandbox/, and no others, are of kind 'private'"
            self.fault("value_invalid", *place, "kind", key="kind", problem=problem)
        return release

    def _row_level(self, properties: dict[str, tuple[KeyPath, Any]]) -> str:
        place, value = properties.get("row_level", ((), "L1"))
        if value not in LEVELS:
            known = ", ".join(LEVELS)
            self.fault("field_level", *place, level=value, known=known)
            return LEVELS[-1]
        return str(value)

    def _schedule(self, properties: dict[str, tuple[KeyPath, Any]]) -> Schedule:
        schedule: Schedule = self._extension(Schedule, properties, "schedule", Schedule())
        if "schedule" in properties and self.database != "raw":
            self.fault("schedule_of_model", *properties["schedule"][0])
        return schedule

    def _frequency(self, data: dict[str, Any]) -> tuple[float, str] | None:
        for index, entry in enumerate(data.get("slaProperties") or []):
            if entry.get("property") != "frequency" or entry.get("value") is None:
                continue
            try:
                return float(entry["value"]), str(entry.get("unit") or "d")
            except (TypeError, ValueError):
                problem = "expected a number"
                place = ("slaProperties", index, "value")
                self.fault("value_invalid", *place, key="value", problem=problem)
        return None

    def _references(self, contract: Contract, properties: dict[str, tuple[KeyPath, Any]]) -> None:
        cursor = contract.collect.cursor
        if cursor is not None and contract.field_named(cursor) is None:
            self.fault("unknown_field", field=cursor, resource=contract.name)
        release = contract.release
        named = (*release.quasi_identifiers, *release.sensitive) if release else ()
        for name in (*named, *([release.count] if release and release.count else ())):
            if contract.field_named(name) is None:
                self.fault("unknown_field", field=name, resource=contract.name)
        self._former_names(contract)
        self._terms(contract, properties.get("catalogue", ((), None))[0])
        self._registered(contract, properties.get("privacy", ((), None))[0])
        self._increments(contract, properties.get("collect", ((), None))[0])
        self._materialisation(contract, properties.get("materialisation", ((), None))[0])

    def _registered(self, contract: Contract, place: KeyPath) -> None:
        """What is registered for questions fits the fields, and stands only in a sandbox view."""
        privacy = contract.privacy
        if (contract.database == "sandbox") != (privacy is not None):
            self.fault("privacy_missing" if privacy is None else "privacy_elsewhere", *place)
            return
        unit = privacy.column if privacy else None
        if unit is not None and contract.field_named(unit) is None:
            self.fault("unknown_field", *place, field=unit, resource=contract.name)
        for item in contract.fields:
            problem = item.answerable and (
                "the property belongs to models of sandbox/"
                if privacy is None
                else "the unit of privacy itself cannot be asked about"
                if item.name == unit
                else misfit(item.answerable, item.logical_type)
            )
            if problem:
                fields = {"key": "answerable", "problem": problem}
                self.faults.append(CatalogError("value_invalid", where=item.where, **fields))

    def _terms(self, contract: Contract, place: KeyPath) -> None:
        """Sharing type 2 needs its condition, and type 3 its legal basis."""
        said = contract.catalogue
        if unconditioned(said):
            self.fault("share_condition_missing", *place, what=contract.name, type=said.share_type)
        for item in unconditioned_fields(contract):
            kind = item.sharing.type if item.sharing else None
            fields = {"what": f"{contract.name}.{item.name}", "type": kind}
            self.faults.append(CatalogError("share_condition_missing", where=item.where, **fields))

    def _former_names(self, contract: Contract) -> None:
        """A former name is of one field, and no field has it now."""
        taken = {item.name for item in contract.fields}
        for item in contract.fields:
            for name in item.former:
                if name in taken:
                    problem = f"'{name}' is, or was, the name of another field"
                    fields = {"key": "renamed_from", "problem": problem}
                    self.faults.append(CatalogError("value_invalid", where=item.where, **fields))
                taken.add(name)

    def _increments(self, contract: Contract, place: KeyPath) -> None:
        """Whether the source can be collected as `collect` says."""
        collect = contract.collect
        if collect.mode == "full":
            return
        by_cursor = isinstance(contract.source, DatabaseSource)
        if by_cursor != (collect.cursor is not None):
            self.fault("incremental_cursor", *place)
        keyed = collect.mode == "changes" or collect.deleted is not None
        if keyed and (not by_cursor or not contract.primary_key):
            self.fault("incremental_key", *place, resource=contract.name)
        if "departed" in collect.model_fields_set and by_cursor:
            problem = "'departed' is about files"
            self.fault("value_invalid", *place, "departed", key="departed", problem=problem)
        if isinstance(collect.deleted, Deleted) and not contract.field_named(collect.deleted.field):
            self.fault("unknown_field", field=collect.deleted.field, resource=contract.name)
        if any(item.duplicates for item in contract.filters):
            self.fault("incremental_duplicates", *place, resource=contract.name)

    def _materialisation(self, contract: Contract, place: KeyPath) -> None:
        """Whether the table can be kept as `materialisation` says."""
        kept = contract.materialisation
        if kept.time is not None:
            item = contract.field_named(kept.time)
            if item is None:
                self.fault("unknown_field", field=kept.time, resource=contract.name)
            elif item.physical_type not in ("DATE", "TIMESTAMP"):
                self.fault("materialisation_time", *place, field=kept.time)
        if kept.kind == "merge_by_key" and not contract.primary_key:
            self.fault("incremental_key", *place, resource=contract.name)
        if kept.kind == "snapshot":
            self._history(contract, place)

    def _history(self, contract: Contract, place: KeyPath) -> None:
        kept = contract.materialisation
        since, until = (contract.field_named(n) for n in (kept.valid_from, kept.valid_to))
        times = {item.physical_type if item else None for item in (since, until)}
        keyed = kept.valid_from in contract.primary_key and len(contract.primary_key) > 1
        times_fit = len(times) == 1 and times <= (
            {"DATE", "TIMESTAMP"} if kept.dated else {"TIMESTAMP"}
        )
        if not times_fit or not keyed or kept.valid_to in contract.primary_key:
            self.fault(
                "materialisation_history", *place, since=kept.valid_from, until=kept.valid_to
            )


def _physical_ok(logical: str, physical: str) -> bool:
    if logical == "array":
        return physical.endswith("[]") and len(physical) > 2
    if re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", physical):
        return logical == "number"
    return physical in PHYSICAL_TYPES[logical] and physical != "DECIMAL"


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
