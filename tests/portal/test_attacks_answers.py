"""Attacks by what is asked: answers move within their bounds, cost what they cost, and tell of nobody."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from tests.portal.bureau import ASKING, SQL
from tests.portal.twins import PLANTED, Attacker, Twins
from tests.support.waiting import until

pytestmark = pytest.mark.slow
HIM = f"owner = '{PLANTED}'"
SAME = [
    "SELECT area, COUNT(*) AS n FROM sandbox.firm WHERE paid > 7 AND active GROUP BY area",
    "select AREA, count(*) n from SANDBOX.FIRM where ACTIVE and PAID > 7.00 group by AREA",
    "SELECT area, COUNT(*) AS x FROM sandbox.firm f WHERE f.active AND 7 < f.paid GROUP BY f.area",
    "SELECT  area ,\n\tCOUNT( * )  AS n FROM sandbox.firm WHERE (paid > 7) AND ((active)) AND 1 = 1 GROUP BY area",
    "SELECT area, COUNT(1) AS n FROM sandbox.firm WHERE NOT (paid <= 7 OR active = FALSE) GROUP BY area",
    "SELECT COUNT(*) AS n, area FROM sandbox.firm WHERE paid > 7e0 AND active = TRUE AND active GROUP BY area ORDER BY n LIMIT 9",
    "SELECT area, COUNT(*) AS n FROM (SELECT area, paid AS p, active FROM sandbox.firm WHERE active) AS t WHERE p > 7 GROUP BY area",
    "SELECT area, COUNT(*) AS n FROM sandbox.firm WHERE paid > +7 AND active GROUP BY area HAVING n > -1e9",
]  # fmt: skip


def spent(attacker: Attacker) -> float:
    found = attacker.balance().get("enterprise")
    return float(found["spent"]["rho"]) if found else 0.0


def noise_free(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows at a very large epsilon, as the exact side counted them."""
    return [[round(one) if isinstance(one, float) else one for one in row] for row in rows]


def test_one_question_however_often_and_in_whatever_words(twins: Twins) -> None:
    attacker = twins.there
    first = attacker.ask(SAME[0]).json()
    after = attacker.balance()
    for number in range(100):
        response = attacker.ask(SAME[number % len(SAME)])
        if response.status_code == 422 and "+7" in SAME[number % len(SAME)]:
            continue
        told = response.json()
        assert told["id"] == first["id"] and told["spent"]["rho"] == 0, SAME[number % len(SAME)]
        assert sorted(map(sorted, _text(told["rows"]))) == sorted(map(sorted, _text(first["rows"])))
    assert attacker.balance() == after


def _text(rows: list[list[Any]]) -> list[list[str]]:
    return [[str(one) for one in row] for row in rows]


def test_differencing_costs_twice_and_ends_in_noise(twins: Twins) -> None:
    """All firms, and all but one: both are charged, and the difference is hidden among the noise."""
    attacker, before = twins.there, spent(twins.there)
    differences = []
    for number in range(12):
        whole = attacker.ask(f"SELECT COUNT(*) FROM sandbox.firm WHERE paid > -{number + 1}", 0.5)
        less = attacker.ask(
            f"SELECT COUNT(*) FROM sandbox.firm WHERE paid > -{number + 1} AND NOT {HIM}", 0.5
        )
        assert whole.json()["spent"]["rho"] > 0 and less.json()["spent"]["rho"] > 0
        differences.append(whole.json()["rows"][0][0] - less.json()["rows"][0][0])
    charged = spent(attacker) - before
    assert charged == pytest.approx(24 * whole.json()["spent"]["rho"], rel=1e-6)
    # Two noises of this scale each: the spread of twelve differences says whether they were added.
    scale = whole.json()["errors"][0][0] / 1.96
    assert scale > 2 and max(differences) - min(differences) > scale


def test_a_tracker_costs_every_step(twins: Twins) -> None:
    attacker, before = twins.there, spent(twins.there)
    for low in range(0, 100, 20):
        sql = (
            f"SELECT COUNT(*) FROM sandbox.firm WHERE {HIM} AND paid BETWEEN {low} AND {low + 19.5}"
        )
        response = attacker.ask(sql, 0.5)
        assert response.status_code == 200 and response.json()["spent"]["rho"] > 0
    assert spent(attacker) > before


GROUPED = [
    "SELECT owner, COUNT(*) AS n FROM sandbox.firm GROUP BY owner",
    f"SELECT owner, COUNT(*) AS n FROM sandbox.firm WHERE {HIM} GROUP BY owner",
    f"SELECT owner, SUM(paid) AS n FROM sandbox.firm WHERE {HIM} GROUP BY owner",
    "SELECT kind, COUNT(*) AS n FROM sandbox.visit GROUP BY kind",
    "SELECT kind, COUNT(*) AS n FROM sandbox.visit WHERE kind = 'only' GROUP BY kind",
    f"SELECT kind, COUNT(*) AS n FROM sandbox.firm JOIN sandbox.visit USING (code) WHERE {HIM} GROUP BY kind",
    f"SELECT opened, COUNT(*) AS n FROM sandbox.firm WHERE {HIM} GROUP BY opened",
    f"SELECT paid, COUNT(*) AS n FROM sandbox.firm WHERE {HIM} GROUP BY paid",
]  # fmt: skip


@pytest.mark.parametrize("sql", GROUPED)
def test_a_group_of_one_firm_is_absent(twins: Twins, sql: str) -> None:
    """Also at an epsilon that hides nothing: what keeps it out is delta."""
    for attacker in twins.both:
        for response in (attacker.ask(sql, 0.5), attacker.loud(sql)):
            assert response.status_code == 200, response.text
            told = response.json()
            assert told["hidden_groups"] is True
            assert not {PLANTED, "only", "2001-02-03", 100} & {row[0] for row in told["rows"]}


def test_an_absent_key_and_a_suppressed_one_look_the_same(twins: Twins) -> None:
    """One firm, or none, or a key that never was: but for the numbers of the budget, the same bytes."""
    shapes = set()
    for attacker in twins.both:
        for name in (PLANTED, "nobody ever"):
            sql = f"SELECT owner, COUNT(*) AS n FROM sandbox.firm WHERE owner = '{name}' AND paid < 1000 GROUP BY owner"
            shapes.add(_shape(attacker.ask(sql, 0.25).json()))
    assert len(shapes) == 1
    # A public key without rows, and one with: the same shape, and a number for both.
    full = twins.there.ask(
        "SELECT area, AVG(paid) AS n FROM sandbox.firm GROUP BY area ORDER BY area"
    ).json()
    empty = twins.there.ask(
        "SELECT area, AVG(paid) AS n FROM sandbox.firm WHERE paid < -5 GROUP BY area ORDER BY area"
    ).json()
    assert [row[0] for row in full["rows"]] == [row[0] for row in empty["rows"]] == ["east", "west"]


def _shape(told: dict[str, Any]) -> str:
    text = re.sub(r'"(id|instruments|snapshots|balance)": .*', "", str(sorted(told)))
    return f"{text} {told['rows']} {told['columns']} {told['errors']} {told['hidden_groups']} {told['spent']}"


MOVES = [
    # (question, by how much the planted firm may move a row's number)
    ("SELECT COUNT(*) AS n FROM sandbox.firm", 1),
    ("SELECT COUNT(*) AS n FROM sandbox.visit", 3),
    ("SELECT COUNT(DISTINCT code) AS n FROM sandbox.visit", 1),
    ("SELECT SUM(score) AS n FROM sandbox.visit", 150),
    ("SELECT SUM(paid) AS n FROM sandbox.firm", 100),
    ("SELECT COUNT(*) AS n FROM sandbox.firm JOIN sandbox.visit USING (code)", 3),
    ("SELECT COUNT(*) AS n FROM sandbox.visit v JOIN sandbox.firm f ON f.code = v.code", 3),
    ("SELECT SUM(score) AS n FROM sandbox.firm JOIN sandbox.visit USING (code)", 150),
    ("SELECT SUM(CLAMP(paid * 1e9, 0, 100)) AS n FROM sandbox.firm", 100),
    (f"SELECT SUM(CASE WHEN {HIM} THEN CLAMP(paid * 1e9, 0, 7) ELSE 0 END) AS n FROM sandbox.firm", 7),
    ("SELECT SUM(CLAMP(score * score * score, -9, 9)) AS n FROM sandbox.visit", 27),
    ("SELECT SUM(CLAMP(paid / CLAMP(paid - 100, -1, 0.5), -9, 9)) AS n FROM sandbox.firm", 9),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "most"), MOVES)
def test_one_firm_moves_an_answer_within_its_bound(twins: Twins, sql: str, most: int) -> None:
    """The firm has 300 visits; noise at this epsilon is small beside the bound."""
    there, absent = (attacker.loud(sql).json() for attacker in twins.both)
    if "rows" not in there:
        assert there == absent and there["code"] == "bounds_needed"
        return
    noise = 1.5 * (there["errors"][0][0] + absent["errors"][0][0])
    assert noise < most
    assert abs(there["rows"][0][0] - absent["rows"][0][0]) <= most + noise


def test_a_factor_does_not_make_a_firm_louder(twins: Twins) -> None:
    """SUM(x * 1e9) is told with 1e9 times the noise, or not at all."""
    plain, loud = (
        twins.there.ask(f"SELECT SUM({what}) AS n FROM sandbox.firm WHERE {HIM}", 1.0).json()
        for what in ("paid", "paid * 1e9")
    )
    assert loud["errors"][0][0] == pytest.approx(plain["errors"][0][0] * 1e9, rel=1e-3)
    refused = twins.same("SELECT SUM(paid * 1e25) FROM sandbox.firm")
    assert refused.json()["code"] == "bounds_wide"


def test_a_sum_does_not_overflow_when_many_fit(twins: Twins) -> None:
    """An error from three firms on would count them without noise."""
    for condition in (HIM, "owner = 'o1'", "1 = 1"):
        sql = f"SELECT SUM(CLAMP(paid * 1e16, 4600000000000000000, 4600000000000000001)) AS n FROM sandbox.firm WHERE {condition}"
        responses = [attacker.ask(sql) for attacker in twins.both]
        assert [one.status_code for one in responses] == [200, 200], [one.text for one in responses]


def test_bounds_and_keys_are_the_registered_ones(twins: Twins) -> None:
    """What the views tell, prices and errors do not depend on the firm that is there or not."""
    there, absent = (
        attacker.session.get("/views?agreement=agreement-a") for attacker in twins.both
    )
    assert there.content == absent.content
    for sql in [*SAME[:2], *GROUPED, *(sql for sql, _ in MOVES)]:
        quotes = []
        for attacker in twins.both:
            body = {"sql": sql, **ASKING, "epsilon": 0.77}
            told = attacker.session.post("/quotes", json=body).json()
            told.pop("balance", None)
            quotes.append(told)
        assert quotes[0] == quotes[1], sql
    for sql in (
        "SELECT SUM(CLAMP(paid, (SELECT MIN(paid) FROM sandbox.firm), 5)) FROM sandbox.firm",
        "SELECT SUM(CLAMP(paid, 0, MAX(paid))) FROM sandbox.firm",
        "SELECT WIDTH_BUCKET(paid, 0, paid, 5) AS b, COUNT(*) FROM sandbox.firm GROUP BY b",
    ):
        assert twins.same(sql).status_code == 422


def test_extremes_are_no_ones_own(twins: Twins) -> None:
    """The planted firm pays most of all; the greatest is a quantile that it does not decide."""
    sql = "SELECT MAX(score) AS a, MIN(score) AS b FROM sandbox.visit"
    for attacker in twins.both:
        answers = [attacker.loud(sql).json()["rows"][0] for _ in range(3)]
        assert all(30 <= high <= 50 and low >= -50 for high, low in answers)
        # By chance one may be a bound of the column, one time in a hundred; the firm's own would all be.
        assert {high for high, _ in answers} != {50} and {low for _, low in answers} != {-50}


def test_numbers_are_whole_units(twins: Twins) -> None:
    """Sums of numbers with two digits are whole hundredths: there are no low bits to look at."""
    for number in range(10):
        (row,) = twins.there.rows(
            f"SELECT COUNT(*) AS n, SUM(paid) AS s FROM sandbox.firm WHERE paid > {number}"
        )
        for value in row:
            assert value == round(value)
    assert math.isfinite(row[1])


def test_a_question_that_fails_after_its_charge_is_not_refunded(twins: Twins) -> None:
    """Refused before, nothing is spent; cancelled after, what was charged stays."""
    attacker, before = twins.there, spent(twins.there)
    assert attacker.ask(f"SELECT SUM(error('x')) FROM sandbox.firm WHERE {HIM}").status_code == 422
    assert spent(attacker) == before
    headers = {"Idempotency-Key": "stopped", "Prefer": "respond-async"}
    sql = "SELECT MEDIAN(paid) AS m FROM sandbox.firm WHERE paid < 77.5"
    started = attacker.session.post(
        "/queries", json={"sql": sql, **ASKING, "epsilon": 1.0}, headers=headers
    )
    assert started.status_code == 202
    attacker.session.delete(started.headers["location"])
    ended = ("cancelled", "answered")
    until(lambda: attacker.session.get(started.headers["location"]).json()["state"] in ended)
    stopped = spent(attacker)
    again = attacker.ask(sql, key="stopped")
    assert again.status_code == 200, again.text
    assert again.json()["spent"]["rho"] in (0, pytest.approx(spent(attacker) - stopped, abs=1e-9))
    assert spent(attacker) - before == pytest.approx(_rho(attacker, sql), rel=1e-6)


def _rho(attacker: Attacker, sql: str) -> float:
    body = {"sql": sql, **ASKING, "epsilon": 1.0}
    return float(attacker.session.post("/quotes", json=body).json()["rho"])


@pytest.mark.parametrize(
    "epsilon", ["0", "-1", "1e-320", "NaN", "Infinity", "-Infinity", "1e400", '"1"', "true", "[]"]
)
def test_no_epsilon_that_is_none(twins: Twins, epsilon: str) -> None:
    attacker = twins.there
    before = attacker.balance()
    body = f'{{"sql": "{SQL.replace("sandbox.firm", "sandbox.firm")}", "agreement": "agreement-a", "purpose": "credit", "epsilon": {epsilon}}}'
    headers = {
        "Idempotency-Key": f"epsilon-{epsilon.strip(chr(34))}".replace("[]", "list"),
        "Content-Type": "application/json",
    }
    response = attacker.session.post("/queries", content=body, headers=headers)
    assert response.status_code == 422, response.text
    assert attacker.balance() == before
