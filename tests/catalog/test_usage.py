"""Use is counted once from the audit log, by day, channel and user, whoever counts it."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.audit.record import AuditRecord
from catalog.audit.usage import Use, uses
from catalog.database import CatalogStore, usage
from catalog.database.openings import GivenData, Opening
from catalog.database.usage import Sum
from tests.catalog.conftest import NOON

NAME = "tainan"
CITY = ZoneInfo("Asia/Taipei")


def day_of(moment: datetime) -> date:
    return moment.astimezone(CITY).date()


DAY = day_of(NOON)


def exchange(
    kind: str,
    rows: int | None,
    user: str = "department:health/wu",
    at: datetime = NOON,
    outcome: str = "ok",
) -> AuditRecord:
    return AuditRecord(
        at, user, "exchange", "base.clinic", outcome, rows=rows, detail={"kind": kind}
    )


def counted(store: CatalogStore) -> dict[Any, tuple[int, int]]:
    found = store.usage.of_resource(NAME, "base.clinic", date(2000, 1, 1), day_of)
    return {key[1:]: (one.calls, one.rows) for key, one in found.items()}


def added(store: CatalogStore, *records: AuditRecord) -> None:
    store.audit.append(NAME, *records)


RECORDS = (
    exchange("page", 100),
    exchange("changes", 7),
    exchange("export", None),
    exchange("export_end", 5_000),
    exchange("export", None),
    exchange("export_end", 12, outcome="export_broken"),  # left with 12 rows given
    exchange("page", None, outcome="grant_missing"),
    exchange("page", 3, user="department:tax/li"),
    exchange("export", None, user="-"),
    exchange("export_end", 40, user="-"),
    exchange("subscribe", None),
)
EXPECTED = {
    (DAY, "exchange", "department:health"): (4, 5_119),
    (DAY, "exchange", "department:tax"): (1, 3),
    (DAY, "open", "-"): (1, 40),
}


def test_what_counts(ready: CatalogStore) -> None:
    added(ready, *RECORDS)
    assert counted(ready) == EXPECTED  # nobody has counted them yet
    ready.usage.count(NAME, day_of)
    assert counted(ready) == EXPECTED
    ready.usage.count(NAME, day_of)
    assert counted(ready) == EXPECTED
    added(ready, exchange("page", 1))
    assert counted(ready)[DAY, "exchange", "department:health"] == (5, 5_120)


def test_downloads_from_before_their_end_was_recorded() -> None:
    old = {"actor": "-", "action": "exchange", "subject": "open.permit", "outcome": "ok"}
    assert list(uses({**old, "rows": 9, "detail": {"format": "csv"}})) == [
        Use("open.permit", "open", "-", 1, 9)
    ]


def test_questions_count_for_each_view_and_records_for_theirs(ready: CatalogStore) -> None:
    def call(action: str, subject: str, outcome: str = "ok", **given: Any) -> Opening:
        return Opening(
            NOON, "bank", "u", "a", "x", action, subject, outcome, given=GivenData(**given)  # type: ignore[arg-type]
        )  # fmt: skip

    both = {"sandbox.a": "1", "base.clinic": "2"}
    ready.openings.write(
        NAME,
        call("query", "SELECT 1", snapshots=both),
        call("query", "SELECT 1 " + "x" * 5_000, snapshots=both),
        call("query", "SELECT 1", "budget_spent"),
        call("quote", "SELECT 1"),
        call("answer", "answer-1"),
        call("record", "base.clinic 17", rows=1),
        call("record", "base.clinics 17", rows=1),
        call("record", "base.clinic 18", "consent_missing"),
    )
    assert counted(ready) == {
        (DAY, "sandbox", "partner:bank"): (2, 0),
        (DAY, "records", "partner:bank"): (1, 1),
    }
    found = ready.usage.by_resource(NAME, DAY, day_of)
    assert {key[0]: one.calls for key, one in found.items() if key[2] == "sandbox"} == {
        "sandbox.a": 2,
        "base.clinic": 2,
    }


def test_days_are_the_citys_and_the_last_use_is_known(ready: CatalogStore) -> None:
    evening, next_day = NOON + timedelta(hours=3), NOON + timedelta(hours=4, seconds=1)
    added(ready, exchange("page", 1, at=evening), exchange("page", 1, at=next_day))
    assert [key[0] for key in counted(ready)] == [DAY, DAY + timedelta(days=1)]
    assert ready.usage.last(NAME, "base.clinic") is None  # not counted yet
    ready.usage.count(NAME, day_of)
    assert [key[0] for key in counted(ready)] == [DAY, DAY + timedelta(days=1)]
    assert ready.usage.last(NAME, "base.clinic") == next_day
    later = ready.usage.by_resource(NAME, DAY + timedelta(days=1), day_of)
    assert [one.calls for one in later.values()] == [1]


def test_in_batches_and_what_is_behind(
    ready: CatalogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "BATCH", 3)
    monkeypatch.setattr(usage, "NEWEST", 2)
    added(ready, *RECORDS)
    assert ready.usage.behind(NAME) == len(RECORDS) - 2
    assert counted(ready) == {(DAY, "exchange", "department:health"): (2, 107)}
    ready.usage.count(NAME, day_of, lambda: True)  # one batch, then the process ends
    assert ready.usage.behind(NAME) == len(RECORDS) - 5
    ready.usage.count(NAME, day_of)
    assert counted(ready) == EXPECTED and ready.usage.behind(NAME) == 0


def test_several_that_count_at_once_count_once(
    ready: CatalogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "BATCH", 2)
    added(ready, *RECORDS)
    faults: list[BaseException] = []

    def count() -> None:
        try:
            ready.usage.count(NAME, day_of)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == [] and ready.usage.behind(NAME) == 0
    monkeypatch.setattr(usage, "NEWEST", 0)
    assert counted(ready) == EXPECTED


def test_workspaces_are_apart(ready: CatalogStore) -> None:
    added(ready, *RECORDS)
    ready.audit.append("elsewhere", exchange("page", 1))
    ready.usage.count(NAME, day_of)
    ready.usage.count("elsewhere", day_of)
    ready.usage.count("nowhere", day_of)
    assert counted(ready) == EXPECTED
    assert ready.usage.by_resource("nowhere", DAY, day_of) == {}


def test_lookups_are_no_use_of_data(ready: CatalogStore) -> None:
    for calls in (2, 3):
        ready.usage.add_lookups(NAME, {("base.clinic", DAY): Sum(calls, 0, NOON)})
    assert counted(ready) == {(DAY, "lookup", "-"): (5, 0)}
    assert ready.usage.last(NAME, "base.clinic") is None
