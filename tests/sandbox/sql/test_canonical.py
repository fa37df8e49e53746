"""Conditions that are written in other ways have one form, and the form means what was written."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sql import read_question
from tests.sandbox.city import VIEWS

SELECT = "SELECT COUNT(*) FROM open.firm WHERE "


@pytest.mark.parametrize(
    "texts",
    [
        ("amount > 5", "5 < amount", "(amount > 5.0)", "NOT amount <= 5", "NOT (5 >= amount)"),
        ("active", "active = TRUE", "TRUE = active", "active <> FALSE", "NOT NOT active"),
        ("NOT active", "active = FALSE", "active <> TRUE"),
        ("1 = 1", "TRUE", "2 > 1 OR active", "'a' < 'b'", "1 IN (1, 2)", "NOT 1 IS NULL"),
        ("active AND amount > 1", "amount > 1 AND active", "1 = 1 AND (active AND amount > 1)"),
        (
            "active AND (amount > 1 AND name = 'a')",
            "name = 'a' AND active AND amount > 1 AND active",
        ),
        ("amount BETWEEN 1 AND 2", "amount >= 1 AND amount <= 2", "NOT (amount < 1 OR amount > 2)"),
        ("amount IN (1, 2, 1)", "amount IN (2, 1)", "amount IN (2.0, 1.00)"),
        ("amount IN (1)", "amount = 1", "amount IN (1, 1)"),
        ("opened = '2020-01-31'", "opened = DATE '2020-01-31'", "DATE '2020-01-31' = opened"),
        ("name IS NOT NULL", "NOT name IS NULL", "NOT (NOT (name IS NOT NULL))"),
        ("name NOT IN ('a', 'b')", "NOT name IN ('b', 'a')"),
        ("name NOT LIKE 'a%'", "NOT name LIKE 'a%'"),
        ("amount NOT BETWEEN 1 AND 2", "amount < 1 OR 2 < amount"),
        ("amount + 1 > 2", "1 + amount > 2", "2 < 1 + amount"),
    ],
    ids=lambda texts: texts[0],
)
def test_one_form(texts: tuple[str, ...]) -> None:
    assert len({read_question(SELECT + text, VIEWS).where for text in texts}) == 1


def test_other_conditions_are_other_questions() -> None:
    texts = (
        "amount > 5",
        "amount >= 5",
        "amount < 5",
        "name = '5'",
        "NOT active",
        "active",
        "1 = 2",
    )
    assert len({read_question(SELECT + text, VIEWS).where for text in texts}) == len(texts)


NUMBERS = st.sampled_from(["0", "1", "2.5", "-3"])
ATOMS = st.one_of(
    st.tuples(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), NUMBERS).map(
        lambda c: f"amount {c[0]} {c[1]}"
    ),
    NUMBERS.map(lambda n: f"{n} < amount"),
    st.lists(NUMBERS, min_size=1, max_size=3).map(lambda ns: f"amount IN ({', '.join(ns)})"),
    st.sampled_from(
        [
            "active",
            "active <> TRUE",
            "name IS NULL",
            "name IS NOT NULL",
            "name NOT LIKE 'a%'",
            "amount NOT IN (1, 2)",
            "amount NOT BETWEEN 1 AND 2",
            "name LIKE 'a%'",
            "name = 'b'",
            "TRUE",
            "1 = 2",
            "CASE WHEN active THEN amount ELSE 1 END > 0",
            "amount BETWEEN 0 AND 2",
            "amount / 2 > 0.5",
        ]
    ),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda c: f"NOT ({c})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
            lambda c: f"({c[0]}) {c[1]} ({c[2]})"
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE firm AS SELECT 'u' AS uscc, 'e' AS district, DATE '2020-01-01' AS opened, * FROM "
            "(VALUES (0), (1), (2.5), (-3), (NULL)) AS a(amount), (VALUES ('a'), ('b'), (NULL)) AS n(name), "
            "(VALUES (TRUE), (FALSE), (NULL)) AS t(active)"
        )
        yield con


@given(condition=CONDITIONS)
@settings(max_examples=300, deadline=None)
def test_the_form_means_what_was_written(table: duckdb.DuckDBPyConnection, condition: str) -> None:
    from sandbox.expressions import condition_sql

    form = condition_sql(read_question(SELECT + condition, VIEWS).where, {"open.firm": "t"}, VIEWS)
    different = table.execute(
        f"SELECT count(*) FROM firm AS t WHERE ({condition}) IS DISTINCT FROM ({form})"
    ).fetchone()
    assert different == (0,), form


@given(condition=CONDITIONS)
@settings(max_examples=100, deadline=None)
def test_a_form_is_its_own_form(condition: str) -> None:
    from sandbox.sql import canonical

    where = read_question(SELECT + condition, VIEWS).where
    assert canonical.condition(where) == where
