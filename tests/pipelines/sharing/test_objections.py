"""Objections go to the departments from which the value comes; the record is flagged meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog.database import CatalogStore, SnapshotRecord, StepRecord
from catalog.database.objections import ObjectionsWanted
from catalog.database.paging import Place
from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.request import FieldDecision
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.ticking import tick
from tests.support.sharing import AUDITOR, LI, NORTH, STEWARD, SUN, WANG, Hands, wish

WORKER = "fusion.worker"
RECORD = {"id": "1"}


@pytest.fixture
def objecting(desk: SharingDesk) -> ObjectionDesk:
    """A desk with `civil` reading the fused field `label`."""
    request = desk.submit(WANG, wish(wants={WORKER: ["id", "label"]}))
    desk.check(STEWARD, request.id)
    desk.dispatch(STEWARD, request.id)
    said = dict.fromkeys(("id", "label"), FieldDecision("approved"))
    # Models have no department: the operator answers, by a steward.
    assert desk.decide(STEWARD, request.id, 1, said).tasks[0].state == "provisioned"
    return ObjectionDesk(desk)


def code(do: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(CityBrainError) as caught:
        do(*args, **named)
    return caught.value.code


def raised(objecting: ObjectionDesk) -> str:
    return objecting.raise_(WANG, WORKER, RECORD, "label", "moved to the south", "letter 7").id


def publish(store: CatalogStore, desk: SharingDesk, number: int, at: Any) -> None:
    """Record a snapshot of the fused table, as a run does."""
    contracts = [step.contract for step in desk.plan.steps.values()]
    store.sync_resources("testville", contracts)
    run = f"run-{number}"
    store.start_run("testville", run_id=run, selection="*", source_dir=None, engine="duckdb",
                    pid=1, host="h")  # fmt: skip
    snapshot = SnapshotRecord(snapshot_id=number, run_id=run, fingerprint=run, rows=2,
                              committed_at=at)  # fmt: skip
    step = StepRecord(resource=WORKER, kind="build", status="published", started_at=at,
                      finished_at=at, snapshot=snapshot, received=2, published=2, quarantined=0,
                      filtered=0)  # fmt: skip
    store.record_step(run, step)
    store.finish_run(run, "succeeded")


def listed(objecting: ObjectionDesk, person: Person, **wanted: str) -> list[str]:
    """The ids on the first page of somebody's list."""
    return [one.id for one in objecting.page(person, ObjectionsWanted(**wanted), Place()).items]


def test_a_fused_field_is_traced_to_its_sources(objecting: ObjectionDesk) -> None:
    objection = objecting.get(WANG, raised(objecting))
    assert objection.state == "traced"
    assert [(one.department, one.sources) for one in objection.routes] == [
        ("other", ("raw.other__job.pay",)),
        ("police", ("raw.police__person.district",)),
    ]
    told = [(event.act, event.after, event.task, event.to) for event in objection.events]
    assert told == [
        ("raise", "raised", None, ""),
        ("trace", "traced", 1, "other"),
        ("trace", "traced", 2, "police"),
    ]
    for person in (WANG, LI, SUN, STEWARD, AUDITOR):
        assert listed(objecting, person) == [objection.id]
    assert listed(objecting, NORTH) == []
    assert (
        listed(objecting, LI, state="traced") == [objection.id] != listed(objecting, LI, state="x")
    )
    assert listed(objecting, STEWARD, department="police") == []
    assert code(objecting.get, NORTH, objection.id) == "objection_unknown"
    assert code(objecting.answer, NORTH, objection.id, "denied", "x") == "objection_unknown"


def test_the_record_is_flagged_until_it_is_corrected(
    objecting: ObjectionDesk, desk: SharingDesk, store: CatalogStore, hands: Hands
) -> None:
    publish(store, desk, 11, hands.now - timedelta(days=1))
    id = raised(objecting)
    flagged = store.objections.open_keys
    assert flagged("testville", WORKER) == [RECORD]
    assert flagged("testville", "raw.police__person") == [] == flagged("other", WORKER)
    hands.later(hours=1)
    assert code(objecting.correct, LI, id) == "objection_snapshot"
    assert objecting.answer(LI, id, "confirmed", "he did").state == "verified"
    assert flagged("testville", WORKER) == [RECORD]
    assert code(objecting.correct, LI, id) == "objection_snapshot"
    hands.later(days=1)
    publish(store, desk, 12, hands.now)
    assert code(objecting.correct, WANG, id) == "objection_not_asked"
    assert code(objecting.correct, LI, id, 11) == "objection_snapshot"
    assert objecting.correct(LI, id).state == "verified"  # the other source has not answered
    assert flagged("testville", WORKER) == [RECORD]
    assert code(objecting.correct, LI, id) == "share_illegal"
    hands.later(days=1)
    closed = objecting.answer(SUN, id, "denied", "as paid")
    assert (closed.state, closed.snapshot, closed.closed_at) == ("corrected", 12, hands.now)
    assert [(one.state, one.snapshot) for one in closed.routes] == [
        ("rejected", None), ("corrected", 12)]  # fmt: skip
    assert flagged("testville", WORKER) == []
    assert code(objecting.answer, SUN, id, "denied", "no") == "share_illegal"
    log = [one.record for one in store.audit.newest("testville", action="objection")]
    acts = [(one.outcome, one.detail.get("act")) for one in log[::-1] if one.outcome == "ok"]
    assert [act for _, act in acts] == ["raise", "trace", "trace", "verify", "correct", "reject"]
    corrected = next(one for one in log if one.detail.get("act") == "correct")
    assert (corrected.snapshot, corrected.detail["source"]) == (12, "police")


def test_each_source_corrects_its_own_fault(
    objecting: ObjectionDesk, desk: SharingDesk, store: CatalogStore, hands: Hands
) -> None:
    id = raised(objecting)
    objecting.answer(LI, id, "confirmed", "a slip")
    assert objecting.answer(SUN, id, "confirmed", "another").state == "verified"
    hands.later(days=1)
    publish(store, desk, 12, hands.now)
    assert objecting.correct(LI, id).state == "verified"
    publish(store, desk, 13, hands.now)
    closed = objecting.correct(SUN, id)
    assert (closed.state, [one.snapshot for one in closed.routes]) == ("corrected", [13, 12])


def test_a_steward_corrects_what_was_confirmed_and_nothing_else(
    objecting: ObjectionDesk, desk: SharingDesk, store: CatalogStore, hands: Hands
) -> None:
    id = raised(objecting)
    hands.later(days=1)
    publish(store, desk, 12, hands.now)
    assert code(objecting.correct, STEWARD, id) == "share_illegal"
    objecting.answer(LI, id, "confirmed", "a slip")
    assert code(objecting.correct, SUN, id) == "share_illegal"
    after = objecting.correct(STEWARD, id)
    assert [one.state for one in after.routes] == ["traced", "corrected"]
    assert objecting.answer(SUN, id, "confirmed", "a fault").state == "verified"
    assert objecting.correct(STEWARD, id).state == "corrected"


def test_who_withdraws_his_confirmation_leaves_it_to_the_others(objecting: ObjectionDesk) -> None:
    id = raised(objecting)
    first = objecting.answer(LI, id, "confirmed", "a slip").routes[1].answered_at
    after = objecting.answer(LI, id, "denied", "no slip after all")
    assert (after.state, after.routes[1].answered_at) == ("traced", first)
    assert code(objecting.answer, LI, id, "confirmed", "again") == "share_illegal"
    assert objecting.answer(SUN, id, "denied", "as paid").state == "rejected"


def test_it_is_rejected_when_all_sources_deny_it(
    objecting: ObjectionDesk, store: CatalogStore
) -> None:
    id = raised(objecting)
    assert code(objecting.answer, LI, id, "denied", " ") == "share_text"
    assert code(objecting.answer, WANG, id, "denied", "no") == "objection_not_asked"
    assert objecting.answer(LI, id, "denied", "as registered").state == "traced"
    assert store.objections.open_keys("testville", WORKER) == [RECORD]
    closed = objecting.answer(SUN, id, "denied", "as paid")
    assert (closed.state, closed.clock) == ("rejected", None)
    assert store.objections.open_keys("testville", WORKER) == []


def test_who_may_object_to_what(objecting: ObjectionDesk) -> None:
    for person, resource, key, field, wrong in (
        (WANG, WORKER, RECORD, "age", "objection_no_grant"),
        (NORTH, WORKER, RECORD, "label", "objection_no_grant"),
        (WANG, "fusion.nowhere", RECORD, "label", "unknown_table"),
        (WANG, WORKER, {}, "label", "objection_key"),
        (WANG, WORKER, {"id": "1", "age": "2"}, "label", "objection_key"),
        (WANG, WORKER, {"id": " "}, "label", "objection_key"),
        (STEWARD, WORKER, RECORD, "nothing", "objection_field"),
        (AUDITOR, WORKER, RECORD, "label", "share_role"),
    ):
        assert code(objecting.raise_, person, resource, key, field, "x", "y") == wrong
    for person in (LI, STEWARD):  # of its own data, and for the public
        resource = "raw.police__person"
        made = objecting.raise_(person, resource, RECORD, "age", "is 31", "birth record")
        assert [one.department for one in made.routes] == ["police"]


def test_it_ends_with_the_grant(objecting: ObjectionDesk, desk: SharingDesk, hands: Hands) -> None:
    (grant,) = desk.grants(WANG)
    hands.later(days=1)
    desk.revoke(STEWARD, grant.id, "over")
    assert code(objecting.raise_, WANG, WORKER, RECORD, "label", "x", "y") == "objection_no_grant"


def test_every_source_has_a_clock_of_its_own(
    objecting: ObjectionDesk, desk: SharingDesk, hands: Hands
) -> None:
    id = raised(objecting)
    asked = objecting.get(LI, id).clock_for("police")
    hands.later(days=3)
    objecting.answer(LI, id, "confirmed", "a slip")
    found = objecting.get(LI, id)
    other, police = (one.clock for one in found.routes)
    assert other is not None and police is not None and asked is not None
    assert (other.step, other.due_at, police.step) == ("verify", asked.due_at, "correct")
    assert police.due_at is not None and asked.due_at is not None and police.due_at > asked.due_at
    assert found.clock == found.clock_for("civil") == other
    assert found.clock_for("police") == police
    hands.now = asked.due_at + timedelta(minutes=1)
    assert (tick(desk).done["supervise"], tick(desk).done["supervise"]) == (1, 0)
    late = objecting.get(SUN, id)
    assert (late.events[-1].task, late.events[-1].to) == (1, "other")
    assert late.routes[1].clock == police
    overdue = ObjectionsWanted(overdue=hands.now)
    assert [one.id for one in objecting.page(LI, overdue, Place()).items] == [id]
    objecting.answer(SUN, id, "denied", "as paid")
    assert list(objecting.page(LI, overdue, Place()).items) == []


def test_sources_that_do_not_look_are_supervised(
    objecting: ObjectionDesk, desk: SharingDesk, hands: Hands
) -> None:
    id = raised(objecting)
    objecting.answer(SUN, id, "denied", "as paid")
    hands.later(days=60)
    assert (tick(desk).done["supervise"], tick(desk).done["supervise"]) == (1, 0)
    told = [(event.act, event.to) for event in objecting.get(LI, id).events[-2:]]
    assert told == [("supervise", "police"), ("escalate", "bureau")]


def test_who_has_confirmed_it_is_supervised_until_it_is_corrected(
    objecting: ObjectionDesk, desk: SharingDesk, hands: Hands
) -> None:
    id = raised(objecting)
    objecting.answer(LI, id, "confirmed", "a slip")
    objecting.answer(SUN, id, "denied", "as paid")
    hands.later(days=60)
    assert (tick(desk).done["supervise"], tick(desk).done["supervise"]) == (1, 0)
    told = [(event.act, event.to) for event in objecting.get(LI, id).events[-2:]]
    assert told == [("supervise", "police"), ("escalate", "bureau")]
