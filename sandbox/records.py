"""Records of enterprises that have consented: one row of a view, the agreed fields, masked as granted.

Gates, in this order: the agreement holds and names the user, the purpose and the fields; letters cover
what they are made of; the enterprise consents. Whether there is a row is only told after them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from catalog.agreements import Agreement, Consent, View
from catalog.contract import Contract
from catalog.database import CatalogStore
from catalog.database.instrument_records import Fields, Instrument
from catalog.database.openings import GivenData
from catalog.database.standing import Moment
from catalog.errors import CatalogError
from pipelines.duck import Budget, connection, snapshot_sql
from pipelines.lake import Snapshot
from pipelines.plan import Plan as Workspace
from quality.predicates import quoted
from sandbox.asking import sources_of
from sandbox.calls import Call, CallLog
from sandbox.errors import SandboxError
from sandbox.keyfiles import require_countersigned
from sandbox.masks import Masked, masked_field
from sandbox.recordfile import RecordFile, write_records
from sandbox.snapshots import Snapshots

if TYPE_CHECKING:
    from pipelines.masking import KeyRing

FRESH = 5.0  # seconds for which the newest snapshot of a view is taken for the newest


@dataclass(frozen=True, slots=True)
class RecordAsked:
    """Whose record is asked for, and by whom.

    Attributes:
        code: of the enterprise, as the view's unit column has it.
        request_id: the partner's own name for the request: a consent for one use may be used by the
            same request again.
    """

    partner: str
    user: str
    purpose: str
    agreement: str
    view: str
    code: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row.

    Attributes:
        values: by field; numbers, texts, truth values, days and times in ISO 8601.
        masked: the fields whose values are masked.
        instruments: the documents that allowed it, the consent last.
    """

    view: str
    code: str
    values: Mapping[str, Any]
    masked: tuple[str, ...]
    snapshot: int
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Granted:
    """What an agreement lets be seen of a view.

    Attributes:
        file: names the files that hold it.
    """

    view: str
    code: str
    fields: tuple[Masked, ...]
    sources: Mapping[str, Fields]
    names: tuple[str, ...] = field(init=False)
    file: str = field(init=False)

    def __post_init__(self) -> None:
        said = repr((self.view, self.code, [(f.name, f.sql, f.key) for f in self.fields]))
        object.__setattr__(self, "names", tuple(one.name for one in self.fields))
        object.__setattr__(self, "file", hashlib.sha256(said.encode()).hexdigest()[:32])


_Allowed = tuple[_Granted, Instrument]  # what may be seen, and the consent to it


class Records:
    """Looks up records in one workspace; may be used from any thread.

    Args:
        folder: where the files for lookups are; they can be made again at any time.
        ring: the keys of masks that have one.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: CatalogStore,
        lake: Snapshots,
        folder: Path,
        budget: Budget,
        ring: Callable[[], KeyRing],
        clock: Callable[[], datetime],
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._lake = lake
        self._clock = clock
        require_countersigned(store, workspace.workspace)
        self._calls = CallLog(store.openings, workspace.workspace.name, clock)
        self._files = _Files(folder, budget, ring)
        self._grants: dict[tuple[str, int, str], _Granted] = {}
        self._seen: dict[str, tuple[float, Snapshot | None]] = {}
        self._looking = threading.Lock()

    def get_all(self, asked: Sequence[RecordAsked]) -> list[Record | Exception]:
        """The records of several enterprises at one moment, or why one is not given.

        All are logged in one transaction, so that many take little longer than one. The reasons are a
        `CatalogError` where the agreement, a letter or the consent does not allow it, and the
        `SandboxError`s `record_view`, `record_unknown`, `view_empty`, `mask_wrong`, `engine_failed`.
        """
        calls = [_call(one) for one in asked]
        try:
            found = self._all(asked, calls)
        except Exception as error:
            if len(asked) > 1:
                # What no document can be asked about fails for whoever asked it, and nobody else.
                return [found for one in asked for found in self.get_all([one])]
            found = [error]
        failed = [one if isinstance(one, Exception) else None for one in found]
        self._calls.write(zip(calls, failed, strict=True))
        return found

    def _all(self, asked: Sequence[RecordAsked], calls: Sequence[Call]) -> list[Record | Exception]:
        self._calls.check()
        allowed: list[_Allowed | Exception] = []
        name = self._workspace.workspace.name
        with self._store.instruments.standing.reading(name, self._clock()) as moment:
            for partner in {one.partner for one in asked}:
                moment.read_consents(partner, {o.code for o in asked if o.partner == partner})
            for one, call in zip(asked, calls, strict=True):
                try:
                    allowed.append(self._allowed(moment, one, call))
                except Exception as error:
                    allowed.append(error)
        found: list[Record | Exception] = []
        for one, call, with_ in zip(asked, calls, allowed, strict=True):
            try:
                if isinstance(with_, Exception):
                    raise with_
                found.append(self._found(one, call, *with_))
            except Exception as error:
                found.append(error)
        return found

    def _allowed(self, moment: Moment, asked: RecordAsked, call: Call) -> _Allowed:
        granted = self._granted(asked, moment.in_force("agreement", asked.agreement))
        permission = moment.permission(
            asked.partner,
            asked.user,
            asked.purpose,
            {asked.view: granted.names if granted else ("*",)},
            {asked.view: granted.sources} if granted else {},
            asked.agreement,
        )
        call.instruments = permission.instruments
        assert granted is not None  # no agreement names the field "*"
        consent = moment.consent(
            asked.partner, asked.code, asked.purpose, granted.names, asked.request_id
        )
        call.instruments = (*permission.instruments, consent.name)
        return granted, consent

    def _found(
        self, asked: RecordAsked, call: Call, granted: _Granted, consent: Instrument
    ) -> Record:
        snapshot, file = self._files.open(granted, self._current(asked.view))
        row = file.find(asked.code)
        if row is None:
            raise SandboxError("record_unknown", view=asked.view)
        said = consent.document
        assert isinstance(said, Consent)
        if said.use == "once":
            name = self._workspace.workspace.name
            self._store.instruments.use_consent(name, consent.id, asked.request_id)
        shown = [one for one in granted.fields if one.name in said.fields]
        call.given = GivenData(tuple(one.name for one in shown), 1, snapshot)
        return Record(
            asked.view,
            asked.code,
            {one.name: plain(row[one.name]) for one in shown},
            tuple(one.name for one in shown if one.masked),
            snapshot,
            call.instruments,
        )

    def _granted(self, asked: RecordAsked, known: Instrument | None) -> _Granted | None:
        """What an agreement says of the view; None when it says nothing."""
        if known is None or not isinstance(known.document, Agreement):
            return None
        view = next((one for one in known.document.views if one.name == asked.view), None)
        if view is None:
            return None
        key = (known.id, known.version, view.name)
        if key not in self._grants:
            self._grants[key] = self._granted_by(known, view)
        return self._grants[key]

    def _granted_by(self, agreement: Instrument, view: View) -> _Granted:
        contract = self._workspace.workspace.contracts.get(view.name)
        if contract is None or not _by_code(contract):
            raise SandboxError("record_view", view=view.name)
        known = {field.name: field for field in contract.fields}
        for name in view.fields:
            if name not in known:
                raise CatalogError(
                    "field_not_agreed", agreement=agreement.id, view=view.name, field=name
                )
        assert contract.privacy is not None
        masks = view.masks or {}
        fields = tuple(masked_field(name, masks.get(name)) for name in view.fields)
        sources = sources_of(self._workspace, {view.name: tuple(view.fields)})[view.name]
        return _Granted(view.name, contract.privacy.column, fields, sources)

    def _current(self, view: str) -> Snapshot:
        """The newest snapshot; what was read a moment ago is not read again."""
        since, found = self._seen.get(view, (0.0, None))
        if found is not None and time.monotonic() - since < FRESH:
            return found
        # One looks; the others take what was there, if anything was.
        if not self._looking.acquire(blocking=found is None) and found is not None:
            return found
        try:
            found = self._lake.current(view)
            self._seen[view] = (time.monotonic(), found)
        finally:
            self._looking.release()
        if found is None:
            raise SandboxError("view_empty", view=view)
        return found


def _call(asked: RecordAsked) -> Call:
    subject = f"{asked.view} {asked.code}"
    return Call(asked.partner, asked.user, asked.agreement, asked.purpose, "record", subject)


def _by_code(contract: Contract) -> bool:
    """Whether a view has one row for each enterprise, by a code that it can consent with."""
    privacy = contract.privacy
    return (
        privacy is not None
        and privacy.unit == "enterprise"
        and contract.primary_key == (privacy.column,)
    )


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


class _Files:
    """The files for lookups: one for each grant and snapshot, made when it is first needed.

    While the file of a new snapshot is made, records are still those of the one before.
    """

    def __init__(self, folder: Path, budget: Budget, ring: Callable[[], KeyRing]) -> None:
        self._folder = folder
        self._budget = budget
        self._ring = ring
        self._open: dict[str, tuple[int, RecordFile]] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._maker = ThreadPoolExecutor(1, "records")
        self._making: set[str] = set()

    def open(self, granted: _Granted, snapshot: Snapshot) -> tuple[int, RecordFile]:
        """The file of a grant and the snapshot that it is of.

        Raises:
            SandboxError: `engine_failed`.
        """
        known = self._open.get(granted.file)
        if known is None:
            return self._made(granted, snapshot)
        if known[0] != snapshot.snapshot_id:
            self._make_later(granted, snapshot)
        return known

    def _make_later(self, granted: _Granted, snapshot: Snapshot) -> None:
        with self._lock:
            if granted.file in self._making:
                return
            self._making.add(granted.file)
        self._maker.submit(self._replace, granted, snapshot)

    def _replace(self, granted: _Granted, snapshot: Snapshot) -> None:
        try:
            self._made(granted, snapshot)
        except Exception:
            # Whoever asks next makes it himself, and is told why it cannot be made.
            self._open.pop(granted.file, None)
            raise
        finally:
            with self._lock:
                self._making.discard(granted.file)

    def _made(self, granted: _Granted, snapshot: Snapshot) -> tuple[int, RecordFile]:
        with self._writing:
            known = self._open.get(granted.file)
            if known is None or known[0] != snapshot.snapshot_id:
                path = self._folder / f"{granted.file}-{snapshot.snapshot_id}.arrow"
                if not path.is_file():
                    self._make(granted, snapshot, path)
                known = (snapshot.snapshot_id, RecordFile(path))
                self._open[granted.file] = known
                self._sweep(granted.file, path)
            return known

    def _make(self, granted: _Granted, snapshot: Snapshot, path: Path) -> None:
        from pipelines.masking import install_duckdb

        uses = [field.key for field in granted.fields if field.key is not None]
        code = f"CAST({quoted(granted.code)} AS VARCHAR)"
        columns = {field.name: field.sql for field in granted.fields}
        try:
            with connection(self._budget) as con:
                if any(field.masked for field in granted.fields):
                    install_duckdb(con, self._ring() if uses else None, uses)
                write_records(con, snapshot_sql(snapshot), code, columns, path)
        except duckdb.Error:
            raise SandboxError("engine_failed") from None

    def _sweep(self, name: str, kept: Path) -> None:
        """Files of earlier snapshots; who still reads one keeps it until he is done."""
        for path in self._folder.glob(f"{name}-*.arrow"):
            if path != kept:
                path.unlink(missing_ok=True)
