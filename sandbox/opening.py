"""A desk with everything behind it: the workspace's lake, its catalogue database and an engine."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from catalog.database import CatalogStore
from catalog.database.store import utc_now
from pipelines.anchoring import keep_anchored, try_anchor
from pipelines.duck import Budget
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.masking import KeyRing, open_ring
from pipelines.plan import Plan as Workspace
from pipelines.spark.engine import SPARK, SparkEngine, engine_kind, engine_of
from sandbox.counting import Exact, count_on_duckdb, count_on_spark
from sandbox.desk import Count, Desk
from sandbox.plan import Plan
from sandbox.pricing import granted_amount
from sandbox.records import Records
from sandbox.watch import Watch


@dataclass(frozen=True, slots=True)
class Opened:
    """An open desk, what looks up records, and what is behind them.

    Attributes:
        ring: opens the keys of masks.
    """

    desk: Desk
    store: CatalogStore
    records: Records
    lake: Lake
    ring: Callable[[], KeyRing]


@contextmanager
def open_desk(workspace: Workspace, clock: Callable[[], datetime] = utc_now) -> Iterator[Opened]:
    """Open the desk of a compiled workspace; it reads pinned snapshots, and runs go on beside it."""
    home, engine = Home.of(workspace.workspace.name), workspace.workspace.settings.engine
    with (
        CatalogStore.open(home.database_url, clock=clock) as store,
        home.open_lake() as lake,
        # Not the run's scratch folder: a run empties that when it starts.
        tempfile.TemporaryDirectory(prefix="sandbox-") as scratch,
        _counting(
            workspace, home, budget := Budget(engine.memory, engine.threads, Path(scratch))
        ) as count,
    ):

        def ring() -> KeyRing:
            return open_ring(
                workspace.workspace.settings.masking, home.root, workspace.workspace.root
            )

        register_caps(workspace, store)
        keep_anchored(store, workspace.workspace)
        try_anchor(store, workspace.workspace)
        desk = Desk(workspace, store, lake, count, clock)
        records = Records(workspace, store, lake, home.records, budget, ring, clock)
        yield Opened(desk, store, records, lake, ring)
        try_anchor(store, workspace.workspace)


@contextmanager
def _counting(workspace: Workspace, home: Home, budget: Budget) -> Iterator[Count]:
    """The exact side, on the engine that the settings name; Spark starts when it is needed."""
    kind = engine_kind(workspace.workspace, None)
    lock = threading.Lock()
    with ExitStack() as stack:
        started: list[SparkEngine] = []

        def spark() -> SparkEngine:
            with lock:
                if not started:
                    opening = engine_of(kind, workspace.workspace, home, budget.scratch)
                    engine = stack.enter_context(opening)
                    assert engine is not None
                    started.append(engine)
                return started[0]

        def count(plan: Plan, snapshots: Mapping[str, Snapshot], watch: Watch) -> Exact:
            # A folder each: several questions may spill at once.
            with tempfile.TemporaryDirectory(dir=budget.scratch) as folder:
                mine = replace(budget, scratch=Path(folder))
                if kind == SPARK:
                    return count_on_spark(plan, snapshots, spark(), mine, watch)
                return count_on_duckdb(plan, snapshots, mine, watch)

        yield count


def register_caps(workspace: Workspace, store: CatalogStore) -> None:
    """Bound what all partners together may learn of each kind of unit, as `[sandbox]` says."""
    settings = workspace.workspace.settings.sandbox
    amount = granted_amount(settings.epsilon, settings.delta)
    contracts = workspace.workspace.contracts.values()
    for unit in sorted({c.privacy.unit for c in contracts if c.privacy is not None}):
        store.budgets.register_cap(
            workspace.workspace.name,
            unit,
            version=settings.version,
            amount=amount,
            renewal=settings.renewal,
        )
