"""The DAGs of departments and subjects.

`settle` runs what is due of the stage and, when anything ran, tells the assets; where nothing was due
it is skipped, and so is everything after it. `held` lists publishes that wait for a person, `decide`
asks him, `decided` records what he said and runs the stage again. `gate` fails when something of the
stage did not get through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    AssetOrTimeSchedule,
    MultipleCronTriggerTimetable,
    Param,
    TriggerRule,
    task,
)
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dags.connections import connection_environment
from dags.deadlines import deadline_alerts
from dags.program import ProgramError, call, verdict
from dags.schedules import Entry, Schedule

OPTIONS = {
    "approve": "approve",
    "release to quarantine": "release",
    "reject": "reject",
}
RESULT = "result"
ACTIVE_RUNS = 16
WAITS = ("gate_held_quarantine", "gate_held_warning")
_TOLD = ("scheduled", "asset_triggered")


def stage_dag(schedule: Schedule, entry: Entry) -> DAG:
    """The DAG of one stage."""
    with DAG(
        dag_id=entry.id,
        dag_display_name=entry.id,
        description=entry.title,
        schedule=when(entry),
        start_date=datetime.fromisoformat(f"{schedule.start}T00:00:00+00:00"),
        catchup=False,
        # A run may wait for a person for days; the ledger and the pool keep the others apart.
        max_active_runs=ACTIVE_RUNS,
        tags=list(entry.tags),
        default_args=defaults(schedule, entry),
        deadline=deadline_alerts(schedule, entry) or None,
        doc_md=__doc__,
    ) as dag:
        _tasks(schedule, entry)
    return dag


def when(entry: Entry) -> Any:
    """Its crons; assets wake it up, besides."""
    timetable = MultipleCronTriggerTimetable(*entry.crons, timezone=entry.timezone)
    if not entry.assets:
        return timetable
    assets = AssetAny(*(Asset(uri) for uri in entry.assets))
    return AssetOrTimeSchedule(timetable=timetable, assets=assets)


def defaults(schedule: Schedule, entry: Entry) -> dict[str, Any]:
    """What every task of a workspace has: its pool, so that tasks do not wait for its lock."""
    return {
        "owner": entry.title or schedule.workspace,
        "pool": schedule.pool,
        "retries": schedule.retries,
        "retry_delay": timedelta(seconds=schedule.retry_delay),
    }


def _tasks(schedule: Schedule, entry: Entry) -> None:
    outlets = [Asset(uri) for uri in entry.outlets]
    dated = entry.kind == "collect"

    @task(outlets=outlets)
    def settle(**context: Any) -> None:
        """Run what is due of the stage."""
        result = run_stage(schedule, entry.stage, moment(context) if dated else None)
        context["ti"].xcom_push(RESULT, result)
        if quiet(result, context):
            raise AirflowSkipException(f"{entry.stage}: {result['what']}, {result['state']}")

    @task(retries=0)
    def held(**context: Any) -> list[dict[str, str]]:
        """The publishes of the stage that wait for a person."""
        return [_question(schedule, found) for found in waiting(last_result(context))]

    @task(outlets=outlets, retries=0)
    def decided(answers: Any, **context: Any) -> None:
        """Record what was decided, and run the stage again."""
        found = waiting(last_result(context))
        for question, answer in zip(found, answers, strict=True):
            record(schedule, question, answer)
        result = run_stage(schedule, entry.stage, moment(context) if dated else None)
        context["ti"].xcom_push(RESULT, result)

    @task(retries=0, trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    def gate(**context: Any) -> None:
        """Fail when something of the stage did not get through."""
        told = verdict(last_result(context))
        if told:
            raise AirflowFailException(told)

    questions = held()
    decide = HITLOperator.partial(
        task_id="decide",
        options=list(OPTIONS),
        # Airflow holds the default against the schema, so an empty reason is refused afterwards.
        params={"why": Param("", type="string", title="Why", description="Must be given.")},
        response_timeout=timedelta(seconds=schedule.approval),
        retries=0,
    ).expand_kwargs(questions)
    settled, end = settle(), gate()
    settled >> questions
    decided(decide.output) >> end
    settled >> end


def run_stage(schedule: Schedule, stage: str, at: str | None) -> dict[str, Any]:
    """Run what is due of a stage; what the program says of it.

    Raises:
        AirflowException: a fault, or a source that is missing: worth another try.
    """
    arguments = ["run", schedule.root, "--due", stage, "--wait", str(schedule.wait), "--json"]
    arguments += ["--at", at] if at else []
    known = connection_environment(schedule.connections(stage))
    try:
        result: dict[str, Any] = call(*arguments, environment=known).data
    except ProgramError as error:
        raise AirflowException(str(error)) from error
    missing = [name for name, table in result["resources"].items() if table["status"] == "missing"]
    if missing and stage.startswith("collect."):
        raise AirflowException(verdict(result))
    return result


def moment(context: Mapping[str, Any]) -> str | None:
    """The moment that a run is for; a run that an asset started is for now."""
    logical = context.get("logical_date")
    return logical.isoformat() if logical is not None else None


def quiet(result: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """Whether nothing was done and nobody has to hear of it.

    What did not get through was told by the run that found it; who asks for a stage by hand, in a
    backfill or by clearing a task, is told again.
    """
    if result["what"] == "ran":
        return False
    by_itself = str(context["dag_run"].run_type) in _TOLD and context["ti"].try_number == 1
    return by_itself or bool(result["state"] == "settled")


def last_result(context: Mapping[str, Any]) -> dict[str, Any]:
    """What the program said last in this run."""
    for name in ("decided", "settle"):
        found = context["ti"].xcom_pull(task_ids=name, key=RESULT)
        if found:
            return dict(found)
    raise AirflowFailException("the stage has not run")


def waiting(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tables of a due run that wait for a person."""
    return [
        {**table, "resource": name}
        for name, table in result["resources"].items()
        if table.get("code") in WAITS
    ]


def _question(schedule: Schedule, found: Mapping[str, Any]) -> dict[str, str]:
    look = "\n".join(["", f"    {found['look']}", ""])
    choices = (
        "- approve: publish what was staged\n"
        "- release to quarantine: publish only the rows that break no rule, not even one that "
        "only warns; the others go to the quarantine\n"
        "- reject: publish nothing; readers keep the last good snapshot\n"
    )
    return {
        "subject": f"{schedule.workspace}: {found['resource']} waits for a decision",
        "body": f"{found['message']}\n{look}\n{choices}",
    }


def record(schedule: Schedule, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Record a decision with who took it and why, about exactly the result that was shown."""
    (chosen,) = answer["chosen_options"]
    user = answer.get("responded_by_user") or {}
    who = user.get("name") or user.get("id") or ""
    why = (answer.get("params_input") or {}).get("why") or ""
    place = (schedule.root, question["resource"], "--result", question["fingerprint"])
    try:
        call("gate", OPTIONS[chosen], *place, "--who", str(who), "--why", why, "--json")
    except ProgramError as error:
        raise AirflowFailException(str(error)) from error
