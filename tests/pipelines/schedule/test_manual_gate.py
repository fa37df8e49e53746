"""The manual gate: nothing over its warn threshold is published before a person has said so."""

from __future__ import annotations

import json

import pytest

from catalog.database import CatalogStore
from catalog.database.ledger_records import Decision, Hold
from catalog.errors import CityBrainError
from pipelines import decisions
from pipelines.schedule.asking import due_stages
from pipelines.schedule.duerun import run_due
from tests.support.city import NAME, SHOP_FIELDS, SHOPS, City

SHOP = "raw.trade__shop"
BAD = SHOPS + "4,,north,2020-01-01\n5,Oil,north,2020-01-01\n"
WARNED = "- {type: custom, engine: citybrain, name: opened_late, severity: warn, implementation: {rule: row, holds: \"opened < DATE '2022-01-01'\"}}"


@pytest.fixture
def held(small: City) -> City:
    """A city whose shops have been published once, and wait with a new file: one row of 5 is bad."""
    small.settings("[gate]\nwarn_quarantined_percent = 10.0\nmax_quarantined_percent = 50.0\n")
    assert small.run().exit_code == 0
    small.source("shop.csv", BAD)
    outcome = small.outcome(SHOP)
    assert (outcome.status, outcome.error and outcome.error.code) == (
        "blocked",
        "gate_held_quarantine",
    )
    return small


def decide(city: City, decision: Decision, result: str | None = None, resource: str = SHOP) -> Hold:
    return decisions.decide(city.load(), resource, decision, "a steward", "seen by phone", result)


def code(city: City, resource: str = SHOP) -> str:
    error = city.outcome(resource).error
    return error.code if error else ""


def test_without_a_threshold_nothing_is_held(small: City) -> None:
    small.source("shop.csv", BAD)
    small.settings("[gate]\nmax_quarantined_percent = 50.0\n")
    assert small.run().exit_code == 0
    assert decisions.every_hold(small.load()) == []


def test_a_held_result_is_not_published_however_often_it_is_run(held: City) -> None:
    before = held.current(SHOP)
    assert held.run().exit_code == 3
    assert held.run(full=True).outcomes[SHOP].status == "blocked"
    assert held.current(SHOP) == before
    assert held.outcome("base.shop").status == "stale"
    assert len(held.rejected(SHOP)) == 1  # a steward can see why
    (hold,) = decisions.waiting(held.load())
    assert (hold.resource, hold.published, hold.quarantined) == (SHOP, 4, 1)
    assert hold.reason_code == "gate_held_quarantine"


def test_an_approved_result_is_published_with_who_and_why(held: City) -> None:
    decide(held, "approve")
    assert held.outcome(SHOP).status == "published"
    snapshot = held.current(SHOP)
    assert snapshot is not None and snapshot.rows == 4
    kept = json.loads(snapshot.properties["decision"])
    assert (kept["decision"], kept["who"], kept["why"]) == ("approve", "a steward", "seen by phone")
    assert decisions.waiting(held.load()) == []
    (hold,) = decisions.every_hold(held.load())
    assert hold.decided_at is not None
    assert held.run().exit_code == 0


def test_an_approval_covers_exactly_the_data_it_was_given_for(held: City) -> None:
    decide(held, "approve")
    held.source("shop.csv", BAD + "6,,south,2020-01-01\n")
    assert code(held) == "gate_held_quarantine"
    held.source("shop.csv", BAD)
    held.settings("[gate]\nwarn_quarantined_percent = 5.0\nmax_quarantined_percent = 50.0\n")
    assert code(held) == "gate_held_quarantine"
    current = held.current(SHOP)
    assert current is not None and current.rows == 3


def test_a_rejected_result_stays_out_until_something_changes(held: City) -> None:
    before = held.current(SHOP)
    decide(held, "reject")
    assert code(held) == "gate_rejected"
    assert held.current(SHOP) == before
    held.source("shop.csv", SHOPS.replace("Tea", "Coffee"))
    assert held.outcome(SHOP).status == "published"


def test_a_decision_stands(held: City) -> None:
    first = decide(held, "reject")
    assert decide(held, "reject", first.fingerprint[:12]) == first
    with pytest.raises(CityBrainError) as raised:
        decide(held, "approve", first.fingerprint)
    assert raised.value.code == "hold_decided"
    with pytest.raises(CityBrainError) as raised:
        decide(held, "approve")  # nothing waits any more
    assert raised.value.code == "hold_nothing"


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("somebody", " ")])
def test_a_decision_needs_who_and_why(held: City, who: str, why: str) -> None:
    with pytest.raises(CityBrainError) as raised:
        decisions.decide(held.load(), SHOP, "approve", who, why)
    assert raised.value.code == "decision_words"


def test_the_limit_holds_for_approved_results_too(held: City) -> None:
    held.settings("[gate]\nwarn_quarantined_percent = 5.0\nmax_quarantined_percent = 10.0\n")
    assert code(held) == "gate_quarantined"
    assert decisions.waiting(held.load()) == []


# -- warnings, and releasing to the quarantine ----------------------------------------------------


def warned(city: City) -> City:
    city.collected(
        "trade/shop",
        SHOP_FIELDS,
        quality=WARNED,
        custom="- {property: gate, value: {hold_on_warning: true, max_quarantined_percent: 50}}",
    )
    assert code(city) == "gate_held_warning"
    return city


def test_a_broken_warning_holds_only_where_that_is_asked_for(small: City) -> None:
    small.collected("trade/shop", SHOP_FIELDS, quality=WARNED)
    assert small.outcome(SHOP).status == "published"
    assert warned(small).current(SHOP) is not None


def test_approve_publishes_the_warned_rows(small: City) -> None:
    decide(warned(small), "approve")
    assert small.outcome(SHOP).status == "published"
    assert len(small.rows(SHOP)) == 3
    assert small.rejected(SHOP) == []


def test_release_publishes_the_others_and_quarantines_the_warned_rows(small: City) -> None:
    decide(warned(small), "release")
    outcome = small.outcome(SHOP)
    assert outcome.status == "published"
    assert outcome.counts is not None
    assert (outcome.counts.received, outcome.counts.published, outcome.counts.quarantined) == (
        3,
        2,
        1,
    )
    assert [row[1] for row in small.rows(SHOP)] == ["Tea", "Ink"]
    assert small.reasons(SHOP) == [(4, ("row:opened_late",))]
    assert small.outcome(SHOP).status == "unchanged"


def test_a_release_that_would_leak_is_refused(small: City) -> None:
    """The rule looks at a closed field: rejecting by it would tell that field by the rows left."""
    fields = """
    - {name: id, logicalType: integer, classification: L1}
    - {name: debt, logicalType: integer, classification: L4}
    """
    small.collected("trade/debt", fields)
    small.source("debt.csv", "id,debt\n1,5\n2,900\n")
    rule = '- {type: custom, engine: citybrain, name: solvent, severity: warn, implementation: {rule: row, holds: "debt < 100"}}'
    custom = "- {property: gate, value: {hold_on_warning: true}}"
    small.model(
        "base.debt", "SELECT id, debt FROM raw.trade__debt\n", fields, quality=rule, custom=custom
    )
    small.model(
        "open.debtor",
        "SELECT id FROM base.debt\n",
        "- {name: id, logicalType: integer, classification: L1}",
        custom="- {property: release, value: {kind: records, quasi_identifiers: []}}",
    )
    assert small.codes() == []
    small.run("raw.*")
    assert code(small, "base.debt") == "gate_held_warning"
    with pytest.raises(CityBrainError) as raised:
        decide(small, "release", resource="base.debt")
    assert raised.value.code == "release_unsound"
    assert decisions.waiting(small.load())[0].decision is None


# -- with the ledger ------------------------------------------------------------------------------


def test_a_decision_makes_the_stage_due(held: City) -> None:
    first = run_due(held.root, "collect.trade")
    assert (first.exit_code, first.tables[0].code) == (3, "gate_held_quarantine")
    decide(held, "approve", first.tables[0].fingerprint)
    (found,) = due_stages(held.plan(), "collect.trade")
    assert SHOP in found.needs
    second = run_due(held.root, "collect.trade", first.at)
    assert (second.exit_code, second.tables[0].status) == (0, "published")
    assert run_due(held.root, "build.base").exit_code == 0
    with CatalogStore.open(held.home.database_url) as store:
        assert store.status(NAME).last_run is not None
