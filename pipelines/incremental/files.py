"""Collecting files incrementally: only those whose content is not known yet are read.

The table stays equal to what reading all files would give: rows of a file that has changed are
replaced, those of a file that is gone leave (unless the contract keeps them), and of a key that
stands in several files the first row in published order holds, in whichever order they came.

The snapshot names a file of *loads* beside the data: what was received from each file. Rows that
only a set rule rejected are kept there too, with their keys, because they decide about others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from catalog.errors import CityBrainError
from pipelines.account import Outcome, fingerprint
from pipelines.collect.files import SourceFile
from pipelines.collect.landing import Landed, Landing
from pipelines.collect.received import Received, load_id, read_files
from pipelines.duck import copy_to_parquet, files_sql, snapshot_sql, table_columns
from pipelines.evolution.effect import content_ids, mark_of
from pipelines.incremental.base import SHAPE, count_held, held_with, same_shape
from pipelines.incremental.parts import Content, NewFile, rows_of, without, write_parts
from pipelines.lake import HELD, LOADS, Column, Snapshot
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
    standing,
)
from pipelines.stage import Counts, Stage
from quality.predicates import literal, quoted
from quality.rules import Rule

_PLACE = ("_source_file", "_source_line", "_load_id")
_ROUNDS = 20

Reader = Callable[[Sequence[Landed]], Received]


@dataclass(frozen=True, slots=True)
class Load:
    """One content of one file that a table holds.

    Attributes:
        received, filtered: rows that were read from it, and those that filters took out.
    """

    load_id: str
    name: str
    sha256: str
    size: int
    received: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What a table that is collected incrementally was made from."""

    base: Snapshot
    quarantine: Snapshot | None
    loads: Mapping[str, Load]
    held: Path | None


def read_known(base: Snapshot, quarantine: Snapshot | None) -> Known | None:
    """What a snapshot says of its loads; None when it was not collected incrementally."""
    name = base.properties.get(LOADS)
    if name is None:
        return None
    path = Path(name)
    if not path.is_file():
        return None
    loads = [Load(**entry) for entry in json.loads(path.read_text("utf-8"))]
    held = base.properties.get(HELD)
    return Known(
        base, quarantine, {load.load_id: load for load in loads}, Path(held) if held else None
    )


class Files(Whole):
    """The rows of the files that are new, and those that stay.

    Args:
        known: what the table holds now; None: nothing, every file is read.
        present: all loads that the table is to hold, by id, with the landed file.
    """

    on_spark = False

    def __init__(
        self,
        step: Step,
        known: Known | None,
        present: Mapping[str, Landed],
        read: Reader,
        shape: str,
    ) -> None:
        super().__init__(lambda stage: None)
        self.step = step
        self.known = known
        self.present = present
        self._read = read
        self._shape = shape
        before = known.loads if known else {}
        self.reading = {load for load in present if load not in before}
        self.gone = {load for load in before if load not in present}

    @property
    def _unique(self) -> list[Rule]:
        return [rule for rule in self.step.rules if rule.kind == "unique"]

    def fill(self, stage: Stage) -> None:
        """Read what is new, and again what a new row's key puts in another light."""
        for _ in range(_ROUNDS):
            fill_from(stage, self._read([self.present[load] for load in sorted(self.reading)]))
            more = self._disturbed(stage)
            if not more:
                return
            self.reading |= more
        self.reading = set(self.present)
        fill_from(stage, self._read(list(self.present.values())))
        self._disturbed(stage)

    def judge_sets(self, stage: Stage, parents: Mapping[str, str]) -> dict[str, int | None]:
        earlier = "SELECT * FROM met" if self.known is not None and self._unique else None
        return stage.judge_sets(parents, earlier=earlier)

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        rows = stage.good_sql()
        fresh = write_parts(stage.con, rows, "_source_file", new_file)
        stage.counts.published = rows_of(stage.con, fresh)
        if self.known is None:
            return Content((), fresh)
        columns = table_columns(self.step.contract, self.known.base)
        kept = without(stage.con, self.known.base.files, columns, self._leaving(), new_file)
        return Content(kept, fresh if stage.counts.published else ())

    def totals(self, stage: Stage) -> Counts:
        """What reading every file would have counted."""
        counts = stage.counts
        if self.known is None:
            return counts
        total = Counts(failures=counts.failures, present=counts.present)
        for load in self._loads(stage):
            total.received += load.received
            for name, rows in load.filtered.items():
                total.filtered[name] = total.filtered.get(name, 0) + rows
        total.reasons = Counter(counts.reasons)
        total.quarantined = counts.quarantined
        count_held(stage, total, self.quarantine(stage))
        total.published = total.received - total.quarantined - sum(total.filtered.values())
        return total

    def quarantine(self, stage: Stage) -> str | None:
        """Rows of files that stay."""
        held = self.known.quarantine if self.known else None
        if held is None or not held.rows:
            return None
        return f"SELECT * FROM ({snapshot_sql(held)}) AS q WHERE NOT ({self._leaving()})"

    def properties(self, stage: Stage, new_file: NewFile) -> dict[str, str]:
        path = new_file().with_suffix(".loads.json")
        loads = [asdict(load) for load in self._loads(stage)]
        path.write_text(json.dumps(loads, ensure_ascii=False), "utf-8")
        found = {SHAPE: self._shape, LOADS: str(path)}
        if self._unique:
            held = new_file()
            copy_to_parquet(stage.con, self._held(stage), held)
            found[HELD] = str(held.rename(held.with_suffix(".held.parquet")))
        return found

    # -- inside ---------------------------------------------------------------------------------

    def _leaving(self) -> str:
        """Rows that are read again, or whose file is gone."""
        listed = ", ".join(literal(load) for load in sorted(self.reading | self.gone))
        return f"_load_id IN ({listed})" if listed else "FALSE"

    def _loads(self, stage: Stage) -> list[Load]:
        """All loads of the table as it would be, in order of their files."""
        counted: dict[str, dict[str | None, int]] = {}
        for load, name, rows in stage.con.execute(
            "SELECT _load_id, _filter, count(*) FROM staged GROUP BY ALL"
        ).fetchall():
            counted.setdefault(load, {})[name] = rows
        found = []
        for load, landed in self.present.items():
            if load in self.reading:
                rows = counted.get(load, {})
                filtered = {
                    name: n for name, n in sorted(rows.items(), key=str) if name is not None
                }
                found.append(
                    Load(
                        load, landed.name, landed.sha256, landed.size, sum(rows.values()), filtered
                    )
                )
            elif self.known is not None:
                found.append(self.known.loads[load])
        return sorted(found, key=lambda load: load.name)

    def _fields(self) -> list[str]:
        return list(dict.fromkeys(name for rule in self._unique for name in rule.fields))

    def _keys_of(self, source: str) -> str:
        """The keys and places of rows."""
        listed = ", ".join([*map(quoted, self._fields()), *_PLACE])
        return f"SELECT {listed} FROM ({source}) AS keyed"

    def _before(self) -> str | None:
        """Keys of all rows that the rules on keys compared, of what the table holds now."""
        if self.known is None or not self._unique:
            return None
        parts = [self._keys_of(snapshot_sql(self.known.base))]
        if self.known.held is not None and self.known.held.is_file():
            parts.append(self._keys_of(files_sql([self.known.held], self._held_columns())))
        return " UNION ALL ".join(parts)

    def _held_columns(self) -> list[Column]:
        base = self.known.base if self.known else None
        own = {column.name: column for column in table_columns(self.step.contract, base)}
        return [own[name] for name in (*self._fields(), *_PLACE)]

    def _held(self, stage: Stage) -> str:
        """Keys of rows that no row rule rejected and that are not published all the same."""
        bad = f"{stage.eligible(())} AND rowid IN (SELECT rid FROM set_bad)"
        rows = self._keys_of(f"SELECT * FROM staged WHERE {bad}")
        if self.known is None or self.known.held is None:
            return rows
        old = files_sql([self.known.held], self._held_columns())
        return f"{rows} UNION ALL SELECT * FROM ({old}) AS h WHERE NOT ({self._leaving()})"

    def _disturbed(self, stage: Stage) -> set[str]:
        """Loads that stay and hold a row that had an earlier row of its key and has none now, or has
        one now and had none: among the rows that come and go.

        Leaves a table `met` of the rows that stay and share a key with those that come or go.
        """
        before = self._before()
        if before is None:
            return set()
        leaving = self._leaving()
        stage.con.execute(f"CREATE OR REPLACE TEMP VIEW before AS {before}")
        stage.con.execute("CREATE OR REPLACE TEMP TABLE met AS SELECT * FROM before LIMIT 0")
        found: set[str] = set()
        for rule in self._unique:
            keys = ", ".join(map(quoted, rule.fields))
            same = " AND ".join(f"_s.{quoted(n)} = _n.{quoted(n)}" for n in rule.fields)
            place = "{'file': _source_file, 'line': _source_line}"
            stage.con.execute(
                f"CREATE OR REPLACE TEMP TABLE news AS SELECT {keys}, min(_come) AS _come, "
                f"min(_gone) AS _gone FROM (SELECT {keys}, {place} AS _come, NULL AS _gone FROM staged "
                f"WHERE {stage.eligible(rule.fields)} UNION ALL "
                f"SELECT {keys}, NULL, {place} FROM before WHERE {leaving}) AS _n GROUP BY {keys}"
            )
            stage.con.execute(
                f"INSERT INTO met SELECT _s.* FROM before AS _s SEMI JOIN news AS _n ON {same} "
                f"WHERE NOT ({leaving})"
            )
            here = "{'file': _s._source_file, 'line': _s._source_line}"
            rows = stage.con.execute(
                f"SELECT DISTINCT _s._load_id FROM met AS _s JOIN news AS _n ON {same} WHERE "
                f"coalesce(_n._come < {here}, FALSE) <> coalesce(_n._gone < {here}, FALSE)"
            ).fetchall()
            found |= {str(load) for (load,) in rows}
        return found


def collect_files(
    env: Environment,
    step: Step,
    started: datetime,
    current: Snapshot | None,
    files: Sequence[SourceFile],
    landing: Landing,
    parents: Mapping[str, Snapshot],
) -> Outcome:
    """Read the files that are new, gate them and publish the table with them.

    Raises:
        PipelineError: what reading files raises.
    """
    contents = content_ids(env.plan, step, parents)
    shape = fingerprint([gate_mark(env), *input_marks(contents)])
    known = _known(env, step, current, shape)
    found = {file.name: file for file in files}
    names = landing.fingerprints(files, again=env.full)
    if step.contract.collect.departed == "keep" and current is not None:
        # Also when everything is read again: their rows are nowhere else.
        before = known or read_known(current, None)
        names = (
            {load.name: load.sha256 for load in before.loads.values()} | names if before else names
        )
    marks = [f"{name}\0{sha}" for name, sha in sorted(names.items())]
    rest = collect_rest(env, step, marks, parents)
    work = Work(step, started, mark_of(step, rest), current, ids(parents), rest=rest)
    stands = standing(env, work)
    if stands is not None:
        return stands
    landed = {
        name: landing.take(found[name], sha) if name in found else landing.kept(name, sha)
        for name, sha in names.items()
    }
    present = {load_id(step.contract, file): file for file in landed.values()}
    warnings: list[CityBrainError] = []

    def read(chosen: Sequence[Landed]) -> Received:
        received = read_files(step.contract, chosen)
        warnings[:] = received.warnings
        return received

    work.files = received_files(step.contract, list(landed.values()))
    work.warnings = warnings
    return publish(env, work, Files(step, known, present, read, shape), parents)


def _known(env: Environment, step: Step, current: Snapshot | None, shape: str) -> Known | None:
    """What an increment can build upon; None: every file has to be read."""
    if env.full or current is None or not same_shape(step, current, shape):
        return None
    found, quarantine = held_with(env, step, current)
    return read_known(current, quarantine) if found else None
