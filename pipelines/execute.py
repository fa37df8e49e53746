"""Running one step: find out what it depends on, stage, gate, certify, publish.

A step never raises for what is wrong with its data: it returns an `Outcome` that says so. What is
published before a failure stays published.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb

from catalog.contract import DatabaseSource, FileSource
from catalog.errors import CityBrainError
from pipelines import collect
from pipelines.account import Outcome, Status, fingerprint
from pipelines.duck import empty_sql, snapshot_sql, table_columns
from pipelines.errors import PipelineError
from pipelines.evolution.apply import evolve
from pipelines.evolution.effect import content_ids, mark_of
from pipelines.incremental.choose import part_for
from pipelines.lake import Snapshot
from pipelines.plan import Step
from pipelines.publish import (
    Environment,
    Whole,
    Work,
    collect_rest,
    fill_from,
    gate_mark,
    ids,
    input_marks,
    publish,
    received_files,
    release_mark,
    standing,
)

READABLE: frozenset[Status] = frozenset({"published", "unchanged", "partial"})
MISSING_CODES = frozenset({"source_missing", "input_missing", "connection_missing"})


def run_step(env: Environment, step: Step, upstream: Mapping[str, Outcome]) -> Outcome:
    """Run one step after everything it waits for has been settled.

    Args:
        upstream: outcomes of this run, by table; a table that was not selected is not in it.
    """
    started = datetime.now(UTC)
    try:
        evolved = evolve(env, step)
        if step.kind == "collect":
            outcome = _collect(env, step, started)
        else:
            outcome = _build(env, step, upstream, started)
        if evolved and outcome.status == "unchanged" and outcome.snapshot is not None:
            outcome.status, outcome.committed = "published", True
            outcome.watermark = outcome.snapshot.properties.get("watermark")
        return outcome
    except CityBrainError as error:
        status: Status = "missing" if error.code in MISSING_CODES else "failed"
        return _ended(env, step, status, started, error)
    except duckdb.Error as error:
        problem = str(error).split("\n\n")[0].replace("\n", " ")
        if step.model is None:
            fault = PipelineError("internal", problem=problem)
        else:
            fault = PipelineError("model_failed", problem=problem, model=step.model.path.name)
        return _ended(env, step, "failed", started, fault)


def _ended(
    env: Environment, step: Step, status: Status, started: datetime, error: CityBrainError | None
) -> Outcome:
    return Outcome(
        step.name,
        step.kind,
        status,
        started,
        datetime.now(UTC),
        error=error,
        snapshot=env.lake.current(step.name),
    )


def _collect(env: Environment, step: Step, started: datetime) -> Outcome:
    current = env.lake.current(step.name)
    landing = collect.Landing(env.home.landing)
    parents = _parents(env, step)
    if isinstance(step.contract.source, DatabaseSource):
        from pipelines.incremental.feed import collect_database

        return collect_database(env, step, started, current, landing, parents)
    assert isinstance(step.contract.source, FileSource)
    files = collect.find_files(step.contract.source, env.source_dir)
    if step.contract.collect.mode != "full":
        from pipelines.incremental.files import collect_files

        return collect_files(env, step, started, current, files, landing, parents)
    if current is not None and not env.full:
        marks = [f"{name}\0{sha}" for name, sha in landing.fingerprints(files).items()]
        mark = mark_of(step, collect_rest(env, step, marks, parents))
        stands = standing(env, Work(step, started, mark, current, ids(parents)))
        if stands is not None:
            return stands
    landed = [landing.keep(file) for file in files]
    rest = collect_rest(env, step, [f"{f.name}\0{f.sha256}" for f in landed], parents)
    received = collect.read_files(step.contract, landed)
    work = Work(
        step,
        started,
        mark_of(step, rest),
        current,
        ids(parents),
        files=received_files(step.contract, landed),
        warnings=received.warnings,
        rest=rest,
    )

    return publish(env, work, Whole(lambda stage: fill_from(stage, received)), parents)


def _build(
    env: Environment, step: Step, upstream: Mapping[str, Outcome], started: datetime
) -> Outcome:
    assert step.model is not None
    snapshots = {name: env.lake.current(name) for name in step.inputs}
    lacking = [n for n, s in snapshots.items() if s is None]
    needed = [n for n in lacking if n not in step.optional]
    if needed:
        raise PipelineError("input_missing", tables=", ".join(needed))
    late = [n for n in step.waits_for if n in upstream and upstream[n].status not in READABLE]
    blocking = [n for n in late if n not in step.optional]
    if blocking:
        error = PipelineError("input_stale", tables=", ".join(blocking))
        return _ended(env, step, "stale", started, error)
    there = {name: s for name, s in snapshots.items() if s is not None}
    parents = _parents(env, step)
    inputs = {**there, **parents}
    ring = env.ring() if step.keys else None
    parts = [gate_mark(env), *input_marks(content_ids(env.plan, step, inputs))]
    parts += release_mark(env, step)
    if ring is not None:
        parts.append(ring.fingerprint(step.keys))
    rest = fingerprint(parts)
    current = env.lake.current(step.name)
    work = Work(step, started, mark_of(step, rest), current, ids(inputs), rest=rest)
    incomplete = sorted({*lacking, *(n for n in late if n in step.optional)})
    incomplete += [n for n, s in there.items() if _is_partial(s) and n not in incomplete]
    if incomplete:
        work.status = "partial"
        work.error = PipelineError("input_partial", tables=", ".join(incomplete))
    again = env.period is not None and step.contract.materialisation.time is not None
    stands = None if again else standing(env, work)
    if stands is not None:
        return stands
    contracts = env.plan.workspace.contracts
    views = {
        name: snapshot_sql(snapshot) if snapshot else empty_sql(table_columns(contracts[name]))
        for name, snapshot in snapshots.items()
    }
    part = part_for(env, step, current, snapshots, parents, views, ring)
    return publish(env, work, part, parents)


def _is_partial(snapshot: Snapshot) -> bool:
    return snapshot.properties.get("status") == "partial"


def _parents(env: Environment, step: Step) -> dict[str, Snapshot]:
    found = {name: env.lake.current(name) for name in step.parents}
    return {name: snapshot for name, snapshot in found.items() if snapshot is not None}
