"""What goes into the catalogue database comes out of it, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from catalog.contract import ContractField
from catalog.database import CatalogStore, Reason, ReceivedFile, RuleResult, to_plain
from catalog.errors import CatalogError, CityBrainError, Location

CLINICS = "raw.health__clinics"
BIG = 2**63 - 1  # Iceberg's snapshot ids use all 63 bits


def _rule(rule: str = "required:id", **changes: Any) -> RuleResult:
    values: dict[str, Any] = {"kind": "required", "fields": ("id",), "dimension": "completeness"}
    values |= {"severity": "reject", "assessed": 100, "failed": 7, "passed": False}
    return RuleResult(rule, **values | changes)


def _code(error: pytest.ExceptionInfo[CatalogError]) -> str:
    return error.value.code


# Resources


def test_resources_are_described_by_their_contracts(store: CatalogStore, samples: Any) -> None:
    contract = samples.contract(purpose="Where clinics are.", frequency=(1.0, "m"))
    store.sync_resources("tainan", [contract])
    (resource,) = store.status("tainan").resources
    assert (resource.name, resource.title, resource.database) == (CLINICS, "Clinics", "raw")
    assert (resource.level, resource.department) == ("L3", "health")
    assert resource.last_status is None and resource.rows is None and resource.reconciles is None


def test_sync_is_idempotent_and_notices_each_change(store: CatalogStore, samples: Any) -> None:
    contract = samples.contract()
    store.sync_resources("tainan", [contract])
    first = _resource_table(store)
    store.sync_resources("tainan", [contract])
    assert _resource_table(store) == first
    where = contract.fields[0].where
    fewer = replace(contract, fields=(ContractField("id", "integer", "BIGINT", where, level="L1"),))
    store.sync_resources("tainan", [fewer])
    ((_, level, updated, fields),) = _resource_table(store)
    assert (level, fields) == ("L1", ["id"])
    assert updated > first[0][2]


def _resource_table(store: CatalogStore) -> list[tuple[str, str | None, datetime, list[str]]]:
    from catalog.database import tables as t

    with store._read() as session:
        rows = session.query(t.Resource).order_by(t.Resource.name).all()
        return [(r.name, r.level, r.updated, [f.name for f in r.fields]) for r in rows]


def test_a_vanished_resource_retires_and_returns(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step())
    ready.sync_resources("tainan", [samples.contract("base.clinic")])
    status = ready.status("tainan")
    assert [r.name for r in status.resources] == ["base.clinic"]
    assert status.retired == (CLINICS,)
    ready.sync_resources("tainan", [samples.contract(), samples.contract("base.clinic")])
    returned = next(r for r in ready.status("tainan").resources if r.name == CLINICS)
    assert returned.published == 90


def test_workspaces_do_not_see_each_other(ready: CatalogStore, samples: Any) -> None:
    ready.sync_resources("hangzhou", [samples.contract()])
    samples.run(ready, "run-hz", "hangzhou")
    ready.record_step("run-hz", samples.step(received=5, published=5, quarantined=0, filtered=0))
    assert ready.last_steps("tainan") == {}
    assert ready.last_steps("hangzhou")[CLINICS].published == 5
    assert [run.run_id for run in ready.runs("tainan")] == ["run-1"]
    assert ready.runs("tainan")[0].status == "running"


def test_an_unknown_workspace_is_empty(store: CatalogStore) -> None:
    status = store.status("nowhere")
    assert (status.last_run, status.databases, status.resources) == (None, (), ())
    assert store.last_steps("nowhere") == {}
    assert store.rule_results("nowhere", CLINICS) == []
    assert store.watermark("nowhere", CLINICS) is None


# Runs


def test_a_run_from_start_to_end(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step())
    ready.record_step("run-1", samples.step("missing", resource="base.clinic", kind="build"))
    ready.finish_run("run-1", "partial")
    (run,) = ready.runs("tainan")
    assert (run.run_id, run.workspace, run.status) == ("run-1", "tainan", "partial")
    assert (run.selection, run.source_dir, run.engine) == ("raw.*", "/data", "duckdb")
    assert (run.pid, run.host) == (4321, "bureau-1")
    assert run.steps == {"missing": 1, "published": 1}
    assert run.started_at == samples.noon + timedelta(minutes=2)
    assert run.finished_at == samples.noon + timedelta(minutes=4)
    assert run.started_at.tzinfo is UTC


def test_a_run_that_lost_its_process_is_killed_by_the_next(
    ready: CatalogStore, samples: Any
) -> None:
    samples.run(ready, "run-2")
    newest, killed = ready.runs("tainan")
    assert (newest.run_id, newest.status) == ("run-2", "running")
    assert (killed.status, killed.finished_at) == ("killed", newest.started_at)
    assert [run.run_id for run in ready.runs("tainan", limit=1)] == ["run-2"]


def test_a_run_ends_once(ready: CatalogStore) -> None:
    ready.finish_run("run-1", "succeeded")
    ended = ready.runs("tainan")
    ready.finish_run("run-1", "succeeded")
    assert ready.runs("tainan") == ended
    with pytest.raises(CatalogError) as error:
        ready.finish_run("run-1", "failed")
    assert _code(error) == "run_finished"
    assert error.value.fields == {"run": "run-1", "status": "succeeded", "wanted": "failed"}


def test_unknown_names_are_refused(ready: CatalogStore, samples: Any) -> None:
    refused: list[tuple[str, Callable[[], object]]] = [
        ("run_exists", lambda: samples.run(ready, "run-1")),
        ("run_unknown", lambda: ready.finish_run("run-9", "failed")),
        ("run_unknown", lambda: ready.record_step("run-9", samples.step())),
        ("resource_unknown", lambda: ready.record_step("run-1", samples.step(resource="raw.x"))),
        (
            "resource_unknown",
            lambda: ready.record_snapshot_if_missing("tainan", "raw.x", samples.snapshot(1)),
        ),
        (
            "resource_unknown",
            lambda: ready.record_snapshot_if_missing("nowhere", CLINICS, samples.snapshot(1)),
        ),
    ]
    for code, call in refused:
        with pytest.raises(CatalogError) as error:
            call()
        assert _code(error) == code


# Steps


def test_a_step_comes_back_as_it_was_recorded(ready: CatalogStore, samples: Any) -> None:
    step = samples.step(
        "partial",
        reason=Reason("input_missing", "raw.x is missing", {"resource": "raw.x"}),
        fingerprint="f1",
        received=BIG,
        published=BIG - 10,
        quarantined=7,
        filtered=3,
        filters={"repeated_row": 2, "blank_row": 1},
        quarantine={"range:amount": 2, "required:id": 5, "pattern:code": 2},
        score=98.25,
        snapshot=samples.snapshot(BIG, inputs={"raw.x": BIG}),
    )
    ready.record_step("run-1", step)
    row = ready.last_steps("tainan")[CLINICS]
    for name in ("resource", "kind", "status", "reason", "fingerprint", "filters", "score"):
        assert getattr(row, name) == getattr(step, name), name
    assert (row.received, row.published, row.quarantined, row.filtered) == (BIG, BIG - 10, 7, 3)
    assert list(row.quarantine.items()) == [
        ("required:id", 5),
        ("pattern:code", 2),
        ("range:amount", 2),
    ]
    assert (row.snapshot_id, row.seconds, row.reconciles) == (BIG, 2.5, True)
    assert (row.started_at, row.finished_at) == (step.started_at, step.finished_at)
    assert row.publishing == replace(row, publishing=None)
    assert ready.current_snapshots("tainan")[CLINICS].inputs == {"raw.x": BIG}


def test_times_of_any_zone_are_kept_in_utc(ready: CatalogStore, samples: Any) -> None:
    taipei = samples.noon.astimezone(timezone(timedelta(hours=8)))
    ready.record_step("run-1", samples.step(started_at=taipei, finished_at=taipei))
    row = ready.last_steps("tainan")[CLINICS]
    assert row.started_at == samples.noon and row.started_at.tzinfo is UTC


def test_unknown_counts_stay_unknown(ready: CatalogStore, samples: Any) -> None:
    reason = Reason("source_unreadable", "no such file")
    ready.record_step("run-1", samples.step("failed", reason=reason))
    row = ready.last_steps("tainan")[CLINICS]
    counts = (row.received, row.published, row.quarantined, row.filtered, row.score)
    assert counts == (None, None, None, None, None)
    assert row.reconciles is None and row.publishing is None and row.reason == reason


def test_a_step_without_change_leads_to_the_one_that_published(
    ready: CatalogStore, samples: Any
) -> None:
    ready.record_step("run-1", samples.step(quarantine={"required:id": 7}))
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step("blocked", received=50, quarantined=50))
    samples.run(ready, "run-3")
    ready.record_step("run-3", samples.step("unchanged", snapshot_id=1))
    row = ready.last_steps("tainan")[CLINICS]
    assert (row.run_id, row.status, row.published) == ("run-3", "unchanged", None)
    assert row.publishing is not None
    assert (row.publishing.run_id, row.publishing.published) == ("run-1", 90)
    assert row.publishing.quarantine == {"required:id": 7}


def test_recording_again_replaces_and_keeps_the_place(ready: CatalogStore, samples: Any) -> None:
    first = samples.step(rules=(_rule(), _rule("range:x")), quarantine={"a": 1, "b": 2})
    ready.record_step("run-1", first)
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step("failed"))
    again = samples.step(rules=(_rule("pattern:y"),), quarantine={"a": 9}, received=200)
    ready.record_step("run-1", again)
    row = ready.last_steps("tainan")[CLINICS]
    assert (row.run_id, row.status) == ("run-2", "failed")
    assert row.publishing is not None
    assert (row.publishing.received, row.publishing.quarantine) == (200, {"a": 9})
    assert [rule.rule for rule in ready.rule_results("tainan", CLINICS)] == ["pattern:y"]


def test_a_step_is_recorded_whole_or_not_at_all(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step(rules=(_rule(),), watermark="5"))
    before = (ready.status("tainan"), ready.rule_results("tainan", CLINICS))
    broken = _rule(detail=None)  # detail is NOT NULL
    with pytest.raises(CatalogError) as error:
        ready.record_step("run-1", samples.step(rules=(broken,), received=7, watermark="6"))
    assert _code(error) == "database_failed"
    assert (ready.status("tainan"), ready.rule_results("tainan", CLINICS)) == before
    mark = ready.watermark("tainan", CLINICS)
    assert mark is not None and mark.value == "5"


def test_the_database_refuses_what_types_cannot(ready: CatalogStore, samples: Any) -> None:
    with pytest.raises(CatalogError) as error:
        ready.finish_run("run-1", "abandoned")  # type: ignore[arg-type]
    assert _code(error) == "database_failed"
    assert "ck_run_status" in error.value.fields["problem"]


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        ("published", {"snapshot": None}),
        ("published", {"snapshot": None, "snapshot_id": 1}),
        ("partial", {"snapshot": None}),
        ("unchanged", {}),
        ("published", {"snapshot_id": 2}),
        ("failed", {"watermark": "2026-07-01"}),
        ("blocked", {"received": -1}),
        ("blocked", {"score": float("nan")}),
        ("blocked", {"kind": "guess"}),
        ("done", {}),
        ("failed", {"started_at": datetime(2026, 7, 1)}),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(
    samples: Any, status: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CatalogError) as error:
        samples.step(status, **changes)
    assert _code(error) == "step_invalid"


def test_text_that_databases_refuse_is_escaped(ready: CatalogStore, samples: Any) -> None:
    reason = Reason("unreadable", "value 'a\x00b' in \udcff.csv", {"value": "a\x00b"})
    files = (ReceivedFile("load-1", "\udcff.csv", "00", 1),)
    ready.record_step("run-1", samples.step("failed", reason=reason, files=files))
    row = ready.last_steps("tainan")[CLINICS]
    assert row.reason == replace(reason, message="value 'a\\x00b' in \\udcff.csv")
    (file,) = ready.received_files("tainan", CLINICS, "load-1")
    assert file.name == "\\udcff.csv"


# Rules


def test_rule_results_of_the_last_assessed_step(ready: CatalogStore, samples: Any) -> None:
    rules = (
        _rule(),
        _rule("freshness:updated_on", assessed=None, failed=None, passed=None, detail="no dates"),
    )
    ready.record_step("run-1", samples.step("blocked", rules=rules))
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step("failed"))
    required, freshness = ready.rule_results("tainan", CLINICS)
    assert (required.run_id, required.status) == ("run-1", "blocked")
    assert (required.fields, required.assessed, required.failed) == (("id",), 100, 7)
    assert required.passed is False
    assert freshness.passed is None and freshness.assessed is None
    assert freshness.detail == "no dates"
    assert ready.rule_results("tainan", "base.clinic") == []


# Snapshots, watermarks, files


def test_a_lost_snapshot_is_taken_over_once(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step())
    lost = samples.snapshot(2, "run-lost", rows=120, inputs={"raw.y": 5})
    assert ready.record_snapshot_if_missing("tainan", CLINICS, lost) is True
    assert ready.record_snapshot_if_missing("tainan", CLINICS, lost) is False
    resource = next(r for r in ready.status("tainan").resources if r.name == CLINICS)
    assert (resource.snapshot_id, resource.rows) == (2, 120)
    assert resource.published_run_id == "run-lost"
    # The counts of the step before would not be those of the visible data.
    assert (resource.published, resource.reconciles, resource.reasons) == (None, None, {})
    assert ready.last_steps("tainan")[CLINICS].publishing is None
    newest, oldest = ready.snapshots("tainan", CLINICS)
    assert (newest.snapshot_id, newest.inputs, oldest.snapshot_id) == (2, {"raw.y": 5}, 1)


def test_expired_snapshots_are_not_current(ready: CatalogStore, samples: Any) -> None:
    for number in (2, 3, 1):
        ready.record_snapshot_if_missing("tainan", CLINICS, samples.snapshot(number))
    assert ready.expire_snapshots("tainan", CLINICS, [1, 2, 99]) == 2
    assert ready.expire_snapshots("tainan", CLINICS, [1, 2]) == 0
    assert ready.current_snapshots("tainan")[CLINICS].snapshot_id == 3
    flags = [snapshot.expired for snapshot in ready.snapshots("tainan", CLINICS)]
    assert flags == [False, True, True]
    ready.expire_snapshots("tainan", CLINICS, [3])
    assert ready.current_snapshots("tainan") == {}


def test_after_a_rollback_the_older_account_is_shown(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step())
    samples.run(ready, "run-2")
    second = samples.snapshot(2, "run-2")
    ready.record_step("run-2", samples.step(snapshot=second, received=500, published=490))
    assert ready.point_to_snapshot("tainan", CLINICS, 1) is True
    assert ready.point_to_snapshot("tainan", CLINICS, 3) is False
    resource = next(r for r in ready.status("tainan").resources if r.name == CLINICS)
    assert (resource.snapshot_id, resource.received, resource.last_run_id) == (1, 100, "run-2")


def test_a_step_that_finds_another_snapshot_current_says_so(
    ready: CatalogStore, samples: Any
) -> None:
    ready.record_step("run-1", samples.step())
    ready.record_snapshot_if_missing("tainan", CLINICS, samples.snapshot(2))
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step("partial", snapshot=None, snapshot_id=1))
    row = ready.last_steps("tainan")[CLINICS]
    assert row.publishing is not None and row.publishing.run_id == "run-1"
    assert ready.current_snapshots("tainan")[CLINICS].snapshot_id == 1


def test_a_late_record_of_an_old_step_does_not_turn_back_the_table(
    ready: CatalogStore, samples: Any
) -> None:
    ready.record_step("run-1", samples.step())
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step(snapshot=samples.snapshot(2, "run-2")))
    ready.record_step("run-1", samples.step())
    assert ready.current_snapshots("tainan")[CLINICS].snapshot_id == 2


def test_a_lost_step_can_be_recorded_under_the_run_that_died(
    ready: CatalogStore, samples: Any
) -> None:
    samples.run(ready, "run-2")
    ready.record_step("run-1", samples.step())
    newest, killed = ready.runs("tainan")
    assert (newest.steps, killed.status, killed.steps) == ({}, "killed", {"published": 1})
    assert ready.status("tainan").resources[0].reconciles is True


def test_the_watermark_moves_with_a_publish(ready: CatalogStore, samples: Any) -> None:
    assert ready.watermark("tainan", CLINICS) is None
    ready.record_step("run-1", samples.step(watermark="2026-07-01T00:00:00"))
    samples.run(ready, "run-2")
    ready.record_step("run-2", samples.step("failed"))
    mark = ready.watermark("tainan", CLINICS)
    assert mark is not None
    assert (mark.value, mark.snapshot_id) == ("2026-07-01T00:00:00", 1)
    assert mark.updated_at == samples.noon + timedelta(seconds=2.5)
    ready.record_step(
        "run-2", samples.step(snapshot=samples.snapshot(2, "run-2"), watermark="2026-07-02")
    )
    mark = ready.watermark("tainan", CLINICS)
    assert mark is not None and (mark.value, mark.snapshot_id) == ("2026-07-02", 2)


def test_a_file_remembers_the_run_that_saw_it_first(ready: CatalogStore, samples: Any) -> None:
    files = (ReceivedFile("load-1", "b.csv", "bb", 20), ReceivedFile("load-1", "a.csv", "aa", BIG))
    ready.record_step("run-1", samples.step(files=files))
    samples.run(ready, "run-2")
    more = (*files, ReceivedFile("load-2", "a.csv", "cc", 30))
    ready.record_step("run-2", samples.step("failed", files=more))
    first, second = ready.received_files("tainan", CLINICS, "load-1")
    assert (first.name, first.sha256, first.size) == ("a.csv", "aa", BIG)
    assert (first.first_run_id, second.first_run_id) == ("run-1", "run-1")
    assert [f.first_run_id for f in ready.received_files("tainan", CLINICS, "load-2")] == ["run-2"]


# Status


def test_status_of_a_workspace(ready: CatalogStore, samples: Any) -> None:
    ready.sync_resources(
        "tainan",
        [samples.contract(n) for n in (CLINICS, "raw.a__b", "raw.a__c", "base.clinic")],
    )
    reasons = {"a": 1, "b": 4, "c": 2, "d": 3}
    ready.record_step("run-1", samples.step(quarantine=reasons, score=95.5))
    ready.record_step("run-1", samples.step(resource="raw.a__b", received=101))
    ready.finish_run("run-1", "succeeded")
    samples.run(ready, "run-2")
    blocked = Reason("too_many_quarantined", "34 % of the rows")
    ready.record_step("run-2", samples.step("blocked", reason=blocked, received=90, quarantined=30))
    status = ready.status("tainan")
    assert status.last_run is not None and status.last_run.run_id == "run-2"
    assert [r.name for r in status.resources] == ["raw.a__b", "raw.a__c", CLINICS, "base.clinic"]
    wrong, never, clinics, _ = status.resources
    assert (clinics.last_status, clinics.last_run_id) == ("blocked", "run-2")
    assert clinics.last_error == blocked
    assert (clinics.received, clinics.quarantined, clinics.published) == (100, 7, 90)
    assert (clinics.published_run_id, clinics.snapshot_id, clinics.rows) == ("run-1", 1, 90)
    assert clinics.published_at == samples.snapshot(1).committed_at
    assert list(clinics.reasons.items()) == [("b", 4), ("d", 3), ("c", 2)]
    assert (clinics.score, clinics.reconciles) == (95.5, True)
    assert (wrong.reconciles, wrong.last_error, wrong.score) == (False, None, None)
    assert never.last_status is None and never.published_at is None


def test_totals_per_database(ready: CatalogStore, samples: Any) -> None:
    names = (CLINICS, "raw.a__b", "raw.a__c", "base.clinic")
    ready.sync_resources("tainan", [samples.contract(name) for name in names])
    ready.record_step("run-1", samples.step())
    ready.record_step("run-1", samples.step("missing", resource="raw.a__c"))
    ready.record_snapshot_if_missing("tainan", "raw.a__b", samples.snapshot(4, rows=10))
    raw, base = ready.status("tainan").databases
    assert (raw.database, raw.resources, raw.available, raw.unaccounted) == ("raw", 3, 2, 1)
    assert raw.statuses == {"missing": 1, "never": 1, "published": 1}
    assert (raw.rows, raw.received, raw.published) == (100, 100, 90)
    assert (raw.quarantined, raw.filtered, raw.reconciles) == (7, 3, True)
    assert (base.database, base.resources, base.available, base.reconciles) == ("base", 1, 0, None)


def test_status_is_json(ready: CatalogStore, samples: Any) -> None:
    ready.record_step("run-1", samples.step())
    plain = json.loads(json.dumps(to_plain(ready.status("tainan"))))
    assert plain["resources"][0]["published_at"] == "2026-07-01T13:00:00+00:00"
    assert plain["databases"][0]["reconciles"] is True


def test_the_reason_of_an_error_keeps_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    error = CityBrainError("some_code", where=Location(Path("a.yaml"), 3), rows=5)
    monkeypatch.setattr(CityBrainError, "text", lambda self: "Five rows. Look at them.")
    reason = Reason("some_code", "a.yaml:3: Five rows. Look at them.", {"rows": "5"})
    assert Reason.of(error) == reason
