"""Statistics over a table that was joined in an earlier model: its key says what stands in it once."""

from __future__ import annotations

from tests.support.city import City
from tests.support.releases import COUNT, NUMBER, TEXT, fields, only, problems, release

STATISTICS = release(kind="statistics", count="n")
JOINED = "SELECT v.visit, p.id, p.income, p.district FROM raw.trade__visit AS v LEFT JOIN raw.civil__person AS p ON p.phone = v.phone\n"
GROUPED = "SELECT district, count(*) AS n, mask_round(avg(income), 100) AS income FROM base.joined GROUP BY district\n"


def joined(people: City, key: str, sql: str = JOINED) -> None:
    """Persons found by their phone, which is no key, counted and averaged by district."""
    names = {"visit": COUNT, "id": COUNT, "income": NUMBER, "district": TEXT}
    columns = fields(**names).replace(f"{{name: {key},", f"{{name: {key}, primaryKey: true,")
    people.model("base.joined", sql, columns)
    from_phone = "- property: justification\n  value:\n    - {from: [raw.civil__person.phone, raw.trade__visit.phone, raw.civil__person.income], level: L4, who: x, why: y, until: 2026-12-31}\n"
    shape = fields(district=TEXT, n=COUNT, income=NUMBER)
    people.model("open.counts", GROUPED, shape, custom=STATISTICS + from_phone)


def test_what_the_key_comes_from_stands_once_in_a_table(people: City) -> None:
    joined(people, "id")
    assert problems(people) == []


def test_what_another_key_found_may_stand_there_often(people: City) -> None:
    joined(people, "visit")
    assert only(people, "release_count_other").fields["columns"] == "income"


def test_rows_that_no_key_keeps_apart_are_not_counted(people: City) -> None:
    joined(people, "nothing")
    assert only(people, "release_count").fields["column"] == "n"


def test_a_key_that_was_made_up_says_nothing(people: City) -> None:
    made = JOINED.replace("p.id,", "p.id * 1000 + v.visit AS id,")
    joined(people, "id", made)
    assert only(people, "release_count").fields["column"] == "n"
