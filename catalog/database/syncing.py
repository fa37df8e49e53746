"""Makes the resource tables say what the contracts declare and what the compiler proved.

A resource carries two fingerprints of what was written of it, one of its contract and one of its
proof, so that a workspace without a change costs one query and no write. Changed resources are
replaced together, in one statement a table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from catalog.contract import Contract
from catalog.database import tables as t
from catalog.database.proofs import ResourceProof
from catalog.database.writing import Values, lock_workspace, put
from catalog.lineage import Edge

_CHUNK = 500  # ids in one statement: databases limit its parameters
_PARTS: tuple[type[t.Base], ...] = (t.ResourceField, t.FieldSource, t.Justification)


class _Known(NamedTuple):
    """What the database has of a resource."""

    active: bool
    declared: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class _Description:
    """The rows of one resource, its sources as tuples, which are cheap to compare and to hash."""

    resource: Values
    fields: list[Values]
    justifications: list[Values]
    sources: list[tuple[Any, ...]]
    known: _Known

    def says(self, known: _Known | None) -> bool:
        """Whether the database says it already.

        A description without a proof does not contradict the one that an earlier compile gave.
        """
        proven = self.known.proof or (known and known.proof)
        return known == self.known._replace(proof=proven)


def sync_resources(
    session: Session,
    workspace: str,
    contracts: Iterable[Contract],
    proofs: Mapping[str, ResourceProof],
    now: datetime,
) -> None:
    """Take over contracts and proofs; `updated` moves only on a change."""
    workspace_id = lock_workspace(session, workspace, now)
    known = _known(session, workspace_id)
    changed = {}
    for contract in contracts:
        description = _described(contract, proofs.get(contract.name))
        if not description.says(known.pop(contract.name, None)):
            changed[contract.name] = description
    _replace(session, workspace_id, changed, now)
    _retire(session, workspace_id, [name for name in known if known[name].active], now)


def _known(session: Session, workspace_id: int) -> dict[str, _Known]:
    columns = (t.Resource.active, t.Resource.declared_fingerprint, t.Resource.proof_fingerprint)
    query = select(t.Resource.name, *columns).where(t.Resource.workspace_id == workspace_id)
    return {row[0]: _Known(*row[1:]) for row in session.execute(query)}


# What there is to say


def _described(contract: Contract, proof: ResourceProof | None) -> _Description:
    levels = proof.levels if proof else {}
    fields = _field_values(contract)
    resource = _resource_values(contract)
    justifications = _justification_values(contract)
    declared = _hash([resource, fields, justifications, contract.row_level])
    for item in fields:
        item["level"] = levels.get(item["name"], item["declared_level"])
    sources = _sources(contract, proof)
    proven = _hash([[item["level"] for item in fields], sources]) if proof else None
    resource |= {"level": _highest(contract, fields), "active": True}
    resource |= {"declared_fingerprint": declared, "proof_fingerprint": proven}
    known = _Known(active=True, declared=declared, proof=proven)
    return _Description(resource, fields, justifications, sources, known)


def _hash(value: list[Any]) -> str:
    plain = json.dumps(value, default=str, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _resource_values(contract: Contract) -> Values:
    value, unit = contract.frequency or (None, None)
    release = contract.release
    return {
        "database": contract.database,
        "title": contract.title,
        "department": contract.department,
        "version": contract.version,
        "contract_fingerprint": contract.fingerprint,
        "purpose": contract.purpose,
        "frequency_value": value,
        "frequency_unit": unit,
        "release_channel": release and release.channel,
        "release_kind": release and release.kind,
    }


def _highest(contract: Contract, fields: Sequence[Values]) -> str | None:
    """A resource is as sensitive as its most sensitive field, or as a row's being there at all."""
    levels = [item["level"] for item in fields if item["level"]]
    # L1 is also what a contract that does not speak of rows has: alone it says nothing.
    rows = [contract.row_level] if levels or contract.row_level != "L1" else []
    return max(levels + rows, default=None)


def _field_values(contract: Contract) -> list[Values]:
    return [
        {
            "position": position,
            "name": item.name,
            "type": item.physical_type,
            "title": item.title,
            "declared_level": item.level,
            "required": item.required,
            "key_position": item.key_position,
        }
        for position, item in enumerate(contract.fields)
    ]


def _justification_values(contract: Contract) -> list[Values]:
    """One row a source, in the contract's order."""
    named = [(source, item) for item in contract.justifications for source in item.source]
    return [
        {
            "number": number,
            "source": source,
            "level": item.level,
            "who": item.who,
            "why": item.why,
            "until": item.until,
        }
        for number, (source, item) in enumerate(named)
    ]


def _sources(contract: Contract, proof: ResourceProof | None) -> list[tuple[Any, ...]]:
    """An edge as (position, table, column, direct, how, masks), each once."""
    if proof is None or proof.lineage is None:
        return []
    found: dict[tuple[Any, ...], None] = {}
    for position, item in enumerate(contract.fields):
        found.update(dict.fromkeys(_edges(position, proof.lineage.columns.get(item.name, ()))))
    found.update(dict.fromkeys(_edges(None, proof.lineage.rows)))
    return list(found)


def _edges(position: int | None, edges: Iterable[Edge]) -> Iterator[tuple[Any, ...]]:
    for edge in edges:
        # A step without a function is no mask: it only tells two masked values apart.
        masks = tuple(str(step) for step in edge.masks if step.function)
        yield (position, edge.table, edge.column, edge.direct, edge.how, masks)


# Writing it


def _replace(
    session: Session, workspace_id: int, changed: Mapping[str, _Description], now: datetime
) -> None:
    if not changed:
        return
    shared = {"workspace_id": workspace_id, "first_seen": now, "updated": now}
    rows = [{**shared, "name": name, **item.resource} for name, item in changed.items()]
    put(session, t.table_of(t.Resource), rows, ["workspace_id", "name"], keep=["first_seen"])
    query = select(t.Resource.name, t.Resource.id).where(t.Resource.workspace_id == workspace_id)
    ids = {name: key for name, key in session.execute(query).tuples() if name in changed}
    _delete_parts(session, list(ids.values()))
    described = [(ids[name], item) for name, item in changed.items()]
    _add(session, t.ResourceField, ((key, row) for key, d in described for row in d.fields))
    _add(session, t.Justification, ((key, row) for key, d in described for row in d.justifications))
    _add(session, t.FieldSource, ((key, row) for key, d in described for row in _source_rows(d)))


def _delete_parts(session: Session, resources: Sequence[int]) -> None:
    for start in range(0, len(resources), _CHUNK):
        chunk = resources[start : start + _CHUNK]
        for part in _PARTS:
            table = t.table_of(part)
            session.connection().execute(delete(table).where(table.c.resource_id.in_(chunk)))


def _source_rows(description: _Description) -> Iterator[Values]:
    names = ("position", "source_table", "source_column", "direct", "how", "masks")
    for number, source in enumerate(description.sources):
        yield {"number": number, **dict(zip(names, source, strict=True))}


def _add(session: Session, part: type[t.Base], rows: Iterable[tuple[int, Values]]) -> None:
    values = [{"resource_id": resource, **row} for resource, row in rows]
    if values:
        session.connection().execute(insert(t.table_of(part)), values)


def _retire(session: Session, workspace_id: int, names: Sequence[str], now: datetime) -> None:
    for start in range(0, len(names), _CHUNK):
        chunk = t.Resource.name.in_(names[start : start + _CHUNK])
        session.execute(
            update(t.Resource)
            .where(t.Resource.workspace_id == workspace_id, chunk)
            .values(active=False, updated=now)
            .execution_options(synchronize_session=False)
        )
