"""What the console's pages show, without a page."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from catalog.agreements import Agreement, document_of
from catalog.database.asked import AskedEntry
from catalog.database.budget_records import Amount, Balance, Period
from catalog.database.openings import Opening
from portal.console.answers import MOST_POINTS, charts, shown
from portal.console.asking import Sent, body_of, key_of
from portal.console.download import as_csv
from portal.console.gauge import epsilon_told, gauge
from portal.console.history import page_of
from portal.console.refusals import place_of, remembered
from portal.errors import PortalError
from sandbox.pricing import Accuracy, Asked, granted_amount
from sandbox.table import Table
from sandbox.terms import ColumnTerms, ViewTerms
from tests.support.instruments import agreement

AT = datetime(2026, 9, 1, tzinfo=UTC)


def table(keys: int, *rows: tuple[Any, ...], errors: float | None = 2.0) -> Table:
    width = len(rows[0])
    kinds: tuple[Any, ...] = ("key",) * keys + ("statistic",) * (width - keys)
    bars = tuple((None,) * keys + (errors,) * (width - keys) for _ in rows)
    return Table(tuple(f"c{n}" for n in range(width)), kinds, rows, bars)


def terms(**changes: Any) -> Agreement:
    made = document_of(agreement(**changes))
    assert isinstance(made, Agreement)
    return made


def test_days_become_a_line_in_their_order() -> None:
    (chart,) = charts(table(1, ("2026-02-01", 5.0), ("2025-12-31", 4.0)))
    assert (chart.shape, chart.labels) == ("line", ("2025-12-31", "2026-02-01"))
    assert chart.bars() == [[0, 2.0, 6.0], [1, 3.0, 7.0]]
    assert chart.option()["series"][0]["type"] == "line"


@pytest.mark.parametrize("key", ["2026-13-01", "20260101", "2026-01-01x", 5, None, True])
def test_other_keys_become_bars_in_the_order_of_the_answer(key: Any) -> None:
    (chart,) = charts(table(1, (key, 5.0), ("2025-12-31", 4.0)))
    assert chart.shape == "bars" and chart.values == (5.0, 4.0)


def test_what_has_no_error_is_in_the_table_and_not_drawn() -> None:
    answer = table(1, ("east", 5.0), errors=None)
    assert charts(answer) == ()
    told = shown(answer, "en")
    assert told.unknown and told.rows[0][1].error is None
    whole = Table(
        ("area", "n"), ("key", "statistic"), (("a", 1.0), ("b", None)), ((None, 1.0), (None, None))
    )
    (chart,) = charts(whole)
    assert chart.labels == ("a",)


def test_many_groups_are_cut_and_many_keys_joined() -> None:
    rows = tuple((f"a{n}", n % 7, float(n)) for n in range(MOST_POINTS + 1))
    (chart,) = charts(table(2, *rows))
    assert chart.cut and len(chart.labels) == MOST_POINTS and chart.labels[3] == "a3 · 3"


def test_no_group_at_all() -> None:
    empty = Table(("area", "n"), ("key", "statistic"), (), ())
    assert shown(empty, "en").rows == () and charts(empty) == ()


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "＝", "＋", "－", "＠", "\u3000="]
)
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    text = f'{start}1+1","x'
    got = as_csv(Table((text, "n"), ("key", "statistic"), ((text, -5.0),), ((None, 0.5),)))
    head, row = csv.reader(io.StringIO(got, newline=""))
    assert head[0] == row[0] == "'" + text
    assert row[1:] == ["-5.0", "0.5"]


def balance(granted: Amount, spent: Amount) -> Balance:
    period = Period(AT, datetime(2026, 10, 1, tzinfo=UTC))
    return Balance(granted, spent, granted.less(spent), period, False)


def test_a_gauge_of_many_small_losses() -> None:
    said = terms(
        budget={"epsilon": 2, "delta": "1e-6", "renewal": "month", "most_per_question": None}
    )
    granted = granted_amount(2.0, 1e-6)
    full = gauge("enterprise", balance(granted, Amount(0)), said)
    assert full.percent == 100 and full.epsilon == pytest.approx(2, rel=1e-4)
    assert full.usual == pytest.approx(0.2) and full.renews == datetime(2026, 10, 1, tzinfo=UTC)
    hardly = gauge("enterprise", balance(granted, Amount(1)), said)
    nearly = gauge("enterprise", balance(granted, Amount(granted.rho_units - 1)), said)
    assert (hardly.percent, nearly.percent) == (99, 1)
    none = gauge("enterprise", balance(granted, granted), said)
    assert (none.percent, none.epsilon) == (0, 0)


def test_a_gauge_of_pure_epsilon() -> None:
    said = terms(
        mode="pure",
        budget={"epsilon": 2, "delta": 0, "renewal": "none", "most_per_question": 0.5},
    )
    granted = granted_amount(2.0, 0.0, "pure")
    told = gauge("person", balance(granted, Amount(10**9, 0, 5 * 10**11)), said)
    assert (told.measure, told.granted, told.spent, told.left) == ("epsilon", 2.0, 0.5, 1.5)
    assert (told.percent, told.epsilon) == (75, 0.5)  # no question may cost more
    assert epsilon_told(Amount(7, 0, 25 * 10**10), said) == 0.25


def test_a_key_is_of_the_page_and_of_what_is_asked() -> None:
    asked = Asked("bank-a", "wang", "credit", "agreement-a", "SELECT 1", 0.1)
    nonce, other = "a" * 20, "b" * 20
    key = key_of(asked, nonce)
    assert key == key_of(asked, nonce) and len(key) <= 200
    others = [
        key_of(asked, other),
        key_of(Asked("bank-a", "wang", "credit", "agreement-a", "SELECT 2", 0.1), nonce),
        key_of(Asked("bank-a", "wang", "credit", "agreement-a", "SELECT 1", 0.2), nonce),
        key_of(Asked("bank-a", "li", "credit", "agreement-a", "SELECT 1", 0.1), nonce),
        key_of(Asked("bank-a", "wang", "credit", "a", "SELECT 1", None, Accuracy(0.1, 5)), nonce),
    ]
    assert len({key, *others}) == 6
    for wrong in ("", "short", "a b" * 10, "x" * 65, "<script>alert(1)</script>"):
        with pytest.raises(PortalError):
            key_of(asked, wrong)


def test_a_form_becomes_a_question() -> None:
    sent = Sent("credit", "SELECT 1", "accuracy", relative="2.5", rows="200")
    body = body_of(sent, "agreement-a")
    assert body.accuracy is not None and body.epsilon is None
    assert (body.accuracy.relative, body.accuracy.rows) == (0.025, 200)
    assert body_of(Sent("credit", "x", "epsilon", "0.5"), "a").epsilon == 0.5
    assert body_of(Sent("credit", "x", "usual", "0.5"), "a").epsilon is None


@pytest.mark.parametrize(
    ("line", "column", "word", "before"),
    [(1, 8, "area", "SELECT "), (2, 9, "firm", "FROM sa."), (2, 12, "firm", "FROM sa."),
     (1, 13, " ", "SELECT area "), (1, 99, "", "SELECT area  ,n")],
)  # fmt: skip
def test_places_in_a_question(line: int, column: int, word: str, before: str) -> None:
    found = place_of("SELECT area  ,n\r\nFROM sa.firm", line, column)
    assert found is not None and (found.word, found.before) == (word, before)


def test_places_that_a_question_does_not_have() -> None:
    assert place_of("SELECT 1", 2, 1) is None and place_of("SELECT 1", 0, 0) is None
    far = place_of("x" * 500 + " y " + "z" * 500, 1, 502)
    assert far is not None and far.word == "y" and len(far.before) == len(far.after) == 80


def entry(number: int, subject: str, outcome: str, **more: Any) -> AskedEntry:
    call = Opening(AT, "bank-a", "wang", "a", "credit", "query", subject, outcome)
    return AskedEntry(number, call, **more)


VIEW = ViewTerms(
    "sandbox.firm", "enterprise", "code", 1, 1, 1,
    {"paid": ColumnTerms("paid", "number", (Decimal(0), Decimal(100)))},
)  # fmt: skip


def test_a_refusal_of_the_past_is_told_in_full() -> None:
    entries = [
        entry(9, "SELECT SUM(nothing)\nFROM sandbox.firm", "unknown_name"),
        entry(8, "SELECT SUM(paid) FROM sandbox.firm", "unknown_name"),  # it would be read now
        entry(7, "SELECT SUM(paid) FROM sandbox.firm", "user_not_named"),
        entry(6, "SELECT SUM(paid) FROM sandbox.firm", "ok", paid=Amount(10**9), answer="id"),
        entry(5, "more", "ok"),
    ]
    page = page_of(entries, {"a": terms()}, {"a": {VIEW.name: VIEW}}, "en", most=4)
    first, changed, unnamed, given = page.rows
    assert page.older == 6
    assert "nothing" in first.what and first.place is not None and first.place.line == 1
    assert "…" in changed.what and changed.place is None
    assert "'wang'" in unnamed.what and "'a'" in unnamed.what
    assert given.given and given.answer == "id" and given.epsilon is not None and given.epsilon > 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_error_can_be_told_from_its_code_alone(lang: str) -> None:
    from catalog.text import catalogue

    for code in catalogue(lang)["errors"]:
        what, then = remembered(code, lang)
        assert what and then and "{" not in what.replace("{{", ""), code
    assert remembered("unexpected", lang)[0] == "unexpected"
