"""One document of the standard into one `Contract`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.cadence import Schedule
from catalog.contract import (
    LEVELS,
    Collect,
    Contract,
    Filter,
    Gate,
    Justification,
    Materialisation,
    QualityDeclaration,
    Release,
)
from catalog.odcs.checks import check_references
from catalog.odcs.document import ContractFaults, Document, Properties
from catalog.odcs.fields import read_fields
from catalog.odcs.source import read_source
from catalog.privacy import Privacy
from catalog.terms import Catalogue
from catalog.yamlsource import load_yaml

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
_PRIVATE = Release(channel="sandbox", kind="private")  # what every model of sandbox/ is


def read_contract(path: Path, database: str, table: str) -> Contract:
    """Read one contract.

    Args:
        path: the YAML file.
        database, table: where the workspace's layout puts it (`raw`, `environment__penalties`).

    Raises:
        CatalogError: the file is not YAML.
        ContractFaults: anything else; holds every fault found.
    """
    document = Document(load_yaml(path), database, table)
    contract = _contract(document)
    if document.faults or contract is None:
        raise ContractFaults(document.faults)
    return contract


def _contract(document: Document) -> Contract | None:
    data = document.source.data
    if not isinstance(data, dict):
        document.fault("contract_empty")
        return None
    document.structure(data)
    if document.faults:
        return None
    schemas = data.get("schema") or []
    if len(schemas) != 1:
        document.fault("contract_one_schema", "schema", count=len(schemas))
        return None
    schema = schemas[0]
    if schema.get("name") != document.table:
        document.fault(
            "contract_name", "schema", 0, "name", name=schema.get("name"), expected=document.table
        )
    properties = document.properties(data, ("customProperties",), _CONTRACT_PROPERTIES)
    fields = tuple(read_fields(document, schema))
    contract = Contract(
        path=document.source.path,
        database=document.database,
        table=document.table,
        version=str(data["version"]),
        title=str(data.get("name") or document.table),
        department=data.get("domain"),
        fields=fields,
        quality=tuple(_quality(document, schema)),
        purpose=str((data.get("description") or {}).get("purpose") or ""),
        limitations=str((data.get("description") or {}).get("limitations") or ""),
        source=read_source(document, data),
        collect=document.extension(Collect, properties, "collect", Collect()),
        filters=document.items(Filter, properties, "filters"),
        materialisation=document.extension(
            Materialisation, properties, "materialisation", Materialisation()
        ),
        optional_inputs=document.names(properties, "optional_inputs"),
        gate=document.extension(Gate, properties, "gate", None),
        catalogue=document.extension(Catalogue, properties, "catalogue", Catalogue()),
        release=_release(document, properties),
        privacy=document.extension(Privacy, properties, "privacy", None),
        justifications=document.items(Justification, properties, "justification"),
        row_level=_row_level(document, properties),
        frequency=_frequency(document, data),
        schedule=_schedule(document, properties),
        fingerprint=hashlib.sha256(document.source.path.read_bytes()).hexdigest(),
    )
    check_references(document, contract, properties)
    return contract


def _quality(document: Document, schema: dict[str, Any]) -> Iterator[QualityDeclaration]:
    for index, entry in enumerate(schema.get("properties") or []):
        for number, declared in enumerate(entry.get("quality") or []):
            where = document.where("schema", 0, "properties", index, "quality", number)
            yield QualityDeclaration(declared, entry.get("name"), where)
    for number, declared in enumerate(schema.get("quality") or []):
        where = document.where("schema", 0, "quality", number)
        yield QualityDeclaration(declared, None, where)


def _release(document: Document, properties: Properties) -> Release | None:
    """What the contract says; an open model is a release whether it says so or not."""
    default = {"open": Release(), "sandbox": _PRIVATE}.get(document.database)
    release: Release | None = document.extension(Release, properties, "release", default)
    place = properties.get("release", ((), None))[0]
    if release is not None and document.database == "raw":
        document.fault("release_raw", *place)
    if release is not None and document.database == "open" and release.channel != "open":
        problem = "a model of open/ is released through the channel 'open'"
        document.fault("value_invalid", *place, "channel", key="channel", problem=problem)
    if (document.database == "sandbox") != (release is not None and release.kind == "private"):
        problem = "models of sandbox/, and no others, are of kind 'private'"
        document.fault("value_invalid", *place, "kind", key="kind", problem=problem)
    return release


def _row_level(document: Document, properties: Properties) -> str:
    place, value = properties.get("row_level", ((), "L1"))
    if value not in LEVELS:
        known = ", ".join(LEVELS)
        document.fault("field_level", *place, level=value, known=known)
        return LEVELS[-1]
    return str(value)


def _schedule(document: Document, properties: Properties) -> Schedule:
    schedule: Schedule = document.extension(Schedule, properties, "schedule", Schedule())
    if "schedule" in properties and document.database != "raw":
        document.fault("schedule_of_model", *properties["schedule"][0])
    return schedule


def _frequency(document: Document, data: dict[str, Any]) -> tuple[float, str] | None:
    for index, entry in enumerate(data.get("slaProperties") or []):
        if entry.get("property") != "frequency" or entry.get("value") is None:
            continue
        try:
            return float(entry["value"]), str(entry.get("unit") or "d")
        except (TypeError, ValueError):
            problem = "expected a number"
            place = ("slaProperties", index, "value")
            document.fault("value_invalid", *place, key="value", problem=problem)
    return None
