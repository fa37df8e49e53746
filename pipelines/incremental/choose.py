"""How much of a model's table a step has to make: all of it, some parts, or some versions."""

from __future__ import annotations

import json
from collections.abc import Mapping

from catalog.lineage import ROW
from pipelines.account import fingerprint
from pipelines.errors import PipelineError
from pipelines.incremental.base import SHAPE, held_with
from pipelines.incremental.build import Base, Parts
from pipelines.incremental.changes import Change
from pipelines.incremental.history import History, moment_of, usable
from pipelines.lake import Snapshot
from pipelines.masking.keys import KeyRing
from pipelines.plan import Step
from pipelines.publish import Environment, Whole, gate_mark, input_marks, release_mark


def part_for(
    env: Environment,
    step: Step,
    current: Snapshot | None,
    inputs: Mapping[str, Snapshot | None],
    parents: Mapping[str, Snapshot],
    views: Mapping[str, str],
    ring: KeyRing | None,
) -> Whole:
    """What a step computes.

    Args:
        inputs: the snapshots that it reads; None for one that is not there.
        views: SELECT text of every input.
    """
    assert step.model is not None
    model_sql = step.model.sql
    kept = step.contract.materialisation
    if kept.kind == "snapshot":
        shape = _shape(env, step, inputs, parents, ring, frozenset(inputs))
        base = usable(step.contract, current)
        quarantine = held_with(env, step, base)[1] if base else None
        there = {name: snapshot for name, snapshot in inputs.items() if snapshot is not None}
        moment = moment_of(there, base)
        body = step.model.body
        return History(step, body, base, quarantine, views, ring, shape, moment)
    if step.local is None:
        return Whole(lambda stage: stage.fill_model(model_sql, views, ring))
    shape = _shape(env, step, inputs, parents, ring, frozenset(step.local.inputs))
    stays = _base(env, step, current, inputs, shape)
    if env.spark is not None:
        from pipelines.spark.parts import SparkParts

        return SparkParts(step, step.local, stays, views, ring, shape)
    return Parts(step, step.local, stays, views, ring, shape)


def _shape(
    env: Environment,
    step: Step,
    inputs: Mapping[str, Snapshot | None],
    parents: Mapping[str, Snapshot],
    ring: KeyRing | None,
    in_parts: frozenset[str],
) -> str:
    """A fingerprint of everything a change of which makes all parts new."""
    assert step.model is not None
    whole = {n: s.snapshot_id for n, s in inputs.items() if s is not None and n not in in_parts}
    whole |= {f"parent {name}": snapshot.snapshot_id for name, snapshot in parents.items()}
    parts = [step.model.fingerprint, gate_mark(env), *input_marks(whole), *release_mark(env, step)]
    parts += [f"lacking {name}" for name, snapshot in sorted(inputs.items()) if snapshot is None]
    return fingerprint([*parts, *([ring.fingerprint(step.keys)] if ring is not None else [])])


def _base(
    env: Environment,
    step: Step,
    current: Snapshot | None,
    inputs: Mapping[str, Snapshot | None],
    shape: str,
) -> Base | None:
    """What can stay; None when everything has to be made."""
    assert step.local is not None
    if env.full or current is None or current.properties.get(SHAPE) != shape:
        return None
    found, quarantine = held_with(env, step, current)
    before = json.loads(current.properties.get("inputs", "{}"))
    changes: dict[str, Change] = {}
    for name in step.local.inputs:
        try:
            then = env.lake.snapshot(name, before[name])
        except (KeyError, PipelineError):
            return None  # its files may be gone
        changes[name] = Change(then, inputs[name], _used(env, step, name))
    if not found or not all(change.comparable for change in changes.values()):
        return None
    period = env.period if step.contract.materialisation.time else None
    return Base(current, quarantine, changes, period)


def _used(env: Environment, step: Step, table: str) -> tuple[str, ...]:
    """The columns of a table that a model's rows depend on in any way."""
    lineage = env.plan.lineage[step.name]
    edges = (
        *(edge for column in lineage.columns.values() for edge in column),
        *lineage.rows,
        *lineage.order,
    )
    named = {e.column for e in edges if e.table == table and e.column != ROW}
    assert step.local is not None
    return tuple(sorted({*named, *step.local.inputs[table]}))
