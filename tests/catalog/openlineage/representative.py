"""A run of a synthetic city as events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.lineage import Edge, MaskUse, ModelLineage
from catalog.openlineage import (
    Assertion,
    Dataset,
    Event,
    Field,
    JobInfo,
    RunInfo,
    complete_event,
    fail_event,
    namespace_of,
    source_name,
    start_event,
)

CITY, RUN_ID = "synthetic", "20250102T030405-0a1b2c3d"
AT = datetime(2025, 1, 2, 3, 4, 6, 789000, UTC)
NAMESPACE = namespace_of(CITY)

PHONE = MaskUse("mask_phone", leads_to="L2", kind="partial")
PSEUDONYM = MaskUse("mask_pseudonym", ("statistics", "bank_of_x"), leads_to="L2", keyed=True)
TRIM = MaskUse("", argument="trim(phone)")

LINEAGE = ModelLineage(
    columns={
        "id": (Edge("raw.civil__person", "id", True, "masking", (PSEUDONYM,), 2),),
        "phone": (
            Edge("raw.civil__person", "phone", True, "masking", (TRIM, PHONE), 3),
            Edge("raw.civil__person", "phone", True, "identity", (), 4),
            Edge("raw.civil__person", "kind", False, "case", (), 3),
        ),
        "district": (Edge("raw.civil__person", "district", True, "identity", (), 5),),
        "income": (
            Edge("raw.civil__person", "income", True, "aggregation", (), 6),
            Edge("raw.civil__person", "income", True, "aggregation", (), 6),
        ),
        "rank": (
            Edge("raw.civil__person", "income", True, "transformation", (TRIM,), 7),
            Edge("raw.civil__person", "district", False, "window", (), 7),
        ),
        "source": (),
    },
    rows=(
        Edge("raw.civil__person", "district", False, "group", (), 9),
        Edge("raw.civil__person", "phone", False, "filter", (PHONE,), 8),
        Edge("raw.civil__person", "income", False, "having"),
        Edge("raw.civil__person", "income", False, "order"),
        Edge("raw.civil__person", "*", False, "limit"),
        Edge("raw.civil__person", "*", False, "count"),
        Edge("raw.civil__person", "*", False, "set"),
        Edge("source.trade.firm", "code", False, "join"),
        Edge("source.trade.firm", "code", False, "subquery"),
    ),
)
SQL = "SELECT mask_pseudonym(id, 'statistics', 'bank_of_x') AS id FROM raw.civil__person"


def person(**more: Any) -> Dataset:
    """A raw table of the lake."""
    fields = (
        Field("id", "VARCHAR", "证件号", "L4"),
        Field("phone", "VARCHAR", level="L3"),
        Field("district", "VARCHAR"),
    )
    told: dict[str, Any] = {
        "description": "People (synthetic)",
        "department": "civil",
        "snapshot_id": "6173548250812003347",
        "rows": 10,
        "size": 2048,
        "files": 1,
        "catalog": "sql",
    }
    return Dataset(NAMESPACE, "raw.civil__person", fields, **(told | more))


def model(**more: Any) -> Dataset:
    """The table that the model makes."""
    told: dict[str, Any] = {"snapshot_id": "77", "rows": 0, "lineage": LINEAGE, "catalog": "sql"}
    fields = (Field("id", "VARCHAR", level="L2"), Field("income", "DECIMAL(18,2)", level="L1"))
    return Dataset(NAMESPACE, "open.people", fields, **(told | more))


def step(name: str) -> RunInfo:
    """One step of the run."""
    return RunInfo(CITY, RUN_ID, name, engine_version="2.0.0")


COLLECT = JobInfo("raw.civil__person", "collect", department="civil")
MODEL = JobInfo("open.people", "model", sql=SQL, description="People, open", department="civil")
WHOLE, WHOLE_JOB = RunInfo(CITY, RUN_ID, engine_version="2.0.0"), JobInfo("run", "run")


def representative() -> list[Event]:
    """Every kind of event and every facet that we write."""
    handed = Dataset(NAMESPACE, source_name("civil", "person"), rows=11)
    rules = (
        Assertion("not_null", True, "id", "error"),
        Assertion("unique", False, "phone", "warn"),
        Assertion("row_count", True),
    )
    later = AT + timedelta(seconds=5)
    return [
        start_event(WHOLE, WHOLE_JOB, at=AT),
        start_event(step("raw.civil__person"), COLLECT, [handed], at=AT),
        complete_event(
            step("raw.civil__person"), COLLECT, [handed], [person(assertions=rules)], at=later
        ),
        start_event(step("open.people"), MODEL, [person()], at=AT),
        complete_event(
            step("open.people"), MODEL, [person(assertions=rules[:1])], [model()], at=later
        ),
        fail_event(step("open.people"), MODEL, [person()], at=later, code="connection_missing"),
        fail_event(WHOLE, WHOLE_JOB, at=later, code="no_such_code"),
    ]
