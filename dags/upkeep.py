"""The DAGs of a workspace that publish nothing: maintenance, and alerts about late departments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dags.deadlines import late_line
from dags.program import ProgramError, call
from dags.schedules import Entry, Schedule
from dags.stages import defaults, run_stage, when

MAINTENANCE = (
    # a schedule first: contracts that changed since yesterday may have changed it
    ("schedule", ("schedule", "{root}", "--write")),
    ("backup", ("backup", "{root}", "--wait", "{wait}", "--json")),
    ("expire", ("clean", "{root}", "--wait", "{wait}")),
    ("ageing", ("quarantine", "ageing", "{root}", "--json")),
    ("indicators", ("indicators", "{root}", "--json")),
)


def maintenance_dag(schedule: Schedule, entry: Entry) -> DAG:
    """Snapshot expiry, backup, the ageing of the quarantine, indicators: one after the other."""
    with _dag(schedule, entry) as dag:
        before = None
        for name, command in MAINTENANCE:
            after = _command(name, [part.format(**_places(schedule)) for part in command])
            if before is not None:
                before >> after
            before = after
    return dag


def _places(schedule: Schedule) -> dict[str, str]:
    return {"root": schedule.root, "wait": str(schedule.wait)}


def _command(name: str, arguments: list[str]) -> Any:
    @task(task_id=name, trigger_rule="all_done")
    def command() -> Any:
        return _called(*arguments)

    return command()


def _called(*arguments: str) -> Any:
    try:
        return call(*arguments).data
    except ProgramError as error:
        raise AirflowException(str(error)) from error


def freshness_dag(schedule: Schedule, entry: Entry) -> DAG:
    """A failing task for each late department, after its data has been asked for once more."""
    with _dag(schedule, entry) as dag:

        @task(retries=0)
        def look() -> list[str]:
            """The departments that are late, written into the catalogue."""
            found = _called("late", schedule.root, "--json")
            return sorted({row["department"] for row in found})

        @task(retries=0, map_index_template="{{ department }}")
        def late(department: str) -> None:
            """Collect what has come in the meantime; fail when the department is still late."""
            get_current_context()["department"] = department  # type: ignore[typeddict-unknown-key]
            try:
                run_stage(schedule, f"collect.{department}", None)
            except AirflowException as error:
                print(error)
            rows = [
                row
                for row in _called("late", schedule.root, "--json")
                if row["department"] == department
            ]
            if rows:
                raise AirflowFailException("\n".join(map(late_line, rows)))

        late.expand(department=look())
    return dag


def _dag(schedule: Schedule, entry: Entry) -> DAG:
    return DAG(
        dag_id=entry.id,
        description=entry.title,
        schedule=when(entry),
        start_date=datetime.fromisoformat(f"{schedule.start}T00:00:00+00:00"),
        catchup=False,
        max_active_runs=1,
        tags=list(entry.tags),
        default_args=defaults(schedule, entry),
        doc_md=__doc__,
    )
