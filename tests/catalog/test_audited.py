"""What is published, decided, imported and asked stands in the audit log, or neither does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.audit import Logged
from catalog.database.ledger_records import Hold
from catalog.database.openings import GivenData, Opening
from catalog.database.records import Reason
from catalog.errors import CatalogError
from tests.support.instruments import PUBLIC, letter, signed

CITY, TABLE = "tainan", "raw.health__clinics"
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def newest(store: CatalogStore, **wanted: Any) -> list[AuditRecord]:
    found: list[Logged] = store.audit.newest(CITY, **wanted)
    return [one.record for one in found]


def test_steps(ready: CatalogStore, samples: Any) -> None:
    step = samples.step()
    ready.record_step("run-1", step)
    ready.record_step("run-1", step)  # the same again
    (found,) = newest(ready)
    assert (found.actor, found.action, found.subject) == ("run:run-1", "publish", TABLE)
    assert (found.outcome, found.rows, found.snapshot) == ("ok", 90, 1)
    assert found.at == step.finished_at and found.detail["quarantined"] == "7"
    ready.record_step("run-1", samples.step("stale", resource="base.clinic"))
    assert len(newest(ready)) == 1
    blocked = samples.step("blocked", resource="base.clinic", reason=Reason("gate_blocked", "x"))
    ready.record_step("run-1", blocked)
    assert newest(ready)[0].outcome == "gate_blocked" and newest(ready)[0].rows is None


def test_a_taken_over_snapshot_and_a_rollback(ready: CatalogStore, samples: Any) -> None:
    for number in (1, 2):
        ready.record_snapshot_if_missing(CITY, TABLE, samples.snapshot(number))
        ready.record_snapshot_if_missing(CITY, TABLE, samples.snapshot(number))
    ready.point_to_snapshot(CITY, TABLE, 1, "wang")
    ready.point_to_snapshot(CITY, TABLE, 7)  # which there is not
    found = [(one.action, one.actor, one.snapshot) for one in newest(ready)]
    assert found == [
        ("rollback", "account:wang", 1),
        ("publish", "run:run-1", 2),
        ("publish", "run:run-1", 1),
    ]


def test_a_decision(ready: CatalogStore) -> None:
    ready.holds.record(CITY, Hold(TABLE, "f1", "run-1", "over", "much", 9, 8, 1, NOW))
    for _ in range(2):
        ready.holds.decide(CITY, TABLE, "f1", "approve", "account:wang", "looked at it")
    with pytest.raises(CatalogError):
        ready.holds.decide(CITY, TABLE, "f1", "reject", "li", "no")
    (found,) = newest(ready, action="hold")
    assert (found.actor, found.subject) == ("account:wang", TABLE)
    assert found.detail["decision"] == "approve" and found.detail["why"] == "looked at it"


def test_documents(ready: CatalogStore) -> None:
    zone = ZoneInfo("Asia/Taipei")
    for _ in range(2):
        ready.instruments.import_(CITY, signed(letter()), PUBLIC, zone, by="account:li")
    for _ in range(2):
        ready.instruments.revoke(CITY, "letter", "letter-tax", at=NOW, by="wang", reason="error")
    revoked, imported = newest(ready, action="document")
    assert (imported.actor, imported.detail["what"]) == ("account:li", "imported")
    assert imported.under == "letter:letter-tax@1" and imported.detail["signers"] == "tax"
    assert (revoked.actor, revoked.detail["reason"]) == ("account:wang", "error")


def opening(action: str = "record", outcome: str = "ok") -> Opening:
    given = GivenData(("paid", "used"), 1, 7)
    values: Any = ("bank-a", "wang", "agreement-a", "credit", action, "sandbox.firm X", outcome)
    return Opening(NOW, *values, ("letter:a@1",), 3, given)


def test_calls(ready: CatalogStore) -> None:
    ready.openings.write(CITY, opening(), opening("query", "unit_used"))
    refused, found = newest(ready)
    assert (refused.action, refused.outcome) == ("query", "unit_used")
    assert (found.actor, found.under) == ("partner:bank-a/wang", "agreement-a")
    assert (found.fields, found.rows, found.snapshot) == (("paid", "used"), 1, 7)
    assert found.purpose == "credit" and found.detail["charge"] == "3"


def test_while_it_is_overdue_no_call_is_given(ready: CatalogStore, clock: Any) -> None:
    ready.audit.keep_anchored(CITY, 3600)
    ready.openings.write(CITY, opening())
    ready.openings.check(CITY)
    clock.now += timedelta(hours=2)
    for attempt in (
        lambda: ready.openings.check(CITY),
        lambda: ready.openings.write(CITY, opening()),
    ):
        with pytest.raises(CatalogError) as caught:
            attempt()
        assert caught.value.code == "audit_overdue"
    assert len(ready.openings.newest(CITY)) == 1
    ready.openings.write(CITY, opening(outcome="audit_overdue"))  # that it was refused is told
    assert [one.outcome for one in newest(ready)] == ["audit_overdue", "ok"]
    assert len(ready.openings.newest(CITY)) == 2
