"""What documents say at a moment, read quickly: partners look up hundreds of records a second.

Versions and revocations are only ever added, by whoever holds the workspace's lock. So agreements and
letters, of which there are few, are kept in memory as long as nothing was added to them; every reading
asks the database whether something was. Consents, of which there may be millions, are read each time.

Where a workspace requires it (`require_countersigned`), a version of an agreement holds from when its
partner's signature under it was there; until then the version before it does, to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from catalog.agreements import Agreement, PublicKeys, Signature, bears
from catalog.database import instrument_rows as rows
from catalog.database import instrument_tables as it
from catalog.database import permitting
from catalog.database import tables as t
from catalog.database.countersignature_tables import CountersignatureRow
from catalog.database.instrument_records import Fields, Instrument, Permission, Sources, State

Reading = Callable[[], AbstractContextManager[Connection]]
FEW = ("agreement", "letter")
Stamp = tuple[Any, ...]
Versions = Mapping[tuple[str, str], list[Instrument]]
Since = Mapping[str, datetime]  # by a version's name, when its partner's signature came
Keys = Callable[[], PublicKeys]  # the same object as long as they are the same


@dataclass
class _Kept:
    """All agreements and letters of a workspace, by kind and id, the earliest version first.

    Attributes:
        keys: with which signatures were checked; None: agreements hold without their partners'.
    """

    stamp: Stamp
    keys: PublicKeys | None
    versions: Versions = field(default_factory=dict)
    since: Since | None = None


class Standing:
    """The documents of every workspace as they are at a moment; safe for use from many threads."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._ids: dict[str, int] = {}
        self._kept: dict[str, _Kept] = {}
        self._required: dict[str, Keys] = {}

    def require_countersigned(self, workspace: str, keys: Keys) -> None:
        """From now on agreements hold only with their partners' signatures.

        Args:
            keys: the public keys that count at the moment; it is called with every reading.
        """
        self._required[workspace] = keys

    @contextmanager
    def reading(self, workspace: str, at: datetime) -> Iterator[Moment]:
        """One consistent state of a workspace's documents, as they hold at a moment."""
        with self._read() as con:
            owner = self._id(con, workspace)
            stamp: Stamp = tuple(con.execute(_QUERIES.stamp, {"owner": owner}).one())
            keys = self._required[workspace]() if workspace in self._required else None
            kept = self._kept.get(workspace)
            if kept is None or kept.stamp != stamp or kept.keys is not keys:
                with Session(con) as session:
                    versions = _versions(session, workspace)
                    since = None if keys is None else _since(session, owner, versions, keys)
                    kept = _Kept(stamp, keys, versions, since)
                self._kept[workspace] = kept
            yield Moment(con, owner, kept.versions, at, kept.since)

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


def _since(session: Session, owner: int, versions: Versions, keys: PublicKeys) -> Since:
    """When partners' signatures came that are right: with the document, or later."""
    item, later = it.InstrumentVersion, CountersignatureRow
    query = select(item.name, item.version, later).join(later, later.instrument_id == item.id)
    query = query.where(item.workspace_id == owner, item.kind == "agreement").order_by(later.id)
    came: dict[tuple[str, int], list[tuple[Signature, datetime]]] = {}
    for name, version, row in session.execute(query):
        signature = Signature(row.signer, row.key, row.value)
        came.setdefault((name, version), []).append((signature, row.added_at))
    found: dict[str, datetime] = {}
    agreements = [one for known in versions.values() for one in known if one.kind == "agreement"]
    for one in agreements:
        assert isinstance(one.document, Agreement)
        signatures = [(each, one.imported_at) for each in one.signatures]
        for signature, when in (*signatures, *came.get((one.id, one.version), ())):
            if signature.signer == one.document.partner.id and bears(one.document, signature, keys):
                found.setdefault(one.name, when)
    return found


def _effective(known: list[Instrument], since: Since, at: datetime) -> dict[int, Instrument]:
    """Versions of one agreement where partners have to sign, by number, the newest first."""
    versions: dict[int, Instrument] = {}
    ends = None
    for one in reversed(known):
        # A document is ended in its newest version and with it in all the earlier ones.
        mine = [each for each in (ends, one.revocation) if each is not None]
        ends = min(mine, key=lambda each: each.at) if mine else None
        signed = one.name in since and since[one.name] <= at
        versions[one.version] = replace(one, revocation=ends, countersigned=signed)
    return versions


def _holding(known: list[Instrument], since: Since, at: datetime) -> Instrument:
    """Of some versions the one that holds, where partners have to sign; else the newest.

    Args:
        known: of one agreement, at least one, the earliest version first.
    """
    versions = list(_effective(known, since, at).values())
    begun = [one for one in versions if one.countersigned and one.valid_from <= at]
    holds = bool(begun) and begun[0].state(at) == "in_force"
    return begun[0] if holds else versions[0]


class Moment:
    """The documents of a workspace at a moment, while it is being read."""

    def __init__(
        self, con: Connection, owner: int, versions: Versions, at: datetime, since: Since | None
    ) -> None:
        self._con = con
        self._since = since
        self._owner = owner
        self._versions = versions
        self._at = at
        self._consents: dict[tuple[str, str], list[Any]] = {}

    def newest(self, kind: str, id: str) -> Instrument | None:
        """The newest version of an agreement or a letter that was imported by the moment.

        Where agreements hold by their partners' signatures, the version that holds, if one does.
        """
        known = [one for one in self._versions.get((kind, id), ()) if one.imported_at <= self._at]
        if not known or kind != "agreement" or self._since is None:
            return known[-1] if known else None
        return _holding(known, self._since, self._at)

    def agreements(self) -> list[Instrument]:
        """`newest` of every agreement, by id."""
        ids = sorted(id for kind, id in self._versions if kind == "agreement")
        return [found for id in ids if (found := self.newest("agreement", id)) is not None]

    def told(
        self, one: Instrument, known: list[Instrument]
    ) -> tuple[Instrument, State | Literal["replaced"]]:
        """A version, and whether it holds.

        Args:
            known: all versions of the document, the earliest first.
        """
        holds = self.newest(one.kind, one.id) or known[-1]
        if one.version < holds.version:
            return one, "replaced"
        if one.kind == "agreement" and self._since is not None:
            one = _effective(known, self._since, self._at)[one.version]
        return one, one.state(self._at)

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
        """What changes whenever a version, a revocation or a signature of an agreement or a letter
        is added."""
        item = t.table_of(it.InstrumentVersion)
        of_owner = (item.c.workspace_id == bindparam("owner"), item.c.kind.in_(FEW))
        counts = []
        for added in (t.table_of(it.InstrumentRevocation), t.table_of(CountersignatureRow)):
            joined = added.join(item, item.c.id == added.c.instrument_id)
            counts.append(select(func.count(added.c.id)).select_from(joined).where(*of_owner))
        last = select(func.max(item.c.id)).where(*of_owner)
        return select(last.scalar_subquery(), *(one.scalar_subquery() for one in counts))

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
