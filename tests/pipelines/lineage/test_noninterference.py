"""The lineage is sound: what it does not name has no influence.

Random queries run on random rows, before and after everything that the lineage of a column leaves
out has changed. No edge is missing as long as the column stays the same. The queries are the same
in every run; a failure prints the smallest query found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import duckdb
import pytest

from catalog.errors import CityBrainError
from pipelines.errors import PipelineError
from tests.support.interference import Leak, World
from tests.support.randomsql import RandomSql
from tests.support.shrinking import shrunk

WORLDS = 4
MOST_REFUSED = 0.03
MOST_LEAKS_SHOWN = 3


@dataclass
class Score:
    """What became of the queries."""

    sound: int = 0
    refused: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    @property
    def queries(self) -> int:
        """Queries that ran."""
        return self.sound + len(self.refused) + len(self.leaks)


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    made = [World(seed) for seed in range(WORLDS)]
    yield made
    for world in made:
        world.con.close()


def _outputs(sql: str, world: World) -> bool:
    """Whether the engine takes the query, with every column's name once."""
    try:
        names = [name.lower() for name in world.outputs(sql)]
    except duckdb.Error as error:
        world.forgive(error)
        return False
    return len(set(names)) == len(names)


def _leak(sql: str, world: World) -> Leak | None:
    """The leak of a query, if it runs at all, and gives the same rows each time."""
    try:
        leak = world.leak(sql) if _outputs(sql, world) else None
        return leak if leak is not None and world.stable(sql) else None
    except duckdb.Error as error:
        world.forgive(error)
    except (CityBrainError, AssertionError):
        pass
    return None


def _played(worlds: list[World], first: int, wanted: int) -> Score:
    """Queries until `wanted` of them ran, each on one of the worlds."""
    score = Score()
    for seed in range(first, first + 3 * wanted):
        if score.queries == wanted or len(score.leaks) == MOST_LEAKS_SHOWN:
            return score
        sql, world = RandomSql(seed).query(), worlds[seed % WORLDS]
        if _outputs(sql, world):
            _judge_one(sql, world, seed, score)
    raise AssertionError("too few of the queries bind")


def _judge_one(sql: str, world: World, seed: int, score: Score) -> None:
    try:
        leak = world.leak(sql)
    except PipelineError as error:
        if error.code != "lineage_unresolved":
            raise
        score.refused.append(f"{error.fields['problem']}: {error.fields['part']}")
    except duckdb.Error as error:
        world.forgive(error)
    else:
        if leak is None or not world.stable(sql):
            score.sound += 1
            return
        small = shrunk(sql, lambda text: _leak(text, world) is not None)
        score.leaks.append(f"seed {seed}: {_leak(small, world)}\n    {small}")


def _judge(score: Score) -> None:
    assert not score.leaks, "edges are missing:\n" + "\n".join(score.leaks)
    share = len(score.refused) / score.queries
    assert share < MOST_REFUSED, f"{share:.1%} refused:\n" + "\n".join(score.refused)


def test_what_the_lineage_does_not_name_has_no_influence(worlds: list[World]) -> None:
    _judge(_played(worlds, 0, 300))


@pytest.mark.thorough
@pytest.mark.slow
def test_what_the_lineage_does_not_name_has_no_influence_on_many(worlds: list[World]) -> None:
    _judge(_played(worlds, 1_000_000, 3_000))


def test_the_oracle_finds_an_edge_that_is_missing(worlds: list[World]) -> None:
    sql = "SELECT a, c FROM raw.t WHERE p"
    lineage = worlds[0].lineage(sql)
    assert worlds[0].leak(sql, lineage) is None
    filtered = tuple(edge for edge in lineage.rows if edge.column != "p")
    leak = worlds[0].leak(sql, replace(lineage, rows=filtered))
    assert leak is not None and leak.changed == (("raw.t", "p"),)
    carried = {**lineage.columns, "a": ()}
    leak = worlds[0].leak(sql, replace(lineage, columns=carried))
    assert leak is not None and (leak.output, leak.changed) == ("a", (("raw.t", "a"),))


def test_the_oracle_finds_rows_that_are_missing(worlds: list[World]) -> None:
    lineage = worlds[0].lineage("SELECT count(*) AS n FROM raw.u")
    without = replace(lineage, columns={"n": ()}, rows=())
    leak = worlds[0].leak("SELECT count(*) AS n FROM raw.u", without)
    assert leak is not None and ("raw.u", "*") in leak.changed
