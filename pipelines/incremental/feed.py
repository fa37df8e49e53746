"""Collecting a department's database, in full, by a cursor or from a feed of changes.

Incremental: rows past the last published cursor are fetched, gated and merged into the table by
primary key (appended when there is none). The cursor is committed with the data, in the snapshot's
own properties, so a crash can neither lose nor repeat a batch. Files of the table without a row of
a key that has changed stay as they are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from catalog.contract import DatabaseSource, Deleted
from pipelines import collect
from pipelines.account import Outcome
from pipelines.collect import Landing
from pipelines.collect.landing import hash_file
from pipelines.collect.received import Received
from pipelines.duck import path_literal, snapshot_sql, table_columns
from pipelines.evolution.effect import made_alike, mark_of
from pipelines.incremental.base import held_with
from pipelines.incremental.parts import PART_ROWS, Content, NewFile, rows_of, without, write_parts
from pipelines.lake import TIES, Snapshot
from pipelines.plan import Step
from pipelines.publish import (
    Environment,
    Whole,
    Work,
    aged,
    collect_rest,
    fill_from,
    ids,
    publish,
    received_files,
    standing,
    unchanged,
)
from pipelines.reading import cleaned, typed
from pipelines.stage import Stage
from quality.predicates import literal, quoted

SUPERSEDED, DELETED = "superseded", "deleted"
"""What the account calls changes that a later one of the same key has overtaken, and tombstones."""


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
    since = _since(env, step, base)
    seen = _seen(step, base, since)
    load = collect.fetch_database(contract, url, landing, since, seen)
    keys = None
    if contract.collect.deleted == "compare" and base is not None:
        keys = env.budget.scratch / f"{step.name.replace('.', '__')}.keys.parquet"
        collect.fetch_keys(contract, url, keys)
    if base is not None and load.landed is None and not (keys and _lost(env, step, base, keys)):
        mark = base.properties.get("fingerprint", "")
        return aged(env, unchanged(Work(step, started, mark, current, ids(parents))), step)
    landed = [load.landed] if load.landed else []
    # A backfill that finds no row leaves the watermark where it was.
    published = base.properties.get("watermark") if base else None
    watermark = load.watermark if load.landed is not None else published
    sources = [f"{f.name}\0{f.sha256}" for f in landed] + [f"since\0{since}"]
    sources += [f"keys\0{hash_file(keys)[0]}"] if keys else []
    rest = collect_rest(env, step, sources, parents)
    work = Work(
        step,
        started,
        mark_of(step, rest),
        current,
        ids(parents),
        files=received_files(contract, landed),
        watermark=watermark if contract.collect.mode != "full" else None,
        rest=rest,
    )
    stands = standing(env, work)
    if stands is not None:
        return stands
    received = collect.read_files(contract, landed)
    if contract.collect.mode == "full":
        return publish(env, work, Whole(lambda stage: fill_from(stage, received)), parents)
    loads = [file.load_id for file in work.files]
    quarantine = held_with(env, step, base)[1] if base else None
    feed = Feed(step, base, quarantine, received, loads, keys, load.ties)
    return publish(env, work, feed, parents)


def _base(env: Environment, step: Step, current: Snapshot | None) -> Snapshot | None:
    """The snapshot that an increment extends; None when everything has to be fetched again."""
    if step.contract.collect.mode == "full" or env.full or current is None:
        return None
    usable = made_alike(step, current) and "watermark" in current.properties
    return current if usable and held_with(env, step, current)[0] else None


def _since(env: Environment, step: Step, base: Snapshot | None) -> str | None:
    """From where on rows are fetched: what was published last, or the start of a backfill."""
    if base is None:
        return None
    last = base.properties.get("watermark")
    cursor = step.contract.field_named(step.contract.collect.cursor or "")
    if env.period is None or cursor is None:
        return last
    if env.period.since is None or cursor.physical_type not in ("DATE", "TIMESTAMP", "TIMESTAMPTZ"):
        return None  # there is no telling where the range begins: everything is fetched again
    before = str(env.period.since - timedelta(days=1))
    if cursor.physical_type != "DATE":
        before += " 23:59:59.999999"
    return min(before, last) if last is not None else before


def _seen(step: Step, base: Snapshot | None, since: str | None) -> Counter[str] | None:
    """The rows at the last cursor that the table was made from.

    None when rows at the cursor are not fetched: without a primary key a row cannot be told from one
    that was appended before; a backfill gives a cursor of its own.
    """
    if base is None or since is None or not step.contract.primary_key:
        return None
    path = base.properties.get(TIES)
    if path is None or since != base.properties.get("watermark"):
        return None
    try:
        return Counter(json.loads(Path(path).read_text("utf-8")))
    except FileNotFoundError:
        return None


def _typed_keys(step: Step, keys: Path) -> str:
    """The keys that the source has, from their text, as the contract reads them."""
    named = {item.name: item for item in step.contract.fields}
    listed = ", ".join(
        f"{typed(named[n], cleaned(named[n], quoted(n)))} AS {quoted(n)}"
        for n in step.contract.primary_key
    )
    return f"SELECT {listed} FROM read_parquet('{path_literal(keys)}')"


def _lost(env: Environment, step: Step, base: Snapshot, keys: Path) -> bool:
    """Whether a row of the table is no longer in the source."""
    from pipelines.duck import Budget, connection

    key = step.contract.primary_key
    with connection(Budget(env.budget.memory, env.budget.threads, env.budget.scratch)) as con:
        row = con.execute(
            f"SELECT 1 FROM ({snapshot_sql(base)}) AS b "
            f"ANTI JOIN ({_typed_keys(step, keys)}) AS k USING ({', '.join(map(quoted, key))}) LIMIT 1"
        ).fetchone()
    return row is not None


class Feed(Whole):
    """The rows of a database that are new, merged into those that are there.

    Args:
        base: the snapshot that is extended; None when this is all there is.
        quarantine: the quarantine that was published with it.
        loads: ids of what was received now.
        keys: a file with the keys of the whole source, when rows that are gone are found by it.
        ties: the rows at the last cursor; None when they are those of the base.
    """

    on_spark = False

    def __init__(
        self,
        step: Step,
        base: Snapshot | None,
        quarantine: Snapshot | None,
        received: Received,
        loads: list[str],
        keys: Path | None,
        ties: Counter[str] | None,
    ) -> None:
        super().__init__(lambda stage: fill_from(stage, received))
        self.step = step
        self.base = base
        self.held = quarantine
        self.loads = loads
        self.keys = keys
        self.ties = ties

    @property
    def _key(self) -> tuple[str, ...]:
        return self.step.contract.primary_key

    def fill(self, stage: Stage) -> None:
        """Stage what was received, and of several changes of one key the last."""
        super().fill(stage)
        collect = self.step.contract.collect
        listed = ", ".join(map(quoted, self._key))
        if self._key:
            stage.con.execute(f"CREATE TEMP TABLE touched AS SELECT {listed} FROM staged LIMIT 0")
        if isinstance(collect.deleted, Deleted):
            values = ", ".join(map(literal, collect.deleted.values))
            given = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in self._key)
            stage.con.execute(
                f"UPDATE staged SET _filter = '{DELETED}' WHERE _filter IS NULL AND {given} "
                f"AND CAST({quoted(collect.deleted.field)} AS VARCHAR) IN ({values})"
            )
        if collect.mode == "changes":
            self._supersede(stage)
        if isinstance(collect.deleted, Deleted):
            stage.con.execute(
                f"INSERT INTO touched SELECT {listed} FROM staged WHERE _filter = '{DELETED}'"
            )
        if self.keys is not None:
            self._compare(stage)
        if collect.mode == "changes" or collect.deleted is not None:
            stage.recount()

    def _supersede(self, stage: Stage) -> None:
        """Only the last change of a key counts, of those that are sound."""
        cursor = self.step.contract.collect.cursor
        assert cursor is not None
        keys = ", ".join(map(quoted, self._key))
        sound = f"({stage.eligible(self._key)}) OR _filter = '{DELETED}'"
        stage.con.execute(
            f"UPDATE staged SET _filter = '{SUPERSEDED}' WHERE rowid IN (SELECT rid FROM ("
            f"SELECT rowid AS rid, row_number() OVER (PARTITION BY {keys} ORDER BY "
            f"{quoted(cursor)} DESC NULLS LAST, _source_line DESC) AS nth FROM staged "
            f"WHERE {sound}) AS numbered WHERE nth > 1)"
        )

    def _compare(self, stage: Stage) -> None:
        """Rows whose key the source no longer has."""
        assert self.keys is not None
        assert self.base is not None
        listed = ", ".join(map(quoted, self._key))
        stage.con.execute(f"CREATE TEMP TABLE present AS {_typed_keys(self.step, self.keys)}")
        stage.con.execute(
            f"INSERT INTO touched SELECT {listed} FROM ({snapshot_sql(self.base)}) AS b "
            f"ANTI JOIN present USING ({listed})"
        )
        stage.con.execute(
            f"UPDATE staged SET _filter = '{DELETED}' WHERE _filter IS NULL AND rowid IN "
            f"(SELECT rid FROM (SELECT rowid AS rid, {listed} FROM staged) AS s "
            f"ANTI JOIN present USING ({listed}))"
        )

    def _gone(self) -> str:
        """Rows of the table that are replaced or no more."""
        if not self._key:
            return "FALSE"
        names = ", ".join(map(quoted, self._key))
        return (
            f"({names}) IN (SELECT {names} FROM touched)"
            if len(self._key) > 1
            else (f"{names} IN (SELECT {names} FROM touched)")
        )

    def judge_sets(self, stage: Stage, parents: Mapping[str, str]) -> dict[str, int | None]:
        """Rows that stay have their keys, unless the new row is the same row in a new state.

        A row that is rejected replaces none: what holds is the last state that was sound, and that
        may have a key which another new row was to get. So it is asked until nothing changes.
        """
        if self.base is None:
            return stage.judge_sets(parents)
        if not self._key:
            return stage.judge_sets(parents, published=snapshot_sql(self.base))
        listed = ", ".join(map(quoted, self._key))
        stage.con.execute("CREATE TEMP TABLE removed AS SELECT * FROM touched")
        failures, bad = Counter(stage.counts.failures), -1
        while True:
            stage.con.execute(
                "CREATE OR REPLACE TEMP TABLE touched AS SELECT * FROM removed UNION ALL "
                f"SELECT {listed} FROM staged WHERE {stage.eligible(self._key)}"
                + (" AND rowid NOT IN (SELECT rid FROM set_bad)" if bad > 0 else "")
            )
            stage.counts.failures = Counter(failures)
            stays = f"SELECT * FROM ({snapshot_sql(self.base)}) AS b WHERE NOT ({self._gone()})"
            assessed = stage.judge_sets(parents, published=stays)
            rejected = stage.rejected_by_sets()
            if rejected == max(bad, 0):
                return assessed
            bad = rejected

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        """New rows replace old ones of the same key."""
        fresh = write_parts(stage.con, stage.good_sql(), f"_source_line // {PART_ROWS}", new_file)
        columns = table_columns(self.step.contract, self.base)
        stage.counts.published = rows_of(stage.con, fresh)
        if self.base is None:
            return Content((), fresh)
        kept = without(stage.con, self.base.files, columns, self._gone(), new_file)
        return Content(kept, fresh if stage.counts.published else ())

    def quarantine(self, stage: Stage) -> str | None:
        """What earlier loads left there; this load's own rows are not kept twice."""
        if self.held is None or not self.held.rows:
            return None
        listed = ", ".join(map(literal, self.loads)) or "''"
        return f"SELECT * FROM ({snapshot_sql(self.held)}) AS q WHERE _load_id NOT IN ({listed})"

    def properties(self, stage: Stage, new_file: NewFile) -> dict[str, str]:
        """The rows at the cursor from which the next increment goes on."""
        if self.ties is None:
            known = self.base.properties.get(TIES) if self.base else None
            return {TIES: known} if known else {}
        path = new_file().with_suffix(".ties.json")
        path.write_text(json.dumps(self.ties), "utf-8")
        return {TIES: str(path)}
