"""Answers: near the truth by their own error bars, of all public groups and of no small hidden ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import duckdb
import pytest

from sandbox.accounting import UNITS, Mode, pure_rho, rho_for
from sandbox.counting import counted
from sandbox.errors import SandboxError
from sandbox.identity import counted_question, fingerprint
from sandbox.pairs import pairs_of
from sandbox.plan import Piece, Plan, plan_of
from sandbox.quote import quote
from sandbox.release import Row, released, scales_of
from sandbox.split import expected_error, loss_for_accuracy, shares, terms
from sandbox.sql import read_question
from sandbox.table import StoredRow, table_of
from tests.sandbox.city import VIEWS

DELTA = 1e-7
RHO = rho_for(2.0, DELTA)
LOSS: dict[Mode, float] = {"zcdp": RHO, "pure": 2.0}
MODES = pytest.mark.parametrize("mode", ["zcdp", "pure"])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "CREATE SCHEMA open; CREATE TABLE open.firm AS SELECT 'u' || i AS uscc, "
            "CAST(i % 1500 AS DOUBLE) AS amount, ['east', 'north'][i % 2 + 1] AS district, "
            "CASE WHEN i < 10 THEN 'rare' || i ELSE ['red', 'blue'][i % 2 + 1] END AS name, "
            "DATE '2020-01-01' AS opened, i % 4 = 0 AS active FROM range(30000) AS r(i)"
        )
        yield con


def planned(text: str) -> Plan:
    return plan_of(read_question(text, VIEWS), VIEWS)


def answered(
    con: duckdb.DuckDBPyConnection, plan: Plan, share: float = 1.0, mode: Mode = "zcdp"
) -> list[Row]:
    exact = counted(plan, lambda sql: con.execute(sql).fetchall())
    scales = scales_of(plan, LOSS[mode] * share, DELTA, mode)
    return released(plan, scales, exact.counted, exact.bins)


TRUTHS = [
    ("COUNT(*)", "count(*)"),
    ("COUNT(DISTINCT uscc)", "count(*)"),
    ("SUM(amount)", "sum(least(amount, 1000))"),
    ("SUM(amount), COUNT(*)", "sum(least(amount, 1000))"),
    ("COUNT(*), SUM(amount - 500)", "count(*)"),
    ("AVG(amount)", "avg(least(amount, 1000))"),
    ("VARIANCE(amount)", "var_samp(least(amount, 1000))"),
    ("STDDEV(amount)", "stddev_samp(least(amount, 1000))"),
]


@MODES
@pytest.mark.parametrize(("asked", "exact"), TRUTHS)
def test_errors_are_as_large_as_stated(
    con: duckdb.DuckDBPyConnection, asked: str, exact: str, mode: Mode
) -> None:
    """About 95 % of answers lie within their error bars: of 200, between 80 % and all."""
    truth = con.execute(f"SELECT {exact} FROM open.firm").fetchone()
    assert truth is not None
    plan = planned(f"SELECT {asked} FROM open.firm")
    inside = 0
    errors = []
    for _ in range(200):
        (row,) = answered(con, plan, 0.1, mode)
        cell = row.cells[0]
        assert cell.value is not None and cell.error is not None
        inside += abs(cell.value - float(truth[0])) <= cell.error
        errors.append(abs(cell.value - float(truth[0])))
    assert 170 <= inside <= 200
    # Nor are the bars far too wide: half of the noise lies within a third (Laplace: 0.23) of them.
    assert statistics.median(errors) > 0.12 * cell.error


@MODES
def test_quantiles_are_near(con: duckdb.DuckDBPyConnection, mode: Mode) -> None:
    plan = planned("SELECT MEDIAN(amount), MIN(amount), MAX(amount) FROM open.firm")
    (row,) = answered(con, plan, 1.0, mode)
    median, least, greatest = (cell.value for cell in row.cells)
    assert median == pytest.approx(750, abs=30)
    assert least is not None and least < 60
    assert greatest == 1000.0  # a third of the rows is clamped to it


@MODES
def test_public_groups_are_all_answered(con: duckdb.DuckDBPyConnection, mode: Mode) -> None:
    plan = planned("SELECT district, COUNT(*) FROM open.firm GROUP BY district")
    rows = answered(con, plan, 1.0, mode)
    found = {row.keys: row.cells[0].value for row in rows}
    assert set(found) == {("east",), ("north",), ("west",)}
    assert found[("west",)] is not None and found[("west",)] < 100  # nobody is there


@MODES
def test_hidden_groups_are_answered_when_large(con: duckdb.DuckDBPyConnection, mode: Mode) -> None:
    plan = planned("SELECT name, COUNT(*), AVG(amount) FROM open.firm GROUP BY name")
    rows = answered(con, plan, 1.0, mode)
    assert [row.keys for row in rows] == [("blue",), ("red",)]


@MODES
def test_no_more_is_lost_than_was_granted(mode: Mode) -> None:
    for text in (
        "SELECT COUNT(*), AVG(amount), STDDEV(amount), MEDIAN(amount), MAX(amount) FROM open.firm",
        "SELECT name, COUNT(*), SUM(amount) FROM open.firm GROUP BY name",
        "SELECT kind, COUNT(*), MEDIAN(score) FROM open.visit GROUP BY kind",
    ):
        for loss in (1e-6, 0.001, 0.5):
            scales = scales_of(planned(text), loss, DELTA, mode)
            lost = scales.epsilon if mode == "pure" else scales.rho
            assert 0.999 * loss <= lost <= loss
            assert scales.delta <= DELTA
            assert mode == "zcdp" or scales.rho == pure_rho(scales.epsilon)


def test_a_pair_is_the_same_numbers_turned() -> None:
    """Without noise, a count and a sum come back as they were; with it, both gain by being together."""
    plan = planned("SELECT COUNT(*), SUM(amount) FROM open.firm")
    (pair,) = pairs_of(plan)
    assert pair.back(pair.turned([5, 0], [123, 0])) == ([5, 0], [123, 0])
    together = scales_of(plan, 1.0, 0.0, "pure")
    for text in ("SELECT COUNT(*) FROM open.firm", "SELECT SUM(amount) FROM open.firm"):
        alone = scales_of(planned(text), 0.5, 0.0, "pure")
        (piece,) = alone.scale
        assert together.scale[piece] < alone.scale[piece]
    assert scales_of(plan, 1.0, 0.0).pairs == ()


def test_rows_that_are_units_are_measured_once() -> None:
    """Groups that are not public are told by their units: a count of rows, one a unit, is the same."""
    (units,) = planned("SELECT name, COUNT(*) FROM open.firm GROUP BY name").pieces
    assert units.kind == "units"
    kinds = {piece.kind for piece in planned("SELECT COUNT(*) FROM open.visit").pieces}
    assert kinds == {"rows"}


def test_a_choice_beside_others_loses_what_it_would_alone() -> None:
    """A median is not chosen with the noise of a more extreme quantile of the same values."""
    alone = planned("SELECT MEDIAN(amount) FROM open.firm")
    beside = planned("SELECT MEDIAN(amount), MAX(amount) FROM open.firm")
    (piece,) = alone.pieces
    one, both = scales_of(alone, 0.5, 0.0, "pure"), scales_of(beside, 1.0, 0.0, "pure")
    # One row moves the score of a median by a half; at most half of epsilon is lost to each.
    assert one.scale[piece] == pytest.approx(2 * 0.5 / 0.25 / 0.5 * 0.5)
    assert both.scale[piece] == pytest.approx(one.scale[piece])


def test_a_pure_price_is_told_in_epsilon_and_charged_in_both() -> None:
    plan = planned("SELECT district, COUNT(*), AVG(amount) FROM open.firm GROUP BY district")
    price = quote(plan, 0.5, 0.0, group_delta=0.0, mode="pure")
    assert price.mode == "pure" and price.delta == 0
    assert 0.499 < price.epsilon <= 0.5
    assert price.epsilon * UNITS <= price.epsilon_units < price.epsilon * UNITS + 1
    assert price.rho_units == pytest.approx(UNITS / 8, rel=1e-6)
    other = quote(plan, 0.1, DELTA, group_delta=0.0)
    assert other.mode == "zcdp" and other.epsilon_units == 0


@MODES
def test_hidden_groups_need_a_delta(mode: Mode) -> None:
    plan = planned("SELECT name, COUNT(*) FROM open.firm GROUP BY name")
    with pytest.raises(SandboxError) as caught:
        quote(plan, 0.5, DELTA, group_delta=0.0, mode=mode)
    assert caught.value.code == "delta_needed"


@MODES
def test_the_least_budget_for_an_accuracy_is_enough(mode: Mode) -> None:
    plan = planned("SELECT COUNT(*), SUM(amount), MEDIAN(amount) FROM open.firm")
    loss = loss_for_accuracy(plan, 0.05, 1_000, mode)
    price = quote(plan, loss, DELTA, group_delta=DELTA, mode=mode)
    assert max(one.relative for one in price.expected) == pytest.approx(0.05)
    cheaper = quote(plan, loss / 2, DELTA, group_delta=DELTA, mode=mode)
    assert max(one.relative for one in cheaper.expected) > 0.05


@MODES
def test_expected_errors_are_those_of_the_noise(mode: Mode) -> None:
    """Of a count, the same as its scale says; no share is lost on the way."""
    plan = planned("SELECT COUNT(*) FROM open.firm")
    scales = scales_of(plan, 0.3, DELTA, mode)
    (aggregate,) = plan.question.aggregates
    expected = expected_error(plan, aggregate, 0.3, 500, mode)
    assert expected == pytest.approx(scales.half(plan.pieces[0]) / 500)


@MODES
def test_the_split_is_the_best_one(mode: Mode) -> None:
    """No other split of the same budget has a smaller sum of squared relative errors."""
    plan = planned("SELECT COUNT(*), AVG(amount), VARIANCE(amount) FROM open.firm")
    split = {share.pieces: share.loss for share in shares(plan, 1.0, mode)}
    assert len(split) > 1
    power = 2 if mode == "pure" else 1

    def cost(shared: dict[tuple[Piece, ...], float]) -> float:
        of = {piece: loss for pieces, loss in shared.items() for piece in pieces}
        return sum(
            weight / of[piece] ** power
            for one in plan.question.aggregates
            for piece, weight in terms(plan, one, mode).items()
        )

    best = cost(split)
    for one in split:
        for other in split:
            if one is not other:
                moved = dict(split)
                moved[one] *= 0.9
                moved[other] += split[one] * 0.1
                assert cost(moved) > best


def test_quotes_need_no_data() -> None:
    price = quote(
        planned("SELECT name, COUNT(*) FROM open.firm GROUP BY name"), RHO, DELTA, group_delta=DELTA
    )
    assert price.cells is None and price.threshold is not None and price.threshold > 1
    assert price.epsilon <= 2.0
    assert price.expected[0].error is not None and math.isfinite(price.expected[0].error)


def test_the_same_question_has_one_name() -> None:
    first = read_question(
        "SELECT district AS d, COUNT(*) AS n, SUM(amount) FROM open.firm GROUP BY district ORDER BY n",
        VIEWS,
    )
    second = read_question(
        "select sum(amount), district, count(*) from open.firm group by district limit 2", VIEWS
    )
    snapshots = {"open.firm": 7}
    names = {fingerprint(q, VIEWS, snapshots, mode="zcdp", rho_units=5) for q in (first, second)}
    assert len(names) == 1
    for changed in ({"mode": "pure"}, {"rho_units": 6}):
        other = fingerprint(first, VIEWS, snapshots, **{"mode": "zcdp", "rho_units": 5} | changed)  # type: ignore[arg-type]
        assert other not in names
    assert fingerprint(first, VIEWS, {"open.firm": 8}, mode="zcdp", rho_units=5) not in names


def test_an_answer_in_the_form_asked() -> None:
    question = read_question(
        "SELECT COUNT(*) AS n, district FROM open.firm GROUP BY district "
        "HAVING n >= 5 ORDER BY n DESC, district LIMIT 2",
        VIEWS,
    )
    assert counted_question(question).outputs == ()
    stored = [
        StoredRow(("east",), (5.0,), (1.0,)),
        StoredRow(("north",), (4.0,), (1.0,)),
        StoredRow(("south",), (9.0,), (1.0,)),
        StoredRow(("west",), (5.0,), (None,)),
    ]
    found = table_of(question, stored)
    assert found.columns == ("n", "district")
    assert found.rows == ((9.0, "south"), (5.0, "east"))
    assert found.errors == ((1.0, None), (1.0, None))
