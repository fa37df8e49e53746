"""Which SQL is read as what, and which is refused: with a code, a place and what to write instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.errors import Refusal
from sandbox.plan import plan_of
from sandbox.sql import read_question
from sandbox.sql.tree import (
    Aggregate,
    All,
    Arithmetic,
    Bucket,
    Clamp,
    Column,
    Comparison,
    Day,
    Kept,
    Like,
    Number,
    Output,
    Question,
    Sorted,
    Text,
    Truth,
)
from tests.sandbox.city import VIEWS

AMOUNT, DISTRICT = Column("open.firm", "amount"), Column("open.firm", "district")


def read(text: str) -> Question:
    return read_question(text, VIEWS)


def refused(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(text)
    return caught.value


def test_a_whole_question() -> None:
    found = read(
        "SELECT district, COUNT(*) AS n, AVG(amount) FROM open.firm WHERE opened >= DATE '2020-01-01' "
        "GROUP BY district HAVING n > 10 ORDER BY avg(amount) DESC, district LIMIT 3"
    )
    assert found == Question(
        views=("open.firm",),
        where=Comparison(">=", Column("open.firm", "opened"), Day(date(2020, 1, 1))),
        keys=(DISTRICT,),
        aggregates=(Aggregate("count"), Aggregate("avg", AMOUNT)),
        outputs=(
            Output("district", "key", 0),
            Output("n", "aggregate", 0),
            Output("avg_3", "aggregate", 1),
        ),
        having=(Kept("n", ">", Decimal(10)),),
        order=(Sorted("avg_3", True), Sorted("district", False)),
        limit=3,
    )


@pytest.mark.parametrize(
    ("text", "aggregate"),
    [
        ("COUNT(*)", Aggregate("count")),
        ("COUNT(1)", Aggregate("count")),
        ("count(amount)", Aggregate("count", AMOUNT)),
        ("COUNT(DISTINCT uscc)", Aggregate("count_units")),
        ("COUNT(DISTINCT firm.uscc)", Aggregate("count_units")),
        ("SUM(amount)", Aggregate("sum", AMOUNT)),
        ("VARIANCE(amount)", Aggregate("var", AMOUNT)),
        ("VAR_SAMP(amount)", Aggregate("var", AMOUNT)),
        ("COUNT(uscc)", Aggregate("count")),
        ("VAR(amount)", Aggregate("var", AMOUNT)),
        ("STDEV(amount)", Aggregate("stddev", AMOUNT)),
        ("MEAN(amount)", Aggregate("avg", AMOUNT)),
        ("STDDEV(amount)", Aggregate("stddev", AMOUNT)),
        ("STDDEV_SAMP(amount)", Aggregate("stddev", AMOUNT)),
        ("MEDIAN(amount)", Aggregate("quantile", AMOUNT, Decimal("0.5"))),
        (
            "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY amount)",
            Aggregate("quantile", AMOUNT, Decimal("0.9")),
        ),
        ("MIN(amount)", Aggregate("min", AMOUNT)),
        ("MAX((amount))", Aggregate("max", AMOUNT)),
        (
            "SUM(CLAMP(amount, 0, 5.50))",
            Aggregate("sum", Clamp(AMOUNT, Decimal(0), Decimal("5.5"))),
        ),
        (
            "SUM(-amount)",
            Aggregate("sum", Arithmetic("-", Number(Decimal(0)), AMOUNT)),
        ),
        (
            "AVG(WIDTH_BUCKET(amount, 0, 100, 10))",
            Aggregate("avg", Bucket(AMOUNT, Decimal(0), Decimal(100), 10)),
        ),
    ],
)
def test_aggregates(text: str, aggregate: Aggregate) -> None:
    assert read(f"SELECT {text} FROM open.firm").aggregates == (aggregate,)


def test_the_same_aggregate_is_measured_once() -> None:
    found = read("SELECT SUM(amount + 1) AS a, SUM(1 + amount) AS b, COUNT(*) FROM open.firm")
    assert len(found.aggregates) == 2
    assert [output.index for output in found.outputs] == [0, 0, 1]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT(*) FROM open.firm AS f JOIN open.visit AS v USING (uscc) WHERE v.score > 5",
        "SELECT COUNT(*) FROM open.visit v JOIN open.firm f ON (f.uscc = v.uscc) WHERE score > 5.0",
        "select count(*) from open.firm inner join open.visit on visit.uscc = firm.uscc where 5 < score",
        "SELECT COUNT(*) FROM (SELECT uscc, score AS s FROM open.visit WHERE score > 5) AS v "
        "JOIN open.firm AS f ON v.uscc = f.uscc",
    ],
)
def test_joins_and_projections_are_one_question(text: str) -> None:
    found = read(text)
    assert found.views == ("open.firm", "open.visit")
    five = Number(Decimal(5))
    assert found.where == Comparison(">", Column("open.visit", "score"), five)


def test_a_projection_computes_and_filters() -> None:
    found = read(
        "SELECT SUM(twice) FROM (SELECT amount * 2 AS twice, active FROM open.firm "
        "WHERE name LIKE 'a%') AS t WHERE active"
    )
    assert found.aggregates == (Aggregate("sum", Arithmetic("*", AMOUNT, Number(Decimal(2)))),)
    assert found.where == All(
        (
            Comparison("=", Column("open.firm", "active"), Truth(True)),
            Like(Column("open.firm", "name"), "a%"),
        )
    )


def test_keys() -> None:
    found = read(
        "SELECT WIDTH_BUCKET(amount, 0, 100, 5) AS b, CASE WHEN active THEN 'yes' ELSE 'no' END AS c, "
        "COUNT(*) FROM open.firm GROUP BY b, c"
    )
    assert found.keys[0] == Bucket(AMOUNT, Decimal(0), Decimal(100), 5)
    assert [output.name for output in found.outputs] == ["b", "c", "count_3"]


def test_names_fold_as_in_sql() -> None:
    assert read(
        'SELECT COUNT(*) FROM OPEN.Firm WHERE AMOUNT > 1 AND "amount" > 1'
    ).where == Comparison(">", AMOUNT, Number(Decimal(1)))
    assert refused('SELECT COUNT(*) FROM open.firm WHERE "AMOUNT" > 1').code == "unknown_name"


def test_text_with_quotes_stays_text() -> None:
    found = read("SELECT COUNT(*) FROM open.firm WHERE name = 'it''s; DROP TABLE x --'")
    assert found.where == Comparison(
        "=", Column("open.firm", "name"), Text("it's; DROP TABLE x --")
    )


FROM = "FROM open.firm"
REFUSED = [
    ("", "question_statement", {}),
    (f"SELECT COUNT(*) {FROM}; SELECT 1", "question_statement", {}),
    (f"SELECT COUNT(*) {FROM} -- a", "question_comment", {}),
    (f"SELECT /* a */ COUNT(*) {FROM}", "question_comment", {}),
    ("PRAGMA version", "question_statement", {}),
    ("COPY open.firm TO 'x'", "question_statement", {}),
    ("ATTACH 'x'", "question_statement", {}),
    (f"EXPLAIN SELECT COUNT(*) {FROM}", "question_statement", {}),
    ("SUMMARIZE open.firm", "question_statement", {}),
    ("DESCRIBE open.firm", "question_statement", {}),
    ("SET x = 1", "question_statement", {}),
    ("WITH t AS (SELECT 1) SELECT COUNT(*) FROM t", "question_statement", {}),
    (f"SELECT COUNT(*) {FROM} UNION SELECT COUNT(*) {FROM}", "question_statement", {}),
    (f"SELECT COUNT(* {FROM}", "question_syntax", {}),
    (f"SELECT COUNT(*) {FROM} WHERE name = 'a\0'", "question_syntax", {}),
    ("SELECT 1", "not_offered", {"instead": "from"}),
    ("SELECT COUNT(*) FROM read_csv('/etc/passwd')", "not_offered", {"instead": "from"}),
    ("SELECT COUNT(*) FROM '/etc/passwd'", "unknown_view", {}),
    ("SELECT COUNT(*) FROM information_schema.tables", "unknown_view", {}),
    ("SELECT COUNT(*) FROM duckdb_tables()", "not_offered", {"instead": "from"}),
    ("SELECT COUNT(*) FROM query('SELECT 1')", "not_offered", {"instead": "from"}),
    ("SELECT COUNT(*) FROM other.open.firm", "not_offered", {"instead": "plain"}),
    ("SELECT COUNT(*) FROM base.firm", "unknown_view", {}),
    (f"SELECT * {FROM}", "not_offered", {"what": "*", "instead": "rows"}),
    (f"SELECT amount {FROM}", "not_offered", {"instead": "rows"}),
    (f"SELECT DISTINCT district {FROM} GROUP BY district", "not_offered", {}),
    (f"SELECT amount, COUNT(*) {FROM} GROUP BY district", "not_offered", {"instead": "grouped"}),
    (f"SELECT COUNT(DISTINCT amount) {FROM}", "not_offered", {"instead": "distinct"}),
    (f"SELECT SUM(DISTINCT amount) {FROM}", "not_offered", {}),
    (f"SELECT COUNT(*) FILTER (WHERE active) {FROM}", "not_offered", {}),
    (f"SELECT COUNT(*) OVER () {FROM}", "not_offered", {"instead": "aggregate"}),
    (f"SELECT LIST(amount) {FROM}", "not_offered", {}),
    (f"SELECT STRING_AGG(name, ',') {FROM}", "not_offered", {"instead": "aggregate"}),
    (f"SELECT ARG_MAX(name, amount) {FROM}", "not_offered", {}),
    (f"SELECT FIRST(name) {FROM}", "not_offered", {}),
    (f"SELECT ANY_VALUE(name) {FROM}", "not_offered", {}),
    (f"SELECT HISTOGRAM(amount) {FROM}", "not_offered", {}),
    (f"SELECT SUM(ERROR('x')) {FROM}", "not_offered", {"instead": "value"}),
    (f"SELECT SUM(CAST(name AS INTEGER)) {FROM}", "not_offered", {"instead": "cast"}),
    (f"SELECT SUM(1 // 0) {FROM}", "question_syntax", {}),
    (f"SELECT SUM((SELECT 1)) {FROM}", "not_offered", {"instead": "value"}),
    (f"SELECT SUM(RANDOM()) {FROM}", "not_offered", {"instead": "value"}),
    (f"SELECT COUNT(*) {FROM} WHERE amount IN (SELECT 1)", "not_offered", {}),
    (f"SELECT COUNT(*) {FROM} WHERE EXISTS (SELECT 1)", "not_offered", {"instead": "condition"}),
    (f"SELECT COUNT(*) {FROM} WHERE uscc = 'x'", "unit_used", {}),
    (f"SELECT uscc, COUNT(*) {FROM} GROUP BY uscc", "unit_used", {}),
    (f"SELECT COUNT(*) {FROM} WHERE secret = 1", "unknown_name", {"name": "secret"}),
    (f"SELECT COUNT(*) {FROM} WHERE amount = 'a'", "wrong_kind", {}),
    (f"SELECT SUM(name) {FROM}", "wrong_kind", {}),
    (f"SELECT COUNT(*) {FROM} WHERE opened > 'soon'", "not_a_day", {}),
    (f"SELECT COUNT(*) {FROM} WHERE district LIKE 'a%'", "like_not_registered", {}),
    (f"SELECT COUNT(*) {FROM} WHERE name LIKE '%a%b%c%d%'", "bad_pattern", {}),
    (f"SELECT COUNT(*) {FROM} WHERE name ILIKE 'a%'", "not_offered", {"instead": "condition"}),
    (f"SELECT COUNT(*) {FROM} WHERE name SIMILAR TO 'a%'", "not_offered", {"instead": "condition"}),
    (f"SELECT COUNT(*) {FROM} a, {FROM[5:]} b", "not_offered", {"instead": "join"}),
    (f"SELECT COUNT(*) {FROM} CROSS JOIN open.visit", "not_offered", {"instead": "join"}),
    (
        f"SELECT COUNT(*) {FROM} LEFT JOIN open.visit USING (uscc)",
        "not_offered",
        {"instead": "join"},
    ),
    (f"SELECT COUNT(*) {FROM} NATURAL JOIN open.visit", "not_offered", {}),
    (
        f"SELECT COUNT(*) {FROM} JOIN open.visit ON firm.amount = visit.score",
        "not_offered",
        {"instead": "join"},
    ),
    (
        f"SELECT COUNT(*) {FROM} a JOIN open.firm b ON a.uscc = b.uscc",
        "not_offered",
        {"instead": "self_join"},
    ),
    (
        f"SELECT COUNT(*) {FROM} JOIN open.ticket ON firm.uscc = ticket.caller",
        "not_offered",
        {"instead": "join"},
    ),
    (f"SELECT COUNT(*) {FROM} TABLESAMPLE (10)", "not_offered", {}),
    (f"SELECT COUNT(*) {FROM} GROUP BY ALL", "not_offered", {}),
    (f"SELECT district, COUNT(*) {FROM} GROUP BY ROLLUP (district)", "not_offered", {}),
    (f"SELECT COUNT(*) {FROM} GROUP BY amount + 1", "not_offered", {"instead": "key"}),
    (
        f"SELECT COUNT(*) {FROM} HAVING SUM(amount) > 1",
        "not_offered",
        {"instead": "select_it_first"},
    ),
    (f"SELECT COUNT(*) AS n {FROM} HAVING n > n", "unknown_name", {}),
    (f"SELECT COUNT(*) {FROM} LIMIT 1 + 1", "not_a_constant", {}),
    (f"SELECT COUNT(*) {FROM} OFFSET 3", "not_offered", {}),
    (f"SELECT SUM(amount * 1e999) {FROM}", "bad_number", {}),
    (f"SELECT SUM(CLAMP(amount, 5, 1)) {FROM}", "bad_bounds", {}),
    (f"SELECT SUM(CLAMP(amount, 0, amount)) {FROM}", "not_a_constant", {}),
    (f"SELECT WIDTH_BUCKET(amount, 0, 1, 99999) b, COUNT(*) {FROM} GROUP BY b", "bad_buckets", {}),
    (f"SELECT PERCENTILE_CONT(1.5) WITHIN GROUP (ORDER BY amount) {FROM}", "bad_quantile", {}),
    (f"SELECT SUM(CASE WHEN active THEN 1 ELSE 'a' END) {FROM}", "mixed_kinds", {}),
    (f"SELECT CURRENT_USER, COUNT(*) {FROM}", "not_offered", {}),
    (f"SELECT COUNT(*) {FROM} WHERE amount = $1", "not_offered", {}),
    (f"SELECT COUNT(*) {FROM} WHERE amount IN ({', '.join(['1'] * 1001)})", "many_options", {}),
    (f"SELECT COUNT(*) {FROM} WHERE {'(' * 500}active{')' * 500}", "question_size", {}),
    (f"SELECT COUNT(*) {FROM} WHERE {' AND '.join(['active'] * 5000)}", "question_size", {}),
]


@pytest.mark.parametrize(("text", "code", "fields"), REFUSED, ids=lambda v: str(v)[:60])
def test_refusals(text: str, code: str, fields: dict[str, Any]) -> None:
    found = refused(text)
    assert found.code == code, found.fields
    assert fields.items() <= found.fields.items()


def test_a_refusal_names_the_place() -> None:
    found = refused("SELECT COUNT(*)\nFROM open.firm\nWHERE amount > 1 AND secret = 2")
    assert (found.line, found.column) == (3, 22)
    assert found.as_dict("en")["where"] == {"line": 3, "column": 22}


def test_columns_that_are_not_granted_do_not_exist() -> None:
    granted = {k: v for k, v in VIEWS["open.firm"].columns.items() if k != "amount"}
    views = {"open.firm": replace(VIEWS["open.firm"], columns=granted)}
    found = []
    for name in ("amount", "nothing"):
        with pytest.raises(Refusal) as caught:
            read_question(f"SELECT SUM({name}) FROM open.firm", views)
        found.append(caught.value)
    hidden, absent = found
    assert hidden.code == absent.code == "unknown_name"
    assert (hidden.line, hidden.column) == (absent.line, absent.column)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Each of these once ended in an exception that was none of ours.
        ("SELECT SUM(CASE WHEN 1 = 2 THEN 1 END) FROM open.firm", None),
        ("SELECT COUNT(*) FROM open.firm GROUP BY CASE WHEN 1 = 2 THEN 'a' END", None),
        ("SELECT COUNT(*) FROM open.firm WHERE amount < 1e28", None),
        ("SELECT COUNT(*) FROM open.firm WHERE amount < 123456789012345678901234567890", None),
        ("SELECT AVG(amount * 1e25) FROM open.firm", "bounds_wide"),
        ("SELECT MEDIAN(amount * 1e25) FROM open.firm", "bounds_wide"),
        ("SELECT AVG(CLAMP(amount, 1e26, 2e26)) FROM open.firm", "bounds_wide"),
        # Minutes of drawing quantiles.
        (
            "SELECT WIDTH_BUCKET(amount, 0, 9, 900) AS b, MIN(amount), MAX(amount), MEDIAN(amount) "
            "FROM open.firm GROUP BY b",
            "many_cells",
        ),
        ("SELECT COUNT() FROM open.firm", "question_syntax"),
        ("SELECT SUM() FROM open.firm", "question_syntax"),
        ("SELECT COUNT(*) FROM open.firm WHERE name = '\ud800'", "question_syntax"),
        (
            "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount, amount) FROM open.firm",
            "not_offered",
        ),
        # These reached the engine, which failed on a row whose text is no date.
        ("SELECT COUNT(*) FROM open.firm WHERE opened = name", "wrong_kind"),
        ("SELECT COUNT(*) FROM open.firm WHERE name < opened", "wrong_kind"),
        (
            "SELECT COUNT(*) FROM open.firm WHERE opened BETWEEN name AND DATE '2020-01-01'",
            "wrong_kind",
        ),
    ],
)
def test_what_fuzzing_found(text: str, code: str | None) -> None:
    if code is None:
        assert plan_of(read(text), VIEWS).pieces
        return
    with pytest.raises(Refusal) as caught:
        plan_of(read(text), VIEWS)
    assert caught.value.code == code


def test_a_projection_of_everything() -> None:
    star = read("SELECT SUM(amount) FROM (SELECT * FROM open.firm WHERE active) AS t")
    assert star == read(
        "SELECT SUM(amount) FROM (SELECT amount, active FROM open.firm WHERE active) AS t"
    )
    assert (
        refused("SELECT COUNT(*) FROM (SELECT amount, * FROM open.firm) AS t").code
        == "ambiguous_name"
    )
    assert refused("SELECT SUM(secret) FROM (SELECT * FROM open.firm) AS t").code == "unknown_name"


def test_a_case_of_whole_numbers_is_a_public_key() -> None:
    plan = plan_of(
        read("SELECT CASE WHEN active THEN 1 ELSE 0 END AS k, COUNT(*) FROM open.firm GROUP BY k"),
        VIEWS,
    )
    assert plan.cells == [(1,), (0,)]
    with pytest.raises(Refusal) as caught:
        plan_of(
            read("SELECT COUNT(*) FROM open.firm GROUP BY CASE WHEN active THEN 1.5 END"), VIEWS
        )
    assert caught.value.code == "key_case"
