"""A letter, an agreement and a consent with sensible values, and keys to sign them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from catalog.agreements import CENTRE, SignedDocument, document_of, givers, sign

FIRM = "91310000X"
TERM = {"version": 1, "valid_from": "2026-07-01", "valid_to": "2026-12-31"}
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate((CENTRE, "tax", "power", "bank-a", FIRM))
}
PUBLIC: dict[str, list[Ed25519PublicKey]] = {name: [key.public_key()] for name, key in KEYS.items()}


def letter(**changes: Any) -> dict[str, Any]:
    """Of the tax bureau, for one resource."""
    department = changes.get("department", "tax")
    resources = [{"name": f"base.{department}", "fields": ["code", "paid", "owed"]}]
    values = {"kind": "letter", "id": f"letter-{department}", "department": department, **TERM}
    return {**values, "resources": resources, "purposes": ["credit"], **changes}


def agreement(**changes: Any) -> dict[str, Any]:
    """With bank-a, about one view, resting on two letters."""
    return {
        "kind": "agreement",
        "id": "agreement-a",
        **TERM,
        "partner": {"id": "bank-a", "name": {"zh": "甲银行", "en": "Bank A"}},
        "letters": ["letter-tax", "letter-power"],
        "purposes": ["credit", "survey"],
        "views": [{"name": "sandbox.firm", "fields": ["code", "paid", "used"]}],
        "mode": "zcdp",
        "budget": {"epsilon": 2, "delta": "1e-6", "renewal": "month", "most_per_question": 0.5},
        "users": ["wang", "li"],
        **changes,
    }


def consent(**changes: Any) -> dict[str, Any]:
    """Of an enterprise to bank-a, for one request."""
    return {
        "kind": "consent",
        "id": "consent-1",
        **TERM,
        "enterprise": FIRM,
        "partner": "bank-a",
        "purpose": "credit",
        "fields": ["paid", "owed"],
        "use": "once",
        **changes,
    }


def signed(data: dict[str, Any]) -> SignedDocument:
    """Signed by who gives it."""
    document = document_of(data)
    giver = givers(document)[0]
    return sign(document, KEYS[giver], giver)
