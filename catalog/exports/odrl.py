"""Letters, agreements, consents and grants as ODRL 2.2 in JSON-LD: <https://www.w3.org/TR/odrl-model/>.

What ODRL has no term for stands in a profile of our own, `PROFILE`: fields, masks, rows, and the budget
of differential privacy. The signed document is the law; this is a telling of it for machines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from catalog.agreements import CENTRE, Agreement, Budget, Consent, Letter
from catalog.database.instrument_records import Instrument
from catalog.sharing.grant import Grant

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
PROFILE = "urn:citybrain:odrl:1"
TERMS = "urn:citybrain:odrl:1#"
PREFIX = "cb"
OWN_TERMS = (
    "field", "mask", "row", "epsilon", "delta", "epsilonPerQuestion", "renewal", "mode",
    "signedBy", "signer", "key", "status", "basis", "scenario", "restsOn",
)  # fmt: skip
Policy = dict[str, Any]
_ACTIONS = {
    "interface": ["read", "reproduce"],
    "download": ["reproduce"],
    "subscription": ["read", "reproduce"],
}


def policy_of(city: str, one: Instrument) -> Policy:
    """A version of a document as a policy: an agreement if both sides have signed what needs both.

    A letter and a consent are given by one side. A data use agreement that its partner has not
    signed yet is an offer.
    """
    document = one.document
    if isinstance(document, Letter):
        made = _letter(city, document, one)
    elif isinstance(document, Agreement):
        made = _agreement(city, document, one)
    else:
        made = _consent(city, document, one)
    signed = [{_own("signer"): _party(city, s.signer), _own("key"): s.key} for s in one.signatures]
    return _policy(_type(one), f"{city}:{one.kind}:{one.id}:{one.version}", made) | {
        _own("signedBy"): signed
    }


def policy_of_grant(city: str, grant: Grant) -> Policy:
    """A grant as a policy, between the department whose data it is and the one that reads."""
    limits = [*_term(grant.valid_from, grant.valid_to), _is("purpose", [grant.purpose])]
    target = _target(city, grant.resource, grant.fields, grant.masks)
    if grant.rows is not None:
        # Returned data (回流) is cut by region; other filters are about any field.
        region = not grant.request
        where = _is("spatial" if region else _own("row"), list(grant.rows.values))
        target["refinement"].append(where | {_own("field"): grant.rows.field})
    permission = {
        "@type": "Permission",
        "target": target,
        "action": _ACTIONS[grant.manner],
        "constraint": limits,
    }
    parties = _parties(city, grant.owner or CENTRE, grant.department)
    # `DUTIES` of every grant: no other purpose (the constraint), no onward supply.
    prohibition = {"@type": "Prohibition", "target": _resource(city, grant.resource)}
    made: Policy = parties | {
        "permission": [permission],
        "prohibition": [prohibition | {"action": "distribute"}],
        _own("basis"): grant.basis,
        _own("scenario"): grant.scenario,
    }
    if grant.revoked_at is not None:
        made[_own("status")] = "revoked"
    return _policy("Agreement", f"{city}:grant:{grant.id}", made)


def _letter(city: str, document: Letter, one: Instrument) -> Policy:
    """The centre may let others use a department's data."""
    limits = [*_term(one.valid_from, one.valid_until), _is("purpose", document.purposes)]
    permissions = [
        {
            "@type": "Permission",
            "target": _target(city, part.name, part.fields),
            "action": "grantUse",
            "constraint": limits,
        }
        for part in document.resources
    ]
    return _parties(city, document.department, CENTRE) | {"permission": permissions}


def _agreement(city: str, document: Agreement, one: Instrument) -> Policy:
    """The partner's users may ask for aggregates within a budget, and for records with a consent."""
    limits = [
        *_term(one.valid_from, one.valid_until),
        _is("purpose", document.purposes),
        _is("recipient", [_party(city, f"{document.partner.id}/{u}") for u in document.users]),
    ]
    permissions = []
    for view in document.views:
        permissions.append(
            {
                "@type": "Permission",
                "target": _target(city, view.name, view.fields),
                "action": "aggregate",
                "constraint": [*limits, *_budget(document.budget, document.mode)],
            }
        )
        permissions.append(
            {
                "@type": "Permission",
                "target": _target(city, view.name, view.fields, view.masks or {}),
                "action": "read",
                "constraint": limits,
                "duty": [{"@type": "Duty", "action": "obtainConsent"}],
            }
        )
    rests = [f"urn:citybrain:{quote(city)}:letter:{quote(name)}" for name in document.letters]
    return _parties(city, CENTRE, document.partner.id) | {
        "permission": permissions,
        _own("restsOn"): rests,
    }


def _consent(city: str, document: Consent, one: Instrument) -> Policy:
    """The partner may read the enterprise's own record."""
    limits = [*_term(one.valid_from, one.valid_until), _is("purpose", [document.purpose])]
    if document.use == "once":
        limits.append(_constraint("count", "lteq", 1, "xsd:integer"))
    permission = {
        "@type": "Permission",
        "target": _target(city, f"record:{document.enterprise}", document.fields),
        "action": "read",
        "constraint": limits,
    }
    return _parties(city, document.enterprise, document.partner) | {"permission": [permission]}


def _type(one: Instrument) -> str:
    if not isinstance(one.document, Agreement):
        return "Agreement"
    signers = {signature.signer for signature in one.signatures}
    return "Agreement" if one.document.partner.id in signers else "Offer"


def _policy(kind: str, name: str, made: Policy) -> Policy:
    own = {PREFIX: TERMS, "xsd": "http://www.w3.org/2001/XMLSchema#"}
    return {
        "@context": [CONTEXT, own],
        "@type": kind,
        "uid": "urn:citybrain:" + quote(name, safe=":@"),
        "profile": PROFILE,
        **made,
    }


def _parties(city: str, assigner: str, assignee: str) -> Policy:
    return {"assigner": _party(city, assigner), "assignee": _party(city, assignee)}


def _party(city: str, id: str) -> str:
    return f"urn:citybrain:{quote(city)}:party:{quote(id, safe='/')}"


def _resource(city: str, name: str) -> str:
    return f"urn:citybrain:{quote(city)}:{quote(name, safe=':')}"


def _target(
    city: str, name: str, fields: Collection[str], masks: Mapping[str, str] | None = None
) -> Policy:
    """Some fields of a resource, and how they are masked."""
    refined = [_is(_own("field"), fields)]
    refined += [
        _constraint(_own("mask"), "eq", call) | {_own("field"): field}
        for field, call in sorted((masks or {}).items())
    ]
    return {"@type": "AssetCollection", "source": _resource(city, name), "refinement": refined}


def _budget(budget: Budget, mode: str) -> list[Policy]:
    found = [
        _constraint(_own("epsilon"), "lteq", str(budget.epsilon), "xsd:decimal"),
        _constraint(_own("delta"), "lteq", str(budget.delta), "xsd:decimal"),
        _constraint(_own("renewal"), "eq", budget.renewal),
        _constraint(_own("mode"), "eq", mode),
    ]
    if budget.most_per_question is not None:
        most = str(budget.most_per_question)
        found.append(_constraint(_own("epsilonPerQuestion"), "lteq", most, "xsd:decimal"))
    return found


def _term(first: datetime, after: datetime) -> list[Policy]:
    """From when, inclusive, to before when."""
    return [
        _constraint("dateTime", "gteq", first.isoformat(), "xsd:dateTime"),
        _constraint("dateTime", "lt", after.isoformat(), "xsd:dateTime"),
    ]


def _is(name: str, values: Collection[str]) -> Policy:
    return _constraint(name, "isAnyOf", list(values))


def _constraint(name: str, operator: str, value: Any, kind: str | None = None) -> Policy:
    right = value if kind is None else {"@value": value, "@type": kind}
    return {
        "@type": "Constraint",
        "leftOperand": name,
        "operator": operator,
        "rightOperand": right,
    }


def _own(term: str) -> str:
    assert term in OWN_TERMS
    return f"{PREFIX}:{term}"
