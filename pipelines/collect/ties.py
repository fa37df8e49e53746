"""Rows at the last cursor: which of them were received before.

A cursor such as a time is not unique: a row can be committed later with the very value up to which
the last run has read. So rows at that value are fetched again, and those that are the same, cell by
cell, as rows that were there then are left out: what is left is new.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import takewhile

import pyarrow as pa

HELD_ROWS = 50_000  # that are not yet digested


class Ties:
    """The rows at the greatest cursor of a fetch, as digests.

    Args:
        cursor: the cursor's field.
        since: the cursor from which on rows are fetched.
        seen: digests of the rows at `since` that were received before.
        number: whether cursors are numbers, which can be equal and not the same text: 2.0 and 2.00.
    """

    def __init__(
        self, cursor: str, since: str | None, seen: Counter[str], number: bool = False
    ) -> None:
        self._cursor = cursor
        self._since = since
        self._seen = Counter(seen)
        self._number = number
        self._last: str | None = None
        self._held: list[pa.RecordBatch] = []
        self._counted: Counter[str] = Counter()

    @property
    def rows(self) -> Counter[str]:
        """When all batches have passed: the rows at the greatest cursor, also those left out."""
        for batch in self._held:
            self._counted.update(_digests(batch))
        self._held = []
        return self._counted

    def new(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches, which come in the cursor's order, without the rows that were received before."""
        for batch in batches:
            self._note(batch)
            yield self._without_seen(batch)

    def _note(self, batch: pa.RecordBatch) -> None:
        cursors = batch.column(self._cursor)
        last = cursors[-1].as_py() if len(cursors) else None  # NULL comes first
        if last is None:
            return
        if not self._same(last, self._last):
            self._held, self._counted = [], Counter()
        self._last = last
        # Digests are dear, and most rows are at the greatest cursor for a moment only.
        self._held.append(batch.slice(len(cursors) - self._run(cursors[::-1], last)))
        if sum(held.num_rows for held in self._held) > HELD_ROWS:
            self._counted = self.rows

    def _without_seen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._since is None or not self._seen:
            return batch
        ties = self._run(batch.column(self._cursor), self._since)
        kept = [self._is_new(digest) for digest in _digests(batch.slice(0, ties))]
        kept += [True] * (batch.num_rows - ties)
        return batch.filter(pa.array(kept, pa.bool_()))

    def _run(self, cursors: Iterable[pa.Scalar], one: str) -> int:
        """How many cursors, from the first on, are the same as one."""
        return sum(1 for _ in takewhile(lambda cursor: self._same(cursor.as_py(), one), cursors))

    def _same(self, one: str | None, other: str | None) -> bool:
        """Whether the database finds two cursors equal."""
        if one == other or one is None or other is None or not self._number:
            return one == other
        try:
            return Decimal(one) == Decimal(other)
        except InvalidOperation:
            return False

    def _is_new(self, digest: str) -> bool:
        """Whether more rows like this are there than were received."""
        if self._seen[digest] > 0:
            self._seen[digest] -= 1
            return False
        return True


def _digests(rows: pa.RecordBatch) -> Iterator[str]:
    for row in rows.to_pylist():
        # Without NULL: a row is the same when the contract has got one more field, still empty.
        given = {name: value for name, value in row.items() if value is not None}
        text = json.dumps(given, ensure_ascii=False, sort_keys=True)
        yield hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
