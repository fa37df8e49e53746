"""The gate: what is rejected, what is only counted, and what stops a publish."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from catalog.database.records import RuleResultRow
from tests.support.city import NAME, City, csv

pytestmark = pytest.mark.slow
FIELDS = """
- {name: id, logicalType: integer, primaryKey: true}
- {name: name, logicalType: string}
- {name: people, logicalType: integer}
"""
SHOP = "raw.trade__shop"


def rule(severity: str = "", **body: object) -> str:
    """A custom rule in one line."""
    name = body.pop("name", None)
    parts: dict[str, object] = {"type": "custom", "engine": "citybrain", "implementation": body}
    if name:
        parts["name"] = name
    if severity:
        parts["severity"] = severity
    return "- " + json.dumps(parts)


def positive(severity: str = "") -> str:
    return rule(severity, name="positive", rule="row", holds="people > 0")


def shops(
    city: City, *rows: str, quality: str = "", custom: str = "", fields: str = FIELDS
) -> City:
    """One collected resource with these lines."""
    loose = "- {property: gate, value: {max_quarantined_percent: 100}}\n"
    city.collected("trade/shop", fields, quality=quality, custom=custom or loose)
    city.source("shop.csv", csv("id,name,people", *rows))
    return city


def results(resource: str = SHOP) -> dict[str, RuleResultRow]:
    """The recorded rule results of a resource."""
    from pipelines.home import Home

    with CatalogStore.open(Home.of(NAME).database_url) as store:
        return {row.rule: row for row in store.rule_results(NAME, resource)}


def test_a_rejected_row_goes_to_quarantine_with_its_reason_and_text(city: City) -> None:
    shops(city, "1,Tea,5", "2,Ink,0", "3,Rice,x", quality=positive())
    outcome = city.outcome(SHOP)
    assert outcome.status == "published"
    assert city.rows(SHOP) == [(1, "Tea", 5)]
    second, third = city.rejected(SHOP)
    assert (second.source_file, second.source_line, second.reasons) == (
        "shop.csv",
        3,
        ("row:positive",),
    )
    assert second.original == {"id": "2", "name": "Ink", "people": "0"}
    assert (third.source_line, third.reasons) == (4, ("unreadable:people",))
    assert third.original["people"] == "x"


def test_a_warning_is_counted_and_published(city: City) -> None:
    shops(city, "1,Tea,5", "2,Ink,0", quality=positive("warn"))
    outcome = city.outcome(SHOP)
    assert outcome.status == "published"
    assert [w.code for w in outcome.warnings] == ["rule_warning"]
    assert len(city.rows(SHOP)) == 2
    assert city.rejected(SHOP) == []
    found = results()["row:positive"]
    assert (found.severity, found.assessed, found.failed, found.passed) == ("warn", 2, 1, False)


def test_a_blocking_rule_stops_the_publish(city: City) -> None:
    shops(city, "1,Tea,5", "2,Ink,0", quality=positive("block"))
    result = city.run()
    outcome = result.outcomes[SHOP]
    assert (outcome.status, outcome.error and outcome.error.code) == ("blocked", "gate_blocked")
    assert result.exit_code == 3
    assert city.current(SHOP) is None
    assert results()["row:positive"].passed is False


def test_a_blocked_publish_leaves_the_last_good_snapshot(city: City) -> None:
    shops(city, "1,Tea,5", quality=positive("block"))
    good = city.run().outcomes[SHOP].snapshot
    shops(city, "1,Tea,0", quality=positive("block"))
    outcome = city.outcome(SHOP)
    assert outcome.status == "blocked"
    assert city.current(SHOP) == good
    assert city.rows(SHOP) == [(1, "Tea", 5)]
    status = city.status()[SHOP]
    assert (status.last_status, status.rows, status.published) == ("blocked", 1, 1)


def test_of_rows_with_one_key_the_first_in_published_order_stays(city: City) -> None:
    rows = ["2,first,1", "1,other,1", "2,second,1", "2,third,1"]
    outcome = shops(city, *rows).outcome(SHOP)
    assert city.rows(SHOP) == [(1, "other", 1), (2, "first", 1)]
    assert city.reasons(SHOP) == [(4, ("unique:id",)), (5, ("unique:id",))]
    assert outcome.counts is not None
    assert outcome.counts.failures["unique:id"] == 2


def test_a_rejected_row_does_not_take_a_key(city: City) -> None:
    shops(city, "1,bad,0", "1,good,5", quality=positive()).run()
    assert city.rows(SHOP) == [(1, "good", 5)]
    assert city.reasons(SHOP) == [(2, ("row:positive",))]


def test_nulls_are_not_compared_by_unique(city: City) -> None:
    fields = FIELDS.replace("name, logicalType: string", "name, logicalType: string, unique: true")
    shops(city, "1,,1", "2,,1", "3,x,1", "4,x,1", fields=fields).run()
    assert city.reasons(SHOP) == [(5, ("unique:name",))]


def test_a_unique_warning_keeps_the_rows(city: City) -> None:
    declared = {
        "type": "library",
        "metric": "duplicateValues",
        "arguments": {"properties": ["name", "people"]},
        "mustBe": 0,
        "severity": "warn",
    }
    shops(city, "1,a,1", "2,a,1", "3,a,2", quality="- " + json.dumps(declared)).run()
    assert len(city.rows(SHOP)) == 3
    assert results()["unique:name+people"].failed == 1


PLACES = "- {name: code, logicalType: string, primaryKey: true}"
FOREIGN = (
    '{"rule": "foreign_key", "fields": ["name"], "references": "raw.civil__place", "to": ["code"]}'
)


def with_places(city: City, severity: str = "reject") -> City:
    city.collected("civil/place", PLACES)
    declared = f'{{"type": "custom", "engine": "citybrain", "severity": "{severity}", "implementation": {FOREIGN}}}'
    return shops(city, "1,north,1", "2,moon,1", "3,,1", quality="- " + declared)


def test_a_foreign_key_without_its_parent_row_is_rejected(city: City) -> None:
    with_places(city)
    city.source("place.csv", csv("code", "north", "south"))
    city.run()
    assert city.reasons(SHOP) == [(3, ("foreign_key:name",))]
    assert [row[0] for row in city.rows(SHOP)] == [1, 3]
    found = results()["foreign_key:name"]
    assert (found.assessed, found.failed) == (2, 1)


def test_a_foreign_key_whose_parent_was_never_published_is_not_assessed(city: City) -> None:
    with_places(city)
    result = city.run()
    assert result.outcomes["raw.civil__place"].status == "missing"
    assert result.outcomes[SHOP].status == "published"
    assert len(city.rows(SHOP)) == 3
    found = results()["foreign_key:name"]
    assert (found.assessed, found.failed, found.passed) == (None, None, None)


def test_when_the_parent_arrives_the_foreign_key_is_judged_again(city: City) -> None:
    with_places(city).run()
    city.source("place.csv", csv("code", "north"))
    assert city.outcome(SHOP).status == "published"
    assert city.reasons(SHOP) == [(3, ("foreign_key:name",))]


def test_too_many_quarantined_rows_block(city: City) -> None:
    limit = "- {property: gate, value: {max_quarantined_percent: 40}}"
    shops(city, "1,a,1", "2,b,1", "3,c,x", custom=limit)
    assert city.outcome(SHOP).status == "published"
    shops(city, "1,a,1", "2,b,y", "3,c,x", custom=limit)
    outcome = city.outcome(SHOP)
    assert (outcome.status, outcome.error and outcome.error.code) == ("blocked", "gate_quarantined")
    assert len(city.rows(SHOP)) == 2
    assert len(city.rejected(SHOP)) == 2


def test_filtered_rows_do_not_count_as_judged(city: City) -> None:
    limit = """
    - {property: gate, value: {max_quarantined_percent: 40}}
    - {property: filters, value: [{name: total, when: "name = 'total'"}]}
    """
    rows = ["1,a,1", "2,b,x", *(f"{i},total,1" for i in range(3, 13))]
    assert shops(city, *rows, custom=limit).outcome(SHOP).status == "blocked"


def test_the_limit_of_the_workspace_is_the_default(city: City) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 60\n")
    nothing = "- {property: catalogue, value: {}}"
    shops(city, "1,a,1", "2,b,x", custom=nothing)
    assert city.outcome(SHOP).status == "published"
    city.settings("[gate]\nmax_quarantined_percent = 40\n")
    assert city.outcome(SHOP).status == "blocked"


@pytest.mark.parametrize(
    ("operator", "good"),
    [
        ("mustBe: 1", True),
        ("mustBe: 0", False),
        ("mustNotBe: 1", False),
        ("mustBeGreaterThan: 0", True),
        ("mustBeGreaterThan: 1", False),
        ("mustBeGreaterOrEqualTo: 1", True),
        ("mustBeLessThan: 1", False),
        ("mustBeLessOrEqualTo: 1", True),
        ("mustBeBetween: [0, 1]", True),
        ("mustBeBetween: [2, 3]", False),
        ("mustNotBeBetween: [0, 1]", False),
    ],
)
def test_an_sql_rule_is_asked_of_the_good_rows(operator: str, good: bool, city: City) -> None:
    query = "SELECT count(*) FROM trade__shop WHERE people = 1"
    quality = f'- {{type: sql, name: s, query: "{query}", {operator}}}'
    shops(city, "1,a,1", "2,b,2", "3,c,x", "1,d,1", quality=quality)
    outcome = city.outcome(SHOP)
    assert outcome.status == ("published" if good else "blocked")
    found = results()["sql:s"]
    assert (found.passed, found.detail) == (good, "1")


def test_an_sql_rule_that_answers_null_is_not_assessed(city: City) -> None:
    quality = '- {type: sql, name: s, query: "SELECT max(people) FROM trade__shop WHERE id < 0", mustBe: 0}'
    assert shops(city, "1,a,1", quality=quality).outcome(SHOP).status == "published"
    assert results()["sql:s"].passed is None


ROWS = "- {type: library, metric: rowCount, mustBeGreaterThan: 1, severity: %s}"


@pytest.mark.parametrize(("severity", "status"), [("block", "blocked"), ("warn", "published")])
def test_row_count(severity: str, status: str, city: City) -> None:
    outcome = shops(city, "1,a,1", quality=ROWS % severity).outcome(SHOP)
    assert outcome.status == status
    assert results()["row_count"].passed is False


def test_an_empty_delivery_with_a_header_publishes_an_empty_table(city: City) -> None:
    outcome = shops(city).outcome(SHOP)
    assert outcome.status == "published"
    current = city.current(SHOP)
    assert current is not None
    assert current.rows == 0


def test_the_share_of_nulls(city: City) -> None:
    share = "{type: library, metric: nullValues, mustBeLessThan: 50, unit: percent}"
    fields = FIELDS.replace(
        "name, logicalType: string", f"name, logicalType: string, quality: [{share}]"
    )
    assert shops(city, "1,,1", "2,x,1", "3,y,1", fields=fields).outcome(SHOP).status == "published"
    assert shops(city, "1,,1", "2,,1", "3,y,1", fields=fields).outcome(SHOP).status == "blocked"


def freshness(days: int) -> str:
    return rule("block", rule="freshness", field="seen", max_age_days=days)


@pytest.mark.parametrize(("age", "status"), [(1, "published"), (10, "blocked")])
def test_freshness_looks_at_the_newest_value(age: int, status: str, city: City) -> None:
    day = datetime.now(UTC).date() - timedelta(days=age)
    fields = "- {name: id, logicalType: integer}\n- {name: seen, logicalType: date}"
    city.collected("trade/shop", fields, quality=freshness(5))
    city.source("shop.csv", csv("id,seen", f"1,{day}", "2,2001-01-01", "3,"))
    assert city.outcome(SHOP).status == status


def test_a_date_in_the_future_is_rejected(city: City) -> None:
    today = datetime.now(UTC).date()
    future = '{"type": "custom", "engine": "citybrain", "implementation": {"rule": "not_future"}}'
    fields = f"- {{name: id, logicalType: integer}}\n- {{name: seen, logicalType: date, quality: [{future}]}}"
    loose = "- {property: gate, value: {max_quarantined_percent: 100}}"
    city.collected("trade/shop", fields, custom=loose)
    city.source("shop.csv", csv("id,seen", f"1,{today}", f"2,{today + timedelta(days=2)}", "3,"))
    city.run()
    assert city.reasons(SHOP) == [(3, ("not_future:seen",))]


VOLUME = rule("block", rule="volume_change", max_drop_percent=50, max_rise_percent=100)


def lines(count: int) -> list[str]:
    return [f"{i},x,1" for i in range(count)]


@pytest.mark.parametrize(
    ("second", "status"), [(5, "published"), (4, "blocked"), (20, "published"), (21, "blocked")]
)
def test_volume_is_compared_with_the_last_snapshot(second: int, status: str, city: City) -> None:
    shops(city, *lines(10), quality=VOLUME).run()
    assert results()["volume_change"].passed is None
    shops(city, *lines(second), quality=VOLUME)
    assert city.outcome(SHOP).status == status
    assert len(city.rows(SHOP)) == (second if status == "published" else 10)


def test_rules_of_a_model_reject_rows_of_the_model(city: City) -> None:
    shops(city, "1,Tea,5", "2,Ink,0", "3,Rice,9")
    loose = "- {property: gate, value: {max_quarantined_percent: 100}}"
    city.model(
        "base.shop",
        "SELECT id, name, people FROM raw.trade__shop",
        FIELDS,
        quality=positive(),
        custom=loose,
    )
    outcome = city.run().outcomes["base.shop"]
    assert outcome.counts is not None
    assert (outcome.counts.received, outcome.counts.published, outcome.counts.quarantined) == (
        3,
        2,
        1,
    )
    (row,) = city.rejected("base.shop")
    assert (row.source_file, row.source_line, row.reasons) == (None, None, ("row:positive",))
    assert row.original == {"id": 2, "name": "Ink", "people": 0}


def test_a_row_without_a_key_is_rejected_in_a_model_too(city: City) -> None:
    shops(city, "1,a,1", "2,b,2")
    loose = "- {property: gate, value: {max_quarantined_percent: 100}}"
    sql = "SELECT CASE WHEN id = 1 THEN id END AS id, name, people FROM raw.trade__shop"
    city.model("base.shop", sql, FIELDS, custom=loose)
    city.run()
    assert city.reasons("base.shop") == [(None, ("required:id",))]


def test_checksums_and_enumerations_reject(city: City) -> None:
    check = "{type: custom, engine: citybrain, implementation: {rule: checksum, kind: uscc}}"
    among = "{type: library, metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}"
    fields = f"""
    - {{name: code, logicalType: string, quality: [{check}]}}
    - {{name: kind, logicalType: string, quality: [{among}], logicalTypeOptions: {{pattern: '[a-z]'}}}}
    """
    loose = "- {property: gate, value: {max_quarantined_percent: 100}}"
    city.collected("trade/shop", fields, custom=loose)
    good, bad = "91350100M000100Y43", "91350100M000100Y44"
    city.source(
        "shop.csv", csv("code,kind", f"{good},a", f"{bad},b", f"{good},c", f"{bad},AB", ",")
    )
    city.run()
    found = dict(city.reasons(SHOP))
    assert found[3] == ("checksum:code",)
    assert found[4] == ("enumeration:kind",)
    assert set(found[5]) == {"checksum:code", "enumeration:kind", "pattern:kind"}
    assert set(found) == {3, 4, 5}


def test_received_is_published_and_quarantined_and_filtered(city: City) -> None:
    custom = """
    - {property: gate, value: {max_quarantined_percent: 100}}
    - {property: filters, value: [{name: again, duplicates: all}, {name: total, when: "name = 'total'"}]}
    """
    rows = ["1,a,1", "1,a,1", "2,b,x", ",,", "9,total,5", "4,d,1", "4,e,1", "1,2,3,4,5"]
    outcome = shops(city, *rows, custom=custom).outcome(SHOP)
    counts = outcome.counts
    assert counts is not None
    assert counts.filtered == {"again": 1, "blank_row": 1, "total": 1}
    assert (counts.received, counts.published, counts.quarantined) == (8, 2, 3)
    status = city.status()[SHOP]
    assert (status.received, status.published, status.quarantined, status.filtered) == (8, 2, 3, 3)
    assert status.reconciles is True
    assert status.reasons == {"malformed": 1, "unique:id": 1, "unreadable:people": 1}
    assert status.score is not None
    assert 0 < status.score < 1
