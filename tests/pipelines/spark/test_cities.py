"""Every model of the example cities gives on Spark what a run on DuckDB published, over the same inputs.

The rows come from real public records, so a failure tells counts and columns only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.account import Outcome
from pipelines.duck import connection, empty_sql, files_sql, snapshot_sql, table_columns
from pipelines.incremental.choose import part_for
from pipelines.lake import Snapshot
from pipelines.plan import Plan, compile_workspace
from pipelines.publish import Environment, _stage, quarantine_table
from pipelines.run import RunOptions, certifier_of, environment_of, opened_workspace, run_chosen
from pipelines.spark.engine import SparkEngine
from pipelines.stage import QUARANTINE_COLUMNS, Counts
from pipelines.workspace import load_workspace
from tests.support.engines import unequal

pytestmark = pytest.mark.slow
CITIES = Path(__file__).parents[3] / "workspaces"
MODELS = [
    (path.parents[2].name, f"{path.parent.name}.{path.stem}")
    for path in sorted(CITIES.glob("*/models/*/*.sql"))
]


@dataclass(frozen=True)
class Ran:
    """A city after a run on DuckDB.

    Attributes:
        env: of one more run, which only makes and never publishes.
    """

    plan: Plan
    outcomes: Mapping[str, Outcome]
    env: Environment

    def snapshots(self, names: tuple[str, ...]) -> dict[str, Snapshot | None]:
        """What DuckDB published of some tables."""
        return {name: self.env.lake.current(name) for name in names}


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Each city is run once; its models are then made on Spark one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(tmp_path_factory.mktemp("home")))
        for name in ("CITYBRAIN_DATABASE", "CITYBRAIN_LAKE_CATALOG"):
            patch.delenv(name, raising=False)
        plan = compile_workspace(load_workspace(CITIES / request.param))
        source = plan.workspace.source_dir
        with opened_workspace(plan) as opened:
            certifier = certifier_of(opened.home, plan.workspace)
            env = environment_of(plan, opened.home, opened.lake, certifier, source, full=True)
            done = run_chosen(opened, set(plan.steps), RunOptions(engine="duckdb"), source)
            yield Ran(plan, done.outcomes, env)
            certifier.close()


@dataclass(frozen=True)
class Made:
    """What Spark made of one model; the files are not published."""

    rows: str
    held: str
    counts: Counts
    assessed: Mapping[str, int | None]


SAMPLED = {
    # A density over all events near each inspection, in decimals of 38 digits: on Spark, one at a time,
    # it takes many minutes for all of them.
    "fusion.inspection_features": ("raw.public_health__food_inspections", "inspection_id % 50 = 0"),
}
"""Models that both engines make of a part of an input: the input, and which rows of it."""


def make(city: Ran, name: str, spark: Any, folder: Path) -> Made:
    """Stage one model as `pipelines.publish` does, up to the gate; on DuckDB without a session."""
    folder.mkdir(exist_ok=True)
    step, contracts = city.plan.steps[name], city.plan.workspace.contracts
    engine = SparkEngine(spark, contracts, folder) if spark is not None else None
    env = replace(city.env, spark=engine)
    snapshots = city.snapshots(tuple(step.inputs))
    views = {
        table: snapshot_sql(snapshot) if snapshot else empty_sql(table_columns(contracts[table]))
        for table, snapshot in snapshots.items()
    }
    if name in SAMPLED:
        table, chosen = SAMPLED[name]
        views[table] = f"SELECT * FROM ({views[table]}) AS s WHERE {chosen}"
    there = {n: s for n, s in city.snapshots(tuple(step.parents)).items() if s is not None}
    part = part_for(env, step, None, snapshots, there, views, env.ring() if step.keys else None)
    made: list[Path] = []

    def new_file() -> Path:
        made.append(folder / f"{len(made)}.parquet")
        return made[-1]

    with connection(replace(env.budget, scratch=folder / "duckdb")) as con:
        stage = _stage(env, con, step, part)
        stage.new_file = new_file
        part.fill(stage)
        assessed = part.judge_sets(stage, {n: snapshot_sql(s) for n, s in there.items()})
        content = part.write(stage, new_file)
        bad = folder / "bad.parquet"
        stage.write_quarantine(bad)
        rows = files_sql(content.files, table_columns(step.contract))
        held = files_sql([bad] if bad.exists() else [], QUARANTINE_COLUMNS)
        return Made(rows, held, part.totals(stage), assessed)


def compare(ours: str, theirs: str, what: str) -> None:
    """Assert that two SELECTs give the same types and rows."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        described = [con.execute(f"DESCRIBE {sql}").fetchall() for sql in (ours, theirs)]
        columns = [row[0] for row in described[0]]
        assert [row[:2] for row in described[0]] == [row[:2] for row in described[1]], what
        ((a, b),) = con.execute(
            f"SELECT (SELECT count(*) FROM ({ours})), (SELECT count(*) FROM ({theirs}))"
        ).fetchall()
        assert a == b, f"{a} rows on DuckDB, {b} on Spark: {what}"
        # Most rows are equal to the last digit; the others may be in floating-point numbers.
        rest = [
            con.execute(f"({one}) EXCEPT ALL ({two})").fetchall()
            for one, two in ((ours, theirs), (theirs, ours))
        ]
    differing = {columns[at]: rows for at, rows in unequal(*rest).items()}
    assert not differing, f"rows that differ, by column: {differing}: {what}"


@pytest.mark.parametrize(
    ("city", "name"), MODELS, indirect=["city"], ids=[f"{c}-{n}" for c, n in MODELS], scope="module"
)
def test_model(city: Ran, name: str, spark: Any, tmp_path: Path) -> None:
    outcome = city.outcomes[name]
    assert outcome.status == "published", outcome.error
    assert outcome.snapshot is not None
    made = make(city, name, spark, tmp_path / "spark")
    if name in SAMPLED:
        ours = make(city, name, None, tmp_path / "duckdb")
        compare(ours.rows, made.rows, name)
        assert made.counts == ours.counts
        assert made.counts.published > 100
        return
    compare(snapshot_sql(outcome.snapshot), made.rows, name)
    assert made.counts == outcome.counts
    judged = {rule.rule: rule.assessed for rule in outcome.rules}
    assert {rule: judged[rule] for rule in made.assessed} == made.assessed
    quarantine = city.env.lake.current(quarantine_table(name))
    held = snapshot_sql(quarantine) if quarantine else empty_sql(QUARANTINE_COLUMNS)
    kept = "SELECT _reasons, _original FROM ({}) AS q"
    compare(kept.format(held), kept.format(made.held), f"the quarantine of {name}")


@pytest.mark.parametrize("city", sorted({c for c, _ in MODELS}), indirect=True, scope="module")
def test_no_model_is_left_out(city: Ran) -> None:
    planned = {name for name, step in city.plan.steps.items() if step.model is not None}
    assert planned == {n for c, n in MODELS if c == city.plan.workspace.name}
