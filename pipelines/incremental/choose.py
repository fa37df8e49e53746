"""How much of a model's table a step has to make: all of it, some parts, or some versions."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipelines.account import fingerprint
from pipelines.errors import PipelineError
from pipelines.evolution.effect import content_ids, used_columns
from pipelines.incremental.base import held_with, same_shape
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
    read = {n: s for n, s in inputs.items() if s is not None and n not in in_parts}
    whole = content_ids(env.plan, step, read)
    referred = content_ids(env.plan, step, parents)
    whole |= {f"parent {name}": found for name, found in referred.items()}
    parts = [gate_mark(env), *input_marks(whole), *release_mark(env, step)]
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
    if env.full or current is None or not same_shape(step, current, shape):
        return None
    found, quarantine = held_with(env, step, current)
    before = json.loads(current.properties.get("inputs", "{}"))
    changes: dict[str, Change] = {}
    used = used_columns(env.plan, step)
    for name in step.local.inputs:
        try:
            then = env.lake.snapshot(name, before[name])
        except (KeyError, PipelineError):
            return None  # its files may be gone
        columns = {*used[name], *step.local.inputs[name]}
        changes[name] = Change(then, inputs[name], tuple(sorted(columns)))
    if not found or not all(change.comparable for change in changes.values()):
        return None
    period = env.period if step.contract.materialisation.time else None
    return Base(current, quarantine, changes, period)
