"""Models by time or by key are made in parts on Spark, too; either engine goes on from the other."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipelines.incremental.build import MADE
from pipelines.incremental.locality import Local
from pipelines.incremental.parts import Content
from pipelines.run import RunOptions, run_workspace
from pipelines.spark.parts import MOST_PARTS, SparkParts
from tests.support.city import City
from tests.support.increments import (
    KEY,
    TIME,
    Deliveries,
    another_home,
    build,
    kept,
    rebuilt,
    seen,
)

KEPT = {"thematic.by_month", "thematic.sale", "thematic.by_shop", "thematic.pair", "thematic.first"}
ROUNDS = ("spark", "spark", "duckdb", "spark")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often each model was made on Spark, `whole` or in `parts`."""
    found: Counter[tuple[str, str]] = Counter()
    original = SparkParts.write

    def noted(self: SparkParts, *args: Any) -> Content:
        found[self.step.name, "whole" if self.base is None else "parts"] += 1
        return original(self, *args)

    monkeypatch.setattr(SparkParts, "write", noted)
    return found


def add_models(city: City) -> None:
    """One with a key of two columns, and one whose keys stand in several parts."""
    city.model(
        "thematic.pair",
        "SELECT shop, day, count(*) AS n FROM raw.trade__sale GROUP BY shop, day",
        """
        - {name: shop, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
        - {name: day, logicalType: date, primaryKey: true, primaryKeyPosition: 2}
        - {name: n, logicalType: integer}
        """,
        custom=kept(kind=KEY),
    )
    city.model(
        "thematic.first",
        "SELECT id % 4 AS few, day, id FROM raw.trade__sale",
        """
        - {name: few, logicalType: integer, primaryKey: true}
        - {name: day, logicalType: date}
        - {name: id, logicalType: integer}
        """,
        custom=kept(kind=TIME, time="day"),
    )


def more(city: City) -> dict[str, Any]:
    """What readers see of these models."""
    found = {name: city.rows(name) for name in ("thematic.pair", "thematic.first")}
    found["held"] = city.rows("quarantine.thematic__first", "_reasons, _original")
    return found


def run(city: City, engine: str) -> None:
    """One run, in which every step gets through."""
    result = run_workspace(city.root, RunOptions(engine=engine))
    assert result.exit_code == 0, {n: str(o.error) for n, o in result.outcomes.items() if o.error}


def test_engines_that_take_turns_give_what_a_rebuild_on_duckdb_gives(
    spark: Any, city: City, made: Counter[tuple[str, str]], tmp_path: Path
) -> None:
    build(city)
    add_models(city)
    for path in city.root.glob("models/thematic/rolling.*"):
        path.unlink()  # a window over a range of days is not portable
    city.settings("[engine]\n")
    came = Deliveries(city, random.Random(4))
    came.start()
    for round_, engine in enumerate(ROUNDS):
        if round_:
            came.next()
        run(city, engine)
        expected = rebuilt(city, tmp_path / f"rebuild{round_}")
        assert seen(city) == expected, (round_, engine)
        with another_home(tmp_path / f"rebuild{round_}"):
            expected = more(city)
        assert more(city) == expected, (round_, engine)
    assert {name for name, how in made if how == "whole"} == KEPT
    in_parts = {name for name, how in made if how == "parts"}
    assert {"thematic.by_month", "thematic.by_shop", "thematic.pair"} <= in_parts, made
    assert made["thematic.first", "whole"] > 1, "a key that stands in two parts needs all of them"
    assert city.reasons("thematic.first")
    again = run_workspace(city.root, RunOptions(engine="spark"))
    assert {outcome.status for outcome in again.outcomes.values()} == {"unchanged"}


@pytest.mark.parametrize(
    ("types", "parts"),
    [
        (("VARCHAR",), [("it's",), ("",), (None,), ("雨\\n",)]),
        (("INTEGER",), [(0,), (-5,)]),
        (("DATE",), [(date(2024, 2, 29),), (None,)]),
        (("VARCHAR", "BIGINT"), [("a", 1), ("a", None), (None, None)]),
        (("VARCHAR",), []),
    ],
)
def test_the_parts_as_text_are_the_parts(types: tuple[str, ...], parts: list[Any]) -> None:
    """The condition that stands in the query chooses what the table of parts chooses."""
    names = [f"k{n}" for n in range(len(types))]
    part = parts_of(names)
    with duckdb.connect() as con:
        columns = ", ".join(f"p{n} {kind}" for n, kind in enumerate(types))
        con.execute(f"CREATE TABLE {MADE} ({columns})")
        con.execute(f"CREATE TABLE m ({', '.join(map(' '.join, zip(names, types, strict=True)))})")
        one = {"VARCHAR": "z", "INTEGER": 7, "BIGINT": 2, "DATE": date(2024, 1, 1)}
        others = [tuple(one[kind] for kind in types), ("a", 2), (None, 1)]
        for row in (*parts, *(row for row in others if len(row) == len(types))):
            con.execute(f"INSERT INTO m VALUES ({', '.join('?' * len(row))})", row)
        for row in parts:
            con.execute(f"INSERT INTO {MADE} VALUES ({', '.join('?' * len(row))})", row)
        chosen = part._chosen(SimpleNamespace(con=con))  # type: ignore[arg-type]
        found = con.execute(f"SELECT * FROM m WHERE {chosen}").fetchall()
        assert found == con.execute(f"SELECT * FROM m WHERE {part._gone('m')}").fetchall()
        assert found == parts


def test_what_cannot_stand_in_a_query_is_not_made_in_parts() -> None:
    part = parts_of(["k0"])
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE {MADE} AS SELECT CAST(1.5 AS DOUBLE) AS p0")
        assert part._chosen(SimpleNamespace(con=con)) is None  # type: ignore[arg-type]
        con.execute(
            f"CREATE OR REPLACE TABLE {MADE} AS SELECT range AS p0 FROM range({MOST_PARTS + 1})"
        )
        assert part._chosen(SimpleNamespace(con=con)) is None  # type: ignore[arg-type]


def parts_of(names: list[str]) -> SparkParts:
    """A model by key, as far as the choice of parts looks at it."""
    contract = SimpleNamespace(materialisation=SimpleNamespace(kind=KEY))
    step: Any = SimpleNamespace(contract=contract)
    return SparkParts(step, Local(tuple(names), {}), None, {}, None, "")
