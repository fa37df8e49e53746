"""Collecting a resource from a department's database, in full or by cursor.

Incremental: rows past the last published cursor are fetched, gated and merged into the table by
primary key (appended when there is none). The cursor is committed with the data, in the snapshot's
own properties, so a crash can neither lose nor repeat a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from catalog.contract import DatabaseSource
from pipelines import collect
from pipelines.account import Outcome
from pipelines.collect import Landing
from pipelines.duck import copy_to_parquet, files_sql, snapshot_sql
from pipelines.lake import Snapshot
from pipelines.plan import Step
from pipelines.publish import (
    Environment,
    Work,
    aged,
    collect_mark,
    fill_from,
    ids,
    publish,
    received_files,
    standing,
    unchanged,
)
from pipelines.stage import Stage
from quality.predicates import quoted


def collect_database(
    env: Environment,
    step: Step,
    started: datetime,
    current: Snapshot | None,
    landing: Landing,
    parents: Mapping[str, Snapshot],
) -> Outcome:
    """Fetch, gate and publish one database resource.

    Raises:
        PipelineError: `connection_missing`, `source_connection_lost` and the other collector errors.
    """
    contract = step.contract
    assert isinstance(contract.source, DatabaseSource)
    url = env.connections(contract.source.connection)
    base = _base(env, step, current)
    since = base.properties.get("watermark") if base else None
    load = collect.fetch_database(contract, url, landing, since)
    if base is not None and load.landed is None:
        mark = base.properties.get("fingerprint", "")
        return aged(env, unchanged(Work(step, started, mark, current, ids(parents))), step)
    landed = [load.landed] if load.landed else []
    watermark = load.watermark or since
    sources = [f"{f.name}\0{f.sha256}" for f in landed] + [f"since\0{since}"]
    mark = collect_mark(env, step, sources, parents)
    work = Work(
        step,
        started,
        mark,
        current,
        ids(parents),
        files=received_files(contract, landed),
        watermark=watermark if contract.collect.mode == "incremental" else None,
        append_quarantine=base is not None,
    )
    stands = standing(env, work)
    if stands is not None:
        return stands
    received = collect.read_files(contract, landed)

    def merge(stage: Stage, good: Path) -> list[Path]:
        assert base is not None
        return _merged(env, stage, base, good)

    return publish(env, work, lambda s: fill_from(s, received), parents, merge if base else None)


def _base(env: Environment, step: Step, current: Snapshot | None) -> Snapshot | None:
    """The snapshot that an increment extends; None when everything has to be fetched again."""
    if step.contract.collect.mode != "incremental" or env.full or current is None:
        return None
    same_contract = current.properties.get("contract") == step.contract.fingerprint
    return current if same_contract and "watermark" in current.properties else None


def _merged(env: Environment, stage: Stage, base: Snapshot, good: Path) -> list[Path]:
    """The table's content after an increment: new rows replace old ones of the same key."""
    key = stage.step.contract.primary_key
    if not key:
        return [*base.files, good]
    fresh = f"({files_sql([good], base.columns)})"
    same = " AND ".join(f"n.{quoted(name)} = o.{quoted(name)}" for name in key)
    merged = env.lake.new_file(stage.step.name, env.run_id)
    copy_to_parquet(
        stage.con,
        f"{files_sql([good], base.columns)} UNION ALL SELECT * FROM ({snapshot_sql(base)}) AS o "
        f"WHERE NOT EXISTS (SELECT 1 FROM {fresh} AS n WHERE {same})",
        merged,
    )
    good.unlink()
    return [merged]
