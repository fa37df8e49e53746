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


@dataclass(frozen=True, slots=True)
class Hooks:
    """What an export asks and tells while it goes on.

    Attributes:
        holds: whether its grant still holds.
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
        self._chunks = self._checked()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes.

        Raises:
            PipelineError: `grant_missing`, when the grant has ended meanwhile; what `RowStream` raises.
        """
        return next(self._chunks)

    def close(self) -> None:
        """End it, whether it was read to its end, in parts or not at all."""
        self._chunks.close()
        self._stream.close()
        self._end(BROKEN)

    def stop(self) -> None:
        """End what another thread waits for."""
        self._stream.stop()

    def _checked(self) -> Generator[bytes]:
        try:
            looked = time.monotonic()
            held: bytes | None = None
            for chunk in self._stream:
                if held is not None:
                    yield held
                held = chunk
                if time.monotonic() - looked >= LOOKED:
                    looked = time.monotonic()
                    self._look()
            # The end is on record before the last bytes leave.
            self._look()
            self._end(DONE)
            if held is not None:
                yield held
        except GeneratorExit:
            raise
        except Exception as error:
            self._end(error.code if isinstance(error, CityBrainError) else FAILED)
            raise

    def _look(self) -> None:
        if not self._hooks.holds():
            grant = self.view.grant
            raise PipelineError("grant_missing", resource=grant.resource, purpose=grant.purpose)

    def _end(self, outcome: str) -> None:
        if not self._over:
            self._over = True
            self._stream.close()
            self._hooks.ended(outcome, self._stream.rows)
