"""Tables of versions: every state of a row with the time in which it held (a slowly changing
dimension, type 2).

A *dated* model says itself since when a version holds; its versions are merged into those that the
table has, so that the order in which they arrive does not matter, and nothing is lost when an input
forgets its past. A model without dates gives the state of now: what differs from the open versions
closes them, at the moment in which the inputs came to be as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from catalog.contract import Contract, Materialisation
from pipelines.duck import empty_sql, snapshot_sql, table_columns
from pipelines.incremental.base import SHAPE, same_shape
from pipelines.incremental.build import original, whole_account
from pipelines.incremental.changes import same_part
from pipelines.incremental.parts import Content, NewFile, rows_of, without, write_parts
from pipelines.lake import Snapshot
from pipelines.masking.keys import KeyRing
from pipelines.plan import Step
from pipelines.publish import Whole
from pipelines.stage import Counts, Stage
from quality.predicates import quoted

MOMENT = "moment"
"""The property with the moment of the state that a snapshot's open versions are of."""
_TOUCHED = "_keys_touched"


def entity_key(contract: Contract) -> tuple[str, ...]:
    """The key of what has versions: the table's key without the start of the version."""
    since = contract.materialisation.valid_from
    return tuple(name for name in contract.primary_key if name != since)


def usable(contract: Contract, base: Snapshot | None) -> Snapshot | None:
    """The snapshot whose versions can be gone on with; None when there is none."""
    kept = contract.materialisation
    needed = {*contract.primary_key, kept.valid_from, kept.valid_to}
    if base is None:
        return None
    there = {column.name for column in base.columns}
    names = {item.name: (item.name, *item.former) for item in contract.fields}
    return base if all(there & set(names[name]) for name in needed) else None


def moment_of(inputs: Mapping[str, Snapshot], base: Snapshot | None) -> datetime:
    """When the inputs came to be as they are; later than the state that the table has."""
    newest = max((s.committed_at for s in inputs.values()), default=datetime.now(UTC))
    last = base.properties.get(MOMENT) if base else None
    if last is not None and newest <= datetime.fromisoformat(last):
        return datetime.now(UTC)
    return newest


class History(Whole):
    """The versions that are new, with those of the same rows that they change.

    Args:
        body: the model's SELECT, as it is written.
        base: the versions so far.
        moment: of a model without dates, when its rows came to be as they are.
    """

    on_spark = False

    def __init__(
        self,
        step: Step,
        body: str,
        base: Snapshot | None,
        quarantine: Snapshot | None,
        inputs: Mapping[str, str],
        ring: KeyRing | None,
        shape: str,
        moment: datetime,
    ) -> None:
        super().__init__(lambda stage: None)
        self.step = step
        self.body = body.rstrip().rstrip(";")
        self.base = base
        self.held = quarantine
        self.inputs = inputs
        self.ring = ring
        self.shape = shape
        self.moment = moment
        self.key = entity_key(step.contract)

    @property
    def _kept(self) -> Materialisation:
        return self.step.contract.materialisation

    def fill(self, stage: Stage) -> None:
        """Stage all versions of the rows of which there is a new one."""
        contract, kept = self.step.contract, self._kept
        stage.prepare_model(self.inputs, self.ring)
        times = {kept.valid_to} if kept.dated else {kept.valid_from, kept.valid_to}
        given = [item for item in contract.fields if item.name not in times]
        typed = ", ".join(
            f"CAST({quoted(f.name)} AS {f.physical_type}) AS {quoted(f.name)}" for f in given
        )
        stage.con.execute(f"CREATE TABLE _now AS SELECT {typed} FROM (\n{self.body}\n) AS model")
        stage.con.execute(f"CREATE TABLE _then AS {self._before()}")
        columns = [item.name for item in given]
        keys, order = (", ".join(map(quoted, names)) for names in (self.key, columns))
        # Of rows of one key the one that the rule on the key will leave.
        stage.con.execute(
            f"CREATE TABLE _head AS SELECT * FROM _now QUALIFY "
            f"row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
        )
        self._touch(stage, columns)
        sql = self._dated(columns) if kept.dated else self._seen(columns)
        stage.fill_model(sql, self.inputs, self.ring)

    def _before(self) -> str:
        """The versions so far, with the columns of today."""
        columns = table_columns(self.step.contract)
        if self.base is None:
            return empty_sql(columns)
        there = {column.name for column in self.base.columns}
        then = {c: next((n for n in (c.name, *c.former) if n in there), None) for c in columns}
        listed = ", ".join(
            f"CAST({quoted(name) if name else 'NULL'} AS {c.type}) AS {quoted(c.name)}"
            for c, name in then.items()
        )
        return f"SELECT {listed} FROM ({snapshot_sql(self.base)}) AS b"

    def _touch(self, stage: Stage, columns: list[str]) -> None:
        """The keys of rows of which a version is new, changed or gone."""
        kept, listed = self._kept, ", ".join(map(quoted, columns))
        keys = ", ".join(f"{quoted(name)} AS p{n}" for n, name in enumerate(self.key))
        if self.base is not None and not same_shape(self.step, self.base, self.shape):
            changed = f"SELECT {keys} FROM _now UNION SELECT {keys} FROM _then"
        elif kept.dated:
            changed = (
                f"SELECT {keys} FROM (SELECT {listed} FROM _now EXCEPT SELECT {listed} FROM _then)"
            )
        else:
            last = f"SELECT {listed} FROM _then WHERE {quoted(kept.valid_to)} IS NULL"
            head = f"SELECT {listed} FROM _head"
            changed = (
                f"SELECT {keys} FROM (({head}) EXCEPT ({last})) AS come "
                f"UNION SELECT {keys} FROM (({last}) EXCEPT ({head})) AS gone"
            )
        stage.con.execute(f"CREATE TABLE {_TOUCHED} AS SELECT DISTINCT * FROM ({changed}) AS c")

    def _dated(self, columns: list[str]) -> str:
        """Versions as the model dates them; a version ends where the next one begins."""
        kept = self._kept
        since = quoted(kept.valid_from)
        old, new = (", ".join(f"{a}.{quoted(c)}" for c in columns) for a in ("_o", "_n"))
        identity = [*self.key, kept.valid_from]
        same = " AND ".join(f"_n.{quoted(c)} IS NOT DISTINCT FROM _o.{quoted(c)}" for c in identity)
        keys = ", ".join(map(quoted, self.key))
        own = " AND ".join(f"_v.{quoted(c)} IS NOT DISTINCT FROM _e.{quoted(c)}" for c in identity)
        return (
            f"WITH versions AS (SELECT {new} FROM _now AS _n WHERE {self._gone('_n')} UNION ALL "
            f"SELECT {old} FROM _then AS _o WHERE {self._gone('_o')} "
            f"AND NOT EXISTS (SELECT 1 FROM _now AS _n WHERE {same})), "
            f"ends AS (SELECT *, lead({since}) OVER (PARTITION BY {keys} ORDER BY {since}) AS _ended "
            f"FROM (SELECT DISTINCT {keys}, {since} FROM versions) AS _d) "
            f"SELECT _v.*, _e._ended AS {quoted(kept.valid_to)} "
            f"FROM versions AS _v JOIN ends AS _e ON {own}"
        )

    def _seen(self, columns: list[str]) -> str:
        """Versions by when they were seen."""
        kept = self._kept
        since, until = quoted(kept.valid_from), quoted(kept.valid_to)
        old, new = (", ".join(f"{a}.{quoted(c)}" for c in columns) for a in ("_o", "_n"))
        now = f"TIMESTAMP '{self.moment.astimezone(UTC).replace(tzinfo=None)}'"

        def same(one: str, other: str, names: Sequence[str]) -> str:
            pairs = (f"{one}.{quoted(c)} IS NOT DISTINCT FROM {other}.{quoted(c)}" for c in names)
            return " AND ".join(pairs)

        holds = f"_o.{until} IS NULL AND {same('_h', '_o', columns)}"
        begun = (
            f"SELECT max(_o.{since}) FROM _then AS _o JOIN _head AS _h ON {holds} "
            f"WHERE {same('_o', '_n', self.key)}"
        )
        return (
            f"SELECT {old}, _o.{since}, coalesce(_o.{until}, {now}) AS {until} FROM _then AS _o "
            f"WHERE {self._gone('_o')} AND NOT EXISTS (SELECT 1 FROM _head AS _h WHERE {holds}) "
            f"UNION ALL SELECT {new}, coalesce(({begun}), {now}) AS {since}, "
            f"CAST(NULL AS TIMESTAMP) AS {until} FROM _now AS _n WHERE {self._gone('_n')}"
        )

    def _gone(self, alias: str) -> str:
        return same_part([f"{alias}.{quoted(name)}" for name in self.key], _TOUCHED)

    def judge_sets(self, stage: Stage, parents: Mapping[str, str]) -> dict[str, int | None]:
        """Versions of other rows have their keys."""
        if self.base is None:
            return stage.judge_sets(parents)
        stays = f"SELECT * FROM _then AS b WHERE NOT {self._gone('b')}"
        return stage.judge_sets(parents, published=stays)

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        """All versions of the rows that were touched replace the old ones."""
        rows = f"SELECT g.* FROM ({stage.good_sql()}) AS g"
        fresh = write_parts(stage.con, rows, quoted(self.key[0]), new_file)
        stage.counts.published = rows_of(stage.con, fresh)
        if self.base is None:
            return Content((), fresh)
        columns = table_columns(self.step.contract, self.base)
        kept = without(stage.con, self.base.files, columns, self._gone("held"), new_file)
        return Content(kept, fresh if stage.counts.published else ())

    def totals(self, stage: Stage) -> Counts:
        """The account of all versions."""
        if self.base is None:
            return stage.counts
        return whole_account(stage, self.base, self._gone("b"), self.quarantine(stage))

    def quarantine(self, stage: Stage) -> str | None:
        """Rejected versions of rows that were not touched."""
        if self.base is None or self.held is None or not self.held.rows:
            return None
        types = {item.name: item.physical_type for item in self.step.contract.fields}
        values = [original(name, types[name]) for name in self.key]
        held = snapshot_sql(self.held)
        return f"SELECT q.* FROM ({held}) AS q WHERE NOT {same_part(values, _TOUCHED)}"

    def properties(self, stage: Stage, new_file: NewFile) -> dict[str, str]:
        """What the next state is compared with."""
        return {SHAPE: self.shape, MOMENT: self.moment.isoformat()}
