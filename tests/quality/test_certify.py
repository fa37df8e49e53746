"""Each rule kind certified by Great Expectations on a table that conforms and one that does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from quality.certify import Certifier
from quality.errors import QualityError
from quality.rules import Rule
from quality.suite import TableContext
from tests.support.parquet import rows_in

MakeRule = Callable[..., Rule]
Judge = Callable[..., Any]

pytestmark = pytest.mark.slow
TODAY = date(2026, 7, 1)
NOTHING = "SELECT 1 AS a, 'x' AS s, DATE '2026-01-01' AS d WHERE FALSE"

# kind, fields, parameters, a query that conforms, one that does not, how many of it fail
CASES: list[tuple[str, tuple[str, ...], dict[str, Any], str, str, int]] = [
    ("required", ("a",), {}, "SELECT 1 AS a", "SELECT unnest([1, NULL]) AS a", 1),
    ("range", ("a",), {"minimum": 1, "maximum": 3}, "SELECT unnest([1, 3, NULL]) AS a",
     "SELECT unnest([0, 4, 2]) AS a", 2),
    ("range", ("a",), {"exclusiveMinimum": 1, "exclusiveMaximum": 3}, "SELECT 2 AS a",
     "SELECT unnest([1, 3, 2]) AS a", 2),
    ("range", ("a",), {"minimum": 0.5}, "SELECT 0.50::DECIMAL(9,2) AS a",
     "SELECT 0.49::DECIMAL(9,2) AS a", 1),
    ("range", ("d",), {"minimum": "1990-01-01"}, "SELECT DATE '1990-01-01' AS d",
     "SELECT DATE '1989-12-31' AS d", 1),
    ("range", ("d",), {"maximum": "2020-01-01"}, "SELECT TIMESTAMP '2020-01-01 00:00' AS d",
     "SELECT TIMESTAMP '2020-01-01 00:01' AS d", 1),
    ("range", ("s",), {"maximum": "M"}, "SELECT 'A' AS s", "SELECT 'Z' AS s", 1),
    ("length", ("s",), {"minLength": 2, "maxLength": 3}, "SELECT unnest(['臺南', 'abc']) AS s",
     "SELECT unnest(['a', 'abcd', 'ab']) AS s", 2),
    ("pattern", ("s",), {"pattern": r"\d{2}|a:b"}, "SELECT unnest(['12', 'a:b', NULL]) AS s",
     "SELECT unnest(['123', 'xa:b', '12']) AS s", 2),
    ("pattern", ("s",), {"pattern": r"it's \{x\}:y"}, "SELECT 'it''s {x}:y' AS s",
     "SELECT 'its {x}:y' AS s", 1),
    ("enumeration", ("s",), {"values": ("a", "b")}, "SELECT unnest(['a', NULL]) AS s",
     "SELECT unnest(['a', 'c']) AS s", 1),
    ("enumeration", ("a",), {"values": ("1", "2")}, "SELECT 2::BIGINT AS a",
     "SELECT 3::BIGINT AS a", 1),
    ("checksum", ("s",), {"params": {"kind": "uscc"}}, "SELECT '91330100799655058B' AS s",
     "SELECT '91310000132211158W' AS s", 1),
    ("not_future", ("d",), {}, "SELECT DATE '2026-07-01' AS d", "SELECT DATE '2026-07-02' AS d", 1),
    ("not_future", ("d",), {}, "SELECT TIMESTAMP '2026-07-01 23:59:59' AS d",
     "SELECT TIMESTAMP '2026-07-02 00:00' AS d", 1),
    ("row", (), {"holds": "a <= b OR s = ':x {y}'"}, "SELECT 1 AS a, 2 AS b, '' AS s",
     "SELECT 3 AS a, unnest([2, NULL]) AS b, '' AS s", 1),
    ("unique", ("a",), {}, "SELECT unnest([1, 2, NULL, NULL]) AS a",
     "SELECT unnest([1, 1, 2]) AS a", 2),
    ("unique", ("a", "s"), {}, "SELECT unnest([1, 1, 1]) AS a, unnest(['x', 'y', NULL]) AS s",
     "SELECT unnest([1, 1, 1]) AS a, unnest(['x', 'x', NULL]) AS s", 2),
    ("freshness", ("d",), {"max_age_days": 30}, "SELECT DATE '2026-06-01' AS d",
     "SELECT DATE '2026-05-31' AS d", 1),
    ("freshness", ("d",), {"max_age_days": 30}, "SELECT TIMESTAMP '2026-06-01 00:00' AS d",
     "SELECT TIMESTAMP '2026-05-31 23:59' AS d", 1),
    ("freshness", ("d",), {"max_age_days": 30}, "SELECT TIMESTAMPTZ '2026-06-10 00:00+00' AS d",
     "SELECT TIMESTAMPTZ '2026-05-10 00:00+00' AS d", 1),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "params", "good", "bad", "failed"), CASES)
def test_each_rule_kind(
    rule: MakeRule,
    judge: Judge,
    kind: str,
    fields: tuple[str, ...],
    params: dict[str, Any],
    good: str,
    bad: str,
    failed: int,
) -> None:
    checked = rule(kind, *fields, **params)
    conforming = judge(good, checked)
    assert conforming.passed == {checked.id: True}
    assert conforming.decision == "publish"
    assert conforming.by_rule[checked.id].failed == 0

    broken = judge(bad, checked)
    assert broken.passed == {checked.id: False}
    assert broken.decision == "block"
    assert broken.by_rule[checked.id].failed == failed


THRESHOLDS: list[tuple[dict[str, Any], set[int]]] = [
    ({"mustBe": 2}, {2}),
    ({"mustNotBe": 2}, {0, 1, 3, 4}),
    ({"mustBeGreaterThan": 2}, {3, 4}),
    ({"mustBeGreaterOrEqualTo": 2}, {2, 3, 4}),
    ({"mustBeLessThan": 2}, {0, 1}),
    ({"mustBeLessOrEqualTo": 2}, {0, 1, 2}),
    ({"mustBeBetween": [1, 2]}, {1, 2}),
    ({"mustNotBeBetween": [1, 2]}, {0, 3, 4}),
]


@pytest.mark.parametrize(("operators", "passing"), THRESHOLDS)
def test_operators_on_rows_and_percent(
    rule: MakeRule, judge: Judge, operators: dict[str, Any], passing: set[int]
) -> None:
    """k of four rows without a value, k of four invalid, k + 1 rows: k from 0 to 4."""
    ((name, value),) = operators.items()
    percent = {name: [v * 25 for v in value] if isinstance(value, list) else value * 25}
    shifted = {name: [v + 1 for v in value] if isinstance(value, list) else value + 1}
    nulls, invalid = "null_share", "invalid_share"
    rules = [
        rule(nulls, "a", identity="rows", operators=operators, unit="rows"),
        rule(nulls, "a", identity="percent", operators=percent, unit="percent"),
        rule(invalid, "s", identity="set", operators=percent, unit="percent", values=("x",)),
        rule(invalid, "s", identity="pattern", operators=operators, unit="rows", pattern="x"),
    ]
    count = rule("row_count", identity="count", operators=shifted)
    for k in range(5):
        column = ", ".join(["NULL"] * k + ["1"] * (4 - k))
        texts = ", ".join(["'y'"] * k + ["'x'"] * (3 - k) + ["NULL"])
        query = f"SELECT unnest([{column}]::INT[]) AS a"
        judged = judge(query, *rules[:2])
        assert judged.passed == {"rows": k in passing, "percent": k in passing}, k
        assert judged.by_rule["rows"].failed == k
        if k < 4:  # a NULL is not invalid, and counts among the rows
            judged = judge(f"SELECT unnest([{texts}]) AS s", *rules[2:])
            assert judged.passed == {"set": k in passing, "pattern": k in passing}, k
            assert judged.by_rule["set"].failed == k
        assert judge(f"SELECT * FROM range({k + 1})", count).passed == {"count": k in passing}, k


def test_a_percentage_is_compared_exactly(rule: MakeRule, judge: Judge) -> None:
    """7 of 1000 is not less than 0.7 %, whatever a double makes of 0.7."""
    query = "SELECT CASE WHEN range < 7 THEN NULL ELSE 1 END AS a FROM range(1000)"
    limits = {"mustBeLessThan": False, "mustBeLessOrEqualTo": True, "mustBe": True}
    for operator, passes in limits.items():
        share = rule("null_share", "a", operators={operator: 0.7}, unit="percent")
        assert judge(query, share).passed[share.id] is passes


def test_an_impossible_share_fails_and_does_not_break(rule: MakeRule, judge: Judge) -> None:
    share = rule("null_share", "a", operators={"mustBeLessThan": 0}, unit="percent")
    assert judge("SELECT 1 AS a", share).passed == {share.id: False}


def test_volume_against_the_last_snapshot(rule: MakeRule, judge: Judge) -> None:
    volume = rule("volume_change", max_drop_percent=30, max_rise_percent=100)
    seen = {
        rows: judge(f"SELECT * FROM range({rows})", volume, previous=10).passed[volume.id]
        for rows in (6, 7, 20, 21)
    }
    assert seen == {6: False, 7: True, 20: True, 21: False}
    for previous in (None, 0):
        judged = judge("SELECT 1 AS a", volume, previous=previous)
        assert judged.passed == {volume.id: None}
        assert judged.decision == "publish"


def test_an_empty_table_has_nothing_to_assess_but_its_size(rule: MakeRule, judge: Judge) -> None:
    rules = [
        rule("required", "a"),
        rule("unique", "a"),
        rule("row", holds="a > 1"),
        rule("freshness", "d", max_age_days=1),
        rule("null_share", "a", operators={"mustBeGreaterThan": 50}, unit="percent"),
    ]
    judged = judge(NOTHING, *rules)
    assert set(judged.passed.values()) == {None}
    assert {o.observed for o in judged.by_rule.values()} == {"not assessed"}
    assert judged.decision == "publish"

    size = rule("row_count", operators={"mustBeGreaterThan": 0})
    judged = judge(NOTHING, *rules, size)
    assert judged.passed[size.id] is False
    assert judged.decision == "block"


def test_no_file_is_an_empty_table(certifier: Certifier, rule: MakeRule) -> None:
    size = rule("row_count", operators={"mustBeGreaterThan": 0})
    rules = [size, rule("required", "a")]
    certificate = certifier.certify(
        "raw.tests__none", "SELECT NULL AS a WHERE FALSE", rules, TableContext(TODAY), {}
    )
    assert [o.passed for o in certificate.outcomes] == [False, None]


def test_a_column_without_values_is_not_assessed(rule: MakeRule, judge: Judge) -> None:
    rules = [
        rule("range", "a", minimum=1),
        rule("enumeration", "s", values=("x",)),
        rule("unique", "a"),
        rule("freshness", "d", max_age_days=1),
        rule("freshness", "z", max_age_days=1),
    ]
    judged = judge(
        "SELECT NULL::INT AS a, NULL::VARCHAR AS s, NULL::DATE AS d, NULL::TIMESTAMPTZ AS z"
        " FROM range(3)",
        *rules,
    )
    assert set(judged.passed.values()) == {None}
    assert judged.decision == "publish"


@pytest.mark.parametrize(
    ("severity", "decision"), [("warn", "warn"), ("reject", "block"), ("block", "block")]
)
def test_the_gravest_failure_decides(
    rule: MakeRule, judge: Judge, severity: str, decision: str
) -> None:
    rules = [
        rule("required", "a", severity=severity),
        rule("length", "s", severity="warn", maxLength=0),
    ]
    assert judge("SELECT NULL::INT AS a, 'x' AS s", *rules).decision == decision


def test_rules_of_published_text_and_of_other_tables_get_no_outcome(
    certifier: Certifier, rule: MakeRule, tmp_path: Path
) -> None:
    duckdb.sql("SELECT 1 AS a").write_parquet(str(tmp_path / "a.parquet"))
    kinds = ("unreadable", "malformed", "foreign_key", "sql", "quarantined_share")
    rules = [rule(kind, "a") for kind in kinds]
    certificate = certifier.certify(
        "raw.tests__left", rows_in(tmp_path / "a.parquet"), rules, TableContext(TODAY), {}
    )
    assert certificate.outcomes == ()
    assert certificate.decision == "publish"


@pytest.mark.parametrize(
    ("kind", "fields", "params"),
    [
        ("required", ("missing",), {}),
        ("row", (), {"holds": "nonsense > 1"}),
        ("row", (), {"holds": "CAST(s AS INTEGER) > 1"}),  # fails on a value, not on a name
        ("range", ("a",), {"minimum": 3, "maximum": 1}),
    ],
)
def test_what_gx_cannot_compute_is_never_a_pass(
    rule: MakeRule, judge: Judge, kind: str, fields: tuple[str, ...], params: dict[str, Any]
) -> None:
    broken = rule(kind, *fields, **params)
    with pytest.raises(QualityError) as caught:
        judge("SELECT 1 AS a, 'x' AS s", rule("required", "a"), broken)
    assert caught.value.code == "certify_failed"
    assert caught.value.fields["resource"] == "raw.tests__table"
    assert caught.value.fields["message"]


def test_a_missing_predicate_is_an_error(
    certifier: Certifier, rule: MakeRule, tmp_path: Path
) -> None:
    file = tmp_path / "a.parquet"
    duckdb.sql("SELECT 1 AS a").write_parquet(str(file))
    with pytest.raises(QualityError) as caught:
        certifier.certify(
            "raw.tests__x", rows_in(file), [rule("row", holds="a = 1")], TableContext(TODAY), {}
        )
    assert caught.value.code == "predicate_missing"


def test_several_files_are_one_table_and_threads_take_turns(
    certifier: Certifier, rule: MakeRule, tmp_path: Path
) -> None:
    files = [tmp_path / f"it's {part}.parquet" for part in range(2)]
    for part, file in enumerate(files):
        duckdb.sql(f"SELECT {part} AS a").write_parquet(str(file))
    seen: dict[int, str] = {}

    def work(number: int) -> None:
        rules = [rule("unique", "a"), rule("row_count", operators={"mustBe": 2})]
        resource = f"raw.tests__thread_{number}"
        context = TableContext(TODAY)
        seen[number] = certifier.certify(resource, rows_in(*files), rules, context, {}).decision

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == dict.fromkeys(range(4), "publish")
