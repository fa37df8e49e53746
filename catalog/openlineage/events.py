"""Building OpenLineage events from what a run knows.

Events are JSON values: what is built is what is written to a file and what is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from catalog.openlineage.client import load_client
from catalog.openlineage.naming import namespace_of, run_uuid
from catalog.openlineage.values import Dataset, Event, JobInfo, RunInfo
from catalog.text import catalogue


def start_event(
    run: RunInfo,
    job: JobInfo,
    inputs: Sequence[Dataset] = (),
    outputs: Sequence[Dataset] = (),
    *,
    at: datetime,
) -> Event:
    """A run or step began at `at` (with a time zone)."""
    return _event("START", run, job, inputs, outputs, at)


def complete_event(
    run: RunInfo,
    job: JobInfo,
    inputs: Sequence[Dataset] = (),
    outputs: Sequence[Dataset] = (),
    *,
    at: datetime,
) -> Event:
    """A run or step ended at `at` and gave its outputs."""
    return _event("COMPLETE", run, job, inputs, outputs, at)


def fail_event(
    run: RunInfo,
    job: JobInfo,
    inputs: Sequence[Dataset] = (),
    outputs: Sequence[Dataset] = (),
    *,
    at: datetime,
    code: str,
) -> Event:
    """A run or step ended at `at` without a result.

    Args:
        code: the code of the error. The event tells it with its text from the English catalogue,
            its fields left open: their contents may be paths, values of rows or addresses.
    """
    return _event("FAIL", run, job, inputs, outputs, at, problem=problem_text(code))


def abort_event(start: Event, *, at: datetime) -> Event:
    """The end of a run or step of which nothing is known but its `start` event: it was killed."""
    return {**start, "eventType": "ABORT", "eventTime": _time(at)}


def problem_text(code: str) -> str:
    """`[code]` and what that code means, without anything of the single case."""
    entry = catalogue("en")["errors"].get(code)
    return f"[{code}] {entry['what']}" if entry else f"[{code}]"


def _event(
    kind: str,
    run: RunInfo,
    job: JobInfo,
    inputs: Sequence[Dataset],
    outputs: Sequence[Dataset],
    at: datetime,
    problem: str | None = None,
) -> Event:
    load_client()
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.serde import Serde

    from catalog.openlineage import facets

    namespaces = {dataset.name: dataset.namespace for dataset in inputs}
    event = RunEvent(
        eventTime=_time(at),
        producer=facets.producer(),
        eventType=RunState(kind),
        run=Run(
            runId=str(run_uuid(run.workspace, run.run_id, run.step)),
            facets=facets.run_facets(run, problem),
        ),
        job=Job(
            namespace=namespace_of(run.workspace), name=job.name, facets=facets.job_facets(job)
        ),
        inputs=[_input(dataset, namespaces) for dataset in inputs],
        outputs=[_output(dataset, namespaces) for dataset in outputs],
    )
    return Serde.to_dict(event)


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("the time of an event needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _input(dataset: Dataset, namespaces: dict[str, str]) -> Any:
    from openlineage.client.event_v2 import InputDataset

    from catalog.openlineage import facets

    return InputDataset(
        namespace=dataset.namespace,
        name=dataset.name,
        facets=facets.dataset_facets(dataset, namespaces),
        inputFacets=facets.input_facets(dataset),
    )


def _output(dataset: Dataset, namespaces: dict[str, str]) -> Any:
    from openlineage.client.event_v2 import OutputDataset

    from catalog.openlineage import facets

    told: dict[str, Any] = dict(facets.dataset_facets(dataset, namespaces))
    return OutputDataset(
        namespace=dataset.namespace,
        name=dataset.name,
        facets=told | facets.assertion_facets(dataset),
        outputFacets=facets.output_facets(dataset),
    )
