"""Every way from state to state, and none besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.errors import CatalogError
from catalog.sharing import moves
from catalog.sharing.clocks import Terms
from catalog.sharing.moves import Now
from catalog.sharing.request import Asked, By, FieldDecision, Item, Request
from catalog.sharing.transitions import STATES, TRANSITIONS, Transition, allowed_acts, moved
from catalog.sharing.working_days import WorkingDays

MONDAY = datetime(2025, 3, 3, 2, tzinfo=UTC)
TERMS = Terms(
    WorkingDays("CN"),
    ZoneInfo("Asia/Shanghai"),
    2,
    1,
    10,
    20,
    10,
    10,
    10,
    1,
    3,
    "mayor",
    "bureau",
    730,
)
READER = By("department:civil/wang", "requester")
OWNER = By("department:trade/li", "owner")
OTHER = By("department:health/xu", "owner")
BUREAU = By("account:steward", "bureau")
SIMPLE = Item("base.a", "trade", ("x",), 1)
HARD = Item("base.a", "trade", ("y", "z"), 2)
HEALTH = Item("base.b", "health", ("k",), 2)
YES, NO = FieldDecision("approved"), FieldDecision("refused", reason="not needed")


def at(days: float = 0) -> Now:
    return Now(MONDAY + timedelta(days=days), TERMS)


def asked(*items: Item) -> Asked:
    return Asked(items, "Act 3", "permits", "check permits", "interface", date(2025, 3, 1),
                 date(2025, 12, 31))  # fmt: skip


def submitted(*items: Item) -> Request:
    return moves.submit("r1", "civil", READER, asked(*items), at()).request


def dispatched(*items: Item, at_once: bool = True) -> Request:
    request = moves.check(submitted(*items), BUREAU, at()).request
    return moves.dispatch(request, BUREAU, at(), at_once).request


def states(request: Request) -> list[str]:
    return [request.state, *(task.state for task in request.tasks)]


def code(caught: pytest.ExceptionInfo[CatalogError]) -> str:
    return caught.value.code


def test_the_table_is_about_known_states_and_each_way_stands_once() -> None:
    ways = [(one.kind, one.act, before) for one in TRANSITIONS for before in one.before]
    assert len(ways) == len(set(ways))
    assert {one.after for one in TRANSITIONS} | {"new"} == set(STATES)


@pytest.mark.parametrize("one", TRANSITIONS, ids=lambda one: f"{one.kind}-{one.act}-{one.after}")
def test_each_way_is_open_to_its_parties_and_closed_to_others(one: Transition) -> None:
    for before in STATES:
        for party in ("requester", "bureau", "owner", "clock"):
            fits = [
                way for way in TRANSITIONS
                if (way.kind, way.act) == (one.kind, one.act) and before in way.before
            ]  # fmt: skip
            if not fits:
                with pytest.raises(CatalogError) as caught:
                    moved(one.kind, one.act, before, party, "why")
                assert code(caught) == "share_illegal"
                allowed = caught.value.fields["allowed"]
                assert allowed == (", ".join(allowed_acts(one.kind, before)) or "-")
            elif any(party in way.by for way in fits):
                assert moved(one.kind, one.act, before, party, "why") in [w.after for w in fits]
            else:
                with pytest.raises(CatalogError) as caught:
                    moved(one.kind, one.act, before, party, "why")
                assert code(caught) == "share_party"


def test_withdrawn_only_while_submitted() -> None:
    request = submitted(HARD)
    assert moves.withdraw(request, READER, at(), "").request.state == "withdrawn"
    checked = moves.check(request, BUREAU, at()).request
    with pytest.raises(CatalogError) as caught:
        moves.withdraw(checked, READER, at(), "")
    assert code(caught) == "share_illegal"
    assert (caught.value.fields["before"], caught.value.fields["after"]) == (
        "pre_auditing",
        "withdrawn",
    )


def test_one_task_for_each_owner_and_the_unconditional_at_once() -> None:
    request = dispatched(SIMPLE, HARD, HEALTH)
    assert states(request) == ["dispatched", "approved", "dispatched", "dispatched"]
    assert [task.item.owner for task in request.tasks] == ["trade", "trade", "health"]
    asked_later = dispatched(SIMPLE, HARD, at_once=False)
    assert states(asked_later) == ["dispatched", "dispatched", "dispatched"]
    steps = [task.clock.step for task in asked_later.tasks if task.clock]
    assert steps == ["unconditional", "conditional"]


def test_all_unconditional_is_confirmed_at_once() -> None:
    request = dispatched(SIMPLE)
    assert states(request) == ["confirmed", "approved"]
    assert dispatched(SIMPLE, HARD).state == "dispatched"
    assert dispatched(HARD, SIMPLE).state == "dispatched"


def decide(request: Request, number: int, by: By, said: Mapping[str, FieldDecision]) -> Request:
    return moves.decide(request, number, by, at(1), said).request


def test_some_fields_approved_and_some_refused() -> None:
    request = decide(dispatched(HARD, HEALTH), 1, OWNER, {"y": YES, "z": NO})
    assert states(request) == ["dispatched", "partially_approved", "dispatched"]
    task = request.tasks[0]
    assert (task.approved, task.refused, task.decided_by) == (("y",), ("z",), OWNER.actor)
    done = decide(request, 2, OTHER, {"k": NO})
    assert states(done) == ["confirmed", "partially_approved", "refused"]
    grant = moves.grant_of(done, 1, "g", at(1))
    supplied = moves.provision(done, 1, at(1), grant)
    assert supplied.grants == ((grant, 1),)
    assert states(supplied.request) == ["confirmed", "provisioned", "refused"]
    assert grant.fields == ("y",) and grant.valid_from == at(1).at
    assert grant.valid_to == datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in the city


def test_a_refusal_states_a_reason_and_every_field_is_decided() -> None:
    request = dispatched(HARD)
    bare = FieldDecision("refused")
    for said, wrong in (
        ({"y": YES, "z": bare}, "share_reason"),
        ({"y": bare, "z": bare}, "share_reason"),
        ({"y": YES}, "decision_fields"),
        ({"y": YES, "z": YES, "q": YES}, "decision_fields"),
    ):
        with pytest.raises(CatalogError) as caught:
            decide(request, 1, OWNER, said)
        assert code(caught) == wrong
    for by in (BUREAU, READER, By("system", "clock")):
        with pytest.raises(CatalogError) as caught:
            decide(request, 1, by, {"y": YES, "z": YES})
        assert code(caught) == "share_party"


def test_a_question_stops_the_clock() -> None:
    request = dispatched(HARD)
    asked_at = moves.ask(request, 1, OWNER, at(2), "which district?").request
    task = asked_at.tasks[0]
    assert (task.state, task.question) == ("correction", "which district?")
    assert task.clock is not None and (task.clock.due_at, task.clock.left) == (None, 8)
    assert moves.tick(asked_at, at(300)).events == ()
    again = moves.correct(asked_at, 1, READER, at(30), "the north").request.tasks[0]
    assert (again.state, again.answer) == ("dispatched", "the north")
    assert again.clock is not None and again.clock.due_at is not None
    assert again.clock.due_at.date() == date(2025, 4, 15)  # 8 working days on, over Qingming


def test_a_task_that_was_given_back_goes_elsewhere_or_is_refused() -> None:
    request = moves.return_task(dispatched(HARD), 1, OWNER, at(1), "not ours").request
    assert states(request) == ["dispatched", "returned"] and request.tasks[0].clock is None
    sent = moves.redispatch(request, 1, BUREAU, at(2), "health", "theirs").request
    assert states(sent) == ["dispatched", "dispatched"] and sent.owners == {"health"}
    refused = moves.refuse_returned(request, 1, BUREAU, at(2), "nobody's").request
    assert states(refused) == ["confirmed", "refused"]
    assert refused.tasks[0].refused == ("y", "z")


def test_a_dispute_that_is_lifted_asks_again() -> None:
    request = decide(dispatched(HARD), 1, OWNER, {"y": YES, "z": NO})
    with pytest.raises(CatalogError) as caught:
        moves.rule(request, 1, BUREAU, at(2), True, "needed")
    assert code(caught) == "dispute_unknown"
    disputed = moves.dispute(request, 1, READER, at(2), "the law names it").request
    with pytest.raises(CatalogError) as caught:
        moves.dispute(disputed, 1, READER, at(2), "again")
    assert code(caught) == "dispute_nothing"
    upheld = moves.rule(disputed, 1, BUREAU, at(3), False, "it does not").request
    said = upheld.tasks[0].dispute
    assert said is not None and (said.state, said.ruling) == ("upheld", "it does not")
    assert states(upheld) == ["confirmed", "partially_approved"]
    lifted = moves.rule(disputed, 1, BUREAU, at(3), True, "it does").request
    assert states(lifted) == ["dispatched", "partially_approved", "dispatched"]
    assert (lifted.tasks[1].item.fields, lifted.tasks[1].follows) == (("z",), 1)
    assert states(decide(lifted, 2, OWNER, {"z": YES}))[0] == "confirmed"
    with pytest.raises(CatalogError) as caught:
        moves.rule(lifted, 1, BUREAU, at(4), False, "no")
    assert code(caught) == "share_illegal"


def test_ticking_supervises_and_doing_it_again_changes_nothing() -> None:
    request = dispatched(HARD)
    assert moves.tick(request, at(1)).events == ()
    seen = []
    for day in range(30):
        change = moves.tick(request, at(day))
        seen += [(event.act, event.after, event.to) for event in change.events]
        request = change.request
        assert moves.tick(request, at(day)).events == ()
    assert seen == [
        ("remind", "dispatched", "trade"),
        ("supervise", "supervising", "trade"),
        ("escalate", "supervising", "mayor"),
    ]
    assert states(decide(request, 1, OWNER, {"y": YES, "z": YES})) == ["confirmed", "approved"]


def test_a_ruling_has_a_clock_of_its_own() -> None:
    request = decide(dispatched(HARD), 1, OWNER, {"y": NO, "z": NO})
    request = moves.dispute(request, 1, READER, at(0), "the law names it").request
    assert request.tasks[0].clock is None
    seen = []
    for day in range(30):
        change = moves.tick(request, at(day))
        seen += [(event.act, event.after, event.task, event.to, day) for event in change.events]
        request = change.request
        assert moves.tick(request, at(day)).events == ()
    # Ten working days from Monday 3 March; the mayor after three more.
    assert seen == [
        ("remind", "raised", 1, "bureau", 11),
        ("supervise", "raised", 1, "bureau", 15),
        ("escalate", "raised", 1, "mayor", 18),
    ]
    assert states(request) == ["confirmed", "refused"]
    ruled = moves.rule(request, 1, BUREAU, at(30), False, "it does not").request
    said = ruled.tasks[0].dispute
    assert said is not None and said.clock is None
    assert moves.tick(ruled, at(99)).events == ()


def test_the_bureau_is_reminded_of_its_check() -> None:
    change = moves.tick(submitted(HARD), at(1))
    assert [(event.act, event.to) for event in change.events] == [("remind", "bureau")]


def test_nothing_is_granted_after_its_term() -> None:
    request = decide(dispatched(HARD), 1, OWNER, {"y": YES, "z": YES})
    late = replace(request, asked=replace(request.asked, last=date(2025, 3, 1)))
    with pytest.raises(CatalogError) as caught:
        moves.grant_of(late, 1, "g", at(2))
    assert code(caught) == "grant_too_late"
    with pytest.raises(CatalogError) as caught:
        moves.grant_of(request, 7, "g", at(2))
    assert code(caught) == "task_unknown"


def test_a_returned_request_is_handed_in_again() -> None:
    request = moves.check(submitted(HARD), BUREAU, at()).request
    back = moves.give_back(request, BUREAU, at(1), "say which law").request
    assert back.state == "returned" and back.clock is None
    again = moves.resubmit(back, READER, at(2), asked(SIMPLE)).request
    assert again.state == "submitted" and again.clock is not None
    assert again.asked.items == (SIMPLE,)
