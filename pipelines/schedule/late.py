"""Late departments: whose data was due, had its deadline, and has not been collected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.database.ledger_records import LateRow
from catalog.database.records import SETTLED
from pipelines.schedule.compiled import stages_of
from pipelines.schedule.due import Known


@dataclass(frozen=True, slots=True)
class Late:
    """A table whose latest slot with a passed deadline was not collected."""

    table: str
    department: str
    slot: datetime
    deadline: datetime


def late_tables(known: Known, at: datetime) -> list[Late]:
    """The tables that are late at a moment, by department and name.

    What was collected by hand counts. A slot from before the catalogue knew the resource makes
    nobody late.
    """
    calendar = known.plan.workspace.settings.calendar
    first = known.store.ledger.first_seen(known.workspace)
    steps = known.store.last_steps(known.workspace)
    found = []
    for stage in stages_of(known.plan).values():
        for table, cadence in stage.cadences.items():
            slot = cadence.slot(at - cadence.deadline, calendar)
            if table not in first or slot < first[table]:
                continue
            step = steps.get(table)
            if step and step.status in SETTLED and step.finished_at >= slot:
                continue
            if not known.store.ledger.settled_since(known.workspace, table, slot):
                found.append(Late(table, stage.owner or "", slot, slot + cadence.deadline))
    return sorted(found, key=lambda item: (item.department, item.table))


def note_late(known: Known, at: datetime | None = None) -> list[LateRow]:
    """Find out who is late, and write it into the catalogue; what is late now."""
    moment = at or datetime.now(UTC)
    contracts = list(known.plan.workspace.contracts.values())
    known.store.sync_resources(known.workspace, contracts)
    late = {item.table: (item.slot, item.deadline) for item in late_tables(known, moment)}
    return known.store.ledger.record_late(known.workspace, late)
