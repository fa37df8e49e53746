"""Who is told of what is done with requests, objections and grants; nobody of what he may not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from catalog.database import CatalogStore
from catalog.database.paging import Place
from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.notices import SIDES, URGENT, Kind, Notice, department_of, told_of
from catalog.sharing.request import Event, FieldDecision, Request
from catalog.sharing.transitions import TRANSITIONS
from catalog.text import LANGUAGES, catalogue
from pipelines.errors import PipelineError
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.noticing import NoticeDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.returning import Return
from pipelines.sharing.ticking import tick
from tests.support.sharing import (
    AUDITOR,
    ENGINEER,
    LI,
    NORTH,
    PERSONS,
    STEWARD,
    SUN,
    WANG,
    Hands,
    officer,
    wish,
)

YES, NO = FieldDecision("approved"), FieldDecision("refused", reason="not needed")
AGE = {"wants": {PERSONS: ["age"]}}
EVERYBODY = (WANG, LI, SUN, NORTH, STEWARD, AUDITOR, ENGINEER)


@pytest.fixture
def noticing(desk: SharingDesk) -> NoticeDesk:
    return NoticeDesk(desk)


def told(noticing: NoticeDesk, person: Person) -> list[str]:
    """What somebody was told, the oldest first."""
    return [f"{one.kind} {one.act}" for one in noticing.page(person, Place()).items][::-1]


def dispatched(desk: SharingDesk) -> Request:
    request = desk.submit(WANG, wish(**AGE))
    desk.check(STEWARD, request.id)
    return desk.dispatch(STEWARD, request.id)


def seen(desk: SharingDesk, person: Person, one: Notice) -> None:
    """Open the page of what a notice is about, as its person; it raises if he may not."""
    if one.kind == "objection":
        ObjectionDesk(desk).get(person, one.id)
    elif one.kind == "grant":
        desk.grant(person, one.id)
    else:
        desk.get(person, one.id)


def test_from_the_request_to_the_grant(desk: SharingDesk, noticing: NoticeDesk) -> None:
    request = dispatched(desk)
    desk.ask(LI, request.id, 1, "why?")
    desk.correct(WANG, request.id, 1, "so")
    desk.decide(LI, request.id, 1, {"age": YES})
    (grant,) = desk.grants(WANG)
    desk.revoke(LI, grant.id, "over")
    assert told(noticing, WANG) == [
        "request check",
        "request dispatch",
        "task ask",
        "task approve",
        "task provision",
        "grant revoke",
    ]
    assert told(noticing, LI) == ["task dispatch", "task correct"]
    assert told(noticing, STEWARD) == ["request submit"]
    for person in (SUN, NORTH, AUDITOR, ENGINEER):
        assert told(noticing, person) == [] and noticing.unread(person) == 0


def test_delays_are_told_as_urgent(desk: SharingDesk, noticing: NoticeDesk, hands: Hands) -> None:
    request = dispatched(desk)
    for _ in range(30):
        hands.later(days=1)
        tick(desk)
    urgent = list(noticing.page(LI, Place(), urgent=True).items)[::-1]
    assert [(one.kind, one.act, one.id, one.task) for one in urgent] == [
        ("task", "remind", request.id, 1),
        ("task", "supervise", request.id, 1),
    ]
    assert all(one.urgent for one in urgent)
    assert told(noticing, STEWARD) == ["request submit", "task escalate"]
    assert "task supervise" not in told(noticing, WANG)


def test_whom_a_delay_is_escalated_to_sees_what_it_is_about(
    desk: SharingDesk, noticing: NoticeDesk, hands: Hands
) -> None:
    desk.terms = replace(desk.terms, escalate_to="north")
    request = dispatched(desk)
    objections = ObjectionDesk(desk)
    made = objections.raise_(STEWARD, "fusion.worker", {"id": "1"}, "label", "moved", "letter 7")
    for look in (desk.get, objections.get):
        with pytest.raises(CityBrainError):
            look(NORTH, request.id if look == desk.get else made.id)
    for _ in range(60):
        hands.later(days=1)
        tick(desk)
    assert sorted(told(noticing, NORTH)) == [
        "objection escalate",
        "objection escalate",
        "task escalate",
    ]
    assert noticing.unread(NORTH) == 3
    for one in noticing.page(NORTH, Place(), urgent=True).items:
        seen(desk, NORTH, one)
    # It looks on: what is to be done stays the business of those that were asked.
    for act in (
        lambda: desk.decide(NORTH, request.id, 1, {"age": YES}),
        lambda: desk.withdraw(NORTH, request.id),
        lambda: objections.answer(NORTH, made.id, "denied", "as paid"),
    ):
        with pytest.raises(CityBrainError):
            act()
    assert told(noticing, STEWARD) == ["request submit"]


def test_what_was_returned_refused_and_disputed(desk: SharingDesk, noticing: NoticeDesk) -> None:
    request = desk.submit(WANG, wish(**AGE))
    desk.check(STEWARD, request.id)
    desk.give_back(STEWARD, request.id, "which law?")
    desk.resubmit(WANG, request.id, wish(**AGE))
    desk.check(STEWARD, request.id)
    desk.dispatch(STEWARD, request.id)
    desk.decide(LI, request.id, 1, {"age": NO})
    desk.dispute(WANG, request.id, 1, "it is needed")
    desk.rule(STEWARD, request.id, 1, True, "the law says so")
    assert told(noticing, WANG)[1:] == [
        "request give_back",
        "request check",
        "request dispatch",
        "task refuse",
        "task lift",
    ]
    assert told(noticing, LI) == ["task dispatch", "task dispute", "task lift", "task dispatch"]
    assert told(noticing, STEWARD) == ["request submit", "request resubmit", "task dispute"]
    withdrawn = desk.submit(WANG, wish(**AGE))
    desk.withdraw(WANG, withdrawn.id)
    assert told(noticing, STEWARD)[-2:] == ["request submit", "request withdraw"]


def test_who_was_asked_by_mistake_is_told_of_it_no_more(
    desk: SharingDesk, noticing: NoticeDesk
) -> None:
    request = dispatched(desk)
    assert noticing.unread(LI) == 1
    desk.return_task(LI, request.id, 1, "not ours")
    assert told(noticing, STEWARD)[-1] == "task give_back"
    desk.redispatch(STEWARD, request.id, 1, "other", "theirs")
    assert told(noticing, SUN) == ["task redispatch"]
    assert told(noticing, LI) == [] and noticing.unread(LI) == 0
    assert noticing.read_until(LI) == (0, 0)


def test_objections_are_told_to_sources_and_to_who_raised_them(
    desk: SharingDesk, noticing: NoticeDesk, hands: Hands
) -> None:
    objections = ObjectionDesk(desk)
    request = desk.submit(WANG, wish(wants={"fusion.worker": ["id", "label"]}))
    desk.check(STEWARD, request.id)
    desk.dispatch(STEWARD, request.id)
    desk.decide(STEWARD, request.id, 1, {"id": YES, "label": YES})
    made = objections.raise_(WANG, "fusion.worker", {"id": "1"}, "label", "moved", "letter 7")
    assert told(noticing, LI) == told(noticing, SUN) == ["objection trace"]
    objections.answer(SUN, made.id, "denied", "it is right")
    hands.later(days=14)
    tick(desk)
    assert told(noticing, LI) == ["objection trace", "objection remind"]
    assert told(noticing, SUN) == ["objection trace"]
    objections.answer(LI, made.id, "confirmed", "it is wrong")
    assert told(noticing, WANG)[-2:] == ["objection reject", "objection verify"]


def test_grants_that_nobody_asked_for_and_that_end(
    desk: SharingDesk, noticing: NoticeDesk, hands: Hands
) -> None:
    given = Return("north", PERSONS, ("age", "id"), "district", ("north",), "care", "Act 9",
                   date(2025, 3, 1), date(2025, 12, 31))  # fmt: skip
    desk.give_return(STEWARD, given)
    assert told(noticing, NORTH) == told(noticing, LI) == ["grant give"]
    hands.later(days=400)
    tick(desk)
    assert told(noticing, NORTH) == told(noticing, LI) == ["grant give", "grant expire"]


def test_suspensions_and_dead_notices_are_told(
    desk: SharingDesk, noticing: NoticeDesk, store: CatalogStore
) -> None:
    desk.decide(LI, dispatched(desk).id, 1, {"age": YES})
    (grant,) = desk.grants(WANG)
    fault = PipelineError("share_mask_needed", field="age", level="L3", resource=PERSONS)
    store.suspensions.settle("testville", "rules-1", lambda _: fault)
    store.suspensions.settle("testville", "rules-2", lambda _: None)
    assert told(noticing, LI)[-2:] == ["grant suspend", "grant restore"]
    assert told(noticing, WANG)[-2:] == ["grant suspend", "grant restore"]
    assert noticing.page(LI, Place(), urgent=True).items[0].act == "suspend"
    store.subscriptions.add("testville", department="civil", user="wang", resource=PERSONS,
                            grant=grant.id, url="https://x.example", snapshot=None, most=5)  # fmt: skip
    assert store.subscriptions.note_snapshots("testville", {PERSONS: 1}) == 1
    (sent,) = store.subscriptions.lease("testville", 60, 5)
    store.subscriptions.failed("testville", sent.id, "refused", timedelta(seconds=5))
    assert told(noticing, WANG)[-1] == "grant restore"
    store.subscriptions.failed("testville", sent.id, "refused", None)
    store.subscriptions.failed("testville", sent.id, "refused", None)  # it is dead already
    assert told(noticing, WANG)[-2:] == ["grant restore", "grant undelivered"]
    assert told(noticing, LI)[-1] == "grant restore"


def test_nobody_is_told_of_a_page_that_refuses_him(
    desk: SharingDesk, noticing: NoticeDesk, hands: Hands
) -> None:
    """Also an officer of the data bureau's own department, who is no steward and sees his side alone."""
    test_objections_are_told_to_sources_and_to_who_raised_them(desk, noticing, hands)
    request = dispatched(desk)
    desk.return_task(LI, request.id, 1, "not ours")
    desk.redispatch(STEWARD, request.id, 1, "other", "theirs")
    hands.later(days=60)
    tick(desk)
    request = dispatched(desk)  # of this no delay was escalated to anybody
    bureau = officer(desk.rules.bureau, "clerk")
    looked = 0
    for person in (*EVERYBODY, bureau):
        for one in noticing.page(person, Place(most=500)).items:
            seen(desk, person, one)
            looked += 1
    assert looked > 12
    steward = {(one.kind, one.id) for one in noticing.page(STEWARD, Place(most=500)).items}
    clerk = {(one.kind, one.id) for one in noticing.page(bureau, Place(most=500)).items}
    assert clerk < steward
    hidden = next(one for one in noticing.page(STEWARD, Place()).items if one.id == request.id)
    with pytest.raises(CityBrainError) as caught:
        seen(desk, bureau, hidden)
    assert caught.value.code == "request_unknown"


def test_marks_are_a_persons_own(desk: SharingDesk, noticing: NoticeDesk) -> None:
    dispatched(desk)
    chen = officer("civil", "chen")
    seen_until, newest = noticing.read_until(WANG)
    assert seen_until == 0 < newest and noticing.unread(WANG) == 2
    noticing.mark(WANG, newest)
    assert noticing.read_until(WANG) == (newest, newest) and noticing.unread(WANG) == 0
    assert noticing.unread(chen) == 2
    noticing.mark(ENGINEER, newest)  # to whom nothing is told
    assert noticing.read_until(ENGINEER) == (0, 0)


def test_a_department_is_not_told_what_its_own_people_did() -> None:
    def event(actor: str, act: str, to: str = "") -> Event:
        return Event(Hands().now, actor, act, "new", "dispatched", to=to)

    own = event("department:police/li", "approve")
    assert told_of(own, "task", "civil", ["police"]) == ("civil",)
    assert told_of(event("system", "approve"), "task", "civil", ["police"]) == ("civil", "police")
    assert told_of(event("system", "approve"), "task", "civil", ["civil"]) == ("civil",)
    assert told_of(event("system", "remind", "police"), "task", "civil", ["x"]) == ("police",)
    assert told_of(event("department:a/b/c", "submit", "a/b"), "request", "a/b", []) == ()
    assert [department_of(one) for one in ("account:x", "system", "department:a/b/c", "")] == [
        "",
        "",
        "a/b",
        "",
    ]


def test_every_notice_has_a_text_in_both_languages() -> None:
    """All that can be told: what is told to sides, to who is named, and of clocks and grants."""
    kinds: dict[str, Kind] = {"request": "request", "task": "task", "objection": "objection"}
    named = [("request", "submit"), ("request", "resubmit"), ("request", "withdraw"),
             ("task", "dispatch"), ("task", "give_back"), ("task", "dispute"),
             ("objection", "trace")]  # fmt: skip
    clocks = [(kind, act) for kind in kinds for act in ("remind", "supervise", "escalate")]
    acts = ("give", "suspend", "restore", "revoke", "expire", "undelivered")
    wanted = {*SIDES, *named, *clocks, *(("grant", act) for act in acts)}
    known = {act for _, act in wanted}
    for lang in LANGUAGES:
        texts = {key for key in catalogue(lang)["ui"] if key.startswith("notice_")}
        assert texts == {f"notice_{kind}_{act}" for kind, act in wanted}
    assert {one.act for one in TRANSITIONS} - known == {"confirm", "reopen", "raise"}
    assert known >= URGENT
