"""From a basket to a grant: who may do what, and what is recorded of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.errors import CatalogError, CityBrainError
from catalog.people import Person
from catalog.sharing import moves
from catalog.sharing.request import FieldDecision, Request
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.returning import Return
from pipelines.sharing.ticking import tick
from tests.support.sharing import (
    AUDITOR,
    ENGINEER,
    LI,
    MONDAY,
    NORTH,
    PERSONS,
    STEWARD,
    SUN,
    WANG,
    Hands,
    wish,
)

YES, NO = FieldDecision("approved"), FieldDecision("refused", reason="not needed")
MASKED = FieldDecision("approved", mask="mask_name(name)", condition="staff only")
DECISIONS = {"id": YES, "name": MASKED, "age": NO}


def code(do: Callable[..., Any], *args: Any, **named: Any) -> str:
    """The code with which something is refused."""
    with pytest.raises(CityBrainError) as caught:
        do(*args, **named)
    return caught.value.code


def dispatched(desk: SharingDesk, **changes: Any) -> Request:
    request = desk.submit(WANG, wish(**changes))
    desk.check(STEWARD, request.id)
    return desk.dispatch(STEWARD, request.id)


def log_of(desk: SharingDesk) -> list[AuditRecord]:
    """The audit log, the oldest record first."""
    return [one.record for one in desk.store.audit.newest("testville", limit=500)][::-1]


def held(desk: SharingDesk, at: datetime) -> list[tuple[str, ...]]:
    return [one.fields for one in desk.store.grants.of("testville", "civil", PERSONS, at)]


def test_from_the_basket_to_the_grant(desk: SharingDesk, hands: Hands) -> None:
    desk.put(WANG, PERSONS, ["age"])
    desk.put(WANG, PERSONS, ["age", "name", "id", "district"])
    desk.put(WANG, "fusion.worker", ["label"])
    assert desk.basket(WANG)[PERSONS] == ("age", "name", "id", "district")
    assert desk.basket(LI) == {}
    request = desk.submit(WANG, wish(wants={PERSONS: desk.basket(WANG)[PERSONS]}))
    assert list(desk.basket(WANG)) == ["fusion.worker"]
    assert request.state == "submitted" and request.department == "civil"
    assert [(i.share_type, i.fields) for i in request.asked.items] == [
        (1, ("district",)),
        (2, ("id", "name", "age")),
    ]
    desk.check(STEWARD, request.id)
    assert held(desk, hands.now) == []
    request = desk.dispatch(STEWARD, request.id)
    assert [task.state for task in request.tasks] == ["provisioned", "dispatched"]
    assert held(desk, hands.now) == [("district",)]
    hands.later(days=1)
    request = desk.decide(LI, request.id, 2, DECISIONS)
    assert (request.state, request.tasks[1].state) == ("confirmed", "provisioned")
    assert held(desk, hands.now) == [("district",), ("id", "name")]
    assert held(desk, hands.now - timedelta(seconds=1)) == [("district",)]
    (grant,) = [one for one in desk.grants(WANG) if one.fields == ("id", "name")]
    assert grant.masks == {"name": "mask_name(name)"}
    assert (grant.conditions, grant.owner) == ({"name": "staff only"}, "police")
    assert request.tasks[1].grant == grant.id and grant in desk.grants(LI)
    assert grant.valid_to == datetime(2026, 3, 1, tzinfo=UTC)
    assert held(desk, grant.valid_to - timedelta(seconds=1)) and not held(desk, grant.valid_to)
    hands.later(days=1)
    desk.revoke(LI, grant.id, "no longer needed")
    assert held(desk, hands.now - timedelta(seconds=1)) == [("district",), ("id", "name")]
    assert held(desk, hands.now) == [("district",)]


def test_every_change_and_refusal_is_in_the_log(desk: SharingDesk) -> None:
    request = dispatched(desk)
    assert code(desk.decide, SUN, request.id, 2, DECISIONS) == "request_unknown"
    assert code(desk.decide, WANG, request.id, 2, DECISIONS) == "share_not_owner"
    desk.decide(LI, request.id, 2, DECISIONS)
    logged = log_of(desk)
    told = [(one.actor, one.action, one.outcome, one.detail.get("act")) for one in logged]
    assert told == [
        ("department:civil/wang", "request", "ok", "submit"),
        ("account:steward", "request", "ok", "check"),
        ("account:steward", "request", "ok", "dispatch"),
        ("account:steward", "request", "ok", "dispatch"),
        ("system", "request", "ok", "approve"),
        ("account:steward", "request", "ok", "dispatch"),
        ("system", "request", "ok", "provision"),
        ("system", "grant", "ok", None),
        ("department:other/sun", "request", "request_unknown", None),
        ("department:civil/wang", "request", "share_not_owner", None),
        ("department:police/li", "request", "ok", "approve_some"),
        ("system", "request", "ok", "confirm"),
        ("system", "request", "ok", "provision"),
        ("department:police/li", "grant", "ok", None),
    ]
    events = [event.act for event in desk.get(WANG, request.id).events]
    assert events == [one.detail["act"] for one in logged if "act" in one.detail]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"wants": {}}, "share_nothing"),
        ({"wants": {PERSONS: []}}, "share_nothing"),
        ({"wants": {PERSONS: ["nobody"]}}, "share_field_unknown"),
        ({"wants": {PERSONS: ["id", "phone"]}}, "share_not_shared"),
        ({"wants": {PERSONS: ["secret"]}}, "share_closed"),
        ({"wants": {"raw.nowhere": ["id"]}}, "unknown_table"),
        ({"basis": "  "}, "share_text"),
        ({"purpose": "x" * 2001}, "share_text"),
        ({"manner": "post"}, "share_manner"),
        ({"last": date(2025, 2, 28)}, "share_term"),
        ({"first": date(2025, 1, 1), "last": date(2025, 3, 2)}, "share_term"),
        ({"last": date(2027, 3, 1)}, "share_term"),
    ],
)
def test_what_cannot_be_asked_for(desk: SharingDesk, changes: dict[str, Any], wrong: str) -> None:
    assert code(desk.submit, WANG, wish(**changes)) == wrong
    assert desk.mine(WANG) == []
    (refused,) = log_of(desk)
    assert (refused.outcome, refused.actor) == (wrong, "department:civil/wang")


def test_the_legal_basis_of_not_sharing_is_told(desk: SharingDesk) -> None:
    with pytest.raises(CityBrainError) as caught:
        desk.put(WANG, PERSONS, ["phone"])
    assert "Statistics Act 25" in caught.value.text("en")


def test_nobody_asks_for_his_own_data_and_only_departments_ask(desk: SharingDesk) -> None:
    assert code(desk.submit, LI, wish()) == "share_own"
    for person in (AUDITOR, ENGINEER, Person("p", "p", "partner", partner="bank-a")):
        assert code(desk.submit, person, wish()) == "share_role"


def test_others_learn_nothing_of_a_request(desk: SharingDesk) -> None:
    request = dispatched(desk)
    for person in (SUN, NORTH, ENGINEER, Person("a", "a", "administrator")):
        assert code(desk.get, person, request.id) == "request_unknown"
        for do, *more in (
            (desk.withdraw, "why"),
            (desk.correct, 2, "x"),
            (desk.ask, 2, "x"),
            (desk.return_task, 2, "x"),
            (desk.dispute, 2, "x"),
            (desk.check,),
            (desk.decide, 2, DECISIONS),
        ):
            assert code(do, person, request.id, *more) == "request_unknown"
    for person in (WANG, LI, STEWARD, AUDITOR):
        assert desk.get(person, request.id) == request
    assert code(desk.check, AUDITOR, request.id) == "share_role"
    assert code(desk.check, WANG, request.id) == "share_role"
    assert code(desk.decide, STEWARD, request.id, 2, DECISIONS) == "share_not_owner"
    assert code(desk.withdraw, LI, request.id) == "share_not_yours"
    assert code(desk.get, WANG, "request-0") == "request_unknown"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"name": YES}, "share_mask_needed"),
        ({"name": FieldDecision("approved", mask="mask_phone(name)")}, "share_mask_needed"),
        ({"name": FieldDecision("approved", mask="mask_name(phone)")}, "share_mask"),
        ({"name": FieldDecision("approved", mask="upper(name)")}, "share_mask"),
        ({"name": FieldDecision("approved", mask="(SELECT 1)")}, "share_mask"),
        ({"id": FieldDecision("approved", mask="mask_date(id, 'month')")}, "share_mask"),
        ({"age": FieldDecision("refused")}, "share_reason"),
        ({"phone": YES}, "share_not_shared"),
    ],
)
def test_what_cannot_be_granted(
    desk: SharingDesk, said: dict[str, FieldDecision], wrong: str
) -> None:
    request = dispatched(desk)
    assert code(desk.decide, LI, request.id, 2, DECISIONS | said) == wrong
    assert desk.get(LI, request.id).tasks[1].state == "dispatched"


def test_a_law_lets_a_field_be_given_as_it_is(desk: SharingDesk) -> None:
    request = dispatched(desk)
    lawful = FieldDecision("approved", legal_basis="Household Act 12")
    request = desk.decide(LI, request.id, 2, DECISIONS | {"name": lawful})
    assert request.tasks[1].state == "provisioned"
    assert request.tasks[1].decisions["name"].legal_basis == "Household Act 12"


def test_masks_are_offered_that_lower_the_level(desk: SharingDesk) -> None:
    request = dispatched(desk)
    offered = desk.masks_for(LI, request, request.tasks[1])
    assert offered["name"] == ("mask_name(name)", "mask_pseudonym(name, 'share', 'civil')")
    assert offered["id"] == ()  # L1 already
    for name, masks in offered.items():
        for mask in masks:
            said = {one: FieldDecision("approved", mask=mask) for one in (name,)}
            desk.rules.check_decisions(PERSONS, said)
    assert code(desk.masks_for, SUN, request, request.tasks[1]) == "request_unknown"


def test_supply_that_fails_is_tried_again(
    desk: SharingDesk, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = dispatched(desk)

    def full(*_: Any) -> None:
        raise CatalogError("database_failed", url="-", problem="full")

    with monkeypatch.context() as patch:
        patch.setattr(moves, "grant_of", full)
        request = desk.decide(LI, request.id, 2, DECISIONS)
        assert request.tasks[1].state == "partially_approved" and request.tasks[1].grant is None
        assert held(desk, hands.now) == [("district",)]
        assert tick(desk).failed == {f"{request.id}/2": "database_failed"}
    assert tick(desk).done["provision"] == 1
    assert held(desk, hands.now) == [("district",), ("id", "name")]
    assert tick(desk).done["provision"] == 0


def test_supply_is_supervised(desk: SharingDesk, hands: Hands, monkeypatch: Any) -> None:
    request = dispatched(desk)
    monkeypatch.setattr(desk, "_supplied", lambda one: one)
    desk.decide(LI, request.id, 2, DECISIONS)
    hands.later(days=40)
    monkeypatch.setattr(desk, "supply", lambda *_: None)
    assert tick(desk).done["supervise"] == 1


def test_contracts_are_looked_at_again_before_supply(desk: SharingDesk, hands: Hands) -> None:
    request = dispatched(desk, wants={PERSONS: ["age"]})
    step = desk.plan.steps[PERSONS]
    fewer = tuple(one for one in step.contract.fields if one.name != "age")
    changed = replace(step, contract=replace(step.contract, fields=fewer))
    plan = replace(desk.plan, steps={**desk.plan.steps, PERSONS: changed})
    later = SharingDesk(plan, desk.store, hands)
    assert code(later.decide, LI, request.id, 1, {"age": YES}) == "share_field_unknown"


def test_clocks_remind_supervise_and_escalate_once(desk: SharingDesk, hands: Hands) -> None:
    request = dispatched(desk, wants={PERSONS: ["age"]})
    seen: list[tuple[str, int]] = []
    for day in range(30):
        hands.now = MONDAY + timedelta(days=day)
        seen += [(act, day) for act, count in tick(desk).done.items() for _ in range(count)]
        assert sum(tick(desk).done.values()) == 0
    # Monday 3 March 2025 and ten working days: Monday the 17th.
    assert seen == [("remind", 11), ("supervise", 15), ("escalate", 18)]
    request = desk.get(LI, request.id)
    assert request.tasks[0].state == "supervising"
    told = [(event.act, event.to) for event in request.events[-3:]]
    assert told == [("remind", "police"), ("supervise", "police"), ("escalate", "bureau")]
    assert desk.decide(LI, request.id, 1, {"age": YES}).tasks[0].state == "provisioned"


def test_the_platforms_check_has_a_clock_too(desk: SharingDesk, hands: Hands) -> None:
    request = desk.submit(WANG, wish())
    hands.later(days=30)
    done = tick(desk).done
    assert (done["supervise"], done["escalate"]) == (1, 1)
    assert desk.get(WANG, request.id).state == "submitted"


def test_expiry_is_told_once(desk: SharingDesk, hands: Hands) -> None:
    dispatched(desk, wants={PERSONS: ["district"]})
    hands.now = datetime(2026, 3, 1, tzinfo=UTC)
    assert held(desk, hands.now) == [] and held(desk, hands.now - timedelta(seconds=1))
    assert tick(desk).done["expire"] == 1
    assert tick(desk).done["expire"] == 0
    last = log_of(desk)[-1]
    assert (last.action, last.detail["event"], last.actor) == ("grant", "expired", "system")


def test_a_question_and_its_answer(desk: SharingDesk, hands: Hands) -> None:
    request = dispatched(desk)
    asked = desk.ask(LI, request.id, 2, "which district?")
    assert asked.tasks[1].state == "correction"
    assert code(desk.decide, LI, request.id, 2, DECISIONS) == "share_illegal"
    hands.later(days=60)
    assert sum(tick(desk).done.values()) == 0
    answered = desk.correct(WANG, request.id, 2, "the north")
    assert answered.tasks[1].answer == "the north"
    assert desk.decide(LI, request.id, 2, DECISIONS).state == "confirmed"


def test_a_dispute_goes_to_the_bureau(desk: SharingDesk) -> None:
    request = dispatched(desk)
    desk.decide(LI, request.id, 2, DECISIONS)
    assert code(desk.dispute, LI, request.id, 2, "x") == "share_not_yours"
    desk.dispute(WANG, request.id, 2, "the law names it")
    assert code(desk.rule, WANG, request.id, 2, True, "yes") == "share_role"
    request = desk.rule(STEWARD, request.id, 2, True, "it does")
    assert (request.state, request.tasks[2].item.fields) == ("dispatched", ("age",))
    request = desk.decide(LI, request.id, 3, {"age": YES})
    assert (request.state, request.tasks[2].state) == ("confirmed", "provisioned")


def test_a_dispute_has_a_deadline(desk: SharingDesk, hands: Hands) -> None:
    request = dispatched(desk, wants={PERSONS: ["age"]})
    desk.decide(LI, request.id, 1, {"age": NO})
    desk.dispute(WANG, request.id, 1, "the law names it")
    (task,) = desk.get(STEWARD, request.id).tasks
    assert task.dispute is not None and task.dispute.clock is not None
    assert task.dispute.clock.due_at == desk.terms.start("dispute", hands.now).due_at
    hands.later(days=60)
    done = tick(desk).done
    assert (done["supervise"], done["escalate"], sum(tick(desk).done.values())) == (1, 1, 0)
    (task,) = desk.get(STEWARD, request.id).tasks
    assert task.state == "refused" and task.dispute is not None and task.dispute.clock is not None
    assert task.dispute.clock.escalated_at == hands.now
    ruled = desk.rule(STEWARD, request.id, 1, False, "it does not").tasks[0]
    assert ruled.dispute is not None and ruled.dispute.clock is None


def test_a_task_goes_to_the_right_department(desk: SharingDesk) -> None:
    request = dispatched(desk)
    desk.return_task(LI, request.id, 2, "not ours")
    assert code(desk.redispatch, STEWARD, request.id, 2, "nobody", "x") == "share_department"
    desk.redispatch(STEWARD, request.id, 2, "other", "theirs")
    assert code(desk.decide, LI, request.id, 2, DECISIONS) == "share_not_owner"
    assert desk.decide(SUN, request.id, 2, DECISIONS).tasks[1].state == "provisioned"


def test_a_returned_request_comes_again(desk: SharingDesk) -> None:
    request = desk.submit(WANG, wish())
    assert code(desk.give_back, STEWARD, request.id, "which law?") == "share_illegal"
    desk.check(STEWARD, request.id)
    assert code(desk.withdraw, WANG, request.id) == "share_illegal"
    assert desk.give_back(STEWARD, request.id, "which law?").state == "returned"
    again = desk.resubmit(WANG, request.id, wish(basis="Act 3, 12"))
    assert (again.state, again.asked.basis) == ("submitted", "Act 3, 12")
    assert desk.withdraw(WANG, request.id, "later").state == "withdrawn"


def test_returned_data(desk: SharingDesk, hands: Hands) -> None:
    given = Return("north", PERSONS, ("age", "id"), "district", ("north",), "care", "Act 9",
                   date(2025, 3, 1), date(2025, 12, 31))  # fmt: skip
    assert code(desk.give_return, LI, given) == "share_role"
    for changes, wrong in (
        ({"department": "nobody"}, "share_department"),
        ({"region_field": "town"}, "share_region"),
        ({"regions": ()}, "share_region"),
        ({"fields": ()}, "share_nothing"),
        ({"fields": ("secret",)}, "share_closed"),
        ({"fields": ("name",)}, "share_mask_needed"),
        ({"last": date(2020, 1, 1)}, "share_term"),
    ):
        assert code(desk.give_return, STEWARD, replace(given, **changes)) == wrong
    grant = desk.give_return(STEWARD, given)
    assert (grant.fields, grant.request, grant.owner) == (("id", "age"), "", "police")
    assert grant.rows is not None and grant.rows.values == ("north",)
    assert desk.grants(NORTH) == [grant]
    assert code(desk.grant, WANG, grant.id) == "grant_unknown"
    assert code(desk.revoke, NORTH, grant.id, "x") == "share_not_owner"
    hands.later(days=1)
    assert desk.revoke(STEWARD, grant.id, "over").revoked_at == hands.now


# -- at once ------------------------------------------------------------------------------------


def at_once(*does: Callable[[], Any]) -> list[str]:
    """What came of things that were done at the same time, each in a thread of its own."""
    gate, found = threading.Barrier(len(does)), [""] * len(does)

    def run(place: int, do: Callable[[], Any]) -> None:
        gate.wait()
        try:
            do()
            found[place] = "ok"
        except CityBrainError as error:
            found[place] = error.code

    threads = [threading.Thread(target=run, args=one) for one in enumerate(does)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_decisions_at_once(desk: SharingDesk, store: CatalogStore) -> None:
    for _ in range(3):
        request = dispatched(desk)
        found = at_once(
            lambda id=request.id: desk.decide(LI, id, 2, DECISIONS),
            lambda id=request.id: desk.decide(LI, id, 2, dict.fromkeys(DECISIONS, NO)),
        )
        assert sorted(found) == ["ok", "share_illegal"]
        decided = store.requests.get("testville", request.id)
        done = [event.act for event in decided.events]
        assert done.count("approve_some") + done.count("refuse") == 1


def test_checking_and_withdrawing_at_once(desk: SharingDesk, store: CatalogStore) -> None:
    for _ in range(3):
        request = desk.submit(WANG, wish())
        found = at_once(
            lambda id=request.id: desk.check(STEWARD, id),
            lambda id=request.id: desk.withdraw(WANG, id),
        )
        assert sorted(found) == ["ok", "share_illegal"]
        state = store.requests.get("testville", request.id).state
        assert state == ("pre_auditing" if found[0] == "ok" else "withdrawn")


def test_two_owners_at_once_both_count(desk: SharingDesk) -> None:
    wants = {PERSONS: ["age"], "raw.other__job": ["pay"]}
    request = dispatched(desk, wants=wants)
    found = at_once(
        lambda: desk.decide(LI, request.id, 1, {"age": YES}),
        lambda: desk.decide(SUN, request.id, 2, {"pay": YES}),
    )
    assert found == ["ok", "ok"]
    request = desk.get(WANG, request.id)
    assert request.state == "confirmed"
    assert [task.state for task in request.tasks] == ["provisioned", "provisioned"]
