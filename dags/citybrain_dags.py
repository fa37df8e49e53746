"""Every DAG of every configured workspace: this is the file that Airflow parses.

A workspace is configured by its schedule in `CITYBRAIN_HOME/schedules` (`citybrain schedule --write`).
"""

from __future__ import annotations

from airflow.sdk import DAG

from dags.schedules import read_schedules
from dags.stages import stage_dag
from dags.upkeep import freshness_dag, maintenance_dag

_MAKERS = {
    "collect": stage_dag,
    "build": stage_dag,
    "maintain": maintenance_dag,
    "freshness": freshness_dag,
}


def make_dags() -> dict[str, DAG]:
    """The DAGs by id, in the schedules' order."""
    return {
        entry.id: _MAKERS[entry.kind](schedule, entry)
        for schedule in read_schedules()
        for entry in schedule.dags
    }


globals().update(make_dags())
