"""The one door to the catalogue database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from os import PathLike, fspath
from typing import Self

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.orm import Session

from catalog.contract import Contract
from catalog.database import audited, connect, reading, resource_facts, status, syncing, writing
from catalog.database.accounts import Accounts
from catalog.database.answers import Answers
from catalog.database.asked import AskedLog
from catalog.database.audit import Audit
from catalog.database.baskets import Baskets
from catalog.database.beats import Beats
from catalog.database.budgets import Budgets
from catalog.database.checkpoints import Checkpoints
from catalog.database.clients import Clients
from catalog.database.countersignatures import Countersignatures
from catalog.database.grants import Grants
from catalog.database.histories import Histories
from catalog.database.holds import Holds
from catalog.database.incidents import Incidents
from catalog.database.instruments import Instruments
from catalog.database.ledger import Ledger
from catalog.database.listed import Listed
from catalog.database.lockouts import Lockouts
from catalog.database.migrate import ensure_current
from catalog.database.notices import Notices
from catalog.database.objections import Objections
from catalog.database.openings import Openings
from catalog.database.proofs import FieldSourceRow, JustificationRow, ResourceProof
from catalog.database.quotas import Quotas
from catalog.database.records import (
    ReceivedFileRow,
    RuleResultRow,
    RunRow,
    RunStatus,
    SnapshotRecord,
    SnapshotRow,
    StepRecord,
    StepRow,
    WatermarkRow,
    WorkspaceStatus,
)
from catalog.database.requests import Requests
from catalog.database.resource_facts import ResourceFacts
from catalog.database.sessions import Sessions
from catalog.database.subscriptions import Subscriptions
from catalog.database.suspensions import Suspensions
from catalog.database.timestamps import Timestamps
from catalog.database.usage import Usage

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class CatalogStore:
    """What ran, what was published and why not, for any number of workspaces.

    Every method is one transaction and may be called from any thread. What it returns are
    immutable records. Every method raises `CatalogError` `database_failed` when the database
    cannot do its work. Reading about an unknown workspace or resource finds nothing.

    Attributes:
        ledger: what ran for which moment.
        holds: publishes that wait for a person.
        budgets: what partners may learn in the sandbox, and what they have spent.
        instruments: the letters, agreements and consents that allow it.
        countersignatures: of those, who signed after they were imported.
        openings: all that partners asked for, and what came of it.
        asked: the same page by page, with what it cost and where the answers are.
        listed: lists of resources from other catalogues.
        clients: the programs of partners and departments that may sign in.
        accounts: the people who may sign in to the portal.
        sessions: their browsers that have.
        lockouts: attempts that have failed.
        histories: runs with their steps, and how data went over time.
        audit: the log of all that was given, refused, decided and published.
        checkpoints: what was signed of that log, and proofs.
        timestamps: what others have said of when that was.
        grants: what departments may read of each other's resources; suspensions: which of them the
            contracts do not allow any more.
        requests: what they ask of each other; baskets: what they are about to ask for.
        objections: values that somebody says are wrong.
        notices: what departments are told of all that, and how far people have read it.
        quotas: what departments have read of what they may read in a window of time.
        subscriptions: who is told of new snapshots, and the notices that are on their way.
        usage: who had how much of which resource, by day.
        answers: how fast departments answered.
        beats: when the service was there.
        incidents: data that came to where it should not.
    """

    def __init__(self, url: URL, engine: Engine, clock: Clock) -> None:
        self._url = url
        self._engine = engine
        self._readers = connect.reading(engine)
        self._writers = connect.writing(engine)
        self._clock = clock
        self._own = threading.local()
        self.audit = Audit(self._reading, self._writing, clock)
        self.checkpoints = Checkpoints(self.audit, self._reading, self._writing, clock)
        self.timestamps = Timestamps(self._reading, self._writing, clock)
        self.ledger = Ledger(self._read, self._write, clock)
        self.holds = Holds(self._read, self._write, clock, self.audit)
        self.budgets = Budgets(self._read, self._write, clock)
        self.instruments = Instruments(self._read, self._write, self._reading, clock, self.audit)
        self.countersignatures = Countersignatures(self._read, self._write, clock, self.audit)
        self.openings = Openings(self._read, self._writing, self.audit)
        self.asked = AskedLog(self._read)
        self.listed = Listed(self._read, self._write, clock)
        self.clients = Clients(self._read, self._write, self._reading, clock, self.audit)
        self.accounts = Accounts(self._read, self._write, clock)
        self.sessions = Sessions(self._read, self._write, clock)
        self.lockouts = Lockouts(self._write, clock)
        self.histories = Histories(self._read)
        self.grants = Grants(self._read, self._write, self._reading, clock, self.audit)
        self.suspensions = Suspensions(self._read, self._write, self._reading, clock, self.audit)
        self.requests = Requests(self._read, self._write, clock, self.audit)
        self.baskets = Baskets(self._read, self._write, clock)
        self.objections = Objections(self._read, self._write, clock, self.audit)
        self.notices = Notices(self._read, self._write, self._reading, clock)
        self.quotas = Quotas(self._writing, clock)
        self.subscriptions = Subscriptions(self._read, self._write, clock)
        self.usage = Usage(self._reading, self._writing)
        self.answers = Answers(self._reading)
        self.beats = Beats(self._reading, self._writing)
        self.incidents = Incidents(self._read, self._write, clock, self.audit)

    @classmethod
    def open(cls, url: str, *, clock: Clock = utc_now) -> CatalogStore:
        """Open `sqlite:///<path>` or `postgresql://...`; create or migrate its tables if needed.

        Safe when several processes open a new database at once.

        Raises:
            CatalogError: `database_url`, `database_driver`, `database_unreachable`,
                `database_newer`, `database_migration`.
        """
        parsed = connect.parse_url(url)
        with connect.database_errors(parsed, "database_unreachable"):
            engine = connect.make_engine(parsed)
        try:
            ensure_current(parsed, engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(parsed, engine, clock)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with connect.database_errors(self._url), Session(self._readers) as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with (
            connect.database_errors(self._url),
            Session(self._writers) as session,
            session.begin(),
        ):
            yield session

    # The same two without an ORM's session, which takes longer than a short statement.

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Within, whatever this thread reads without a session it reads in one transaction.

        These are what the service asks hundreds of times a second: `clients.valid` and
        `instruments.standing`.
        """
        with self._reading() as con:
            self._own.con = con
            try:
                yield
            finally:
                self._own.con = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        own: Connection | None = getattr(self._own, "con", None)
        if own is not None:
            yield own
            return
        with connect.database_errors(self._url), self._readers.begin() as con:
            yield con

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with connect.database_errors(self._url), self._writers.begin() as con:
            yield con

    # Writing

    def sync_resources(
        self,
        workspace: str,
        contracts: Sequence[Contract],
        proofs: Mapping[str, ResourceProof] | None = None,
    ) -> None:
        """Take over what the contracts say; resources without a contract become inactive.

        Args:
            proofs: what a compile proved, by resource name. A resource without one keeps the
                levels and sources of the last compile while its contract stays as it was; else its
                fields have their declared levels and no sources.
        """
        with self._write() as session:
            syncing.sync_resources(session, workspace, contracts, proofs or {}, self._clock())

    def start_run(
        self,
        workspace: str,
        *,
        run_id: str,
        selection: str,
        source_dir: str | PathLike[str] | None,
        engine: str,
        pid: int,
        host: str,
    ) -> None:
        """Record a run as running. The caller holds the workspace's lock.

        So any run of this workspace that is still called running has lost its process, and
        becomes killed.

        Raises:
            CatalogError: `run_exists`.
        """
        values = {
            "id": run_id,
            "selection": selection,
            "source_dir": None if source_dir is None else fspath(source_dir),
            "engine": engine,
            "pid": pid,
            "host": host,
        }
        with self._write() as session:
            writing.start_run(session, workspace, values, self._clock())

    def finish_run(self, run_id: str, status: RunStatus) -> None:
        """End a run; repeating it changes nothing.

        Raises:
            CatalogError: `run_unknown`; `run_finished`, when it has ended with another status.
        """
        with self._write() as session:
            writing.finish_run(session, run_id, status, self._clock())

    def record_step(self, run_id: str, record: StepRecord) -> None:
        """Record a step with its rule results, counts, snapshot, files and watermark, or nothing.

        Recording a resource again in the same run replaces the step, its rule results and counts,
        and keeps its place in the history. Snapshots and received files are never taken back.

        Raises:
            CatalogError: `run_unknown`, `resource_unknown` (call `sync_resources` first).
        """
        with self._write() as session:
            writing.record_step(session, run_id, record)
            audited.add_step(self.audit, session, run_id, record)

    def record_snapshot_if_missing(
        self, workspace: str, resource: str, record: SnapshotRecord
    ) -> bool:
        """Take over a snapshot whose process died between the lake's commit and this database.

        Returns whether it was missing. Its counts stay unknown; whoever still knows them can
        `record_step` under the run that died instead.

        Raises:
            CatalogError: `resource_unknown`.
        """
        with self._write() as session:
            missing = writing.add_snapshot(session, workspace, resource, record)
            if missing:
                told = audited.of_snapshot(resource, record, self._clock())
                self.audit.append_in(session, workspace, [told])
            return missing

    def expire_snapshots(self, workspace: str, resource: str, snapshot_ids: Sequence[int]) -> int:
        """Mark snapshots whose files the lake has dropped; returns how many were not yet marked.

        Raises:
            CatalogError: `resource_unknown`.
        """
        with self._write() as session:
            return writing.expire_snapshots(session, workspace, resource, snapshot_ids)

    def point_to_snapshot(
        self, workspace: str, resource: str, snapshot_id: int, who: str = "system"
    ) -> bool:
        """Say that readers now see this snapshot, after a rollback of the table.

        Returns False, and changes nothing, when the snapshot is not recorded.

        Raises:
            CatalogError: `resource_unknown`.
        """
        with self._write() as session:
            known = writing.point_to_snapshot(session, workspace, resource, snapshot_id)
            if known:
                told = audited.of_rollback(resource, snapshot_id, who, self._clock())
                self.audit.append_in(session, workspace, [told])
            return known

    # Reading

    def status(self, workspace: str, on: date | None = None) -> WorkspaceStatus:
        """Every active resource today, and totals per city database.

        Args:
            on: the day from which a justification's days are counted; the machine's by default.
        """
        with self._read() as session:
            return status.workspace_status(session, workspace, on or self._today())

    def resource_facts(self, workspace: str) -> dict[str, ResourceFacts]:
        """What catalogue entries tell of every resource that was ever recorded."""
        with self._read() as session:
            return resource_facts.resource_facts(session, workspace)

    def field_sources(self, workspace: str, resource: str) -> list[FieldSourceRow]:
        """The lineage of a resource as last compiled: by field, what decides its rows last."""
        with self._read() as session:
            return reading.field_sources(session, workspace, resource)

    def justifications(
        self, workspace: str, resource: str | None = None, on: date | None = None
    ) -> list[JustificationRow]:
        """Why releases may depend on what is above their ceilings, what ends first at the top.

        Args:
            resource: only of this one; of every active resource by default.
            on: the day from which the days left are counted; the machine's by default.
        """
        with self._read() as session:
            return reading.justifications(session, workspace, resource, on or self._today())

    def _today(self) -> date:
        """The day at the machine's place, by which the compiler judges justifications too."""
        return self._clock().astimezone().date()

    def last_steps(self, workspace: str) -> dict[str, StepRow]:
        """The last step per resource name, each with the step that published what readers see."""
        with self._read() as session:
            return reading.last_steps(session, workspace)

    def current_snapshots(self, workspace: str) -> dict[str, SnapshotRow]:
        """The snapshot per resource name that readers see."""
        with self._read() as session:
            return reading.current_snapshots(session, workspace)

    def snapshots(self, workspace: str, resource: str, limit: int = 100) -> list[SnapshotRow]:
        """A resource's snapshots, newest first, expired ones too."""
        with self._read() as session:
            return reading.snapshots(session, workspace, resource, limit)

    def runs(self, workspace: str, limit: int = 20) -> list[RunRow]:
        """The newest runs, newest first."""
        with self._read() as session:
            return reading.runs(session, workspace, limit)

    def rule_results(self, workspace: str, resource: str) -> list[RuleResultRow]:
        """The rule results of the last step that assessed the resource, in recorded order."""
        with self._read() as session:
            return reading.rule_results(session, workspace, resource)

    def watermark(self, workspace: str, resource: str) -> WatermarkRow | None:
        """Up to where the resource's source has been published; None before the first time."""
        with self._read() as session:
            return reading.watermark(session, workspace, resource)

    def received_files(self, workspace: str, resource: str, load_id: str) -> list[ReceivedFileRow]:
        """The files of a load: where a row's `_load_id` and `_source_file` lead."""
        with self._read() as session:
            return reading.received_files(session, workspace, resource, load_id)
