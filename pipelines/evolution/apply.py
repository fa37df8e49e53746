"""Taking on the columns of a new contract: a commit in which no file comes or goes."""

from __future__ import annotations

import json

from pipelines.collect import Landing
from pipelines.duck import table_columns
from pipelines.evolution.decide import evolution_of
from pipelines.evolution.effect import EVOLVED, MADE_BY, REST, chain_of, mark_of, step_effect
from pipelines.incremental.base import held_with
from pipelines.lake import quarantine_table
from pipelines.plan import Step
from pipelines.publish import Environment
from pipelines.release_gate import release_seal
from pipelines.stage import QUARANTINE_COLUMNS


def evolve(env: Environment, step: Step) -> bool:
    """Give a published table the columns of its contract, if it can take them on as it is.

    What has changed besides, files or inputs, is then dealt with as ever, from the snapshot that
    this leaves: it is what the new contract would have made of the old files.

    Returns:
        Whether there was anything to take on.

    Raises:
        PipelineError: `schema_breaking`.
    """
    found = evolution_of(step, env.lake, Landing(env.home.landing))
    if found is None:
        return False
    if found.way == "refused":
        raise found.refusal
    if found.way != "in_place" or env.full:
        return False
    current = env.lake.current(step.name)
    assert current is not None
    mark = mark_of(step, current.properties.get(REST, ""))
    known, held = held_with(env, step, current)
    if not known or mark == env.lake.abandoned(step.name):
        return False  # a steward has rolled this very result back
    if held is not None:
        # First, as ever: a crash between the two leaves a quarantine that no snapshot names, and the
        # one that belongs to the table is found by the table's fingerprint.
        properties = {"run": env.run_id, "fingerprint": mark}
        env.lake.publish(quarantine_table(step.name), QUARANTINE_COLUMNS, held.files, properties)
    properties = {
        **current.properties,
        "run": env.run_id,
        "fingerprint": mark,
        "contract": step.contract.fingerprint,
        MADE_BY: step_effect(step).text,
        EVOLVED: json.dumps([*chain_of(current), [current.snapshot_id, sorted(found.touched)]]),
    }
    if step.contract.release is not None:
        properties["seal"] = release_seal(env.plan, step.name)
    env.lake.publish(step.name, table_columns(step.contract), current.files, properties)
    return True
