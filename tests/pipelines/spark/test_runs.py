"""Whole runs on Spark: in this process, on a cluster, by Spark Connect, and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.errors import CityBrainError
from pipelines.duck import Column, files_sql
from pipelines.maintain import clean
from pipelines.run import RunOptions, RunResult, run_workspace
from pipelines.spark.stage import files_of, frame_of
from tests.support.city import City, csv
from tests.support.engines import assert_same
from tests.support.killing import Death
from tests.support.spark_servers import SPARK_CONF, connect_server, standalone_cluster

pytestmark = pytest.mark.slow
SMALL = '[engine]\nmemory = "512MB"\nworkers = 1\n'
FIELDS = """
- {name: id, logicalType: integer, primaryKey: true}
- {name: name, logicalType: string, required: true}
- {name: district, logicalType: string}
- {name: opened, logicalType: date}
- {name: pay, logicalType: number, physicalType: 'DECIMAL(12,2)'}
"""
TABLES = {
    "raw.trade__shop": "id, name, district, opened, pay, _source_line",
    "raw.civil__district": "code, people",
    "base.shop": "*",
    "base.empty": "*",
    "thematic.mean": "*",
    "quarantine.raw__trade__shop": "_source_line, _reasons, _original",
    "quarantine.base__shop": "_reasons, _original",
}


def build(root: Path, more: str = "", generation: int = 1) -> City:
    """A city in which every sort of rule finds something."""
    city = City(root)
    city.settings(more or "[engine]\n")
    city.departments("trade", "civil")
    city.collected("trade/shop", FIELDS)
    city.collected(
        "civil/district",
        "- {name: code, logicalType: string, primaryKey: true}\n- {name: people, logicalType: integer}",
    )
    city.model(
        "base.shop",
        "SELECT CASE WHEN s.id >= 100 THEN 100 ELSE s.id END AS id, upper(s.name) AS name, s.district, s.opened, "
        "round(s.pay * 1.5, 1) AS pay, "
        "mask_date(s.opened, 'month') AS month, date_diff('month', s.opened, DATE '2026-01-01') AS age\n"
        "FROM raw.trade__shop AS s\n",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: name, logicalType: string, logicalTypeOptions: {pattern: '[A-ZÉ ]+', maxLength: 9}}
        - {name: district, logicalType: string}
        - {name: opened, logicalType: date, required: true}
        - {name: pay, logicalType: number, physicalType: 'DECIMAL(14,1)'}
        - {name: month, logicalType: date}
        - {name: age, logicalType: integer}
        """,
        quality="- {type: custom, engine: citybrain, name: place, implementation: "
        "{rule: foreign_key, fields: [district], references: raw.civil__district, to: [code]}}\n"
        "- {type: custom, engine: citybrain, name: paid, severity: warning, implementation: "
        "{rule: row, holds: 'pay > 2 OR pay IS NULL'}}",
    )
    city.model(
        "base.empty",
        "SELECT id FROM raw.trade__shop WHERE id < 0\n",
        "- {name: id, logicalType: integer}",
    )
    city.model(
        "thematic.mean",
        "SELECT district, count(*) AS shops, avg(pay) AS pay FROM base.shop GROUP BY district\n",
        "- {name: district, logicalType: string}\n- {name: shops, logicalType: integer}\n"
        "- {name: pay, logicalType: number, physicalType: DOUBLE}",
    )
    deliver(city, generation)
    return city


def deliver(city: City, generation: int) -> None:
    """The files of one generation, good rows and all sorts of bad ones."""
    rows = [
        f"{n},Shop {chr(65 + n % 26)},{'north' if n % 3 else 'south'},2020-0{n % 9 + 1}-15,{n}.2{generation}"
        for n in range(1, 60)
    ]
    rows += ["1,Again,north,2020-01-01,1", "70,,north,2020-01-01,2", "71,Bad day,north,nowhere,3", "100,Twin,north,2021-01-01,4",
             "101,Twin,north,2021-01-01,5", "72,Lost,nowhere,2020-01-01,6", "73,No date,north,,7", "74,n0mber,north,2020-01-01,8"]  # fmt: skip
    city.source("shop.csv", csv("id,name,district,opened,pay", *rows))
    city.source("district.csv", csv("code,people", f"north,{generation}", "south,7"))


def read(city: City) -> dict[str, list[Any]]:
    """What readers see of every table."""
    return {table: city.rows(table, columns) for table, columns in TABLES.items()}


def account(result: RunResult) -> dict[str, Any]:
    """What the run says of every step."""
    return {
        name: (o.status, o.counts.received, o.counts.published, o.counts.quarantined, o.counts.filtered,
               dict(o.counts.failures), dict(o.counts.reasons), o.counts.present, o.score,
               [(r.rule, r.passed, r.failed, r.assessed) for r in o.rules])
        for name, o in result.outcomes.items()
    }  # fmt: skip


@pytest.fixture
def expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows and the account of the city on DuckDB."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "duckdb"))
    city = build(tmp_path / "city")
    result = run_workspace(city.root, RunOptions(engine="duckdb"))
    assert {o.status for o in result.outcomes.values()} == {"published"}, account(result)
    found = read(city), account(result)
    assert found[1]["base.shop"][3] >= 4, "every sort of rule must reject something"
    assert found[0]["quarantine.base__shop"]
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "spark"))
    return found


def compare(city: City, expected: dict[str, Any]) -> None:
    """Assert that readers see what they see after a run on DuckDB."""
    seen = read(city)
    for table in TABLES:
        assert_same(expected[table], seen[table], table)


def test_a_run_gives_what_duckdb_gives(
    spark: Any, expected: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    city = City(tmp_path / "city")
    result = run_workspace(city.root, RunOptions(engine="spark"))
    assert account(result) == expected[1]
    compare(city, expected[0])
    assert not any(city.home.scratch.rglob("*.parquet"))
    again = run_workspace(city.root, RunOptions(engine="duckdb"))
    assert {o.status for o in again.outcomes.values()} == {"unchanged"}, (
        "the engines' results are one"
    )


def in_a_process(program: list[str], city: City, death: Death | None = None) -> int:
    """One run on Spark in a process of its own; its exit code, or minus the signal that ended it."""
    arm = (
        f"from tests.support.killing import arm, Death; arm(Death({death.target!r}, {death.when!r}, {death.nth}))"
        if death
        else ""
    )
    code = (
        f"import sys\n{arm}\nfrom pathlib import Path\nfrom pipelines.run import RunOptions, run_workspace\n"
        f"result = run_workspace(Path({str(city.root)!r}), RunOptions(engine='spark'))\n"
        "for o in result.outcomes.values():\n    print(o.name, o.status, o.error, file=sys.stderr)\n"
        "sys.exit(result.exit_code)\n"
    )
    done = subprocess.run(
        [*program, "-c", code],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONF_DIR": str(SPARK_CONF)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(done.stderr[-3000:])
    return done.returncode


DEATHS = [
    Death(
        "pipelines.spark.stage:_move", "before", 3
    ),  # Spark has written, nothing is in the lake's folder
    Death(
        "pipelines.spark.stage:SparkStage.write_quarantine", "before", 3
    ),  # files that no table refers to
    Death("pipelines.lake:Lake.publish", "after", 4),  # some tables new, some old
]


@pytest.mark.parametrize(
    "deaths",
    [DEATHS[:1], pytest.param(DEATHS[1:], marks=pytest.mark.thorough)],
    ids=["moved", "later"],
)
def test_a_killed_run_leaves_nothing_half_done(
    deaths: list[Death],
    spark: Any,
    program: list[str],
    expected: tuple[dict[str, Any], dict[str, Any]],
    tmp_path: Path,
) -> None:
    """Readers see the last good state or the new one of each table; the next run completes it, and
    maintenance leaves no file that no table refers to."""
    city = City(tmp_path / "city")
    run_workspace(city.root, RunOptions(engine="duckdb"))  # the engines' results are one: see above
    for generation, death in enumerate(deaths, 2):
        before = read(city)
        deliver(city, generation)
        assert in_a_process(program, city, death) == -signal.SIGKILL
        between = read(city)
        result = run_workspace(city.root, RunOptions(engine="spark"))
        assert result.exit_code == 0, account(result)
        after = read(city)
        for table in TABLES:
            assert between[table] in (before[table], after[table]), f"{table} is half done: {death}"
        assert any(before[table] != after[table] for table in TABLES)
        clean(city.root)
        lake = city.lake()
        assert [path for table in lake.tables() for path in lake.orphans(table)] == []
        known = {file for table in lake.tables() for s in lake.history(table) for file in s.files}
        there = {path for path in city.home.root.rglob("*.parquet") if "landing" not in path.parts}
        assert there <= known, "a file that no snapshot refers to"
        lake.close()


def test_on_a_cluster(
    program: list[str], expected: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    """A real master and two workers."""
    city = City(tmp_path / "city")
    with standalone_cluster(tmp_path / "cluster") as cluster:
        city.settings(f'{SMALL}master = "{cluster.address}"\n')
        assert in_a_process(program, city) == 0
        state = cluster.state()
    assert [app["name"] for app in state["completedapps"]] == ["citybrain"]
    assert len(state["workers"]) == 2
    compare(city, expected[0])


def test_by_spark_connect(
    program: list[str], expected: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    city = City(tmp_path / "city")
    with connect_server(tmp_path / "server") as address:
        city.settings(f'{SMALL}remote = "{address}"\n')
        assert in_a_process(program, city) == 0
    compare(city, expected[0])


# -- what must be said before anything runs ---------------------------------------------------------


def refused(city: City) -> CityBrainError:
    with pytest.raises(CityBrainError) as raised:
        run_workspace(city.root, RunOptions(engine="spark"))
    return raised.value


def test_without_java_duckdb_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = build(tmp_path / "city")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no_java"))
    error = refused(city)
    assert error.code == "spark_java"
    assert "openjdk-17" in str(error)
    assert run_workspace(city.root, RunOptions(engine="duckdb")).exit_code == 0


def test_a_workspace_that_is_not_portable_stays_on_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = build(tmp_path / "city", "[engine]\nportable = false\n")
    assert refused(city).code == "spark_not_portable"


def test_check_names_the_function_and_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = build(tmp_path / "city")
    city.model(
        "base.empty",
        "SELECT id FROM raw.trade__shop\nWHERE hash(name) > 3\n",
        "- {name: id, logicalType: integer}",
    )
    (problem,) = city.problems()
    assert problem.code == "function_not_portable_instead"
    assert problem.where is not None and problem.where.line == 2
    assert "md5 or sha256" in str(problem)
    city.model(
        "base.empty",
        "SELECT id FROM raw.trade__shop WHERE left(name, -1) = 'a'\n",
        "- {name: id, logicalType: integer}",
    )
    assert city.codes() == ["sql_not_portable"]
    city.settings("[engine]\nportable = false\n")
    assert city.codes() == []


def test_files_are_read_from_the_text_that_names_them() -> None:
    files = [Path("/a/b 1.parquet"), Path("/a/it's, or.parquet")]
    one, odd = Column("x", "BIGINT"), Column('y", "z', "VARCHAR")
    assert files_of(files_sql(files, [one, odd])) == (["x", 'y", "z'], [str(f) for f in files])
    assert files_of(files_sql([], [one])) is None
    assert files_of(files_sql(files, [one]) + " WHERE x > 1") is None
    both = " UNION ALL ".join([files_sql(files[:1], [one]), files_sql(files[1:], [one])])
    assert files_of(both) is None
    assert files_of(f"SELECT * FROM ({both}) AS evolved") is None
    assert files_of(files_sql(files, [one]).replace('"x"', 'CAST("x" AS BIGINT) AS "x"')) is None


def test_a_column_that_a_table_has_dropped_is_not_seen(spark: Any, tmp_path: Path) -> None:
    """Neither engine reads it from the files that were written before."""
    files = [tmp_path / "before.parquet", tmp_path / "after.parquet"]
    with duckdb.connect() as con:
        for file, sql in zip(files, ("SELECT 'gone' AS y, 1 AS x", "SELECT 2 AS x"), strict=True):
            con.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
        for given in (files, files[::-1]):
            sql = files_sql(given, [Column("x", "INTEGER")])
            frame = frame_of(spark, sql)
            assert frame.columns == ["x"]
            assert_same(con.execute(sql).fetchall(), [tuple(row) for row in frame.collect()], sql)
