"""Documents and grants as ODRL: what they say and nothing else, in ODRL's own terms."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from catalog.agreements import SignedDocument, document_of, fingerprint, instants, read_signed, sign
from catalog.database.instrument_records import Instrument
from catalog.exports.odrl import policy_of, policy_of_grant
from catalog.sharing.grant import Grant, RowFilter
from tests.support.instruments import FIRM, KEYS, agreement, consent, letter, signed

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "workspaces").glob("*/agreements/examples/*.yaml"))
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
GRANT = Grant(
    "g-1", "r-1", "health", "base.firm", ("code", "paid"), "inspection", "Law 7", "visits",
    "interface", MOMENT, datetime(2026, 12, 31, tzinfo=UTC), {"paid": "mask_amount(paid, 1000)"},
    RowFilter("district", ("East",)), owner="tax",
)  # fmt: skip


@cache
def schema() -> jsonschema.Draft202012Validator:
    text = (Path(__file__).parent / "odrl" / "policy.schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def faults(policy: Any) -> list[str]:
    return [error.message for error in schema().iter_errors(json.loads(json.dumps(policy)))]


def imported(one: SignedDocument) -> Instrument:
    document = one.document
    first, after = instants(document, ZoneInfo("UTC"))
    return Instrument(
        document.kind, document.id, document.version, document, one.signatures,
        fingerprint(document), first, after, first,
    )  # fmt: skip


def limits(rule: dict[str, Any], name: str) -> list[Any]:
    return [one["rightOperand"] for one in rule["constraint"] if one["leftOperand"] == name]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parents[2].name}-{p.stem}")
def test_the_examples_are_valid(path: Path) -> None:
    assert faults(policy_of(path.parents[2].name, imported(read_signed(path)))) == []


@pytest.mark.parametrize("make", [letter, agreement, consent])
def test_documents_are_valid(make: Any) -> None:
    assert faults(policy_of("testville", imported(signed(make())))) == []


def test_a_letter_lets_the_centre_grant_use() -> None:
    made = policy_of("testville", imported(signed(letter())))
    assert made["assigner"].endswith(":party:tax") and made["assignee"].endswith(":party:centre")
    (rule,) = made["permission"]
    assert rule["action"] == "grantUse" and limits(rule, "purpose") == [["credit"]]
    assert rule["target"]["source"] == "urn:citybrain:testville:base.tax"
    assert rule["target"]["refinement"][0]["rightOperand"] == ["code", "paid", "owed"]
    assert [one["@value"] for one in limits(rule, "dateTime")] == [
        "2026-07-01T00:00:00+00:00",
        "2027-01-01T00:00:00+00:00",
    ]
    assert made["cb:signedBy"][0]["cb:signer"].endswith(":party:tax")


def test_an_agreement_is_an_offer_until_its_partner_has_signed() -> None:
    first = signed(agreement())
    offer = policy_of("testville", imported(first))
    both = policy_of("testville", imported(sign(first, KEYS["bank-a"], "bank-a")))
    assert (offer["@type"], both["@type"]) == ("Offer", "Agreement")
    assert len(both["cb:signedBy"]) == 2


def test_an_agreement_tells_budget_users_masks_and_what_it_rests_on() -> None:
    view = {"name": "sandbox.firm", "fields": ["paid"], "masks": {"paid": "mask_amount(paid, 10)"}}
    made = policy_of("testville", imported(signed(agreement(views=[view]))))
    aggregate, read = made["permission"]
    assert (aggregate["action"], read["action"]) == ("aggregate", "read")
    assert limits(aggregate, "cb:epsilon") == [{"@value": "2", "@type": "xsd:decimal"}]
    assert limits(aggregate, "cb:epsilonPerQuestion") == [{"@value": "0.5", "@type": "xsd:decimal"}]
    assert limits(aggregate, "recipient")[0][0].endswith(":party:bank-a/wang")
    assert read["duty"] == [{"@type": "Duty", "action": "obtainConsent"}]
    assert read["target"]["refinement"][1]["rightOperand"] == "mask_amount(paid, 10)"
    assert len(aggregate["target"]["refinement"]) == 1  # answers are never masked
    assert [one.rpartition(":")[2] for one in made["cb:restsOn"]] == ["letter-tax", "letter-power"]


@pytest.mark.parametrize(("use", "count"), [("once", 1), ("periodic", 0)])
def test_a_consent_for_one_use_counts(use: str, count: int) -> None:
    made = policy_of("testville", imported(signed(consent(use=use))))
    (rule,) = made["permission"]
    assert len(limits(rule, "count")) == count
    assert made["assigner"].endswith(FIRM) and made["assignee"].endswith(":party:bank-a")


def test_a_grant() -> None:
    made = policy_of_grant("testville", GRANT)
    assert faults(made) == [] and made["@type"] == "Agreement"
    assert made["assigner"].endswith(":party:tax") and made["assignee"].endswith(":party:health")
    (rule,) = made["permission"]
    assert rule["action"] == ["read", "reproduce"] and limits(rule, "purpose") == [["inspection"]]
    refined = {one["leftOperand"]: one for one in rule["target"]["refinement"]}
    assert refined["cb:row"]["rightOperand"] == ["East"]
    assert refined["cb:row"]["cb:field"] == "district"
    assert refined["cb:mask"]["rightOperand"] == "mask_amount(paid, 1000)"
    assert [one["action"] for one in made["prohibition"]] == ["distribute"]
    assert "cb:status" not in made
    assert policy_of_grant("testville", replace(GRANT, revoked_at=MOMENT))["cb:status"] == "revoked"


def test_returned_data_is_cut_by_region() -> None:
    made = policy_of_grant("testville", replace(GRANT, request=""))
    names = {one["leftOperand"] for one in made["permission"][0]["target"]["refinement"]}
    assert faults(made) == [] and "spatial" in names and "cb:row" not in names


@pytest.mark.parametrize("manner", ["interface", "download", "subscription"])
def test_every_manner_has_its_actions(manner: Any) -> None:
    made = policy_of_grant("testville", replace(GRANT, manner=manner, rows=None, masks={}))
    assert faults(made) == []
    assert ("read" in made["permission"][0]["action"]) == (manner != "download")


@pytest.mark.parametrize("fault", ["action", "operand", "term", "target", "party"])
def test_the_schema_finds_planted_faults(fault: str) -> None:
    made = copy.deepcopy(policy_of("testville", imported(signed(letter()))))
    rule = made["permission"][0]
    if fault == "action":
        rule["action"] = "letUse"
    elif fault == "operand":
        rule["constraint"][0]["leftOperand"] = "when"
    elif fault == "term":
        rule["limits"] = []
    elif fault == "target":
        del rule["target"]
    else:
        made["assigner"] = "the tax office"
    assert faults(made)


def test_names_from_documents_stay_inside_their_addresses() -> None:
    nasty = 'x" /><script>\u0301 y'
    document = document_of(letter(id=nasty, department=nasty, purposes=[nasty]))
    made = policy_of("testville", imported(SignedDocument(document)))
    assert faults(made) == []
    assert json.loads(json.dumps(made))["permission"][0]["constraint"][2]["rightOperand"] == [
        document.purposes[0]  # type: ignore[union-attr]
    ]
