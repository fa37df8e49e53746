"""Answers of neighbouring data sets, 20,000 of each: no test tells them better than was claimed."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from sandbox.accounting import Mode, epsilon_of, rho_for
from sandbox.counting import Exact, counted
from sandbox.plan import Plan, plan_of
from sandbox.release import Scales, released, scales_of
from sandbox.sql import read_question
from tests.sandbox.auditing import epsilon_at_least
from tests.sandbox.city import VIEWS

pytestmark = pytest.mark.slow
RUNS = 20_000
FEW = 2_000  # enough to find out a mechanism that is broken
EPSILON, DELTA = 2.0, 1e-6

# What one unit may do is at its worst here: `planted` has as many rows as it likes, all extreme.
NEAR = {"count": 1.5, "sum": 1.5, "mean": 0.2, "quantile": 0.3, "count and sum": 1.2, "join": 1.5}
FIRMS = (
    "CREATE SCHEMA open; CREATE TABLE open.firm AS SELECT 'u' || i AS uscc, CAST(i % 900 AS DOUBLE) AS amount, "
    "'east' AS district, 'n' AS name, TRUE AS active, DATE '2020-01-01' AS opened FROM range(60) AS r(i)"
)
PLANTED_FIRM = "INSERT INTO open.firm SELECT 'planted', 1e12, 'east', 'n', TRUE, DATE '2020-01-01' FROM range(500)"
VISITS = (
    "CREATE TABLE open.visit AS SELECT 'u' || (i % 30) AS uscc, CAST(i % 40 AS DOUBLE) AS score, "
    "'known' AS kind, ['a', 'b', 'c'][i % 3 + 1] AS place FROM range(90) AS r(i)"
)
PLANTED_VISITS = (
    "INSERT INTO open.visit SELECT 'planted', 1e12, ['known', 'own'][i % 2 + 1], ['a', 'b', 'c', 'd'][i % 4 + 1] "
    "FROM range(400) AS r(i)"
)
MODES = pytest.mark.parametrize("mode", ["zcdp", "pure"])
QUESTIONS = {
    "count": "SELECT COUNT(*) FROM open.visit",
    "sum": "SELECT SUM(amount) FROM open.firm",
    "mean": "SELECT AVG(score) FROM open.visit",
    "quantile": "SELECT MEDIAN(score) FROM open.visit",
    "hidden groups": "SELECT kind, COUNT(*) FROM open.visit GROUP BY kind",
    "count and sum": "SELECT COUNT(*), SUM(amount) FROM open.firm",
    "join": "SELECT SUM(score) FROM open.visit JOIN open.firm USING (uscc)",
}


def exact(plan: Plan, planted: bool) -> Exact:
    with duckdb.connect() as con:
        for statement in (FIRMS, VISITS, *((PLANTED_FIRM, PLANTED_VISITS) if planted else ())):
            con.execute(statement)
        return counted(plan, lambda sql: con.execute(sql).fetchall())


def answers(plan: Plan, scales: Scales, found: Exact, runs: int) -> list[float]:
    """One number a run: the value of the one cell, or whether the group that the unit alone has is seen.

    The runs are groups of one answer, each with the same exact numbers: the noise of every group is its
    own, and so much is drawn in one go.
    """
    if plan.domain is None:
        own = found.counted.get(("own",))
        groups = {(f"own{run}",): own for run in range(runs)} if own else {}
        seen = len(released(plan, scales, groups, {}))
        return [1.0] * seen + [0.0] * (runs - seen)
    repeated = replace(plan, domain=(tuple(range(runs)),))
    counted_again = {(run,): found.counted[()] for run in range(runs)} if found.counted else {}
    bins = {piece: {(run,): rows[()] for run in range(runs)} for piece, rows in found.bins.items()}
    rows = released(repeated, scales, counted_again, bins)
    return [sum(cell.value or 0.0 for cell in row.cells) for row in rows]


def audited(plan: Plan, scales: Scales, without: Exact, planted: Exact, runs: int = FEW) -> float:
    first, second = (answers(plan, scales, found, runs) for found in (without, planted))
    return epsilon_at_least(first, second, (0.0 if scales.epsilon else DELTA) + scales.delta)


def planned(name: str, mode: Mode = "zcdp") -> tuple[Plan, Scales]:
    plan = plan_of(read_question(QUESTIONS[name], VIEWS), VIEWS)
    loss = EPSILON if mode == "pure" else rho_for(EPSILON, DELTA)
    return plan, scales_of(plan, loss, DELTA, mode)


@MODES
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_claim_is_not_exceeded(name: str, mode: Mode) -> None:
    plan, scales = planned(name, mode)
    without, planted = exact(plan, False), exact(plan, True)
    assert without != planted
    found = audited(plan, scales, without, planted, RUNS)
    claimed = scales.epsilon if mode == "pure" else epsilon_of(scales.rho, DELTA)
    assert found <= claimed <= EPSILON


@pytest.mark.parametrize("name", NEAR)
def test_the_auditor_comes_near_a_pure_claim(name: str) -> None:
    """Something of the loss is seen, so that a mechanism whose answers say nothing would not pass."""
    plan, scales = planned(name, "pure")
    assert audited(plan, scales, exact(plan, False), exact(plan, True), RUNS) > NEAR[name]


@MODES
@pytest.mark.parametrize("name", ["count", "sum", "quantile", "count and sum", "join"])
def test_too_little_noise_is_found_out(name: str, mode: Mode) -> None:
    plan, scales = planned(name, mode)
    little = replace(
        scales,
        scale={piece: scale / 12 for piece, scale in scales.scale.items()},
        pairs=tuple((pair, scale / 12) for pair, scale in scales.pairs),
    )
    assert audited(plan, little, exact(plan, False), exact(plan, True)) > EPSILON


@MODES
@pytest.mark.parametrize("name", ["count", "mean", "join"])
def test_a_unit_that_is_not_bounded_is_found_out(name: str, mode: Mode) -> None:
    plan, scales = planned(name, mode)
    loose = replace(
        plan,
        max_rows=1_000,
        pieces=tuple(replace(piece, most=piece.most * 1_000) for piece in plan.pieces),
    )
    without, planted = exact(loose, False), exact(loose, True)
    assert audited(plan, scales, without, planted) > EPSILON


@MODES
def test_a_threshold_that_is_too_low_is_found_out(mode: Mode) -> None:
    plan, scales = planned("hidden groups", mode)
    low = replace(scales, threshold=2)
    assert audited(plan, low, exact(plan, False), exact(plan, True)) > EPSILON


def test_the_auditor_knows_the_truth_of_a_known_mechanism() -> None:
    """Laplace noise of a known epsilon: the bound is below it, and not far below."""
    rng = np.random.default_rng(1)
    zero, one = rng.laplace(0, 1 / 1.5, RUNS), rng.laplace(1, 1 / 1.5, RUNS)
    assert 1.2 < epsilon_at_least(list(zero), list(one), 0.0) <= 1.5
    assert epsilon_at_least(list(zero), list(rng.laplace(0, 1 / 1.5, RUNS)), 0.0) == 0.0
