"""What the parts of one contract say of each other: named fields exist, and rules fit together."""

from __future__ import annotations

from catalog.contract import Contract, DatabaseSource, Deleted
from catalog.errors import CatalogError
from catalog.odcs.document import Document, Properties
from catalog.privacy import misfit
from catalog.resources.terms import unconditioned, unconditioned_fields
from catalog.yamlsource import KeyPath


def check_references(document: Document, contract: Contract, properties: Properties) -> None:
    """Add a fault to `document` for each part that another one contradicts."""
    cursor = contract.collect.cursor
    if cursor is not None and contract.field_named(cursor) is None:
        document.fault("unknown_field", field=cursor, resource=contract.name)
    release = contract.release
    named = (*release.quasi_identifiers, *release.sensitive) if release else ()
    for name in (*named, *([release.count] if release and release.count else ())):
        if contract.field_named(name) is None:
            document.fault("unknown_field", field=name, resource=contract.name)
    _former_names(document, contract)
    _terms(document, contract, properties.get("catalogue", ((), None))[0])
    _registered(document, contract, properties.get("privacy", ((), None))[0])
    _increments(document, contract, properties.get("collect", ((), None))[0])
    _materialisation(document, contract, properties.get("materialisation", ((), None))[0])


def _registered(document: Document, contract: Contract, place: KeyPath) -> None:
    """What is registered for questions fits the fields, and stands only in a sandbox view."""
    privacy = contract.privacy
    if (contract.database == "sandbox") != (privacy is not None):
        document.fault("privacy_missing" if privacy is None else "privacy_elsewhere", *place)
        return
    unit = privacy.column if privacy else None
    if unit is not None and contract.field_named(unit) is None:
        document.fault("unknown_field", *place, field=unit, resource=contract.name)
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
            document.faults.append(CatalogError("value_invalid", where=item.where, **fields))


def _terms(document: Document, contract: Contract, place: KeyPath) -> None:
    """Sharing type 2 needs its condition, and type 3 its legal basis."""
    said = contract.catalogue
    if unconditioned(said):
        document.fault("share_condition_missing", *place, what=contract.name, type=said.share_type)
    for item in unconditioned_fields(contract):
        kind = item.sharing.type if item.sharing else None
        fields = {"what": f"{contract.name}.{item.name}", "type": kind}
        document.faults.append(CatalogError("share_condition_missing", where=item.where, **fields))


def _former_names(document: Document, contract: Contract) -> None:
    """A former name is of one field, and no field has it now."""
    taken = {item.name for item in contract.fields}
    for item in contract.fields:
        for name in item.former:
            if name in taken:
                problem = f"'{name}' is, or was, the name of another field"
                fields = {"key": "renamed_from", "problem": problem}
                document.faults.append(CatalogError("value_invalid", where=item.where, **fields))
            taken.add(name)


def _increments(document: Document, contract: Contract, place: KeyPath) -> None:
    """Whether the source can be collected as `collect` says."""
    collect = contract.collect
    if collect.mode == "full":
        return
    by_cursor = isinstance(contract.source, DatabaseSource)
    if by_cursor != (collect.cursor is not None):
        document.fault("incremental_cursor", *place)
    keyed = collect.mode == "changes" or collect.deleted is not None
    if keyed and (not by_cursor or not contract.primary_key):
        document.fault("incremental_key", *place, resource=contract.name)
    if "departed" in collect.model_fields_set and by_cursor:
        problem = "'departed' is about files"
        document.fault("value_invalid", *place, "departed", key="departed", problem=problem)
    if isinstance(collect.deleted, Deleted) and not contract.field_named(collect.deleted.field):
        document.fault("unknown_field", field=collect.deleted.field, resource=contract.name)
    if any(item.duplicates for item in contract.filters):
        document.fault("incremental_duplicates", *place, resource=contract.name)


def _materialisation(document: Document, contract: Contract, place: KeyPath) -> None:
    """Whether the table can be kept as `materialisation` says."""
    kept = contract.materialisation
    if kept.time is not None:
        item = contract.field_named(kept.time)
        if item is None:
            document.fault("unknown_field", field=kept.time, resource=contract.name)
        elif item.physical_type not in ("DATE", "TIMESTAMP"):
            document.fault("materialisation_time", *place, field=kept.time)
    if kept.kind == "merge_by_key" and not contract.primary_key:
        document.fault("incremental_key", *place, resource=contract.name)
    if kept.kind == "snapshot":
        _history(document, contract, place)


def _history(document: Document, contract: Contract, place: KeyPath) -> None:
    kept = contract.materialisation
    since, until = (contract.field_named(n) for n in (kept.valid_from, kept.valid_to))
    times = {item.physical_type if item else None for item in (since, until)}
    keyed = kept.valid_from in contract.primary_key and len(contract.primary_key) > 1
    times_fit = len(times) == 1 and times <= (
        {"DATE", "TIMESTAMP"} if kept.dated else {"TIMESTAMP"}
    )
    if not times_fit or not keyed or kept.valid_to in contract.primary_key:
        document.fault(
            "materialisation_history", *place, since=kept.valid_from, until=kept.valid_to
        )
