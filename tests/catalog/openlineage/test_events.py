"""Events: valid by OpenLineage's own schemas, the same whenever built, and telling the truth."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from catalog.openlineage import Event, complete_event, fail_event, run_uuid, start_event
from catalog.openlineage.sending import as_run_event
from tests.catalog.openlineage.representative import (
    AT,
    CITY,
    LINEAGE,
    MODEL,
    RUN_ID,
    SQL,
    WHOLE,
    WHOLE_JOB,
    model,
    person,
    representative,
    step,
)
from tests.support.openlineage import RUN_EVENT, SPEC, facets_in, validate, validate_event

EVENTS = representative()


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: f"{e['job']['name']}-{e['eventType']}")
def test_an_event_and_each_of_its_facets_are_valid(event: Event) -> None:
    validate_event(event)


def test_the_representative_set_has_every_facet() -> None:
    assert {name for event in EVENTS for name, _ in facets_in(event)} == {
        *("processing_engine", "parent", "errorMessage"),
        *("jobType", "sql", "documentation", "ownership"),
        *("schema", "tags", "version", "storage", "catalog", "columnLineage"),
        *("inputStatistics", "outputStatistics", "dataQualityAssertions"),
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("run", "runId"), "no uuid"),
        (("eventTime",), "yesterday"),
        (("eventType",), "DONE"),
        (
            ("outputs", 0, "facets", "columnLineage", "fields", "id", "inputFields", 0, "field"),
            None,
        ),
        (("outputs", 0, "facets", "version", "datasetVersion"), 77),
        (("job", "facets", "sql", "query"), None),
    ],
)
def test_the_schemas_do_judge(path: tuple[Any, ...], value: object) -> None:
    event = json.loads(json.dumps(EVENTS[4]))
    holder: Any = event
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        _validate_all(event)


def _validate_all(event: Event) -> None:
    validate(event, RUN_EVENT)
    for _, facet in facets_in(event):
        validate(facet, facet["_schemaURL"])


@pytest.mark.parametrize("sample", sorted(SPEC.glob("tests/*/*.json")), ids=lambda p: p.parent.name)
def test_the_samples_of_the_specification_survive_sending(sample: Any) -> None:
    """What the client sends of an event with a sample's facet is that facet, unchanged."""
    from openlineage.client.serde import Serde

    facets = json.loads(sample.read_text("utf-8"))
    event = json.loads(json.dumps(EVENTS[0]))
    event["run"]["facets"] = facets
    assert Serde.to_dict(as_run_event(event)) == event


def test_an_event_is_the_same_json_after_the_client() -> None:
    from openlineage.client.serde import Serde

    for event in EVENTS:
        assert Serde.to_dict(as_run_event(json.loads(json.dumps(event)))) == event


def test_building_again_gives_the_same_events() -> None:
    assert representative() == EVENTS


def test_run_ids_are_those_of_run_and_step() -> None:
    ids = [run_uuid(CITY, RUN_ID), run_uuid(CITY, RUN_ID, "a"), run_uuid(CITY, RUN_ID, "b")]
    ids += [run_uuid("other", RUN_ID), run_uuid(CITY, "20250102T030405-ffffffff")]
    assert len(set(ids)) == 5
    assert {i.version for i in ids} == {7}
    assert ids == sorted(ids, key=lambda i: i.int >> 80)
    told = datetime.fromtimestamp((ids[0].int >> 80) / 1000, UTC)
    assert told == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert run_uuid(CITY, RUN_ID, "a") == run_uuid(CITY, RUN_ID, "a")
    assert run_uuid(CITY, "any other id").version == 7


def test_the_steps_have_the_run_as_parent() -> None:
    whole = EVENTS[0]
    assert "parent" not in whole["run"]["facets"]
    for event in EVENTS[1:6]:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == whole["run"]["runId"] != event["run"]["runId"]
        for job in (parent["job"], parent["root"]["job"]):
            assert (job["namespace"], job["name"]) == ("citybrain://synthetic", "run")
    uuid.UUID(whole["run"]["runId"])


def _lineage(event: Event) -> dict[str, Any]:
    facet: dict[str, Any] = event["outputs"][0]["facets"]["columnLineage"]
    return facet


def _ways(column: str, source: str) -> list[tuple[str, str, bool, str]]:
    fields = _lineage(EVENTS[4])["fields"][column]["inputFields"]
    (found,) = [f for f in fields if f["field"] == source]
    return [
        (t["type"], t["subtype"], t["masking"], t["description"]) for t in found["transformations"]
    ]


def test_masking_is_flagged_and_named() -> None:
    assert _ways("id", "id") == [
        ("DIRECT", "TRANSFORMATION", True, "masking: mask_pseudonym, line 2")
    ]


def test_a_column_that_is_masked_on_one_branch_only_shows_both() -> None:
    assert _ways("phone", "phone") == [
        ("DIRECT", "TRANSFORMATION", True, "masking: mask_phone, line 3"),
        ("DIRECT", "IDENTITY", False, "identity: line 4"),
    ]
    assert _ways("phone", "kind") == [("INDIRECT", "CONDITIONAL", False, "case: line 3")]


def test_a_step_that_only_changes_the_value_is_no_masking() -> None:
    assert _ways("rank", "income") == [
        ("DIRECT", "TRANSFORMATION", False, "transformation: line 7")
    ]


def test_every_column_and_every_edge_is_told() -> None:
    facet = _lineage(EVENTS[4])
    assert list(facet["fields"]) == list(LINEAGE.columns)
    assert facet["fields"]["source"] == {"inputFields": []}
    for column, edges in LINEAGE.columns.items():
        told = {f["field"] for f in facet["fields"][column]["inputFields"]}
        assert told == {edge.column for edge in edges}
    assert len(facet["fields"]["income"]["inputFields"][0]["transformations"]) == 1


def test_what_decides_the_rows_stands_with_the_dataset() -> None:
    told = {
        (f["name"], f["field"], t["subtype"], t["masking"])
        for f in _lineage(EVENTS[4])["dataset"]
        for t in f["transformations"]
    }
    person_, firm = "raw.civil__person", "source.trade.firm"
    assert told == {
        (person_, "district", "GROUP_BY", False),
        (person_, "phone", "FILTER", True),
        (person_, "income", "FILTER", False),
        (person_, "income", "SORT", False),
        (person_, "*", "SORT", False),
        (person_, "*", "GROUP_BY", False),
        (person_, "*", "FILTER", False),
        (firm, "code", "JOIN", False),
        (firm, "code", "FILTER", False),
    }
    kinds = {t["type"] for f in _lineage(EVENTS[4])["dataset"] for t in f["transformations"]}
    assert kinds == {"INDIRECT"}


def test_an_edge_names_the_namespace_of_its_input() -> None:
    elsewhere = person()
    elsewhere = type(elsewhere)("postgres://synthetic:5432", elsewhere.name)
    event = complete_event(step("open.people"), MODEL, [elsewhere], [model()], at=AT)
    fields = _lineage(event)["fields"]
    assert fields["district"]["inputFields"][0]["namespace"] == "postgres://synthetic:5432"


def test_levels_are_tags_of_fields_and_the_highest_is_the_tables() -> None:
    tags = EVENTS[2]["outputs"][0]["facets"]["tags"]["tags"]
    assert [(t.get("field"), t["value"]) for t in tags] == [
        (None, "L4"),
        ("id", "L4"),
        ("phone", "L3"),
    ]
    assert {t["key"] for t in tags} == {"level"}


def test_counts_versions_and_rules() -> None:
    read, written = EVENTS[4]["inputs"][0], EVENTS[4]["outputs"][0]
    assert read["facets"]["version"]["datasetVersion"] == "6173548250812003347"
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 10
    assert "dataQualityAssertions" in read["inputFacets"]
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 0
    rules = EVENTS[2]["outputs"][0]["facets"]["dataQualityAssertions"]["assertions"]
    assert [(r["assertion"], r.get("column"), r["success"], r.get("severity")) for r in rules] == [
        ("not_null", "id", True, "error"),
        ("unique", "phone", False, "warn"),
        ("row_count", None, True, None),
    ]


def test_a_job_tells_its_sql_and_department() -> None:
    facets = EVENTS[3]["job"]["facets"]
    assert (facets["sql"]["query"], facets["sql"]["dialect"]) == (SQL, "duckdb")
    assert facets["ownership"]["owners"] == [{"name": "department:civil", "type": "OWNER"}]
    assert facets["jobType"]["jobType"] == "MODEL"


def test_an_error_is_told_without_what_it_concerns() -> None:
    event = fail_event(WHOLE, WHOLE_JOB, at=AT, code="connection_missing")
    message = event["run"]["facets"]["errorMessage"]["message"]
    assert message.startswith("[connection_missing] ")
    assert "{" in message


def test_an_event_needs_a_time_zone_and_is_told_in_utc() -> None:
    with pytest.raises(ValueError, match="time zone"):
        start_event(WHOLE, WHOLE_JOB, at=AT.replace(tzinfo=None))
    assert EVENTS[0]["eventTime"] == "2025-01-02T03:04:06.789Z"
