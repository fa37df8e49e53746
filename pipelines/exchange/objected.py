"""Rows to whose values somebody objects: they are given with a flag.

A row is known by a digest of its key, so that it can be flagged whether its key is granted or not, and
pages that were made before the objection show it as well.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from catalog.database import CatalogStore
from pipelines.exchange.reader import View
from pipelines.exchange.streams import Selection
from quality.predicates import quoted

if TYPE_CHECKING:
    import pyarrow as pa

OBJECTION = "_objection"  # the column of the flag
ROW_KEY = "citybrain_key"  # the column of the digest, in page files; it is given to nobody
FRESH = 1.0  # seconds for which open objections are taken for all
_BETWEEN = 31  # a character that no key has
_OPEN = "citybrain_objected"


def key_sql(key: Sequence[str]) -> str:
    """The digest of a row's key."""
    texts = ", ".join(f"CAST(s.{quoted(name)} AS VARCHAR)" for name in key)
    return f"md5(concat_ws(chr({_BETWEEN}), {texts}))"


def key_digest(key: Sequence[str], values: Mapping[str, str]) -> str:
    """The same of a key that is known."""
    said = chr(_BETWEEN).join(values[name] for name in key)
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


class Objected:
    """The open objections of one workspace."""

    def __init__(self, store: CatalogStore, workspace: str) -> None:
        self._store = store
        self._workspace = workspace
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, frozenset[str]]] = {}

    def keys(self, resource: str, key: tuple[str, ...]) -> frozenset[str]:
        """The digests of the rows to which somebody objects."""
        if not key:
            return frozenset()
        since, found = self._known.get((resource, key), (-FRESH, frozenset[str]()))
        if time.monotonic() - since >= FRESH:
            since = time.monotonic()
            named = self._store.objections.open_keys(self._workspace, resource)
            right = [one for one in named if set(one) == set(key)]
            found = frozenset(key_digest(key, one) for one in right)
            self._known[resource, key] = since, found
        return found


def flagged_selection(view: View, digests: frozenset[str]) -> Selection:
    """What a view gives of a snapshot, with the flag."""
    chosen = view.selection
    if not digests:
        return Selection({**chosen.columns, OBJECTION: "FALSE"}, chosen.rows, chosen.prepare)

    def prepare(con: duckdb.DuckDBPyConnection) -> None:
        if chosen.prepare is not None:
            chosen.prepare(con)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_OPEN} AS SELECT unnest($1::VARCHAR[]) AS value",
            [sorted(digests)],
        )

    flag = f"{key_sql(view.key)} IN (SELECT value FROM {_OPEN})"
    return Selection({**chosen.columns, OBJECTION: flag}, chosen.rows, prepare)


def flagged_table(table: pa.Table, digests: frozenset[str]) -> pa.Table:
    """A page with the flag in place of the digests of its rows."""
    import pyarrow as pa

    flags = [False] * table.num_rows
    if ROW_KEY in table.column_names:
        if digests:
            flags = [one in digests for one in table.column(ROW_KEY).to_pylist()]
        table = table.drop_columns([ROW_KEY])
    return table.append_column(OBJECTION, pa.array(flags, pa.bool_()))


def mark_of(digests: frozenset[str], keys: str = "") -> str:
    """Changes with what somebody objects to, and with the keys of masks; empty without either.

    Args:
        keys: their fingerprint: pseudonyms of another key are other values of the same snapshot.
    """
    said = keys + "".join(sorted(digests))
    return hashlib.sha256(said.encode()).hexdigest()[:16] if said else ""
