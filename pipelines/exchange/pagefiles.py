"""Pages without an engine: what a view shows of one snapshot, in order, in one Arrow file.

A file is made once, when its first page is asked for, and then read by row number. It has what the view
gives and nothing else: rows that are not granted are not in it, masked values are masked. It may be
deleted at any time. Batches are small and compressed, so a page unpacks one or two of them.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 512  # rows, of all batches but the last
TOUCH = 60.0  # seconds between two notes that a file is in use
ABANDONED = 86_400.0  # seconds after which nobody writes a part any more
Write = Callable[[Path], None]


class PageFile:
    """A file that is open for reading; may be used from any thread."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._reader = pa.ipc.open_file(pa.memory_map(str(path)))
        self._lock = threading.Lock()
        self._known: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        self.path = path
        self.touched = 0.0
        last = self._reader.num_record_batches - 1
        self.rows = 0 if last < 0 else last * BATCH + self._batch(last).num_rows

    def page(self, first: int, most: int) -> pa.Table:
        """Rows from a place on; fewer than `most` only at the end."""
        import pyarrow as pa

        parts, place, end = [], first, min(first + most, self.rows)
        while place < end:
            batch = self._batch(place // BATCH)
            part = batch.slice(place % BATCH, end - place)
            parts.append(part)
            place += part.num_rows
        return pa.Table.from_batches(parts, self._reader.schema)

    def _batch(self, number: int) -> pa.RecordBatch:
        with self._lock:
            found = self._known.pop(number, None)
            if found is None:
                found = self._reader.get_batch(number)
            self._known[number] = found
            while len(self._known) > 4:  # neighbours are read next
                self._known.popitem(last=False)
            return found


def write_pages(batches: pa.RecordBatchReader, path: Path) -> None:
    """Write a file for `PageFile`, whole or not at all."""
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            pa.ipc.new_file(file, batches.schema, options=options) as out,
        ):
            for batch in _even(batches):
                out.write_batch(batch)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _even(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `BATCH`, whatever the engine's batches are."""
    import pyarrow as pa

    rest: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if rest is not None and rest.num_rows:
            table = pa.concat_tables([rest, table]).combine_chunks()
        whole = table.num_rows // BATCH * BATCH
        yield from table.slice(0, whole).to_batches(max_chunksize=BATCH)
        rest = table.slice(whole)
    if rest is not None and rest.num_rows:
        yield from rest.combine_chunks().to_batches()


class PageFiles:
    """The files of one workspace; may be used from any thread, and by several processes.

    Args:
        most: so many are kept; the one that was not used for the longest time goes first.
        makers: so many are made at a time.
    """

    def __init__(self, folder: Path, most: int, makers: int) -> None:
        self._folder = folder
        self._most = most
        self._open: OrderedDict[str, PageFile] = OrderedDict()
        self._making: dict[str, Future[PageFile]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(makers, "pages")

    def get(self, name: str, write: Write) -> PageFile | Future[PageFile]:
        """A file that is there, or the promise of one that is being made.

        Args:
            write: makes it at a path.
        """
        with self._lock:
            known = self._open.get(name)
            if known is not None:
                self._open.move_to_end(name)
                self._touch(known)
                return known
            making = self._making.get(name)
            if making is None:
                making = self._making[name] = self._pool.submit(self._made, name, write)
                making.add_done_callback(lambda _: self._making.pop(name, None))
            return making

    def ahead(self, name: str, write: Write, used: float) -> bool:
        """Make a file that nobody has asked for yet, in the caller's thread; whoever asks waits for it.

        Args:
            used: when what is in it was read last, in seconds since 1970: it counts as read then.

        Returns: whether it was made; not when it is there, or is being made.
        """
        made: Future[PageFile] = Future()
        with self._lock:
            path = self._folder / f"{name}.arrow"
            if name in self._open or name in self._making or path.exists():
                return False
            self._making[name] = made
        try:
            file = self._made(name, write)
            os.utime(path, (used, used))
            file.touched = 0.0  # who reads it first says so
            made.set_result(file)
        except BaseException as error:
            made.set_exception(error)
            raise
        finally:
            self._making.pop(name, None)
        return True

    def used(self) -> dict[str, float]:
        """The files that there are by name, and when each was used last, in seconds since 1970."""
        found = {}
        for path in self._folder.glob("*.arrow"):
            with suppress(OSError):  # another process has removed it
                found[path.stem] = path.stat().st_mtime
        return found

    def keep(self, begins: Collection[str]) -> None:
        """Remove every file whose name begins with none of these; who reads one reads on."""
        starts = tuple(begins)
        with self._lock:
            for name in [one for one in self._open if not one.startswith(starts)]:
                del self._open[name]
        for path in self._folder.glob("*.arrow"):
            if not path.name.startswith(starts):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """After what is being made."""
        self._pool.shutdown()

    def _made(self, name: str, write: Write) -> PageFile:
        path = self._folder / f"{name}.arrow"
        try:
            made = PageFile(path)
        except (OSError, ValueError):  # not there; or the machine went down while it was written
            path.unlink(missing_ok=True)
            write(path)
            made = PageFile(path)
        with self._lock:
            self._open[name] = made
            self._touch(made)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        self._sweep()
        return made

    def _touch(self, file: PageFile) -> None:
        """Other processes see by its time that it is used."""
        now = time.monotonic()
        if now - file.touched > TOUCH:
            file.touched = now
            with suppress(OSError):  # another process has removed it; we still have it
                os.utime(file.path)

    def _sweep(self) -> None:
        """Remove the files that were not used for the longest time; who has one open keeps it."""
        found = []
        for path in self._folder.glob("*.arrow"):
            with suppress(OSError):
                found.append((path.stat().st_mtime, path))
        for _, path in sorted(found)[: -self._most]:
            path.unlink(missing_ok=True)
        # Of processes that were killed:
        for path in (*self._folder.glob(".*.part"), *self._folder.glob("scratch/*")):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
