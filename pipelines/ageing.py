"""How long rows have been waiting in the quarantine, by resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from catalog.database import CatalogStore
from pipelines.duck import snapshot_sql
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot, quarantine_table
from pipelines.workspace import Workspace

BUCKETS = (7, 30, 90)  # days; the last bucket is everything older


@dataclass(frozen=True, slots=True)
class Ageing:
    """The quarantined rows of one resource by age.

    Attributes:
        rows: by bucket: younger than each of `BUCKETS`, and older than the last.
        oldest: since when the oldest of them is known.
    """

    resource: str
    department: str | None
    rows: tuple[int, ...]
    oldest: datetime

    @property
    def total(self) -> int:
        """All quarantined rows."""
        return sum(self.rows)


def ageing(workspace: Workspace, now: datetime | None = None) -> list[Ageing]:
    """The age of every quarantined row: since its file was first received; for rows of models and of
    files that the catalogue does not know, since the quarantine's snapshot. Oldest first."""
    moment = now or datetime.now(UTC)
    home = Home.of(workspace.name)
    found = []
    with CatalogStore.open(home.database_url) as store, home.open_lake() as lake:
        for name, contract in workspace.contracts.items():
            item = _of(workspace, store, lake, name, contract.department, moment)
            found += [item] if item is not None else []
    return sorted(found, key=lambda item: (item.oldest, item.resource))


def _of(
    workspace: Workspace,
    store: CatalogStore,
    lake: Lake,
    name: str,
    department: str | None,
    now: datetime,
) -> Ageing | None:
    held = lake.current(quarantine_table(name))
    if held is None or not held.rows:
        return None
    received = store.ledger.first_received(workspace.name, name)
    loads = _loads(held)
    since = {load: received.get(load, held.committed_at) for load in loads}
    rows = _bucketed(loads, since, now)
    return Ageing(name, department, rows, min(since.values()))


def _loads(held: Snapshot) -> dict[str, int]:
    """Rows by load."""
    with duckdb.connect(":memory:") as con:
        sql = f"SELECT coalesce(_load_id, ''), count(*) FROM ({snapshot_sql(held)}) GROUP BY 1"
        return dict(con.execute(sql).fetchall())


def _bucketed(
    loads: Mapping[str, int], since: Mapping[str, datetime], now: datetime
) -> tuple[int, ...]:
    rows = [0] * (len(BUCKETS) + 1)
    for load, count in loads.items():
        age = now - since[load]
        place = next(
            (i for i, days in enumerate(BUCKETS) if age < timedelta(days=days)), len(BUCKETS)
        )
        rows[place] += count
    return tuple(rows)
