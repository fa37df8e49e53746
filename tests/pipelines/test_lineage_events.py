"""Events of real runs: valid, complete, without secrets, and never in the way of the run."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog.errors import CatalogError
from catalog.openlineage import Event, resend
from citybrain import app
from pipelines.maintain import clean, replay_quarantine
from pipelines.masking.keyfile import read as read_keys
from pipelines.run import RunResult
from tests.servers import free_port
from tests.support.city import ALL_TABLES, City, csv, statuses
from tests.support.killing import Death, Killer
from tests.support.masked import MASKED, MASKED_SQL, masked_city
from tests.support.openlineage import Receiver, receiver, validate_event

__all__ = ["receiver"]
pytestmark = pytest.mark.slow
SHOP, BASE = "raw.trade__shop", "base.shop"
NAMESPACE = "citybrain://testville"


@pytest.fixture
def masked(city: City) -> City:
    return masked_city(city)


def folder(city: City) -> Path:
    return city.home.lineage


def events_of(city: City, run_id: str) -> list[Event]:
    """What the run's file holds."""
    path = folder(city) / f"{run_id}.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def told(events: list[Event]) -> dict[str, list[str]]:
    """Kinds of events by job."""
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event["job"]["name"], []).append(event["eventType"])
    return found


def one(events: list[Event], job: str, kind: str) -> dict[str, Any]:
    (event,) = [e for e in events if (e["job"]["name"], e["eventType"]) == (job, kind)]
    return event


def in_any_order(events: list[Event]) -> list[str]:
    """Steps run side by side, so that two places may see their events in another order."""
    return sorted(json.dumps(event, sort_keys=True) for event in events)


def codes(result: RunResult) -> list[str]:
    return [warning.code for warning in result.warnings]


def send_to(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Configure the client without its waits between retries."""
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "http")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__URL", url)
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__RETRY", '{"total": 0}')


def outcome_tag(event: Event) -> str:
    (tag,) = event["run"]["facets"]["tags"]["tags"]
    assert tag["key"] == "outcome"
    value: str = tag["value"]
    return value


# -- what is told -----------------------------------------------------------------------------------


def test_a_run_tells_itself_and_every_step_in_valid_events(masked: City) -> None:
    result = masked.run()
    events = events_of(masked, result.run_id)
    for event in events:
        validate_event(event)
    jobs = {"run", *result.outcomes}
    assert told(events) == {job: ["START", "COMPLETE"] for job in jobs}
    assert result.warnings == ()
    whole = events[0]["run"]["runId"]
    assert (events[0]["job"]["name"], events[-1]["job"]["name"]) == ("run", "run")
    parents = {e["run"]["facets"]["parent"]["run"]["runId"] for e in events[1:-1]}
    assert parents == {whole} and len({e["run"]["runId"] for e in events}) == len(jobs)
    assert outcome_tag(events[-1]) == "succeeded"
    assert outcome_tag(one(events, BASE, "COMPLETE")) == "published"


def test_tables_have_schema_levels_snapshots_and_counts(masked: City) -> None:
    result = masked.run()
    events = events_of(masked, result.run_id)
    snapshot = masked.current(SHOP)
    assert snapshot is not None
    event = one(events, SHOP, "COMPLETE")
    (read,), (written,) = event["inputs"], event["outputs"]
    assert (read["namespace"], read["name"]) == (NAMESPACE, "source.trade.shop")
    size = (masked.root / "source/shop.csv").stat().st_size
    statistics = read["inputFacets"]["inputStatistics"]
    assert {k: statistics[k] for k in ("rowCount", "size", "fileCount")} == {
        "rowCount": 3,
        "size": size,
        "fileCount": 1,
    }
    assert [f["name"] for f in read["facets"]["schema"]["fields"]] == [
        *("id", "name", "district", "opened")
    ]
    assert (written["namespace"], written["name"]) == (NAMESPACE, SHOP)
    assert written["facets"]["version"]["datasetVersion"] == str(snapshot.snapshot_id)
    types = {f["name"]: f["type"] for f in written["facets"]["schema"]["fields"]}
    assert types["id"] == "BIGINT" and types["_source_line"] == "BIGINT"
    tags = {t.get("field"): t["value"] for t in written["facets"]["tags"]["tags"]}
    assert tags["name"] == "L4"  # what declares nothing counts as closed
    statistics = written["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["fileCount"]) == (3, 1)
    assert statistics["size"] == sum(path.stat().st_size for path in snapshot.files)
    # The next step names the very snapshot that this one wrote.
    (base_reads,) = one(events, BASE, "COMPLETE")["inputs"]
    assert base_reads["facets"]["version"]["datasetVersion"] == str(snapshot.snapshot_id)
    assert base_reads["inputFacets"]["inputStatistics"]["rowCount"] == 3


def test_a_masked_column_is_told_to_be_masked(masked: City) -> None:
    events = events_of(masked, masked.run().run_id)
    event = one(events, MASKED, "COMPLETE")
    assert event["job"]["facets"]["sql"]["query"] == MASKED_SQL
    lineage = event["outputs"][0]["facets"]["columnLineage"]
    (way,) = lineage["fields"]["who"]["inputFields"]
    assert (way["namespace"], way["name"], way["field"]) == (NAMESPACE, BASE, "name")
    assert way["transformations"] == [
        {
            "type": "DIRECT",
            "subtype": "TRANSFORMATION",
            "masking": True,
            "description": "masking: mask_pseudonym, line 1",
        }
    ]
    (plain,) = lineage["fields"]["district"]["inputFields"]
    assert [t["masking"] for t in plain["transformations"]] == [False]
    (rows,) = [f for f in lineage["dataset"] if f["field"] == "id"]
    assert [(t["type"], t["subtype"]) for t in rows["transformations"]] == [("INDIRECT", "FILTER")]
    collected = one(events, SHOP, "COMPLETE")["outputs"][0]["facets"]["columnLineage"]
    (origin,) = collected["fields"]["name"]["inputFields"]
    assert (origin["name"], origin["field"]) == ("source.trade.shop", "name")


def test_rules_judge_what_came_and_what_was_published(small: City) -> None:
    small.settings("[gate]\nmax_quarantined_percent = 60\n")
    small.source("shop.csv", csv("id,name,district,opened", "1,Tea,north,2020-01-01", "2,,south,"))
    event = one(events_of(small, small.run().run_id), SHOP, "COMPLETE")
    validate_event(event)

    def judged(facets: dict[str, Any]) -> dict[tuple[str, str | None], bool]:
        rules = facets["dataQualityAssertions"]["assertions"]
        return {(r["assertion"], r.get("column")): r["success"] for r in rules}

    came = judged(event["inputs"][0]["inputFacets"])
    published = judged(event["outputs"][0]["facets"])
    assert came["required", "name"] is False and came["required", "id"] is True
    assert published["required", "name"] is True
    assert event["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"] == 2
    assert event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 1


def test_what_stands_unchanged_did_not_run_and_has_no_events(small: City) -> None:
    small.run()
    result = small.run()
    events = events_of(small, result.run_id)
    assert told(events) == {"run": ["START", "COMPLETE"]}
    small.source("district.csv", csv("code,people", "north,1", "south,2"))
    events = events_of(small, small.run().run_id)
    assert set(told(events)) == {"run", "raw.civil__district", "fusion.district_profile"}


def test_a_failing_step_is_told_with_its_code_and_no_values(small: City) -> None:
    small.model(
        BASE,
        "SELECT id, CAST(name AS BIGINT) AS name, district FROM raw.trade__shop\n",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: name, logicalType: integer}
        - {name: district, logicalType: string}
        """,
    )
    result = small.run()
    assert statuses(result)[BASE] == "failed"
    events = events_of(small, result.run_id)
    for event in events:
        validate_event(event)
    found = told(events)
    assert found[BASE] == found["run"] == ["START", "FAIL"]
    message = one(events, BASE, "FAIL")["run"]["facets"]["errorMessage"]["message"]
    assert message.startswith("[model_failed] ")
    assert "Tea" not in json.dumps(events)
    assert one(events, BASE, "FAIL")["outputs"] == []
    later = one(events, "thematic.shops_per_district", "FAIL")
    assert outcome_tag(later) == "missing"
    assert (
        "[model_failed]" in one(events, "run", "FAIL")["run"]["facets"]["errorMessage"]["message"]
    )


def test_a_blocked_step_fails_with_the_rules_that_blocked_it(small: City) -> None:
    small.source("shop.csv", csv("id,name,district,opened", "1,Tea,north,x", "2,Ink,south,y"))
    result = small.run(SHOP)
    assert (statuses(result)[SHOP], result.exit_code) == ("blocked", 3)
    events = events_of(small, result.run_id)
    event = one(events, SHOP, "FAIL")
    validate_event(event)
    assert "[gate_quarantined]" in event["run"]["facets"]["errorMessage"]["message"]
    (output,) = event["outputs"]
    rules = output["facets"]["dataQualityAssertions"]["assertions"]
    assert {r["column"] for r in rules if not r["success"]} == {"opened"}
    assert "version" not in output["facets"] and not output.get("outputFacets")
    # What is missing or blocked is no fault of the run, but it is not all well either.
    assert outcome_tag(one(events, "run", "COMPLETE")) == "partial"


def test_a_replay_is_a_run_with_events(small: City) -> None:
    small.settings("[gate]\nmax_quarantined_percent = 60\n")
    small.source("shop.csv", csv("id,name,district,opened", "1,Tea,north,2020-01-01", "2,Ink,s,x"))
    first = small.run(SHOP).run_id
    fields = "- {name: id, logicalType: integer, primaryKey: true}\n- {name: name, logicalType: string}\n"
    fields += "- {name: district, logicalType: string}\n- {name: opened, logicalType: date, "
    fields += "customProperties: [{property: read, value: {blank: [x]}}]}\n"
    small.collected("trade/shop", fields)
    assert replay_quarantine(small.root, SHOP).status == "published"
    (path,) = [p for p in folder(small).glob("*.ndjson") if p.stem != first]
    events = events_of(small, path.stem)
    for event in events:
        validate_event(event)
    assert told(events) == {"run": ["START", "COMPLETE"], SHOP: ["START", "COMPLETE"]}
    written = one(events, SHOP, "COMPLETE")["outputs"][0]
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 2


# -- secrets ----------------------------------------------------------------------------------------


def test_keys_are_in_no_event(masked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    masked.run()
    # A model that fails while it masks tells an error too.
    masked.model(
        MASKED,
        "SELECT mask_pseudonym(name, 'study', 'lab') AS who, "
        "CAST(CAST(name AS BIGINT) AS VARCHAR) AS district FROM base.shop\n",
        "- {name: who, logicalType: string}\n- {name: district, logicalType: string}",
    )
    assert statuses(masked.run())[MASKED] == "failed"
    (key,) = read_keys(masked.home.root / "keys" / "mask.keys").keys.values()
    content = b"".join(path.read_bytes() for path in folder(masked).iterdir())
    assert b"mask_pseudonym" in content
    for shape in (key, key.hex().encode(), key.hex().upper().encode(), base64.b64encode(key)):
        assert shape not in content
    assert base64.b64encode(key)[:-2] not in content  # within a longer text
    home = str(masked.home.root.parent).encode()
    assert home not in content and os.uname().nodename.encode() not in content


def test_a_connections_password_and_address_are_in_no_event(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    url = f"postgresql://reader:pa55-canary@127.0.0.1:{port}/permits"
    monkeypatch.setenv("CITYBRAIN_CONNECTION_TRADE_DB", url)
    city.collected(
        "trade/permit",
        "- {name: id, logicalType: integer, primaryKey: true}",
        servers="- server: source\n  type: custom\n  customProperties:\n"
        "  - {property: database, value: {connection: trade_db, table: permit, schema: public}}\n",
    )
    events = events_of(city, city.run().run_id)
    event = one(events, "raw.trade__permit", "FAIL")
    validate_event(event)
    assert [d["name"] for d in event["inputs"]] == ["source.trade.permit"]
    said = json.dumps(events)
    assert not any(secret in said for secret in ("pa55", "reader", "127.0.0.1", str(port)))


# -- nothing that goes wrong with events concerns the run ---------------------------------------------


def test_events_go_to_a_receiver(
    small: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_to(monkeypatch, receiver.url)
    result = small.run()
    assert codes(result) == []
    assert in_any_order(receiver.events) == in_any_order(events_of(small, result.run_id))


def test_a_receiver_that_answers_500_is_a_warning_and_resend_delivers(
    small: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_to(monkeypatch, receiver.url)
    receiver.status["run"] = 500
    result = small.run()
    assert (codes(result), result.exit_code) == (["lineage_not_sent"], 0)
    events = events_of(small, result.run_id)
    assert result.warnings[0].fields["count"] == len(events)
    receiver.status.clear()
    assert resend(folder(small)) == (len(events), ())
    assert in_any_order(receiver.events) == in_any_order(events)


def test_the_command_line_warns_and_sends_again(
    small: City, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_to(monkeypatch, f"http://127.0.0.1:{free_port()}")
    said = CliRunner().invoke(app, ["run", str(small.root), "--json"])
    assert said.exit_code == 0
    (warning,) = json.loads(said.stdout)["warnings"]
    assert warning["code"] == "lineage_not_sent"
    said = CliRunner().invoke(app, ["events", "resend", str(small.root)])
    assert said.exit_code == 1 and "[lineage_not_sent]" in said.stdout
    said = CliRunner().invoke(app, ["run", str(small.root)])  # nothing to do, and still a warning
    assert said.exit_code == 0 and "[lineage_not_sent]" in said.stdout
    send_to(monkeypatch, receiver.url)
    said = CliRunner().invoke(app, ["events", "resend", str(small.root), "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout) == {"sent": 14, "warnings": []}
    assert len(receiver.events) == 14


def test_resending_without_a_receiver_keeps_the_events(
    small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        send_to(context, f"http://127.0.0.1:{free_port()}")
        small.run()
    before = (folder(small) / "outbox.ndjson").read_bytes()
    with pytest.raises(CatalogError) as caught:
        resend(folder(small))
    assert caught.value.code == "lineage_no_receiver"
    assert before and (folder(small) / "outbox.ndjson").read_bytes() == before


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_receiver_that_hangs_costs_a_bounded_time_and_no_lock(
    small: City, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.run()
    monkeypatch.setenv("OPENLINEAGE_URL", silent)
    began = time.monotonic()
    result = small.run(full=True)
    assert time.monotonic() - began < 10 + 15
    assert (codes(result), set(statuses(result).values())) == (["lineage_not_sent"], {"published"})
    assert result.warnings[0].fields["problem"] == "timeout"


def test_a_folder_that_cannot_be_written_is_a_warning(small: City) -> None:
    folder(small).parent.mkdir(parents=True, exist_ok=True)
    folder(small).write_text("in the way")
    result = small.run()
    assert (codes(result), result.exit_code) == (["lineage_not_written"], 0)


@pytest.mark.parametrize("method", ["inputs", "planned", "written", "job"])
def test_a_fault_in_making_events_is_a_warning(
    small: City, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(f"pipelines.lineage_datasets.Datasets.{method}", broken)
    result = small.run()
    assert (codes(result), result.exit_code) == (["lineage_incomplete"], 0)
    assert "broken on purpose" in str(result.warnings[0])
    assert told(events_of(small, result.run_id))["run"] == ["START", "COMPLETE"]


def test_disabled_means_no_events(small: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert codes(small.run()) == []
    assert not folder(small).exists()


# -- runs that do not end well ------------------------------------------------------------------------


def killed(city: City, killer: Killer, death: Death) -> str:
    """A run that is killed; its id."""
    before = {path.stem for path in folder(city).glob("*.ndjson")}
    assert killer.run(city.root, death) == -signal.SIGKILL
    (run_id,) = {path.stem for path in folder(city).glob("*.ndjson")} - before
    return run_id


def test_what_a_killed_run_left_open_is_aborted_by_the_next(small: City, killer: Killer) -> None:
    run_id = killed(small, killer, Death("pipelines.stage:Stage.write_good"))
    assert "ABORT" not in {e["eventType"] for e in events_of(small, run_id)}
    result = small.run()
    events = events_of(small, run_id)
    for event in events:
        validate_event(event)
    for kinds in told(events).values():
        assert kinds == ["START", "ABORT"]
    assert events[-1]["job"]["name"] == "run"
    assert codes(result) == []
    after = events_of(small, run_id)
    small.run()
    assert events_of(small, run_id) == after  # once is enough


@pytest.mark.parametrize("what", ["run", "replay"])
def test_what_a_killed_run_published_is_completed_by_the_next(
    small: City, killer: Killer, what: str
) -> None:
    small.settings("[gate]\nmax_quarantined_percent = 60\n")
    small.source("shop.csv", csv("id,name,district,opened", "1,Tea,north,2020-01-01", "2,Ink,s,x"))
    if what == "replay":
        small.run(SHOP)
    run_id = killed(
        small, killer, Death("pipelines.lake:Lake.publish", "after", 1 + (what == "run"))
    )
    fresh = {name: small.current(name) for name in ALL_TABLES}
    ((name, snapshot),) = [
        (n, s) for n, s in fresh.items() if s is not None and s.properties["run"] == run_id
    ]
    assert snapshot is not None
    small.run() if what == "run" else replay_quarantine(small.root, SHOP)
    events = events_of(small, run_id)
    found = told(events)
    assert found[name] == ["START", "COMPLETE"]
    assert found["run"] == ["START", "ABORT"]
    done = one(events, name, "COMPLETE")
    validate_event(done)
    version = done["outputs"][0]["facets"]["version"]["datasetVersion"]
    assert version == str(snapshot.snapshot_id)


def test_the_receiver_learns_that_a_run_was_killed(
    small: City, killer: Killer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = killed(small, killer, Death("pipelines.stage:Stage.write_good"))
    send_to(monkeypatch, receiver.url)
    result = small.run()
    lost = [e for e in events_of(small, run_id) if e["eventType"] == "ABORT"]
    assert lost
    assert receiver.events[: len(lost)] == lost
    assert len(receiver.events) == len(lost) + len(events_of(small, result.run_id))


def test_a_run_that_is_interrupted_is_aborted(small: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalog.database.CatalogStore.record_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small.run()
    (path,) = folder(small).glob("*.ndjson")
    events = events_of(small, path.stem)
    found = told(events)
    assert found["run"] == ["START", "ABORT"]
    assert all(kinds in (["START", "COMPLETE"], ["START", "ABORT"]) for kinds in found.values())


def test_clean_keeps_the_newest_files_and_what_waits_to_be_sent(
    small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.settings("[lineage]\nkeep_runs = 2\n")
    with monkeypatch.context() as context:
        send_to(context, f"http://127.0.0.1:{free_port()}")
        small.run()
    runs = []
    for _ in range(3):
        time.sleep(1.0)  # run ids have the second
        runs.append(small.run().run_id)
    clean(small.root)
    left = {path.name for path in folder(small).glob("*.ndjson*") if "outbox" not in path.name}
    assert {name.removesuffix(".lock") for name in left} == {f"{run}.ndjson" for run in runs[-2:]}
    assert (folder(small) / "outbox.ndjson").stat().st_size > 0
