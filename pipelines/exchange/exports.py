"""A whole resource as a grant gives it, as a stream whose end is on record."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from catalog.audit.record import DONE
from catalog.errors import CityBrainError
from pipelines.errors import PipelineError
from pipelines.exchange.formats import MEDIA_TYPES, SUFFIXES, Format
from pipelines.exchange.noting import FAILED
from pipelines.exchange.reader import View
from pipelines.exchange.streams import RowStream
from pipelines.lake import Snapshot

LOOKED = 1.0  # seconds after which it is looked again whether the grant holds
BROKEN = "export_broken"  # the reader has gone
STALLED = "export_stalled"  # the reader took nothing for too long


@dataclass(frozen=True, slots=True)
class Hooks:
    """What an export asks and tells while it goes on.

    Attributes:
        holds: whether what is given may still be given: its grant holds, it is still open.
        ended: is told the outcome and the rows that were given, once. Raises when that cannot be
            recorded; then the stream has no proper end either.
    """

    holds: Callable[[], bool]
    ended: Callable[[str, int], None]


class Export:
    """The bytes of an export, to be iterated once; whoever ends early calls `close`.

    Attributes:
        rows: how many it has.
        filename: a name to keep it under, of ASCII letters, digits, `_`, `-` and `.`.
    """

    def __init__(
        self,
        view: View,
        snapshot: Snapshot,
        format: Format,
        rows: int,
        stream: RowStream,
        hooks: Hooks,
    ) -> None:
        self.view = view
        self.snapshot = snapshot
        self.rows = rows
        self.media_type = MEDIA_TYPES[format]
        self.filename = f"{view.grant.resource}-{snapshot.snapshot_id}{SUFFIXES[format]}"
        self._stream = stream
        self._hooks = hooks
        self._over = False
        self._chunks = watched(stream, self._look, self._end)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes.

        Raises:
            PipelineError: `grant_missing`, when the grant has ended meanwhile; what `RowStream` raises.
        """
        return next(self._chunks)

    def close(self, outcome: str = BROKEN) -> None:
        """End it, whether it was read to its end, in parts or not at all.

        Args:
            outcome: what is recorded if it was not.
        """
        self._chunks.close()
        self._stream.close()
        self._end(outcome)

    def stop(self) -> None:
        """End what another thread waits for."""
        self._stream.stop()

    def _look(self) -> None:
        if not self._hooks.holds():
            grant = self.view.grant
            raise PipelineError("grant_missing", resource=grant.resource, purpose=grant.purpose)

    def _end(self, outcome: str) -> None:
        if not self._over:
            self._over = True
            self._stream.close()
            self._hooks.ended(outcome, self._stream.rows)


def watched(
    chunks: Iterator[bytes], look: Callable[[], None], end: Callable[[str], None]
) -> Generator[bytes]:
    """Chunks, until somebody may not have them any more.

    Args:
        look: raises an error when that is so; it is asked every `LOOKED` seconds and before the end.
        end: is told the outcome before the last bytes leave, and when there is an error; not when
            whoever reads has gone.
    """
    try:
        looked = time.monotonic()
        held: bytes | None = None
        for chunk in chunks:
            if held is not None:
                yield held
            held = chunk
            if time.monotonic() - looked >= LOOKED:
                looked = time.monotonic()
                look()
        # The end is on record before the last bytes leave.
        look()
        end(DONE)
        if held is not None:
            yield held
    except Exception as error:
        end(error.code if isinstance(error, CityBrainError) else FAILED)
        raise
