"""Masks that hide one value each in its own column, and show it side by side or after a detour."""

from __future__ import annotations

import pytest

from tests.support.city import City
from tests.support.releases import (
    COUNT,
    DAY,
    NUMBER,
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


_JOINED = (
    "SELECT mask_phone(p.phone) AS one, mask_email(v.phone) AS two FROM raw.civil__person AS p\n"
)
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
    sql = "SELECT mask_phone(a) AS one, mask_email(b) AS two FROM base.pair\n"
    people.model("fusion.pair", sql, fields(one=TEXT, two=TEXT), custom=text)
    assert [p.code for p in problems(people)] == ["masks_combine"]


def test_masks_of_values_made_equal_in_a_model_read_by_a_subquery_are_refused(people: City) -> None:
    people.model(
        "base.pair",
        "SELECT mask_phone(p.phone) AS a, mask_email(v.phone) AS b FROM raw.civil__person AS p "
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
