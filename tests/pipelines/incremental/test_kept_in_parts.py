"""What a user of incremental tables expects: departed files, backfills, versions, blocked attempts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.incremental.period import Period
from pipelines.maintain import clean
from pipelines.run import RunOptions, run_workspace
from tests.support.city import City, csv

pytestmark = pytest.mark.slow
SALE = "raw.trade__sale"
FIELDS = """
- {name: id, logicalType: integer, primaryKey: true, classification: L1}
- {name: shop, logicalType: string, required: true, classification: L1}
- {name: day, logicalType: date, classification: L1}
- {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}, classification: L1}
"""
HEAD = "id,shop,day,amount"
MONTH = """
- {name: month, logicalType: date, primaryKey: true}
- {name: n, logicalType: integer}
"""
SHOP = """
- {name: shop, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
- {name: n, logicalType: integer}
"""
VERSIONS = (
    SHOP
    + """
- {name: valid_from, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 2}
- {name: valid_to, logicalType: timestamp}
"""
)


def sales(city: City, collect: str = "{mode: incremental}", fields: str = FIELDS) -> None:
    city.collected(
        "trade/sale", fields, path="sale/*.csv", custom=f"- {{property: collect, value: {collect}}}"
    )


def deliver(city: City, name: str, *rows: str) -> None:
    city.source(f"sale/{name}.csv", csv(HEAD, *rows))


def kept(value: str) -> str:
    return f"- {{property: materialisation, value: {value}}}"


def backfill(city: City, table: str, since: date | None, until: date | None) -> Any:
    options = RunOptions((table,), period=Period(since, until))
    return run_workspace(city.root, options).outcomes[table]


# -- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("departed", ["remove", "keep"])
def test_rows_of_a_file_that_is_gone(city: City, departed: str) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 100\n")
    sales(city, f"{{mode: incremental, departed: {departed}}}")
    deliver(city, "1", "1,a,2024-01-01,5")
    deliver(city, "2", "2,b,2024-01-02,5")
    city.run()
    (city.root / "source/sale/1.csv").unlink()
    left = [2] if departed == "remove" else [1, 2]
    expected = "published" if departed == "remove" else "unchanged"
    assert city.outcome(SALE).status == expected
    assert [row[0] for row in city.rows(SALE)] == left
    deliver(city, "3", "3,a,2024-01-01,5", "1,a,2024-01-01,5")
    city.run()
    assert sorted(row[0] for row in city.rows(SALE)) == sorted({*left, 1, 3})
    # A full run and a new contract read everything again, and lose nothing that is to be kept.
    city.run(full=True)
    assert sorted(row[0] for row in city.rows(SALE)) == sorted({*left, 1, 3})
    sales(
        city,
        f"{{mode: incremental, departed: {departed}}}",
        FIELDS.replace("minimum: 0", "minimum: -1"),
    )
    city.run()
    assert sorted(row[0] for row in city.rows(SALE)) == sorted({*left, 1, 3})


def test_only_files_that_are_new_are_read(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.incremental import files

    read: list[list[str]] = []
    original = files.read_files

    def noted(contract: Any, landed: Any) -> Any:
        read.append([file.name for file in landed])
        return original(contract, landed)

    monkeypatch.setattr(files, "read_files", noted)
    city.settings("[gate]\nmax_quarantined_percent = 100\n")
    sales(city)
    deliver(city, "1", "1,a,2024-01-01,5")
    deliver(city, "3", "3,a,2024-01-01,5", "1,a,2024-01-01,6")
    city.run()
    deliver(city, "2", "2,b,2024-01-02,5")
    city.run()
    assert read == [["sale/1.csv", "sale/3.csv"], ["sale/2.csv"]]
    read.clear()
    # A file that comes before the one which has had the key until now: both are judged again.
    deliver(city, "0", "3,c,2024-01-01,5")
    city.run()
    assert read == [["sale/0.csv"], ["sale/0.csv", "sale/3.csv"]]
    assert city.rows(SALE, "id, shop") == [(1, "a"), (2, "b"), (3, "c")]
    assert [r for _, r in city.reasons(SALE)] == [("unique:id",), ("unique:id",)]


def test_a_blocked_attempt_does_not_take_the_quarantine_of_what_stands(city: City) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 40\n")
    sales(city)
    deliver(city, "1", "1,a,2024-01-01,5", "2,a,2024-01-01,5", "3,a,2024-01-01,-5")
    city.run()
    assert len(city.rejected(SALE)) == 1
    good = (city.root / "source/sale/1.csv").read_text()
    deliver(city, "1", "1,a,2024-01-01,-5", "2,a,2024-01-01,-5", "3,a,2024-01-01,5")
    assert city.outcome(SALE).status == "blocked"
    (city.root / "source/sale/1.csv").write_text(good)
    deliver(city, "2", "4,a,2024-01-01,5")
    assert city.outcome(SALE).status == "published"
    assert [row[0] for row in city.rows(SALE)] == [1, 2, 4]
    assert [row.original["id"] for row in city.rejected(SALE)] == ["3"]
    assert city.status()[SALE].reconciles


def test_a_blocked_attempt_without_a_bad_row_does_not_empty_the_quarantine(city: City) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 60\n")
    city.collected(
        "trade/sale",
        FIELDS,
        path="sale/*.csv",
        quality="- {type: library, metric: rowCount, mustBeLessThan: 4}",
        custom="- {property: collect, value: {mode: incremental}}",
    )
    deliver(city, "1", "1,a,2024-01-01,5", "2,a,2024-01-01,5", "3,a,2024-01-01,-5")
    city.run()
    good = (city.root / "source/sale/1.csv").read_text()
    deliver(city, "1", *(f"{n},a,2024-01-01,5" for n in range(4)))
    assert city.outcome(SALE).status == "blocked"
    (city.root / "source/sale/1.csv").write_text(good)
    deliver(city, "2", "4,a,2024-01-01,5")
    assert city.outcome(SALE).status == "published"
    assert [row.original["id"] for row in city.rejected(SALE)] == ["3"]
    assert city.status()[SALE].reconciles


def test_cleaning_keeps_what_the_next_increment_needs(city: City) -> None:
    city.settings("[lake]\nkeep_snapshots = 1\n")
    sales(city)
    for n in range(4):
        deliver(city, str(n), f"{n},a,2024-01-01,5")
        city.run()
    assert clean(city.root).files > 0
    deliver(city, "9", "9,a,2024-01-01,5")
    outcome = city.outcome(SALE)
    assert (outcome.status, len(city.rows(SALE))) == ("published", 5)
    clean(city.root)
    named = [p.name for p in city.home.root.rglob("*") if ".loads." in p.name or ".held." in p.name]
    assert len(named) == 2


# -- backfill ---------------------------------------------------------------------------------------


def by_month(city: City) -> None:
    city.model(
        "thematic.by_month",
        "SELECT CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS n "
        "FROM raw.trade__sale GROUP BY ALL",
        MONTH,
        custom=kept("{kind: incremental_by_time, time: month}"),
    )


def test_a_backfill_makes_its_range_and_changes_nothing(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.incremental.build import MADE, Parts

    made: list[list[Any]] = []
    original = Parts.write

    def noted(self: Any, stage: Any, new_file: Any) -> Any:
        made.append(stage.con.execute(f"SELECT p0 FROM {MADE} ORDER BY p0").fetchall())
        return original(self, stage, new_file)

    sales(city)
    by_month(city)
    deliver(city, "1", "1,a,2024-01-15,5", "2,a,2024-02-15,5", "3,a,2024-03-15,5")
    city.run()
    before = city.rows("thematic.by_month")
    monkeypatch.setattr(Parts, "write", noted)
    outcome = backfill(city, "thematic.by_month", date(2024, 1, 15), date(2024, 2, 1))
    assert outcome.status == "published"
    assert made == [[(date(2024, 1, 1),), (date(2024, 2, 1),)]]
    assert city.rows("thematic.by_month") == before
    backfill(city, "thematic.by_month", date(2024, 3, 1), None)
    assert made[1] == [(date(2024, 3, 1),)]
    assert city.rows("thematic.by_month") == before
    assert city.run().outcomes["thematic.by_month"].status == "unchanged"
    # What is kept whole stands.
    assert backfill(city, SALE, date(2024, 1, 1), None).status == "unchanged"


def test_a_backfill_by_key_chooses_by_the_model_s_time(city: City) -> None:
    sales(city)
    city.model(
        "thematic.by_shop",
        "SELECT shop, count(*) AS n, max(day) AS last FROM raw.trade__sale GROUP BY shop",
        "- {name: shop, logicalType: string, primaryKey: true}\n- {name: n, logicalType: integer}\n"
        "- {name: last, logicalType: date}",
        custom=kept("{kind: merge_by_key, time: last}"),
    )
    deliver(city, "1", "1,a,2024-01-15,5", "2,b,2024-02-15,5")
    city.run()
    before = city.rows("thematic.by_shop")
    outcome = backfill(city, "thematic.by_shop", date(2024, 2, 1), date(2024, 2, 28))
    assert outcome.status == "published"
    assert city.rows("thematic.by_shop") == before


def test_a_backfill_needs_a_selection(city: City) -> None:
    from pipelines.errors import PipelineError

    with pytest.raises(PipelineError) as caught:
        run_workspace(city.root, RunOptions(period=Period(date(2024, 1, 1), None)))
    assert caught.value.code == "backfill_select"


# -- versions ---------------------------------------------------------------------------------------


def versions(
    city: City, sql: str = "SELECT shop, count(*) AS n FROM raw.trade__sale GROUP BY shop"
) -> None:
    city.model("thematic.shop", sql, VERSIONS, custom=kept("{kind: snapshot}"))


def test_versions_stay_when_everything_is_computed_anew(city: City) -> None:
    sales(city)
    versions(city)
    deliver(city, "1", "1,a,2024-01-15,5")
    city.run()
    deliver(city, "1", "1,a,2024-01-15,5", "2,a,2024-01-15,5", "3,b,2024-01-15,5")
    city.run()
    story = city.rows("thematic.shop", "shop, n, valid_from, valid_to")
    assert [row[:2] for row in story] == [("a", 1), ("a", 2), ("b", 1)]
    assert story[0][3] == story[1][2] and story[1][3] is None
    city.run(full=True)
    assert city.rows("thematic.shop", "shop, n, valid_from, valid_to") == story
    # Another query with the same result: the open versions hold on.
    versions(city, "SELECT s.shop, count(s.id) AS n FROM raw.trade__sale AS s GROUP BY s.shop")
    city.run()
    assert city.rows("thematic.shop", "shop, n, valid_from, valid_to") == story
    deliver(city, "1", "3,b,2024-01-15,5")
    city.run()
    last = city.rows("thematic.shop", "shop, n, valid_to IS NULL")
    assert last == [("a", 1, False), ("a", 2, False), ("b", 1, True)]


def test_a_new_column_is_unknown_in_old_versions(city: City) -> None:
    sales(city)
    versions(city)
    deliver(city, "1", "1,a,2024-01-15,5")
    city.run()
    city.model(
        "thematic.shop",
        "SELECT shop, count(*) AS n, CAST(sum(amount) AS BIGINT) AS amount FROM raw.trade__sale GROUP BY shop",
        VERSIONS + "- {name: amount, logicalType: integer}\n",
        custom=kept("{kind: snapshot}"),
    )
    city.run()
    assert city.rows("thematic.shop", "shop, n, amount, valid_to IS NULL") == [
        ("a", 1, 5, True),
        ("a", 1, None, False),
    ]


def test_a_release_of_versions_depends_on_all_that_a_version_is_made_of(city: City) -> None:
    """Since when something is so tells that it changed: a sensitive column shows by its moment."""
    sales(
        city,
        fields=FIELDS.replace("minimum: 0}, classification: L1", "minimum: 0}, classification: L3"),
    )
    city.model(
        "thematic.shop",
        "SELECT id, amount FROM raw.trade__sale",
        "- {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}\n"
        "- {name: amount, logicalType: integer, classification: L3}\n"
        "- {name: valid_from, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 2}\n"
        "- {name: valid_to, logicalType: timestamp}\n",
        custom=kept("{kind: snapshot}"),
    )
    city.model(
        "open.shop",
        "SELECT id, valid_from FROM thematic.shop",
        "- {name: id, logicalType: integer}\n- {name: valid_from, logicalType: timestamp}",
        custom="- {property: release, value: {quasi_identifiers: [], sensitive: []}}",
    )
    assert "release_indirect" in city.codes()
