"""Answers as the desk makes them, and what the indicators make of them, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from catalog.database import CatalogStore
from catalog.sharing.answering import Took, took
from catalog.sharing.request import FieldDecision
from pipelines.city_measures import Measure, city_measures
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.settings import terms_of
from tests.support.sharing import LI, MONDAY, PERSONS, STEWARD, SUN, WANG, Hands, wish

YES, NO = FieldDecision("approved"), FieldDecision("refused", reason="not needed")
EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)
NAME = "testville"


def answers(desk: SharingDesk, since: datetime = EVERYTHING) -> list[Took]:
    terms = terms_of(desk.plan.workspace)
    found = desk.store.answers.to_requests(NAME, since, terms, "bureau")
    return [took(one, terms) for one in found]


def ask(desk: SharingDesk, hands: Hands) -> str:
    """Monday: submitted. Tuesday: dispatched; what is unconditional is answered at once."""
    request = desk.submit(WANG, wish(wants={PERSONS: ["id", "district"]}))
    desk.check(STEWARD, request.id)
    hands.later(days=1)
    desk.dispatch(STEWARD, request.id)
    return request.id


def measure(desk: SharingDesk, hands: Hands, name: str) -> Measure:
    found = city_measures(desk.plan, desk.store, hands())
    return next(one for one in found.measures if one.name == name)


def test_without_answers_nothing_is_assessed(desk: SharingDesk, hands: Hands) -> None:
    for name in ("answers", "objections"):
        one = measure(desk, hands, name)
        assert (one.value, one.why) == (None, f"no_{name}")


def test_answers_to_requests(desk: SharingDesk, hands: Hands) -> None:
    first = ask(desk, hands)
    hands.later(days=1)
    desk.ask(LI, first, 2, "which?")
    hands.later(days=30)
    desk.correct(WANG, first, 2, "all")
    hands.later(days=1)  # Saturday, 5 April
    desk.decide(LI, first, 2, {"id": YES})
    hands.now = MONDAY + timedelta(days=35)  # Monday, 7 April
    second = ask(desk, hands)
    hands.now = MONDAY + timedelta(days=56)  # Monday, 28 April
    desk.decide(LI, second, 2, {"id": NO})
    # The first: 4 and 5 March, and nothing on 4 (Qingming) and 5 April. The second: the working days of
    # 8 to 28 April are the 8th to 11th, 14th to 18th, 21st to 25th, the 27th (worked for May), the 28th.
    assert answers(desk) == [
        Took("bureau", 1, 0, True),
        Took("police", 2, 1, True),
        Took("bureau", 1, 0, True),
        Took("police", 16, 15, False),
    ]
    assert answers(desk, hands() - timedelta(days=1)) == [Took("police", 16, 15, False)]
    one = measure(desk, hands, "answers")
    assert (one.value, one.done, one.of, one.unit) == (20 / 4, 3, 4, "days")
    assert one.said == {"p90": 16, "target": 5, "share": "75.0 %"}
    found = city_measures(desk.plan, desk.store, hands())
    assert {name: (p.answers, p.mean, p.p90, p.in_time) for name, p in found.answers.items()} == {
        "bureau": (2, 0.0, 0, 2),
        "police": (2, 8.0, 15, 1),
    }
    hands.later(days=91)
    assert measure(desk, hands, "answers").value is None


def test_answers_to_objections(desk: SharingDesk, hands: Hands, store: CatalogStore) -> None:
    request = ask(desk, hands)
    desk.decide(LI, request, 2, {"id": YES})
    objecting = ObjectionDesk(desk)
    objection = objecting.raise_(WANG, PERSONS, {"id": "1"}, "district", "it moved", "letter 7")
    hands.later(days=3)  # from Tuesday to Friday
    objecting.answer(LI, objection.id, "denied", "it did not")
    terms = terms_of(desk.plan.workspace)
    found = [took(one, terms) for one in store.answers.to_objections(NAME, EVERYTHING, terms)]
    assert found == [Took("police", 3, 3, True)]
    assert measure(desk, hands, "objections").value == 3
    assert store.answers.to_objections("elsewhere", EVERYTHING, terms) == []
    assert store.answers.to_requests("elsewhere", EVERYTHING, terms, "bureau") == []


def test_every_source_of_an_objection_counts_for_itself(
    desk: SharingDesk, hands: Hands, store: CatalogStore
) -> None:
    objecting = ObjectionDesk(desk)
    id = objecting.raise_(STEWARD, "fusion.worker", {"id": "1"}, "label", "it moved", "letter 7").id
    hands.later(days=1)  # Tuesday
    objecting.answer(LI, id, "confirmed", "a slip")
    terms = terms_of(desk.plan.workspace)
    found = [took(one, terms) for one in store.answers.to_objections(NAME, EVERYTHING, terms)]
    assert found == [Took("police", 1, 1, True)]
    hands.now = MONDAY + timedelta(days=14)  # Monday, 17 March
    objecting.answer(SUN, id, "denied", "as paid")
    hands.later(days=1)
    objecting.answer(LI, id, "denied", "no slip after all")  # the first answer counts
    paces = city_measures(desk.plan, store, hands()).objections
    assert {name: (one.mean, one.in_time) for name, one in paces.items()} == {
        "other": (10.0, 1),
        "police": (1.0, 1),
    }
    assert measure(desk, hands, "objections").of == 2
