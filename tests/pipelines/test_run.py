"""Runs: what is computed again and what stands, and how a fault in one place stays there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from catalog.errors import Problems
from pipelines.errors import PipelineError
from tests.support.city import ALL_TABLES, NAME, City, csv, statuses
from tests.support.databases import lose_database

pytestmark = pytest.mark.slow
DISTRICT, SHOP = "raw.civil__district", "raw.trade__shop"
BASE, THEMATIC, FUSION = ALL_TABLES[2:]
PROFILE = [("north", 1000, 2), ("south", 2000, 1)]


def changed(city: City, *select: str, full: bool = False) -> set[str]:
    """The resources that a run published anew; all others stood unchanged."""
    found = statuses(city.run(*select, full=full))
    assert set(found.values()) <= {"published", "unchanged"}
    return {name for name, status in found.items() if status == "published"}


def test_the_first_run_publishes_everything(small: City) -> None:
    result = small.run()
    assert set(statuses(result).values()) == {"published"}
    assert result.exit_code == 0
    assert small.rows(FUSION) == PROFILE


def test_the_second_run_changes_nothing(small: City) -> None:
    small.run()
    before = {name: small.current(name) for name in ALL_TABLES}
    result = small.run()
    assert set(statuses(result).values()) == {"unchanged"}
    assert result.exit_code == 0
    assert {name: small.current(name) for name in ALL_TABLES} == before


def test_a_changed_model_is_computed_with_everything_downstream(small: City) -> None:
    small.run()
    path = small.root / "models/base/shop.sql"
    path.write_text(path.read_text().replace("upper", "lower"))
    assert changed(small) == {BASE, THEMATIC, FUSION}
    assert small.rows(BASE)[0][1] == "tea"


def test_a_changed_file_is_collected_with_everything_downstream(small: City) -> None:
    small.run()
    small.source("district.csv", csv("code,people", "north,1001", "south,2000"))
    assert changed(small) == {DISTRICT, FUSION}
    assert small.rows(FUSION) == [("north", 1001, 2), ("south", 2000, 1)]


def test_a_file_that_comes_compressed_is_not_another_name(small: City) -> None:
    import gzip

    small.run()
    text = (small.root / "source/district.csv").read_bytes()
    (small.root / "source/district.csv").unlink()
    small.source("district.csv.gz", gzip.compress(text))
    small.run()
    assert small.rows(DISTRICT, "_source_file") == [("district.csv",)] * 2


def test_a_changed_contract_is_collected_again(small: City) -> None:
    small.run()
    path = small.root / "contracts/civil/district.yaml"
    path.write_text(path.read_text().replace("people,", "people, required: true,"))
    assert changed(small) == {DISTRICT, FUSION}


def test_a_version_and_a_title_make_no_row_new(small: City) -> None:
    small.run()
    path = small.root / "contracts/civil/district.yaml"
    path.write_text(
        path.read_text().replace("name: civil__district\nversion", "name: Other\nversion")
    )
    assert "name: Other" in path.read_text()
    assert changed(small) == set()
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    assert changed(small) == {DISTRICT}  # the snapshot tells of its version; what reads it stands


def test_a_new_column_appears_in_the_table(small: City) -> None:
    small.run()
    path = small.root / "contracts/civil/district.yaml"
    path.write_text(path.read_text().replace("people,", "people, required: true,") + "")
    fields = "- {name: code, logicalType: string, primaryKey: true}\n"
    fields += "- {name: people, logicalType: integer}\n- {name: area, logicalType: number}"
    small.collected("civil/district", fields)
    small.source("district.csv", csv("code,people,area", "north,1000,1.5", "south,2000,2"))
    assert changed(small) == {DISTRICT, FUSION}
    assert small.rows(DISTRICT) == [("north", 1000, 1.5), ("south", 2000, 2.0)]


def test_a_column_that_changes_its_type(small: City) -> None:
    small.run()
    fields = "- {name: code, logicalType: string, primaryKey: true}\n- {name: people, logicalType: string}"
    small.collected("civil/district", fields, version="2.0.0")
    path = small.root / "models/fusion/district_profile.yaml"
    text = path.read_text().replace("people, logicalType: integer", "people, logicalType: string")
    path.write_text(text.replace("version: 1.0.0", "version: 2.0.0"))
    assert changed(small) == {DISTRICT, FUSION}
    assert small.rows(FUSION, "code, people, shops") == [("north", "1000", 2), ("south", "2000", 1)]


def test_full_computes_what_is_unchanged(small: City) -> None:
    small.run()
    assert changed(small, full=True) == set(ALL_TABLES)
    assert small.rows(FUSION) == PROFILE


def test_selecting_runs_only_what_is_named(small: City) -> None:
    assert changed(small, "+base.shop") == {SHOP, BASE}
    assert small.current(DISTRICT) is None


def test_selecting_downstream(small: City) -> None:
    small.run()
    assert changed(small, "base.shop+", full=True) == {BASE, THEMATIC, FUSION}


def test_a_selected_model_whose_inputs_were_never_published(small: City) -> None:
    result = small.run("base.shop")
    outcome = result.outcomes[BASE]
    assert (outcome.status, outcome.error and outcome.error.code) == ("missing", "input_missing")
    assert result.exit_code == 3


def test_a_missing_source_stops_only_what_needs_it(small: City) -> None:
    (small.root / "source/shop.csv").unlink()
    result = small.run()
    assert statuses(result) == {
        DISTRICT: "published",
        SHOP: "missing",
        BASE: "missing",
        THEMATIC: "missing",
        FUSION: "missing",
    }
    assert result.exit_code == 3
    error = result.outcomes[SHOP].error
    assert error is not None
    assert (error.code, error.fields["pattern"]) == ("source_missing", "shop.csv")


def optional(city: City) -> City:
    path = city.root / "models/fusion/district_profile.yaml"
    path.write_text(
        path.read_text()
        + f"customProperties:\n  - {{property: optional_inputs, value: [{THEMATIC}]}}\n"
    )
    return city


def test_an_optional_input_that_is_missing_makes_the_result_partial(small: City) -> None:
    optional(small)
    (small.root / "source/shop.csv").unlink()
    result = small.run()
    outcome = result.outcomes[FUSION]
    assert (outcome.status, outcome.error and outcome.error.code) == ("partial", "input_partial")
    assert small.rows(FUSION) == [("north", 1000, None), ("south", 2000, None)]
    assert result.exit_code == 3
    assert statuses(small.run())[FUSION] == "partial"


def test_a_partial_result_becomes_complete_when_the_input_comes(small: City) -> None:
    optional(small)
    text = (small.root / "source/shop.csv").read_text()
    (small.root / "source/shop.csv").unlink()
    small.run()
    small.source("shop.csv", text)
    assert statuses(small.run())[FUSION] == "published"
    assert small.rows(FUSION) == PROFILE
    assert set(statuses(small.run()).values()) == {"unchanged"}


def test_what_is_built_from_a_partial_result_is_partial(small: City) -> None:
    optional(small)
    small.model(
        "fusion.profile", f"SELECT code FROM {FUSION}", "- {name: code, logicalType: string}"
    )
    (small.root / "source/shop.csv").unlink()
    assert statuses(small.run())["fusion.profile"] == "partial"


def test_a_partial_input_that_was_not_selected_is_still_partial(small: City) -> None:
    optional(small)
    small.model(
        "fusion.profile", f"SELECT code FROM {FUSION}", "- {name: code, logicalType: string}"
    )
    (small.root / "source/shop.csv").unlink()
    small.run("+" + FUSION)
    assert statuses(small.run("fusion.profile"))["fusion.profile"] == "partial"


def test_a_failed_collection_leaves_readers_the_last_good_state(small: City) -> None:
    small.run()
    before = {name: small.rows(name) for name in ALL_TABLES}
    small.source("shop.csv", csv("id,label,district,opened", "9,x,y,2020-01-01"))
    result = small.run()
    assert statuses(result) == {
        DISTRICT: "unchanged",
        SHOP: "failed",
        BASE: "stale",
        THEMATIC: "stale",
        FUSION: "stale",
    }
    assert result.exit_code == 1
    assert {name: small.rows(name) for name in ALL_TABLES} == before
    status = small.status()
    assert status[SHOP].last_status == "failed"
    error = status[SHOP].last_error
    assert error is not None
    assert error.code == "column_missing"
    assert status[SHOP].published == 3


def test_a_model_that_fails_at_run_time(small: City) -> None:
    path = small.root / "models/base/shop.sql"
    path.write_text(
        path.read_text().replace("upper(name)", "CAST(CAST(name AS INTEGER) AS VARCHAR)")
    )
    result = small.run()
    outcome = result.outcomes[BASE]
    assert (outcome.status, outcome.error and outcome.error.code) == ("failed", "model_failed")
    assert statuses(result)[DISTRICT] == "published"
    assert statuses(result)[THEMATIC] == "missing"
    assert result.exit_code == 1


def test_another_source_folder(small: City, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(small.root / "source", other)
    (other / "district.csv").write_text(csv("code,people", "west,7"))
    result = small.run(source=other)
    assert result.exit_code == 0
    assert small.rows(DISTRICT) == [("west", 7)]


def test_a_source_folder_that_does_not_exist(small: City) -> None:
    with pytest.raises(PipelineError) as caught:
        small.run(source=Path("/nowhere/at/all"))
    assert caught.value.code == "source_dir_missing"


def test_a_workspace_with_faults_does_not_run_at_all(small: City) -> None:
    small.model("base.bad", "SELECT * FROM nowhere", "- {name: id, logicalType: integer}")
    with pytest.raises(Problems):
        small.run()
    assert not small.home.lake.exists()


def test_every_account_adds_up(small: City) -> None:
    small.run()
    assert {name: item.reconciles for name, item in small.status().items()} == dict.fromkeys(
        ALL_TABLES, True
    )


def test_the_run_and_its_steps_are_recorded(small: City) -> None:
    result = small.run("raw.*")
    with CatalogStore.open(small.home.database_url) as store:
        (run,) = store.runs(NAME)
    assert (run.run_id, run.status, run.selection) == (result.run_id, "succeeded", "raw.*")
    assert run.steps == {"published": 2}


def test_a_lost_catalogue_database_is_rebuilt_from_the_lake(small: City) -> None:
    small.run()
    before = {name: item.published for name, item in small.status().items()}
    lose_database(small.home.root / "catalog.db")
    assert set(statuses(small.run()).values()) == {"unchanged"}
    assert {name: item.rows for name, item in small.status().items()} == before
    assert {name: item.snapshot_id for name, item in small.status().items()} == {
        name: snapshot.snapshot_id for name in ALL_TABLES if (snapshot := small.current(name))
    }


def test_a_lost_catalogue_database_gets_the_accounts_back(small: City) -> None:
    small.run()
    lose_database(small.home.root / "catalog.db")
    small.run()
    assert {name: item.reconciles for name, item in small.status().items()} == dict.fromkeys(
        ALL_TABLES, True
    )


def test_a_resource_that_left_the_workspace_does_not_disturb(small: City) -> None:
    small.run()
    for suffix in ("sql", "yaml"):
        (small.root / f"models/fusion/district_profile.{suffix}").unlink()
    assert set(statuses(small.run())) == set(ALL_TABLES) - {FUSION}
    assert FUSION not in small.status()


def test_nothing_is_left_in_scratch_and_the_lock_is_free(small: City) -> None:
    small.run()
    assert not small.home.scratch.exists()
    with small.home.lock(NAME):
        pass


def test_a_second_writer_is_told_who_is_at_work(small: City) -> None:
    with small.home.lock(NAME), pytest.raises(PipelineError) as caught:
        small.run()
    assert caught.value.code == "locked"
    assert set(caught.value.fields) == {"workspace", "pid", "host", "since"}


def test_progress_tells_start_and_end_of_every_step(small: City) -> None:
    seen: list[tuple[str, bool]] = []
    small.run(progress=lambda p: seen.append((p.step.name, p.outcome is not None)))
    assert sorted(seen) == sorted((name, ended) for name in ALL_TABLES for ended in (False, True))
