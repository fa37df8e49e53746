"""Masks that hide one value each in its own column, and show it side by side or after a detour."""

from __future__ import annotations

import pytest

from tests.support.city import City
from tests.support.releases import (
    COUNT,
    DAY,
    NUMBER,
    PERSON,
    TEXT,
    at,
    fields,
    justified,
    line_of,
    only,
    problems,
    release,
)

# -- masks together -------------------------------------------------------------------------------

_SHARED = release(channel="sandbox", quasi_identifiers="[one, two]")


def _together(people: City, sql: str, one: str = TEXT, two: str = TEXT) -> list[str]:
    people.model("fusion.pair", sql, fields(one=one, two=two), custom=_SHARED)
    return [p.code for p in problems(people)]


def test_two_recipients_pseudonyms_side_by_side_are_refused(people: City) -> None:
    sql = "SELECT mask_pseudonym(phone, 'p', 'x') AS one, mask_pseudonym(phone, 'p', 'y') AS two FROM raw.civil__person\n"
    people.model("fusion.pair", sql, fields(one=TEXT, two=TEXT), custom=_SHARED)
    found = only(people, "masks_combine")
    contract = people.root / "models/fusion/pair.yaml"
    assert at(found, people.root) == f"models/fusion/pair.yaml:{line_of(contract, 'name: one')}"
    assert found.fields["columns"] == "one, two"
    assert found.fields["origin"] == "raw.civil__person.phone"
    assert "'x'" in str(found.fields["masks"]) and "'y'" in str(found.fields["masks"])


_JOINED = "SELECT mask_phone(p.phone) AS one, mask_pseudonym(v.phone, 'p', 'y') AS two FROM raw.civil__person AS p\n"
EQUAL = {
    "on": "JOIN raw.trade__visit AS v ON p.phone = v.phone\n",
    "where": ", raw.trade__visit AS v WHERE v.phone = p.phone\n",
    "using": "JOIN raw.trade__visit AS v USING (phone)\n",
    "natural": "NATURAL JOIN raw.trade__visit AS v\n",
    "cast": "JOIN raw.trade__visit AS v ON CAST(p.phone AS VARCHAR) = trim(v.phone)\n",
    "not distinct": "JOIN raw.trade__visit AS v ON p.phone IS NOT DISTINCT FROM v.phone\n",
    "tuple": "JOIN raw.trade__visit AS v ON (p.phone, 1) = (v.phone, 1)\n",
    "bounds": "JOIN raw.trade__visit AS v ON p.phone <= v.phone AND p.phone >= v.phone\n",
    "changed alike": "JOIN raw.trade__visit AS v ON upper(p.phone) = upper(v.phone)\n",
    "in": ", raw.trade__visit AS v WHERE p.phone IN (v.phone)\n",
    "list": ", raw.trade__visit AS v WHERE list_contains([v.phone], p.phone)\n",
    "masked alike": "JOIN raw.trade__visit AS v ON mask_pseudonym(p.phone, 'p', 'x') = mask_pseudonym(v.phone, 'p', 'x')\n",
}  # fmt: skip


@pytest.mark.parametrize("join", EQUAL.values(), ids=EQUAL.keys())
def test_two_masks_of_values_that_are_equal_are_refused(people: City, join: str) -> None:
    text = _SHARED + justified("raw.civil__person.phone", "raw.trade__visit.phone")
    people.model("fusion.pair", _JOINED + join, fields(one=TEXT, two=TEXT), custom=text)
    assert [p.code for p in problems(people)] == ["masks_combine"]


def test_two_masks_of_values_that_an_earlier_model_made_equal_are_refused(people: City) -> None:
    people.model(
        "base.pair",
        "SELECT p.phone AS a, v.phone AS b FROM raw.civil__person AS p JOIN raw.trade__visit AS v ON p.phone = v.phone\n",
        fields(a=TEXT, b=TEXT),
    )
    text = _SHARED + justified("raw.civil__person.phone", "raw.trade__visit.phone")
    sql = "SELECT mask_phone(a) AS one, mask_pseudonym(b, 'p', 'y') AS two FROM base.pair\n"
    people.model("fusion.pair", sql, fields(one=TEXT, two=TEXT), custom=text)
    assert [p.code for p in problems(people)] == ["masks_combine"]


def test_masks_of_values_made_equal_in_a_model_read_by_a_subquery_are_refused(people: City) -> None:
    people.model(
        "base.pair",
        "SELECT mask_phone(p.phone) AS a, mask_pseudonym(v.phone, 'p', 'y') AS b FROM raw.civil__person AS p "
        "JOIN raw.trade__visit AS v ON p.phone = v.phone\n",
        fields(a=TEXT, b=TEXT),
    )
    text = _SHARED + justified("raw.civil__person.phone", "raw.trade__visit.phone")
    sql = "SELECT x.q.one AS one, x.q.two AS two FROM (SELECT (SELECT {'one': a, 'two': b} FROM base.pair LIMIT 1) AS q) AS x\n"
    people.model("fusion.pair", sql, fields(one=TEXT, two=TEXT), custom=text)
    assert [p.code for p in problems(people)] == ["masks_combine"]


def test_masks_that_nest_may_stand_together(people: City) -> None:
    sql = "SELECT mask_date(birth, 'year') AS one, mask_date(birth, 'month') AS two FROM raw.civil__person\n"
    assert _together(people, sql, DAY, DAY) == []


LEAKS = {
    "a masked half of an earlier model": (
        "SELECT '1380000' || substr(phone, 4, 4) AS half FROM raw.civil__person\n",
        "SELECT mask_phone(half) AS one, 1 AS two FROM base.step\n",
        TEXT,
    ),
    "a day moved before it is cut": (
        "SELECT birth - INTERVAL 10 DAY AS half, birth - INTERVAL 20 DAY AS other FROM raw.civil__person\n",
        "SELECT mask_date(half::DATE, 'month') AS one, mask_date(other::DATE, 'month') AS two FROM base.step\n",
        DAY,
    ),
    "an amount made large before it is banded": (
        "SELECT income AS half FROM raw.civil__person\n",
        "SELECT mask_amount(half * 1000000, 100) AS one, 1 AS two FROM base.step\n",
        TEXT,
    ),
    "a number made large before it is rounded": (
        "SELECT income AS half FROM raw.civil__person\n",
        "SELECT mask_round(half * 1000000, 10) AS one, 1 AS two FROM base.step\n",
        NUMBER,
    ),
    "a phone as an amount": (
        "SELECT TRY_CAST(phone AS DOUBLE) AS half FROM raw.civil__person\n",
        "SELECT mask_amount(half, 100) AS one, 1 AS two FROM base.step\n",
        TEXT,
    ),
    "noise too small to hide anything": (
        "SELECT income AS half FROM raw.civil__person\n",
        "SELECT mask_noise(half, 0.000001, 'p', 'x') AS one, 1 AS two FROM base.step\n",
        NUMBER,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second", "kind"), LEAKS.values(), ids=LEAKS.keys())
def test_a_mask_of_a_value_bent_to_pass_it_is_refused(
    people: City, first: str, second: str, kind: str
) -> None:
    half = TEXT if "substr" in first else "timestamp" if "birth" in first else NUMBER
    kinds = {name: half for name in ("half", "other") if f"AS {name}" in first}
    people.model("base.step", first, fields(**kinds))
    found = _together(people, second, kind, kind if "other" in second else COUNT)
    assert {"release_ceiling", "masks_combine"} & set(found), found


# -- noise ----------------------------------------------------------------------------------------

_NOISY = "SELECT mask_noise(income, {}, 'p', 'x') AS one, 1 AS two FROM raw.civil__person\n"


def _with_noise(people: City, value: str) -> None:
    was = "[{property: step, value: 100}]"
    assert was in PERSON
    custom = f"[{{property: step, value: 100}}, {{property: noise, value: {value}}}]"
    people.collected("civil/person", PERSON.replace(was, custom))


@pytest.mark.parametrize(
    ("spread", "codes"),
    [("499.9", ["mask_unsuited", "release_ceiling"]), ("500", []), ("9000", [])],
)
def test_noise_hides_from_the_spread_that_the_field_names(
    people: City, spread: str, codes: list[str]
) -> None:
    _with_noise(people, "500")
    assert _together(people, _NOISY.format(spread), NUMBER, COUNT) == codes


def test_noise_on_a_field_that_names_no_spread_hides_nothing(people: City) -> None:
    codes = _together(people, _NOISY.format(1_000_000), NUMBER, COUNT)
    assert codes == ["mask_unsuited", "release_ceiling"]


def test_the_origin_names_the_spread_however_far_it_is(people: City) -> None:
    _with_noise(people, "500")
    people.model("base.step", "SELECT income AS half FROM raw.civil__person\n", fields(half=NUMBER))
    sql = "SELECT mask_noise(half, {}, 'p', 'x') AS one, 1 AS two FROM base.step\n"
    assert _together(people, sql.format(500), NUMBER, COUNT) == []
    assert _together(people, sql.format(100), NUMBER, COUNT) == ["mask_unsuited", "release_ceiling"]


@pytest.mark.parametrize("half", ["income * 1000", "income - 3"])
def test_noise_on_a_number_that_an_earlier_model_bent_hides_nothing(
    people: City, half: str
) -> None:
    _with_noise(people, "500")
    people.model(
        "base.step", f"SELECT {half} AS half FROM raw.civil__person\n", fields(half=NUMBER)
    )
    sql = "SELECT mask_noise(half, 500, 'p', 'x') AS one, 1 AS two FROM base.step\n"
    assert _together(people, sql, NUMBER, COUNT) == ["release_ceiling"]


def test_too_little_noise_in_a_filter_tells_the_value(people: City) -> None:
    _with_noise(people, "500")
    sql = "SELECT id AS one, 1 AS two FROM raw.civil__person WHERE mask_noise(income, {}, 'p', 'x') > 7\n"
    assert _together(people, sql.format(500), COUNT, COUNT) == []
    assert _together(people, sql.format(5), COUNT, COUNT) == ["release_indirect", "mask_unsuited"]


@pytest.mark.parametrize("value", ["0", "-3", "true", "'many'", "[5]"])
def test_a_spread_that_is_no_number_above_zero_is_refused(people: City, value: str) -> None:
    _with_noise(people, value)
    assert "value_invalid" in {p.code for p in problems(people)}


# -- masks in what is only depended on -------------------------------------------------------------

_AMOUNT = "SELECT mask_amount(income, 500) AS one, district AS two FROM raw.civil__person"
_HINTS = {
    "where": f"{_AMOUNT} WHERE mask_round(income, 300) = 600\n",
    "group by": (
        "SELECT max(mask_amount(income, 500)) AS one, district AS two FROM raw.civil__person "
        "GROUP BY district, mask_round(income, 300)\n"
    ),
    "order by": f"{_AMOUNT} ORDER BY mask_round(income, 300) LIMIT 3\n",
    "case": (
        "SELECT mask_amount(income, 500) AS one, CASE WHEN mask_round(income, 300) = 600 THEN "
        "district END AS two FROM raw.civil__person\n"
    ),
    "a subquery": (
        f"{_AMOUNT} WHERE id IN (SELECT id FROM raw.civil__person WHERE mask_round(income, 300) > 5)\n"
    ),
    "a pseudonym": f"{_AMOUNT} WHERE mask_pseudonym(income::BIGINT, 'p', 'x') > 'a'\n",
}  # fmt: skip


@pytest.mark.parametrize("sql", _HINTS.values(), ids=_HINTS.keys())
def test_another_mask_of_a_shown_value_must_not_decide_anything(people: City, sql: str) -> None:
    assert _together(people, sql) == ["masks_combine"]


def test_two_masks_of_one_value_in_filters_tell_it_together(people: City) -> None:
    sql = (
        "SELECT id AS one, district AS two FROM raw.civil__person WHERE "
        "mask_round(income, 300) = 600 AND mask_amount(income, 500) = '[500,1000)'\n"
    )
    assert _together(people, sql, COUNT) == ["release_indirect"]


def test_a_masked_filter_of_an_earlier_model_counts(people: City) -> None:
    people.model(
        "base.step",
        "SELECT id, income, district FROM raw.civil__person WHERE mask_round(income, 300) = 600\n",
        fields(id=COUNT, income=NUMBER, district=TEXT),
    )
    sql = "SELECT mask_amount(income, 500) AS one, district AS two FROM base.step\n"
    assert _together(people, sql) == ["masks_combine"]


_LAWFUL_HINTS = {
    "the same mask": f"{_AMOUNT} WHERE mask_amount(income, 500) = '[500,1000)'\n",
    "a mask of another value": f"{_AMOUNT} WHERE mask_date(birth, 'year') > DATE '1990-01-01'\n",
    "masks that nest": (
        "SELECT mask_date(birth, 'month')::VARCHAR AS one, district AS two FROM raw.civil__person "
        "WHERE mask_date(birth, 'year') > DATE '1990-01-01'\n"
    ),
    "grouped by what is shown": (
        "SELECT mask_amount(income, 500) AS one, max(district) AS two FROM raw.civil__person GROUP BY 1\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("sql", _LAWFUL_HINTS.values(), ids=_LAWFUL_HINTS.keys())
def test_a_masked_filter_that_adds_nothing_is_lawful(people: City, sql: str) -> None:
    assert _together(people, sql) == []


def test_who_answers_for_the_dependence_answers_for_its_mask(people: City) -> None:
    custom = _SHARED + justified("raw.civil__person.income", level="L3")
    people.model("fusion.pair", _HINTS["where"], fields(one=TEXT, two=TEXT), custom=custom)
    assert problems(people) == []
    custom = _SHARED + justified("raw.civil__person.income", level="L2")
    people.model("fusion.pair", _HINTS["where"], fields(one=TEXT, two=TEXT), custom=custom)
    assert [p.code for p in problems(people)] == ["masks_combine"]
