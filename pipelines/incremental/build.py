"""Building a part of a model's table: the periods or keys whose inputs have changed.

What is computed is restricted on both sides: the model reads the rows of the parts that are to be
made, and its rows of those parts replace the old ones. That this gives what computing everything
would give was proven when the workspace was compiled (`locality`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.duck import snapshot_sql, table_columns
from pipelines.incremental.base import SHAPE, count_held
from pipelines.incremental.changes import Change, affected_sql, part_of, same_part
from pipelines.incremental.locality import Local
from pipelines.incremental.parts import Content, NewFile, rows_of, without, write_parts
from pipelines.incremental.period import Period
from pipelines.lake import Snapshot
from pipelines.masking.keys import KeyRing
from pipelines.plan import Step
from pipelines.publish import Whole
from pipelines.stage import Counts, Stage
from quality.predicates import literal, quoted

MADE, READ = "_parts_made", "_parts_read"


@dataclass(frozen=True, slots=True)
class Base:
    """What a table holds now, and what of its inputs has changed since.

    Attributes:
        changes: by input that is read in parts.
        period: a range that is to be made again whether anything has changed or not.
    """

    snapshot: Snapshot
    quarantine: Snapshot | None
    changes: Mapping[str, Change]
    period: Period | None = None


class Parts(Whole):
    """The parts of a model's table that are made anew, and those that stay.

    Args:
        base: None: the whole table is made.
        inputs: SELECT text of every input.
    """

    on_spark = False

    def __init__(
        self,
        step: Step,
        local: Local,
        base: Base | None,
        inputs: Mapping[str, str],
        ring: KeyRing | None,
        shape: str,
    ) -> None:
        super().__init__(lambda stage: None)
        self.step = step
        self.local = local
        self.base = base
        self.inputs = inputs
        self.ring = ring
        self.shape = shape

    @property
    def _grain(self) -> str | None:
        kept = self.step.contract.materialisation
        return kept.grain if kept.kind == "incremental_by_time" else None

    @property
    def _sql(self) -> str:
        assert self.step.model is not None
        return self.step.model.sql.rstrip().rstrip(";")

    # -- what is computed -----------------------------------------------------------------------

    def fill(self, stage: Stage) -> None:
        """Stage the rows of the parts that are to be made."""
        if self.base is None:
            stage.fill_model(self._sql, self.inputs, self.ring)
            return
        self._choose(stage, self.base)
        made = same_part(self._made("m"), MADE)
        views = {
            name: self._restricted(stage, name, sql) if name in self.local.inputs else sql
            for name, sql in self.inputs.items()
        }
        sql = f"SELECT m.* FROM (\n{self._sql}\n) AS m WHERE {made}"
        stage.fill_model(sql, views, self.ring)
        if self._across(stage, self.base):
            # A key stands in two parts: which row holds is decided among all rows.
            self.base = None
            stage.fill_model(self._sql, self.inputs, self.ring)

    def _choose(self, stage: Stage, base: Base) -> None:
        """Tables of the parts that are made and of those of the inputs that are read for them."""
        types = {item.name: item.physical_type for item in self.step.contract.fields}
        columns = ", ".join(
            f"p{n} {'DATE' if self._grain else types[name]}"
            for n, name in enumerate(self.local.columns)
        )
        for table in (MADE, READ):
            stage.con.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
        found = [
            affected_sql(base.changes[name], self.local.inputs[name], self._grain)
            for name in sorted(base.changes)
        ]
        if base.period is not None:
            found += self._of_period(stage, base, base.period)
        listed = " UNION ".join(f"({sql})" for sql in found if sql)
        if not listed:
            return
        stage.con.execute(f"INSERT INTO {MADE} SELECT DISTINCT * FROM ({listed}) AS changed")
        back = self.step.contract.materialisation.lookback
        self._shift(stage, MADE, MADE, range(1, back + 1))
        stage.con.execute(f"INSERT INTO {READ} SELECT * FROM {MADE}")
        self._shift(stage, MADE, READ, range(-back, 0))

    def _shift(self, stage: Stage, source: str, target: str, steps: range) -> None:
        """Add periods before or after those of a table."""
        if not steps:
            return
        listed = ", ".join(map(str, steps))
        stage.con.execute(
            f"INSERT INTO {target} SELECT DISTINCT CAST(p0 + n * INTERVAL 1 {self._grain} AS DATE) AS p "
            f"FROM {source}, (SELECT unnest([{listed}]) AS n) AS steps EXCEPT SELECT p0 FROM {target}"
        )

    def _of_period(self, stage: Stage, base: Base, period: Period) -> list[str]:
        """The parts that a range of days touches."""
        time = self.step.contract.materialisation.time
        assert time is not None
        table = snapshot_sql(base.snapshot)
        held = period.holds(f"b.{quoted(time)}")
        own = f"SELECT {', '.join(self._made('b'))} FROM ({table}) AS b WHERE {held}"
        if self._grain is not None:
            read = [
                f"SELECT {part_of(f'i.{quoted(names[0])}', self._grain)} FROM ({self.inputs[name]}) "
                f"AS i WHERE {period.holds(f'i.{quoted(names[0])}')}"
                for name, names in self.local.inputs.items()
            ]
            return [own, *read]
        stage.prepare_model(self.inputs, self.ring)
        computed = (
            f"SELECT {', '.join(self._made('m'))} FROM (\n{self._sql}\n) AS m "
            f"WHERE {period.holds(f'm.{quoted(time)}')}"
        )
        return [own, computed]

    def _made(self, alias: str) -> list[str]:
        """The part that a row of the model belongs to."""
        return [part_of(f"{alias}.{quoted(name)}", self._grain) for name in self.local.columns]

    def _restricted(self, stage: Stage, name: str, sql: str) -> str:
        """The rows of an input that are in the parts to be read."""
        columns = [f"i.{quoted(n)}" for n in self.local.inputs[name]]
        parts = [part_of(column, self._grain) for column in columns]
        near = self._near(stage, columns[0], READ)
        return f"SELECT i.* FROM ({sql}) AS i WHERE {near}{same_part(parts, READ)}"

    def _near(self, stage: Stage, column: str, listed: str) -> str:
        """A range around periods, by which the engine can leave out files and row groups."""
        if not self._grain:
            return ""
        row = stage.con.execute(
            "SELECT CAST(min(p0) AS VARCHAR), CAST(max(p0) AS VARCHAR), "
            f"count(*) FILTER (WHERE isfinite(p0) IS NOT TRUE) FROM {listed}"
        ).fetchone()
        assert row is not None
        first, last, unknown = row
        if unknown or first is None:
            return ""
        end = f"DATE '{last}' + INTERVAL 1 {self._grain}"
        return f"{column} >= DATE '{first}' AND {column} < {end} AND "

    def _across(self, stage: Stage, base: Base) -> bool:
        """Whether rows of different parts have the same key, or had until now."""
        for rule in self.step.rules:
            if rule.kind != "unique" or set(self.local.columns) <= set(rule.fields):
                continue
            keys = ", ".join(map(quoted, rule.fields))
            held = base.quarantine
            earlier = f"list_contains(_reasons, {literal(rule.id)})"
            if held is not None and held.rows:
                sql = f"SELECT 1 FROM ({snapshot_sql(held)}) AS q WHERE {earlier} LIMIT 1"
                if stage.con.execute(sql).fetchone():
                    return True
            stays = (
                f"SELECT * FROM ({snapshot_sql(base.snapshot)}) AS b WHERE NOT {self._gone('b')}"
            )
            shared = (
                f"SELECT 1 FROM (SELECT {keys} FROM staged WHERE {stage.eligible(rule.fields)}) AS s "
                f"SEMI JOIN ({stays}) AS b USING ({keys}) LIMIT 1"
            )
            if stage.con.execute(shared).fetchone():
                return True
        return False

    # -- what is published ----------------------------------------------------------------------

    def _gone(self, alias: str) -> str:
        return same_part(self._made(alias), MADE)

    def _leaving(self, stage: Stage, alias: str) -> str:
        """The same, for counting and leaving out: it says the range, too."""
        column = f"{alias}.{quoted(self.local.columns[0])}"
        return f"({self._near(stage, column, MADE)}{self._gone(alias)})"

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        """Rows of the parts that were made replace the old ones."""
        rows = f"SELECT g.* FROM ({stage.good_sql()}) AS g"
        part = part_of(f"r.{quoted(self.local.columns[0])}", self._grain)
        fresh = write_parts(stage.con, rows, part, new_file)
        stage.counts.published = rows_of(stage.con, fresh)
        return self._beside(stage, fresh, new_file)

    def _beside(self, stage: Stage, fresh: tuple[Path, ...], new_file: NewFile) -> Content:
        """What was made now, with the parts that stay."""
        if self.base is None:
            return Content((), fresh)
        base = self.base.snapshot
        columns = table_columns(self.step.contract, base)
        gone = self._leaving(stage, "held")
        kept = without(stage.con, base.files, columns, gone, new_file)
        return Content(kept, fresh if stage.counts.published else ())

    def totals(self, stage: Stage) -> Counts:
        """What computing everything would have counted."""
        if self.base is None:
            return stage.counts
        gone = self._leaving(stage, "b")
        return whole_account(stage, self.base.snapshot, gone, self._stays())

    def quarantine(self, stage: Stage) -> str | None:
        """Rows of parts that stay."""
        return self._stays()

    def _stays(self) -> str | None:
        held = self.base.quarantine if self.base else None
        if held is None or not held.rows:
            return None
        types = {item.name: item.physical_type for item in self.step.contract.fields}
        values = [part_of(original(name, types[name]), self._grain) for name in self.local.columns]
        return f"SELECT q.* FROM ({snapshot_sql(held)}) AS q WHERE NOT {same_part(values, MADE)}"

    def properties(self, stage: Stage, new_file: NewFile) -> dict[str, str]:
        """What the next increment compares."""
        return {SHAPE: self.shape}


def original(name: str, kind: str) -> str:
    """A value of a rejected row of a model, from what the quarantine keeps of it."""
    return f"CAST(json_extract_string(q._original, '$.{name}') AS {kind})"


def whole_account(stage: Stage, base: Snapshot, gone: str, held: str | None) -> Counts:
    """The account of a model's table: what was made now, and what stays of before."""
    counts = stage.counts
    total = Counts(failures=counts.failures, present=counts.present)
    total.reasons, total.quarantined = Counter(counts.reasons), counts.quarantined
    count_held(stage, total, held)
    left = stage.con.execute(
        f"SELECT count(*) FROM ({snapshot_sql(base)}) AS b WHERE {gone}"
    ).fetchone()
    assert left is not None
    total.published = base.rows - int(left[0]) + counts.published
    total.received = total.published + total.quarantined
    return total
