"""The gate of releases: rows that single somebody out, or counts that are too small, stay inside."""

from __future__ import annotations

import json

import duckdb
import pytest

from catalog.database import CatalogStore
from catalog.database.records import RuleResultRow
from catalog.errors import CityBrainError
from pipelines.maintain import rollback
from pipelines.release_gate import ReleaseVerdict, judge_statistics
from quality.risk.policy import RiskSettings
from tests.support.city import NAME, City, csv
from tests.support.databases import lose_database
from tests.support.releases import release

pytestmark = pytest.mark.slow
PEOPLE = """
- {name: id, logicalType: integer, primaryKey: true, classification: L2}
- name: age
  logicalType: integer
  classification: L2
  customProperties: [{property: step, value: 10}]
- {name: district, logicalType: string, classification: L1}
- {name: illness, logicalType: string, classification: L3}
"""
SHARED = "thematic.patients"
COUNTS = "open.patients_by_district"
SHARED_FIELDS = """
- {name: age, logicalType: string}
- {name: district, logicalType: string}
- {name: illness, logicalType: string}
"""
LOOSE = "[risk.share]\nthreshold = 1\n"  # tests of k with a handful of people
QUASI = {"quasi_identifiers": "[age, district]", "sensitive": "[illness]"}


def patients(city: City, rows: list[tuple[int, str, str]], settings: str = "") -> City:
    """A synthetic register: age, district, illness."""
    city.settings(settings or LOOSE)
    city.collected("civil/patient", PEOPLE)
    register(city, rows)
    return city


def register(city: City, rows: list[tuple[int, str, str]]) -> None:
    city.source(
        "patient.csv", csv("id,age,district,illness", *((n, *r) for n, r in enumerate(rows)))
    )


def shared(city: City, width: int = 10, **options: str) -> City:
    """The register for another department, in age bands."""
    sql = f"SELECT mask_age(age, {width}) AS age, district, illness FROM raw.civil__patient\n"
    declared = {"channel": "share", **QUASI, **options}
    city.model(SHARED, sql, SHARED_FIELDS, custom=release(**declared))
    return city


def group(age: int, district: str, size: int = 5) -> list[tuple[int, str, str]]:
    """People of one band, with two illnesses."""
    return [(age + n % 3, district, "flu" if n % 2 else "cough") for n in range(size)]


def recorded(resource: str, rule: str) -> RuleResultRow:
    from pipelines.home import Home

    with CatalogStore.open(Home.of(NAME).database_url) as store:
        return {row.rule: row for row in store.rule_results(NAME, resource)}[rule]


def test_a_release_within_its_bounds_is_published_with_its_report(city: City) -> None:
    shared(patients(city, group(30, "north") + group(42, "south", 6)))
    outcome = city.outcome(SHARED)
    assert outcome.status == "published"
    report = city.status()[SHARED].risk
    assert report is not None
    assert (report["outcome"], report["k"], report["rows"]) == ("passed", 5, 11)
    assert report["l"] == {"illness": 2}
    snapshot = city.current(SHARED)
    assert snapshot is not None
    assert json.loads(snapshot.properties["risk"]) == report
    rule = recorded(SHARED, "disclosure_risk")
    assert (rule.assessed, rule.failed, rule.passed, rule.severity) == (11, 0, True, "block")


def test_a_release_over_its_bounds_is_refused_and_the_last_one_stays(city: City) -> None:
    shared(patients(city, group(30, "north")))
    assert city.outcome(SHARED).status == "published"
    before = city.rows(SHARED)
    register(city, [*group(30, "north"), (71, "south", "rare")])
    outcome = city.outcome(SHARED)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert outcome.error.code == "release_risk"
    assert "rare" not in str(outcome.error)
    assert "citybrain risk" in str(outcome.error)
    assert city.rows(SHARED) == before
    report = city.status()[SHARED].risk
    assert report is not None
    assert (report["outcome"], report["k"], report["rows_in_small_classes"]) == ("refused", 1, 1)
    assert [cause["field"] for worst in report["worst"] for cause in worst["causes"]] == []
    assert "rare" not in json.dumps(report)
    rule = recorded(SHARED, "disclosure_risk")
    assert (rule.assessed, rule.failed, rule.passed) == (6, 1, False)


def test_a_refused_attempt_leaves_no_file_of_rows(city: City) -> None:
    shared(patients(city, [(71, "south", "rare")]))
    assert city.outcome(SHARED).status == "blocked"
    assert city.current(SHARED) is None
    assert [p for p in city.home.lake.rglob("*.parquet") if "patients" in str(p)] == []


def test_sensitive_values_must_differ_when_the_contract_says_so(city: City) -> None:
    shared(patients(city, [(30, "north", "flu")] * 6), l="2")
    outcome = city.outcome(SHARED)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert "(illness): 1" in str(outcome.error)


def test_tighter_bounds_judge_unchanged_data_anew(city: City) -> None:
    shared(patients(city, group(30, "north", 6)))
    assert city.outcome(SHARED).status == "published"
    assert city.outcome(SHARED).status == "unchanged"
    city.settings(LOOSE + "k = 7\n")
    assert city.outcome(SHARED).status == "blocked"
    assert len(city.rows(SHARED)) == 6
    city.settings(LOOSE + "k = 6\n")
    assert city.outcome(SHARED).status == "published"


def test_the_report_of_visible_data_survives_runs_without_news(city: City) -> None:
    shared(patients(city, group(30, "north")))
    city.run()
    city.run()
    report = city.status()[SHARED].risk
    assert report is not None
    assert report["outcome"] == "passed"


def test_the_report_is_taken_over_from_the_lake_when_the_catalogue_is_lost(city: City) -> None:
    shared(patients(city, group(30, "north")))
    city.run()
    lose_database(city.home.root / "catalog.db")
    city.run("raw.*")
    report = city.status()[SHARED].risk
    assert report is not None
    assert report["k"] == 5


def test_the_overall_risk_counts_beside_the_smallest_class(city: City) -> None:
    """Ten classes of five: nobody stands out, but the mean risk is far above one in twenty."""
    rows = [row for n in range(10) for row in group(30, f"d{n}")]
    shared(patients(city, rows, "[risk.share]\nthreshold = '1/20'\n"))
    outcome = city.outcome(SHARED)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert "0.2, at most 0.05" in str(outcome.error)


def first_of_two(city: City) -> int:
    """Two snapshots of a release; the id of the first."""
    shared(patients(city, group(30, "north")))
    first = city.outcome(SHARED).snapshot
    register(city, group(30, "north", 6))
    second = city.outcome(SHARED).snapshot
    assert first is not None
    assert second is not None
    assert first.snapshot_id != second.snapshot_id
    return first.snapshot_id


def test_a_release_goes_back_to_what_the_same_rules_released(city: City) -> None:
    first = first_of_two(city)
    rollback(city.root, SHARED, first)
    assert len(city.rows(SHARED)) == 5


@pytest.mark.parametrize("change", ["bounds", "source", "model"])
def test_a_release_does_not_go_back_behind_a_change_of_the_rules(city: City, change: str) -> None:
    first = first_of_two(city)
    if change == "bounds":
        city.settings(LOOSE + "k = 6\n")
    elif change == "source":
        city.collected(
            "civil/patient", PEOPLE.replace("true, classification: L2", "true, classification: L3")
        )
    else:
        shared(city, width=20)
    with pytest.raises(CityBrainError) as raised:
        rollback(city.root, SHARED, first)
    assert raised.value.code == "rollback_release"
    assert len(city.rows(SHARED)) == 6


def test_a_release_without_rows_is_published_and_not_called_safe(city: City) -> None:
    shared(patients(city, []))
    assert city.outcome(SHARED).status == "published"
    report = city.status()[SHARED].risk
    assert report is not None
    assert report["outcome"] == "not_assessed"
    assert recorded(SHARED, "disclosure_risk").passed is None


# -- statistics ----------------------------------------------------------------------------------


def counted(city: City, count: str = "count(*)", **options: str) -> City:
    city.model(
        COUNTS,
        f"SELECT district, {count} AS patients FROM raw.civil__patient GROUP BY district\n",
        """
        - {name: district, logicalType: string, primaryKey: true}
        - {name: patients, logicalType: integer, physicalType: BIGINT}
        """,
        custom=release(kind="statistics", count="patients", **options),
    )
    return city


def test_counts_that_are_large_enough_are_published(city: City) -> None:
    counted(patients(city, group(30, "north") + group(42, "south", 3)))
    assert city.outcome(COUNTS).status == "published"
    report = city.status()[COUNTS].risk
    assert report is not None
    assert (report["outcome"], report["groups"], report["smallest"]) == ("passed", 2, 3)


def test_a_small_count_is_refused(city: City) -> None:
    counted(patients(city, group(30, "north") + group(42, "south", 2)))
    outcome = city.outcome(COUNTS)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.fields["small"]) == ("release_small_counts", "1")
    assert city.current(COUNTS) is None
    assert recorded(COUNTS, "small_counts").failed == 1


def test_a_hidden_count_is_no_small_count(city: City) -> None:
    counted(
        patients(city, group(30, "north") + group(42, "south", 2)), "mask_suppress(count(*), 3)"
    )
    assert city.outcome(COUNTS).status == "published"
    assert city.rows(COUNTS) == [("north", 5), ("south", None)]
    report = city.status()[COUNTS].risk
    assert report is not None
    assert report["suppressed"] == 1


def test_a_hidden_count_does_not_show_the_rest_of_its_row(city: City) -> None:
    """One person's age band beside an empty count is still that person's."""
    patients(city, group(30, "north") + group(42, "south", 2))
    sql = """SELECT mask_age(age, 10) AS district, mask_suppress(count(*), 3) AS patients
        FROM raw.civil__patient GROUP BY ALL HAVING count(*) > 0\n"""
    counted(city)
    city.write("models/open/patients_by_district.sql", sql)
    outcome = city.outcome(COUNTS)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.fields["rows"]) == ("release_hidden_count", "1")
    city.write("models/open/patients_by_district.sql", sql.replace("count(*) > 0", "count(*) > 2"))
    assert city.outcome(COUNTS).status == "published"


def test_a_zero_is_no_small_count(city: City) -> None:
    counted(patients(city, group(30, "north") + group(42, "south", 2)))
    few = "SELECT district, CASE WHEN district = 'south' THEN 0 ELSE 5 END AS patients FROM t"
    verdict = _judged(city, few, [])
    assert verdict.error is None
    assert (verdict.report["small"], verdict.report["empty"]) == (0, 1)


def test_a_zero_does_not_show_the_rest_of_its_row(city: City) -> None:
    """Few behind a zero are few all the same."""
    counted(patients(city, group(30, "north") + group(42, "south", 2)))
    verdict = _judged(city, "SELECT district, 0 AS patients FROM t", ["district"])
    assert verdict.error is not None
    assert (verdict.error.code, verdict.error.fields["rows"]) == ("release_hidden_count", "2")


def _judged(city: City, sql: str, lowered: list[str]) -> ReleaseVerdict:
    contract = city.load().contracts[COUNTS]
    with duckdb.connect(":memory:") as con:
        con.execute("CREATE TABLE t AS SELECT unnest(['north', 'south']) AS district")
        return judge_statistics(con, sql, contract, RiskSettings(), lowered)


@pytest.mark.parametrize("where", ["the contract", "the workspace"])
def test_the_stricter_minimum_holds(city: City, where: str) -> None:
    by_contract = where == "the contract"
    settings = "" if by_contract else "[risk]\nminimum_count = 6\n"
    patients(city, group(30, "north"), settings)
    counted(city, **({"minimum": "6"} if by_contract else {"minimum": "4"}))
    outcome = city.outcome(COUNTS)
    assert outcome.status == "blocked"
    assert outcome.error is not None
    assert outcome.error.fields["minimum"] == 6
