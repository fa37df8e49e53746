"""Where events go: a file, and whatever receiver the OpenLineage client is configured for.

A run must not fail because nobody listens. `emit` never raises; what went wrong is told by `close`
as warnings, and events that could not be sent wait in an outbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from catalog.errors import CatalogError
from catalog.openlineage.eventfile import EventFile
from catalog.openlineage.sending import (
    Drained,
    Send,
    configured,
    disabled,
    drain,
    open_transport,
    problem_of,
    refused_file,
)
from catalog.openlineage.values import Event

OUTBOX = "outbox.ndjson"
CLOSE_SECONDS = 10.0


class Sink(Protocol):
    """Takes events; several threads may."""

    def emit(self, event: Event) -> None:
        """Take one event. Never raises and never waits for a network."""

    def close(self) -> tuple[CatalogError, ...]:
        """End, and tell what went wrong: `lineage_not_written`, `lineage_not_sent`,
        `lineage_refused`, each at most once."""


class FileSink:
    """Appends events to a file, one line of JSON each; see `EventFile`."""

    def __init__(self, path: Path) -> None:
        self._file = EventFile(path)
        self._problem: CatalogError | None = None

    def emit(self, event: Event) -> None:
        """Append one event."""
        try:
            self._file.append(event)
        except OSError as error:
            self._problem = _not_written(self._file, error)

    def close(self) -> tuple[CatalogError, ...]:
        """`lineage_not_written`, when an event could not be written."""
        return (self._problem,) if self._problem else ()


class TransportSink:
    """Sends events by the client's transport (HTTP, Kafka, ...), through an outbox on disk.

    An event is in the outbox before anyone tries to send it and leaves it when it was sent, so
    neither a dead receiver nor a killed run loses one. A thread sends while the run goes on. After
    the first failure it stops: a run must not wait once a step for a receiver that is down. The
    next sink on the same outbox begins with what was left.
    """

    def __init__(
        self,
        outbox: Path,
        connect: Callable[[], Send] = open_transport,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        self._outbox = EventFile(outbox)
        self._connect = connect
        self._seconds = close_seconds
        self._not_written: CatalogError | None = None
        self._drained = Drained(0, 0, None)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="lineage", daemon=True)
        self._wake.set()
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Put one event into the outbox."""
        try:
            self._outbox.append(event)
        except OSError as error:
            self._not_written = _not_written(self._outbox, error)
        self._wake.set()

    def close(self) -> tuple[CatalogError, ...]:
        """Wait for what is being sent, at most the seconds given, and tell what was left."""
        self._closing.set()
        self._wake.set()
        self._thread.join(self._seconds)
        found = [self._not_written] if self._not_written else []
        return (*found, *_warnings(self._outbox, self._drained))

    def _work(self) -> None:
        send: Send | None = None
        refused = 0
        while True:
            self._wake.wait()
            self._wake.clear()
            last = self._closing.is_set()
            try:
                send = send or self._connect()
                drained = drain(self._outbox, send)
            except Exception as error:
                drained = Drained(0, 0, problem_of(error))
            refused += drained.refused
            self._drained = Drained(0, refused, drained.problem)
            if last or drained.problem:
                return


class Sinks:
    """Several sinks as one; none at all takes events and forgets them."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)

    def emit(self, event: Event) -> None:
        """Give one event to each."""
        for sink in self._sinks:
            sink.emit(event)

    def close(self) -> tuple[CatalogError, ...]:
        """Close each; all their warnings."""
        return tuple(warning for sink in self._sinks for warning in sink.close())


def open_sink(folder: Path, run_id: str) -> Sink:
    """The sink of one run: the file `<run_id>.ndjson` in `folder`, and the receiver if the
    OpenLineage client is configured for one (`OPENLINEAGE_URL`, `openlineage.yml`).

    With `OPENLINEAGE_DISABLED=true` no event is kept or sent.
    """
    if disabled():
        return Sinks(())
    file = FileSink(folder / f"{run_id}.ndjson")
    return Sinks((file, TransportSink(folder / OUTBOX))) if configured() else file


def unfinished(folder: Path, run_id: str) -> list[Event]:
    """The `START` events of a run and its steps that no other event has ended, the newest first.

    Raises:
        OSError, ValueError: the run's file cannot be read.
    """
    found: dict[str, Event] = {}
    file, offset = EventFile(folder / f"{run_id}.ndjson"), 0
    while batch := file.read(offset):
        for event, end in batch:
            offset = end
            if event["eventType"] == "START":
                found[event["run"]["runId"]] = event
            else:
                found.pop(event["run"]["runId"], None)
    return list(found.values())[::-1]


def hand_in(folder: Path, run_id: str, events: Sequence[Event]) -> None:
    """Add events to those of a run whose own sink is gone; the next sink or `resend` sends them.

    Raises:
        OSError: a file cannot be written.
    """
    if disabled():
        return
    files = [EventFile(folder / OUTBOX)] if configured() else []
    for event in events:
        for file in (*files, EventFile(folder / f"{run_id}.ndjson")):
            file.append(event)


def prune(folder: Path, keep: int) -> tuple[int, int]:
    """Delete the event files of all runs but the newest `keep`; how many files and bytes went.

    What waits in the outbox to be sent stays. Run ids begin with the time, so names sort as runs.
    """
    files = [path for path in folder.glob("*.ndjson") if not path.name.startswith("outbox")]
    old = sorted(files, reverse=True)[keep:]
    size = sum(path.stat().st_size for path in old)
    for path in old:
        path.unlink()
        path.with_name(path.name + ".lock").unlink(missing_ok=True)
    return len(old), size


def resend(
    folder: Path, connect: Callable[[], Send] = open_transport
) -> tuple[int, tuple[CatalogError, ...]]:
    """Send what earlier runs left in the outbox of `folder`; how many were sent, and warnings.

    Raises:
        CatalogError: `lineage_no_receiver`: none is configured, or events are disabled. The client
            would then print the events or drop them, and they would be gone from the outbox.
        OSError: the outbox cannot be read or written.
    """
    outbox = EventFile(folder / OUTBOX)
    if not outbox.count():
        return 0, ()
    if connect is open_transport and (disabled() or not configured()):
        raise CatalogError("lineage_no_receiver", count=outbox.count(), path=outbox.path)
    try:
        send = connect()
    except Exception as error:
        return 0, tuple(_warnings(outbox, Drained(0, 0, problem_of(error))))
    drained = drain(outbox, send)
    return drained.sent, tuple(_warnings(outbox, drained))


def _warnings(outbox: EventFile, drained: Drained) -> list[CatalogError]:
    found = []
    if left := _count(outbox):
        problem = drained.problem or "timeout"
        found.append(
            CatalogError("lineage_not_sent", count=left, path=outbox.path, problem=problem)
        )
    if drained.refused:
        path = refused_file(outbox).path
        found.append(CatalogError("lineage_refused", count=drained.refused, path=path))
    return found


def _count(outbox: EventFile) -> int:
    try:
        return outbox.count()
    except OSError:
        return 0


def _not_written(file: EventFile, error: OSError) -> CatalogError:
    return CatalogError(
        "lineage_not_written", path=file.path, problem=error.strerror or type(error).__name__
    )
