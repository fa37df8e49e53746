"""Importing other catalogues' lists of resources into a workspace's catalogue."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from catalog.errors import CatalogError
from catalog.resources.entry import Entry
from catalog.resources.listing import Finding, Listing, read_listing
from catalog.resources.mapping import read_mapping
from pipelines.exchange.formats import guarded
from pipelines.home import Home
from pipelines.workspace import Workspace

_READER = 1  # raised when the same file would be read otherwise


@dataclass(frozen=True, slots=True)
class Import:
    """What came of a list.

    Attributes:
        changed: whether anything was written; False if the list was known as it is.
        report: the file with every finding.
    """

    name: str
    listing: Listing
    changed: bool
    report: Path


def import_list(
    workspace: Workspace,
    path: Path,
    mapping: str,
    name: str | None,
    report: Path | None,
    who: str = "system",
) -> Import:
    """Read a list, keep its entries under a name, and write down every finding.

    Args:
        name: of the list; the mapping's if None. What was imported under it before is replaced.
        report: a CSV file; by default in the workspace's home.
        who: who imports it, for the audit log.

    Raises:
        CatalogError: `mapping_unknown`, `mapping_invalid`, `listing_columns`, `listing_unreadable`.
    """
    read = read_mapping(mapping)
    listing = read_listing(path, read)
    chosen, home = name or Path(mapping).stem, Home.of(workspace.name)
    content = f"{_READER}\0{read.model_dump_json()}\0".encode()
    fingerprint = hashlib.sha256(content + path.read_bytes()).hexdigest()
    with CatalogStore.open(home.database_url) as store:
        changed = store.listed.put(
            workspace.name, chosen, fingerprint, listing.rows, listing.entries
        )
        if changed:
            said = {"what": "imported", "entries": str(len(listing.entries))}
            at = datetime.now(UTC)
            told = AuditRecord(at, actor_of(who), "document", f"list:{chosen}", detail=said)
            store.audit.append(workspace.name, told)
    target = report or home.root / "catalogue" / f"{chosen}.findings.csv"
    _write(target, listing.findings)
    return Import(chosen, listing, changed, target)


def _write(path: Path, findings: Sequence[Finding]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["line", "kept", "reason", "item", "value"])
            # The values are another city's, and whoever corrects them opens this in a spreadsheet.
            rows.writerows([f.line, f.kept, f.reason, f.item, guarded(f.value)] for f in findings)
    except OSError as error:
        raise CatalogError("listing_unreadable", file=path, problem=str(error)) from error


def listed_entries(workspace: Workspace, name: str) -> tuple[Entry, ...]:
    """The entries of an imported list; raises `CatalogError` `listing_unknown`."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        return tuple(store.listed.entries(workspace.name, name))


def listed_entry(workspace: Workspace, name: str, key: str) -> Entry:
    """One of them; raises `CatalogError` `listing_unknown`, `entry_unknown`."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        return store.listed.entry(workspace.name, name, key)
