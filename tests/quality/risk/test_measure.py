"""The report by hand: roles, bounds, the national standard's result, NULL, nothing, and no values."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from quality.errors import QualityError
from quality.risk import RiskReport, RiskSettings
from quality.risk.measure import measure
from quality.risk.policy import RiskPolicy

# Synthetic. The classes by (age, place): (30, n) 3 rows, (40, n) 2 rows, (40, s) 1 row.
PEOPLE = """
    SELECT * FROM (VALUES (30, 'n', 'flu', 10), (30, 'n', 'flu', 20), (30, 'n', 'gout', 30),
                          (40, 'n', 'flu', 10), (40, 'n', 'flu', 10), (40, 's', NULL, 40))
    AS people(age, place, illness, income)
"""


def blocks(*sizes: int) -> str:
    """Classes of these sizes, by the field `g`."""
    parts = [f"SELECT {i} AS g FROM range({size})" for i, size in enumerate(sizes)]
    return " UNION ALL ".join(parts)


def test_counts(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    report = measure(con, PEOPLE, policy("age", "place", sensitive=("illness", "income"), k=3))
    assert (report.rows, report.classes, report.k) == (6, 3, 1)
    assert (report.theta_max, report.theta_mean) == (1, 0.5)
    assert report.rows_in_small_classes == 3
    assert report.l == {"illness": 1, "income": 1}
    # The class of one row: flu 4/6, gout 1/6, NULL 1/6 against NULL alone.
    assert report.t["illness"] == pytest.approx(5 / 6)
    # Without `place` both classes have three rows; without `age` one is left of one row.
    assert report.small_without == {"age": 1, "place": 0}


def test_the_worst_classes_name_the_fields_that_make_them_small(
    con: duckdb.DuckDBPyConnection, policy: Any
) -> None:
    first, second = measure(con, PEOPLE, policy("age", "place", k=3)).worst
    assert (first.size, first.share) == (1, pytest.approx(1 / 6))
    assert [(c.field, c.size_without) for c in first.causes] == [("place", 3)]
    assert [(c.field, c.size_without) for c in second.causes] == [("age", 5), ("place", 3)]


def test_at_most_five_worst_classes(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    report = measure(con, "SELECT i % 8 AS g FROM range(12) AS t(i)", policy("g", k=3))
    assert [worst.size for worst in report.worst] == [1, 1, 1, 1, 2]


def test_what_fails_is_named_with_its_bound(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    bounds = policy("age", "place", sensitive=("illness",), k=3, l=2, t=0.5, risk=Fraction(1, 2))
    report = measure(con, PEOPLE, bounds)
    found = {failure.criterion: failure for failure in report.failures}
    assert list(found) == ["k", "tau", "risk", "l", "t"]
    assert (found["k"].value, found["k"].required) == (1, 3)
    assert (found["risk"].value, found["risk"].required) == (1, 0.5)
    assert (found["l"].field, found["l"].value, found["l"].required) == ("illness", 1, 2)
    assert not report.passed and report.outcome == "refused"


def test_no_rows_are_not_assessed(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    report = measure(con, f"{PEOPLE} WHERE false", policy("age", sensitive=("income",)))
    assert (report.outcome, report.passed, report.k, report.gbt42460) == (
        "not_assessed",
        True,
        None,
        None,
    )
    assert RiskReport.from_dict(report.to_dict()) == report


def test_a_direct_identifier_is_grade_1(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    report = measure(con, PEOPLE, policy("age", k=1, direct=("name",)))
    assert report.gbt42460 and report.gbt42460.grade == 1
    assert [(f.criterion, f.field) for f in report.failures] == [("direct", "name")]
    assert (
        measure(con, f"{PEOPLE} WHERE false", policy("age", direct=("name",))).outcome == "refused"
    )


@pytest.mark.parametrize(
    ("channel", "sizes", "risk", "grade"),
    [
        ("open", (20, 1000), 1 / 20, 3),  # the largest theta, and it is not above tau
        ("open", (19, 1000), 1.0, 2),  # a class above tau: the risk is 1
        ("extract", (5, 95), 2 / 100, 3),  # the mean theta over the rows: classes / rows
        ("extract", (4, 996), 1.0, 2),
        ("extract", (5,) * 20, 1 / 5, 2),  # no class above tau, but the mean is too high
        ("share", (5, 95), 2 / 100, 3),
        ("sandbox", (3, 97), 2 / 100, 3),
        ("sandbox", (2, 998), 1.0, 2),
    ],
)
def test_the_national_standard_by_channel(
    con: duckdb.DuckDBPyConnection, channel: str, sizes: tuple[int, ...], risk: float, grade: int
) -> None:
    bounds = RiskPolicy("a.b", channel, ("g",), (), RiskSettings().thresholds(channel))
    report = measure(con, blocks(*sizes), bounds)
    assert report.gbt42460 is not None
    assert report.gbt42460.risk == pytest.approx(risk)
    assert report.gbt42460.grade == grade
    assert report.passed == (grade == 3)


def test_the_context_risk_scales(con: duckdb.DuckDBPyConnection) -> None:
    settings = RiskSettings.model_validate({"extract": {"context": "1/4"}})
    bounds = RiskPolicy("a.b", "extract", ("g",), (), settings.thresholds("extract"))
    report = measure(con, blocks(*(5,) * 20), bounds)
    assert report.gbt42460 and report.gbt42460.risk == pytest.approx(1 / 20)
    assert report.passed


def test_a_report_survives_json(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    bounds = policy("age", "place", sensitive=("illness", "income"), k=3, l=2, t=0.5)
    report = measure(con, PEOPLE, bounds)
    assert RiskReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_no_value_gets_into_the_report(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE canary AS SELECT 'CANARY-' || i AS q, 771234500 + i AS num, "
        "'SECRET-' || i AS s, 99887766.5 + i AS amount FROM range(40) AS t(i)"
    )
    bounds = policy("q", "num", sensitive=("s", "amount"), k=5, l=3, t=0.2)
    report = measure(con, "SELECT * FROM canary", bounds)
    text = json.dumps(report.to_dict()) + repr(report)
    assert report.worst and report.failures
    for piece in ("CANARY", "SECRET", "7712345", "998877"):
        assert piece not in text


@pytest.mark.parametrize(
    ("quasi", "sensitive", "code"),
    [
        ((), (), "risk_no_quasi"),
        (("agee",), (), "risk_field"),
        (("age",), ("wealth",), "risk_field"),
        (("age",), ("age",), "risk_role"),
        (("age", "age"), (), "risk_role"),
    ],
)
def test_a_policy_that_does_not_fit(
    con: duckdb.DuckDBPyConnection,
    policy: Any,
    quasi: tuple[str, ...],
    sensitive: tuple[str, ...],
    code: str,
) -> None:
    with pytest.raises(QualityError) as caught:
        measure(con, PEOPLE, policy(*quasi, sensitive=sensitive))
    assert caught.value.code == code


def test_a_relation_that_cannot_be_read(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    with pytest.raises(QualityError) as caught:
        measure(con, "SELECT * FROM nowhere", policy("age"))
    assert caught.value.code == "risk_relation" and "nowhere" in caught.value.fields["problem"]


def test_an_error_of_the_engine_tells_no_value(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    con.execute("CREATE OR REPLACE TABLE words AS SELECT 'CANARY' AS word FROM range(3)")
    with pytest.raises(QualityError) as caught:
        measure(con, "SELECT CAST(word AS INTEGER) AS age FROM words", policy("age"))
    error = caught.value
    assert "CANARY" not in repr(error.fields) and error.__cause__ is None
    assert error.__suppress_context__


def test_nothing_is_left_behind(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    def tables() -> set[str]:
        return {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}

    before = tables()
    measure(con, PEOPLE, policy("age", sensitive=("income",)))
    with pytest.raises(QualityError):
        measure(con, "SELECT error(1::VARCHAR) AS age", policy("age"))
    assert tables() == before


def test_quoted_names(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    sql = """SELECT 1 AS "a ""b", 2 AS "年龄" FROM range(3)"""
    report = measure(con, sql, policy('a "b', sensitive=("年龄",)))
    assert report.k == 3 and report.l == {"年龄": 1}


def test_dates_are_ordered(con: duckdb.DuckDBPyConnection, policy: Any) -> None:
    """Class 0 holds the two first days of four: Q-P is 1/4, 1/2, 1/4, 0; over m-1 = 3."""
    sql = "SELECT i // 2 AS g, DATE '2020-01-01' + CAST(i AS INTEGER) AS day FROM range(4) AS t(i)"
    assert measure(con, sql, policy("g", sensitive=("day",))).t["day"] == pytest.approx(1 / 3)
    words = f"SELECT g, CAST(day AS VARCHAR) AS day FROM ({sql})"
    assert measure(con, words, policy("g", sensitive=("day",))).t["day"] == pytest.approx(1 / 2)
