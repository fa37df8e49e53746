"""What documents say at a moment, read quickly: partners look up hundreds of records a second.

Versions and revocations are only ever added, by whoever holds the workspace's lock. So agreements and
letters, of which there are few, are kept in memory as long as nothing was added to them; every reading
asks the database whether something was. Consents, of which there may be millions, are read each time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from catalog.agreements import Agreement
from catalog.database import instrument_rows as rows
from catalog.database import instrument_tables as it
from catalog.database import permitting
from catalog.database import tables as t
from catalog.database.instrument_records import Fields, Instrument, Permission, Sources

Reading = Callable[[], AbstractContextManager[Connection]]
FEW = ("agreement", "letter")
Stamp = tuple[Any, ...]
Versions = Mapping[tuple[str, str], list[Instrument]]


@dataclass
class _Kept:
    """All agreements and letters of a workspace, by kind and id, the earliest version first."""

    stamp: Stamp
    versions: Versions = field(default_factory=dict)


class Standing:
    """The documents of every workspace as they are at a moment; safe for use from many threads."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._ids: dict[str, int] = {}
        self._kept: dict[str, _Kept] = {}

    @contextmanager
    def reading(self, workspace: str, at: datetime) -> Iterator[Moment]:
        """One consistent state of a workspace's documents, as they hold at a moment."""
        with self._read() as con:
            owner = self._id(con, workspace)
            stamp: Stamp = tuple(con.execute(_QUERIES.stamp, {"owner": owner}).one())
            kept = self._kept.get(workspace)
            if kept is None or kept.stamp != stamp:
                with Session(con) as session:
                    kept = _Kept(stamp, _versions(session, workspace))
                self._kept[workspace] = kept
            yield Moment(con, owner, kept.versions, at)

    def _id(self, con: Connection, workspace: str) -> int:
        """A workspace never changes its id; one that is not there yet has documents of nobody."""
        if workspace not in self._ids:
            found = con.execute(_QUERIES.workspace, {"workspace": workspace}).scalar()
            if found is None:
                return 0
            self._ids[workspace] = int(found)
        return self._ids[workspace]


def _versions(session: Session, workspace: str) -> Versions:
    found: dict[tuple[str, str], list[Instrument]] = {}
    query = rows.versions_query(workspace).where(it.InstrumentVersion.kind.in_(FEW))
    for one in rows.found(session, query):
        found.setdefault((one.kind, one.id), []).append(one)
    return found


class Moment:
    """The documents of a workspace at a moment, while it is being read."""

    def __init__(self, con: Connection, owner: int, versions: Versions, at: datetime) -> None:
        self._con = con
        self._owner = owner
        self._versions = versions
        self._at = at
        self._consents: dict[tuple[str, str], list[Any]] = {}

    def newest(self, kind: str, id: str) -> Instrument | None:
        """The newest version of an agreement or a letter that was imported by the moment."""
        known = self._versions.get((kind, id), ())
        return next((one for one in reversed(known) if one.imported_at <= self._at), None)

    def in_force(self, kind: str, id: str) -> Instrument | None:
        """The newest version, if it holds."""
        found = self.newest(kind, id)
        return found if found is not None and found.state(self._at) == "in_force" else None

    def permission(
        self,
        partner: str,
        user: str,
        purpose: str,
        views: Fields,
        sources: Sources,
        agreement: str | None,
    ) -> Permission:
        """See `catalog.database.instruments.Instruments.allowing`."""
        asked = permitting.Asked(partner, user, purpose, views, sources, self._at)
        ids = (
            [id for kind, id in self._versions if kind == "agreement"]
            if agreement is None
            else [agreement]
        )
        newest = [found for id in ids if (found := self.newest("agreement", id)) is not None]
        documents = [(one, one.document) for one in newest]
        mine = [
            one for one, said in documents
            if isinstance(said, Agreement) and said.partner.id == partner
        ]  # fmt: skip
        named = {
            id for one in mine if isinstance(one.document, Agreement) for id in one.document.letters
        }
        letters = [f for id in sorted(named) if (f := self.newest("letter", id)) is not None]
        return permitting.permission(asked, mine, letters)

    def read_consents(self, partner: str, enterprises: Collection[str]) -> None:
        """Read what several enterprises consent to at once; `consent` then reads no more for them."""
        found: dict[str, list[Any]] = {one: [] for one in enterprises}
        asked = {"owner": self._owner, "partner": partner, "parties": list(found)}
        for row in self._con.execute(_QUERIES.consents, asked):
            found[row.party].append(row)
        for enterprise, read in found.items():
            # Sorted here: for the order's sake SQLite would read every consent of the workspace.
            read.sort(key=_first_revocation)
            self._consents[partner, enterprise] = read

    def consent(
        self,
        partner: str,
        enterprise: str,
        purpose: str,
        fields: Collection[str],
        request_id: str | None,
    ) -> Instrument:
        """See `catalog.database.instruments.Instruments.consent_for`."""
        if (partner, enterprise) not in self._consents:
            self.read_consents(partner, [enterprise])
        newest: dict[str, Instrument] = {}
        used: set[str] = set()
        for row in self._consents[partner, enterprise]:
            if row.imported_at > self._at:
                continue
            known = newest.get(row.name)
            if known is None or known.version < row.version:
                # Its first row has its first revocation.
                revoked = None if row.revocation is None else rows.revocation(row)
                known = newest[row.name] = rows.record(row, revoked)
            if row.request_id is not None and row.request_id != request_id:
                used.add(known.name)
        return permitting.consenting(
            list(newest.values()), used, enterprise, purpose, fields, self._at
        )


def _first_revocation(row: Any) -> tuple[Any, ...]:
    """Versions in order, and of each the revocation first that takes effect first."""
    when = (row.at, row.revocation) if row.revocation is not None else ()
    return (row.name, row.version, *when)


class _Queries:
    """Statements that are built once: building one takes longer than running it."""

    @cached_property
    def workspace(self) -> Any:
        item = t.table_of(t.Workspace)
        return select(item.c.id).where(item.c.name == bindparam("workspace"))

    @cached_property
    def stamp(self) -> Any:
        """What changes whenever a version or a revocation of an agreement or a letter is added."""
        item, revoked = t.table_of(it.InstrumentVersion), t.table_of(it.InstrumentRevocation)
        of_owner = (item.c.workspace_id == bindparam("owner"), item.c.kind.in_(FEW))
        joined = revoked.join(item, item.c.id == revoked.c.instrument_id)
        added = select(func.count(revoked.c.id)).select_from(joined).where(*of_owner)
        last = select(func.max(item.c.id)).where(*of_owner)
        return select(last.scalar_subquery(), added.scalar_subquery())

    @cached_property
    def consents(self) -> Any:
        """Of enterprises to a partner, a row for each revocation and use, and at least one."""
        item, revoked, used = (
            t.table_of(table)
            for table in (it.InstrumentVersion, it.InstrumentRevocation, it.ConsentUsed)
        )
        own = [column for column in revoked.c if column.name not in ("id", "instrument_id")]
        return (
            select(item, revoked.c.id.label("revocation"), *own, used.c.request_id)
            .select_from(
                item.outerjoin(revoked, revoked.c.instrument_id == item.c.id).outerjoin(
                    used, used.c.instrument_id == item.c.id
                )
            )
            .where(item.c.workspace_id == bindparam("owner"), item.c.kind == "consent")
            .where(
                item.c.partner == bindparam("partner"),
                item.c.party.in_(bindparam("parties", expanding=True)),
            )
        )


_QUERIES = _Queries()
