"""The generated SQL: what one unit contributes is bounded, whatever it does, and no value makes it fail."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from sandbox.counting import counted as counted_groups
from sandbox.pairs import pairs_of
from sandbox.plan import Piece, Plan, plan_of
from sandbox.sql import read_question
from sandbox.statement import bins_sql, counting_sql
from tests.sandbox.city import VIEWS

SOURCES = {"open.firm": "SELECT * FROM firm", "open.visit": "SELECT * FROM visit"}
QUESTIONS = [
    "SELECT COUNT(*), COUNT(DISTINCT uscc), SUM(amount), AVG(amount) FROM open.firm",
    "SELECT district, COUNT(*), SUM(amount), STDDEV(amount) FROM open.firm GROUP BY district",
    "SELECT active, COUNT(*), COUNT(amount) FROM open.firm GROUP BY active",
    "SELECT name, opened, AVG(amount) FROM open.firm WHERE active GROUP BY name, opened",
    "SELECT COUNT(*), SUM(score), VARIANCE(score), COUNT(DISTINCT uscc), COUNT(kind) FROM open.visit",
    "SELECT place, COUNT(*), SUM(score), AVG(score) FROM open.visit GROUP BY place",
    "SELECT kind, COUNT(*), SUM(score) FROM open.visit GROUP BY kind",
    "SELECT kind, place, COUNT(*) FROM open.visit GROUP BY kind, place",
    "SELECT place, SUM(score * score * 1000) FROM open.visit GROUP BY place",
    "SELECT SUM(CLAMP(score * 1e9, -5, 10)) FROM open.visit",
    "SELECT AVG(score / (score - 3)) FROM (SELECT CLAMP(score, 4, 9) AS score FROM open.visit) AS t",
    "SELECT WIDTH_BUCKET(score, 0, 50, 4) AS b, COUNT(*) FROM open.visit GROUP BY b",
    "SELECT place, COUNT(*), SUM(score + amount) FROM open.visit JOIN open.firm USING (uscc) GROUP BY place",
    "SELECT CASE WHEN score > 9 THEN 1 WHEN score > 3 THEN 2 ELSE 0 END AS k, SUM(score) FROM open.visit GROUP BY k",
    "SELECT place, SUM(CLAMP(score * 1e12, -1e18, 1e18)) FROM open.visit GROUP BY place",
    "SELECT place, SUM(CASE WHEN score > 0 THEN 1 ELSE 0 END) FROM open.visit WHERE score <> 5 GROUP BY place",
]
QUANTILES = [
    "SELECT MEDIAN(amount) FROM open.firm",
    "SELECT active, MEDIAN(amount) FROM open.firm GROUP BY active",
    "SELECT MEDIAN(score), MAX(score) FROM open.visit",
    "SELECT place, MIN(score) FROM open.visit GROUP BY place",
    "SELECT kind, MEDIAN(score) FROM open.visit GROUP BY kind",
]
PAIRED = [
    "SELECT COUNT(*), SUM(amount), AVG(amount) FROM open.firm",
    "SELECT COUNT(*), SUM(score) FROM open.visit",
    "SELECT COUNT(score), SUM(score), VARIANCE(score) FROM open.visit",
    "SELECT place, COUNT(*), SUM(CLAMP(score, 2, 9)), AVG(score) FROM open.visit GROUP BY place",
    "SELECT kind, COUNT(*), SUM(score), SUM(CLAMP(score, -60, -2)) FROM open.visit GROUP BY kind",
]
AMOUNTS = ["NULL", "0", "12.34", "-7", "99999999999999", "'nan'", "'inf'", "'-inf'", "1e300"]


def planned(text: str) -> Plan:
    return plan_of(read_question(text, VIEWS), VIEWS)


def city(con: duckdb.DuckDBPyConnection, seed: int) -> list[str]:
    """Random rows, with units that have many of them; the units."""
    rng = random.Random(seed)
    units = [f"u{i}" for i in range(6)]

    def one(*values: str) -> str:
        return rng.choice([*(f"'{value}'" for value in values), "NULL"])

    def amount() -> str:
        return f"CAST({rng.choice(AMOUNTS)} AS DOUBLE)"

    firms = ", ".join(
        f"('{rng.choice(units)}', {amount()}, {one('east', 'north', 'nowhere')}, 'n', "
        f"DATE '2020-01-01', {rng.choice(['TRUE', 'FALSE', 'NULL'])})"
        for _ in range(12)
    )
    visits = ", ".join(
        f"({one(*units)}, {amount()}, {one('x', 'y', 'z')}, {one('a', 'b', 'c', 'elsewhere')})"
        for _ in range(40)
    )
    con.execute(
        "CREATE OR REPLACE TABLE firm(uscc VARCHAR, amount DOUBLE, district VARCHAR, name VARCHAR, "
        f"opened DATE, active BOOLEAN); INSERT INTO firm VALUES {firms}; "
        "CREATE OR REPLACE TABLE visit(uscc VARCHAR, score DOUBLE, kind VARCHAR, place VARCHAR); "
        f"INSERT INTO visit VALUES {visits}"
    )
    return units


def without(unit: str) -> dict[str, str]:
    return {name: f"{sql} WHERE uscc IS DISTINCT FROM '{unit}'" for name, sql in SOURCES.items()}


def counted(con: duckdb.DuckDBPyConnection, plan: Plan, sources: dict[str, str]) -> dict[Any, Any]:
    keys = len(plan.question.keys)
    rows = con.execute(counting_sql(plan, sources)).fetchall()
    return {row[:keys]: [value or 0 for value in row[keys:]] for row in rows}


@pytest.mark.parametrize("text", QUESTIONS)
def test_one_unit_moves_every_piece_within_its_bound(text: str) -> None:
    plan = planned(text)
    pieces = [piece for piece in plan.pieces if piece.kind != "bins"]
    moved_at_all = False
    with duckdb.connect() as con:
        for seed in range(8):
            units = city(con, seed)
            whole = counted(con, plan, SOURCES)
            for unit in units:
                less = counted(con, plan, without(unit))
                groups = [g for g in whole.keys() | less.keys() if whole.get(g) != less.get(g)]
                assert len(groups) <= plan.max_groups
                for place, piece in enumerate(pieces):
                    nothing = [0] * len(pieces)
                    moves = [
                        abs(whole.get(g, nothing)[place] - less.get(g, nothing)[place])
                        for g in groups
                    ]
                    assert all(move <= piece.most for move in moves), (piece, moves)
                    assert sum(move**2 for move in moves) <= plan.l2(piece) ** 2
                    assert sum(moves) <= plan.l1(piece)
                    moved_at_all |= any(moves)
    assert moved_at_all


@pytest.mark.parametrize("text", PAIRED)
def test_one_unit_moves_a_pair_by_no_more_than_its_own_bound(text: str) -> None:
    """Count and sum move together by less than each could by itself: that is why they are measured so."""
    plan = planned(text)
    pieces = [piece for piece in plan.pieces if piece.kind != "bins"]
    pairs = pairs_of(plan)
    assert pairs
    reached = 0.0
    with duckdb.connect() as con:
        for seed in range(8):
            units = city(con, seed)
            whole = counted(con, plan, SOURCES)
            for unit in units:
                less = counted(con, plan, without(unit))
                nothing = [0] * len(pieces)
                for pair in pairs:
                    places = pieces.index(pair.count), pieces.index(pair.total)
                    moved = 0
                    for group in whole.keys() | less.keys():
                        one, other = whole.get(group, nothing), less.get(group, nothing)
                        first = pair.turned([one[places[0]]], [one[places[1]]])
                        second = pair.turned([other[places[0]]], [other[places[1]]])
                        moved += sum(abs(a - b) for a, b in zip(first, second, strict=True))
                    assert moved <= pair.l1(plan)
                    reached = max(reached, moved / pair.l1(plan))
    assert reached > 0.3


@pytest.mark.parametrize("text", QUANTILES)
def test_one_unit_moves_few_rows_of_a_quantile(text: str) -> None:
    plan = planned(text)
    (piece,) = [piece for piece in plan.pieces if piece.kind == "bins"]
    with duckdb.connect() as con:
        for seed in range(8):
            units = city(con, seed)
            whole = binned(con, plan, piece, SOURCES)
            for unit in units:
                less = binned(con, plan, piece, without(unit))
                moved: dict[Any, int] = {}
                for place in whole.keys() | less.keys():
                    by = abs(whole.get(place, 0) - less.get(place, 0))
                    moved[place[:-1]] = moved.get(place[:-1], 0) + by
                assert all(by <= plan.max_rows for by in moved.values())
                assert len([by for by in moved.values() if by]) <= plan.max_groups


def binned(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    piece: Piece,
    sources: dict[str, str],
    portable: bool = False,
) -> dict[Any, int]:
    sql = bins_sql(plan, piece, sources, portable=portable)
    return {row[:-1]: row[-1] for row in con.execute(sql).fetchall()}


@pytest.mark.parametrize("text", QUANTILES)
@pytest.mark.parametrize("most", [1, 3, 40])
def test_the_same_rows_are_kept_in_the_way_that_other_engines_have(text: str, most: int) -> None:
    plan = replace(planned(text), max_rows=most)
    (piece,) = [piece for piece in plan.pieces if piece.kind == "bins"]
    with duckdb.connect() as con:
        for seed in range(4):
            city(con, seed)
            found = binned(con, plan, piece, SOURCES)
            assert found == binned(con, plan, piece, SOURCES, portable=True) and found


@pytest.mark.parametrize("values", [(1, 2, 3, 9), (0, 1, 2, 3, 4, 5), (4, 7, 8), (0, 9)])
@pytest.mark.parametrize("most", [1, 2])
def test_a_unit_keeps_no_row_rather_than_another(values: tuple[int, ...], most: int) -> None:
    """Of 9,000 units with the same values each value is kept as often as any other."""
    plan = replace(planned("SELECT MEDIAN(score) FROM open.visit"), max_rows=most)
    (piece,) = plan.pieces
    with duckdb.connect() as con:
        listed = ", ".join(f"({value}.0)" for value in values)
        con.execute(
            "CREATE TABLE visit AS SELECT 'u' || i AS uscc, v AS score, 'x' AS kind, 'y' AS place "
            f"FROM range(9000) AS r(i), (VALUES {listed}) AS s(v)"
        )
        kept = sorted(binned(con, plan, piece, SOURCES).values())
    share = most / len(values)
    usual, deviation = 9000 * share, (9000 * share * (1 - share)) ** 0.5
    assert sum(kept) == 9000 * most
    if share < 1:
        assert len(kept) == len(values)
        assert all(abs(one - usual) < 4.5 * deviation for one in kept)


@pytest.mark.parametrize("text", [*QUESTIONS[:5], *QUANTILES[:2]])
def test_units_of_one_row_count_the_same_by_themselves(text: str) -> None:
    """Where units have one row, they are not ranked; what comes out is what ranking would give."""
    plan = planned(text)
    usual = {n: replace(view, max_groups=2) for n, view in plan.views.items()}
    ranked = replace(plan, views=usual)
    assert plan.max_groups == ranked.max_groups == 1
    with duckdb.connect() as con:
        for seed in range(8):
            city(con, seed)
            for piece in plan.pieces:
                if piece.kind == "bins":
                    first, second = (binned(con, p, piece, SOURCES) for p in (plan, ranked))
                else:
                    first, second = (counted(con, p, SOURCES) for p in (plan, ranked))
                assert first == second and first


def test_what_is_missing_is_not_a_bound() -> None:
    """A unit without a value adds nothing to a sum, and is none of those of an average."""
    plan = planned(
        "SELECT SUM(score), AVG(score), AVG(CLAMP(score, 5, 9)), AVG(amount) "
        "FROM open.visit JOIN open.firm USING (uscc)"
    )
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE visit AS SELECT 'u' || i AS uscc, CAST(v AS DOUBLE) AS score FROM "
            "range(9) AS r(i), (VALUES (NULL), ('nan'), ('inf')) AS s(v); "
            "CREATE TABLE firm AS SELECT 'u' || i AS uscc, CAST(NULL AS DOUBLE) AS amount FROM range(9) AS r(i)"
        )
        assert counted(con, plan, SOURCES) == {(): [0] * len(plan.pieces)}
        alone = planned("SELECT SUM(amount), AVG(amount) FROM open.firm")
        assert counted(con, alone, SOURCES) == {(): [0] * len(alone.pieces)}


def test_the_bound_is_reached() -> None:
    """A bound that no unit reaches would be noise for nothing."""
    plan = planned("SELECT place, COUNT(*) FROM open.visit GROUP BY place")
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE visit AS SELECT 'u' AS uscc, 1 AS score, 'x' AS kind, place FROM "
            "range(9), (VALUES ('a'), ('b'), ('c')) AS p(place)"
        )
        whole = counted(con, plan, SOURCES)
    assert sorted(v for (v, *_) in whole.values()) == [plan.max_rows] * plan.max_groups


def test_whole_units_are_those_of_the_kept_digits() -> None:
    plan = planned("SELECT SUM(amount) FROM open.firm")
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE firm AS SELECT 'u' || i AS uscc, CAST(12.345 AS DOUBLE) AS amount FROM range(3) AS r(i)"
        )
        assert counted(con, plan, SOURCES) == {(): [3 * 1235]}


@pytest.mark.parametrize("count", [1, 2, 3, 60])
def test_no_sum_overflows(count: int) -> None:
    """An error that depends on how many rows there are would tell of them, without noise."""
    plan = planned("SELECT SUM(CLAMP(amount * 1e17, 0, 46000000000000000)) FROM open.firm")
    (piece,) = plan.pieces
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TABLE firm AS SELECT 'u' || i AS uscc, 100.0 AS amount FROM range({count}) AS r(i)"
        )
        ((total,),) = counted(con, plan, SOURCES).values()
    assert total == min(count * piece.most, 2**63 - 1)


def test_keys_of_numbers_and_days_can_be_told() -> None:
    """They were no JSON, so that an answer failed once a row had fulfilled its condition."""
    plan = planned("SELECT opened, amount, COUNT(*) FROM open.firm GROUP BY opened, amount")
    with duckdb.connect() as con:
        con.execute(
            "CREATE SCHEMA open; CREATE TABLE open.firm AS SELECT 'u' AS uscc, DATE '2020-02-29' AS opened, "
            "unnest([CAST('nan' AS DOUBLE), 'inf', 3, 2.5]) AS amount"
        )
        exact = counted_groups(plan, lambda sql: con.execute(sql).fetchall())
    assert set(exact.counted) <= {("2020-02-29", 3), ("2020-02-29", 2.5)}
    assert len(exact.counted) == 1  # of the one unit, one group
