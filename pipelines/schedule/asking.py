"""Questions about the schedule that a command asks without holding the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from catalog.database import CatalogStore
from catalog.database.ledger_records import LateRow
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.schedule.compiled import stages_of
from pipelines.schedule.due import Due, Known, stage_of, what_is_due
from pipelines.schedule.late import note_late


@contextmanager
def known_of(plan: Plan) -> Iterator[Known]:
    """The lake and the database of a workspace, to read."""
    home = Home.of(plan.workspace.name)
    with CatalogStore.open(home.database_url) as store, home.open_lake() as lake:
        yield Known(plan, home, lake, store)


def due_stages(plan: Plan, stage: str | None = None, at: datetime | None = None) -> list[Due]:
    """What is due at a moment, of one stage or of each.

    Raises:
        PipelineError: `stage_unknown`.
    """
    moment = at or datetime.now(UTC)
    stages = [stage_of(plan, stage)] if stage else list(stages_of(plan).values())
    with known_of(plan) as known:
        return [what_is_due(known, item, moment) for item in stages]


def note_late_now(plan: Plan, at: datetime | None = None) -> list[LateRow]:
    """Who is late, written into the catalogue (`note_late`)."""
    with known_of(plan) as known:
        return note_late(known, at)
