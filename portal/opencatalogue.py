"""What a city opens to everybody: its datasets, their addresses, their rows."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.requests import Request

from catalog.audit.record import DONE, NOBODY, AuditRecord
from catalog.database import CatalogStore
from catalog.exports.dataset import FORMATS, Addresses, Dataset, Terms
from pipelines.duck import Budget
from pipelines.exchange.exports import BROKEN, Hooks, watched
from pipelines.exchange.formats import Format as RowFormat
from pipelines.exchange.streams import RowStream, Selection, stream_snapshot
from pipelines.lake import Lake, Snapshot
from pipelines.opendata import datasets_of, terms_of_city
from pipelines.plan import Plan
from portal.errors import PortalError, later
from portal.limits import Buckets
from portal.lookups import Lookups

KEPT_SECONDS = (
    2.0  # for so long a publish may stay unseen in lists; rows are always the current ones
)
MOST_AT_ONCE = 16  # downloads of all addresses together, and
MOST_OF_ONE = 4  # of one address: whoever reads slowly holds one
MOST_DOCUMENTS = 64
MEMORY = "256MB"  # of one download
ROWS: dict[str, RowFormat] = {"csv": "csv", "json": "jsonl", "parquet": "parquet", "arrow": "arrow"}
SUFFIXES = {form.suffix: form for form in FORMATS}
_HOST = re.compile(r"^[A-Za-z0-9.\-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?$")


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    datasets: tuple[Dataset, ...]


class OpenCatalogue:
    """The open data of one city; may be used from any thread.

    Args:
        clock: the time that the audit log has.
        now: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        store: CatalogStore,
        lake: Lake,
        plan: Plan,
        clock: Callable[[], datetime],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._lake = lake
        self._plan = plan
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        self._scratch: Path | None = None
        self._at_work: Counter[str] = Counter()
        self._closed = False
        self.name = plan.workspace.name
        self.settings = plan.workspace.settings.open
        self.downloads = Buckets(self.settings.downloads_per_minute, now)
        self.lookups = Lookups(clock, plan.workspace.settings.day_of)
        self.questions = Buckets(plan.workspace.settings.service.requests_per_minute, now)
        self._documents: dict[tuple[str, ...], tuple[tuple[Dataset, ...], bytes]] = {}
        self.terms: Terms = terms_of_city(plan)

    def datasets(self) -> tuple[Dataset, ...]:
        """Everything of which everybody may know."""
        with self._lock:
            kept = self._kept
            if kept is None or self._now() - kept.at > KEPT_SECONDS:
                kept = self._kept = _Kept(self._now(), datasets_of(self._plan, self._store))
            return kept.datasets

    def dataset_if_open(self, key: str) -> Dataset | None:
        """One of them; None for what is not public."""
        return next((one for one in self.datasets() if one.key == key), None)

    def dataset(self, key: str) -> Dataset:
        """One of them.

        Raises:
            PortalError: `dataset_unknown`, also for one that is there and not public.
        """
        found = self.dataset_if_open(key)
        if found is None:
            raise PortalError("dataset_unknown")
        return found

    def document(
        self, key: tuple[str, ...], datasets: tuple[Dataset, ...], make: Callable[[], bytes]
    ) -> tuple[bytes, str]:
        """A document about datasets, made once as long as they are the same, and its entity tag."""
        known = self._documents.get(key)
        if known is None or known[0] != datasets:
            known = datasets, make()
            if len(self._documents) >= MOST_DOCUMENTS:
                self._documents.clear()
            self._documents[key] = known
        content = repr((key, datasets, self.terms)).encode("utf-8", "surrogatepass")
        return known[1], f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    def current(self, key: str) -> Snapshot:
        """What readers see of a dataset that anyone may download.

        Raises:
            PortalError: `dataset_unknown`.
        """
        if not self.dataset(key).downloads:
            raise PortalError("dataset_unknown")
        found = self._lake.current(key)
        if found is None:
            raise PortalError("dataset_unknown")
        return found

    def stream(self, snapshot: Snapshot, suffix: str, address: str) -> Stream:
        """The rows of a snapshot, to be closed by the caller; the audit log has it before they leave.

        It ends early when the dataset is withdrawn meanwhile.

        Raises:
            PortalError: `service_busy`.
            CatalogError: `audit_overdue`.
        """
        with self._lock:
            busy = sum(self._at_work.values()) >= MOST_AT_ONCE
            if self._closed or busy or self._at_work[address] >= MOST_OF_ONE:
                raise later("service_busy", 5)
            self._at_work[address] += 1
        try:
            budget = Budget(MEMORY, 1, self._folder())
            rows = stream_snapshot(snapshot, Selection.of(snapshot), ROWS[suffix], budget)
            self._audit(snapshot, suffix, "export", None)
        except BaseException:
            self._free(address)
            raise

        def ended(outcome: str, given: int) -> None:
            self._free(address)
            self._audit(snapshot, suffix, "export_end", given, outcome)

        hooks = Hooks(lambda: self._is_open(snapshot.table), ended)
        return Stream(rows, suffix == "json", hooks)

    def close(self) -> None:
        """Give everything back."""
        with self._lock:
            self._closed = True
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)

    def _is_open(self, key: str) -> bool:
        found = self.dataset_if_open(key)
        return found is not None and found.downloads

    def _audit(
        self, snapshot: Snapshot, suffix: str, kind: str, rows: int | None, outcome: str = DONE
    ) -> None:
        """Who it was is not kept: open data are read without a name, and an address is one.

        Raises:
            CatalogError: `audit_overdue`.
        """
        record = AuditRecord(
            self._clock(),
            NOBODY,
            "exchange",
            snapshot.table,
            outcome,
            under=self.terms.license_id or self.terms.license or "",
            purpose="open",
            fields=tuple(column.name for column in snapshot.columns),
            rows=rows,
            snapshot=snapshot.snapshot_id,
            detail={"kind": kind, "format": suffix},
        )
        self._store.audit.append(self.name, record)

    def _folder(self) -> Path:
        with self._lock:
            if self._scratch is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="open-"))
            return self._scratch

    def _free(self, address: str) -> None:
        with self._lock:
            self._at_work[address] -= 1
            if self._at_work[address] <= 0:
                del self._at_work[address]


class Stream:
    """The bytes of a download.

    Args:
        whole: JSON Lines become one JSON array.
        hooks: whether the dataset is still open, and who is told the end.
    """

    def __init__(self, rows: RowStream, whole: bool, hooks: Hooks) -> None:
        self._rows = rows
        self._hooks = hooks
        self._over = False
        self._chunks = watched(_array(rows) if whole else iter(rows), self._look, self._end)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes.

        Raises:
            PipelineError: see `RowStream`.
            PortalError: `dataset_unknown`, when it was withdrawn meanwhile.
            CatalogError: `audit_overdue`, when the end cannot be recorded.
        """
        return next(self._chunks)

    def close(self, outcome: str = BROKEN) -> None:
        """Give everything back; may be called twice.

        Args:
            outcome: what is recorded if it has not come to its end.
        """
        with suppress(
            ValueError
        ):  # it is at work in another thread, and will see that it is stopped
            self._rows.stop()
            self._rows.close()
        self._end(outcome)

    def _look(self) -> None:
        if not self._hooks.holds():
            raise PortalError("dataset_unknown")

    def _end(self, outcome: str) -> None:
        if not self._over:
            self._over = True
            self._hooks.ended(outcome, self._rows.rows)


def _array(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks of whole JSON lines as one JSON array; within a line there is no line break."""
    before = b"[\n"
    for chunk in lines:
        yield before + chunk.rstrip(b"\n").replace(b"\n", b",\n")
        before = b",\n"
    yield (before if before == b"[\n" else b"\n") + b"]\n"


def addresses(request: Request, catalogue: OpenCatalogue) -> Addresses:
    """Where things stand: as the settings say, else under the address that was asked.

    Raises:
        PortalError: `host_invalid`: nothing that somebody made up gets into a document.
    """
    if catalogue.settings.url is not None:
        return Addresses(catalogue.settings.url.rstrip("/"))
    if not _HOST.match(request.url.netloc):
        raise PortalError("host_invalid")
    return Addresses(str(request.base_url).rstrip("/"))


def address_of(request: Request) -> str:
    """Whose requests are counted together: an address, of IPv6 a network of 64 bits."""
    host = request.client.host if request.client is not None else "-"
    with suppress(ValueError):
        found = ipaddress.ip_address(host)
        if found.version == 6:
            return str(ipaddress.ip_network((found, 64), strict=False))
    return host
