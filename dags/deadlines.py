"""Deadlines of departments: what Airflow calls at the moment at which a run should have ended well.

The scheduler hands a missed deadline to the executor, which imports this file and calls `missed` in a
process of its own. The moment is the run's slot and the contracts' deadline; runs that an asset
started have no slot, and therefore no deadline.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined]  # they are not in its stub
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
)

from dags.program import call
from dags.schedules import Deadline, Entry, Schedule

log = logging.getLogger(__name__)


def deadline_alerts(schedule: Schedule, entry: Entry) -> list[DeadlineAlert]:
    """One alert for each length of time that the department's contracts give.

    None with `CITYBRAIN_AIRFLOW_DEADLINES=off`, for an Airflow on SQLite: overdue days of a backfill may
    end its scheduler.
    """
    if os.environ.get("CITYBRAIN_AIRFLOW_DEADLINES") == "off":
        return []
    return [_alert(schedule, entry, deadline) for deadline in entry.deadlines]


def _alert(schedule: Schedule, entry: Entry, deadline: Deadline) -> DeadlineAlert:
    told = {
        "workspace": schedule.workspace,
        "root": schedule.root,
        "department": entry.stage.partition(".")[2],
        "tables": list(deadline.tables),
    }
    return DeadlineAlert(
        name=f"{entry.title}: {timedelta(seconds=deadline.seconds)}",
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(seconds=deadline.seconds),
        callback=SyncCallback(missed, told),
    )


def missed(
    workspace: str, root: str, department: str, tables: Sequence[str], context: Mapping[str, Any]
) -> None:
    """Say who is late with what, and write it into the catalogue, as the freshness DAG does.

    A day that is backfilled is over, so it can miss nothing.
    """
    run = context["dag_run"]
    if run["run_type"] == "backfill":
        return
    rows = [
        row
        for row in call("late", root, "--json").data
        if row["department"] == department and row["resource"] in tables
    ]
    for row in rows:
        log.error("%s: %s", workspace, late_line(row))
    if not rows:
        log.warning(
            "%s: %s of %s has not ended well by its deadline; its data is not late",
            workspace,
            run["dag_run_id"],
            department,
        )
    log.warning("look: citybrain late %s; citybrain status %s", root, root)


def late_line(row: Mapping[str, Any]) -> str:
    """A late table, and whose it is."""
    who = f"{row['department_name']} ({row['department']})"
    return f"{who} is late with {row['resource']}: due {row['slot']}, deadline {row['deadline']}"
