"""Documents as they are written, and signatures as they hold or do not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.agreements import (
    CENTRE,
    Document,
    Signature,
    SignedDocument,
    canonical,
    document_of,
    fingerprint,
    givers,
    instants,
    key_fingerprint,
    read_signed,
    sign,
    signed_of,
    signed_plain,
    verify,
)
from catalog.errors import CatalogError
from tests.support.instruments import KEYS, PUBLIC, agreement, consent, letter, signed

TAIPEI = ZoneInfo("Asia/Taipei")


def refused(data: dict[str, Any]) -> str:
    with pytest.raises(CatalogError) as caught:
        document_of(data)
    assert caught.value.code == "instrument_syntax"
    return str(caught.value)


@pytest.mark.parametrize("make", [letter, agreement, consent])
def test_documents_are_read_and_written(make: Any, tmp_path: Path) -> None:
    document = document_of(make())
    path = tmp_path / "agreements" / "a.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(make(), allow_unicode=True), "utf-8")
    assert read_signed(path) == SignedDocument(document)
    whole = signed(make())
    path.write_text(yaml.safe_dump(signed_plain(whole), allow_unicode=True), "utf-8")
    assert read_signed(path) == whole
    verify(read_signed(path), PUBLIC)


@pytest.mark.parametrize("make", [letter, agreement, consent])
def test_unknown_keys_are_errors(make: Any) -> None:
    assert "colour" in refused(make(colour="red"))
    assert refused(make(kind="note"))
    assert "version" in refused(make(version=0))
    assert "valid_to" in refused(make(valid_to="2026-06-30"))
    assert "valid_to" in refused(make(valid_to="9999-12-31"))
    assert "id" in refused(make(id=""))


def test_odd_budgets_are_errors() -> None:
    good = agreement()["budget"]
    for changes in (
        {"epsilon": 0},
        {"epsilon": float("nan")},
        {"epsilon": float("inf")},
        {"epsilon": 101},
        {"epsilon": True},
        {"delta": 1},
        {"delta": -0.1},
        {"delta": 0},
        {"renewal": "week"},
        {"most_per_question": 0},
        {"more": 1},
    ):
        assert "budget" in refused(agreement(budget={**good, **changes})) or changes == {"delta": 0}
    document_of(agreement(mode="pure", budget={**good, "delta": 0}))


def test_a_name_stands_once() -> None:
    fields = agreement()["views"][0]
    assert "twice" in refused(agreement(views=[fields, fields]))
    assert "twice" in refused(agreement(users=["wang", "wang"]))
    assert "fields" in refused(agreement(views=[{"name": "v", "fields": []}]))


def test_what_is_signed_is_one_way_to_write_it() -> None:
    first = letter(department="tax", purposes=["café credit"])
    second = dict(reversed(letter(department="tax", purposes=["cafe\u0301 credit"]).items()))
    one, other = document_of(first), document_of(second)
    assert canonical(one) == canonical(other)
    assert canonical(one).startswith(b'{"department":"tax","id":"letter-tax","kind":"letter"')
    assert "café".encode() in canonical(one)
    assert b"0.1" in canonical(document_of(agreement(budget=_tenth())))


def _tenth() -> dict[str, Any]:
    return {"epsilon": 0.1, "delta": "1e-6", "renewal": "none"}


def test_days_are_of_the_city() -> None:
    first, after = instants(document_of(letter()), TAIPEI)
    assert first == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert after == datetime(2026, 12, 31, 16, tzinfo=UTC)


# Signatures


def code(whole: SignedDocument, keys: Any = PUBLIC) -> str:
    with pytest.raises(CatalogError) as caught:
        verify(whole, keys)
    assert whole.document.id in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("make", [letter, agreement, consent])
def test_a_tampered_document_is_found(make: Any) -> None:
    whole = signed(make())
    verify(whole, PUBLIC)
    changed = document_of(make(valid_to="2027-12-31"))
    assert code(SignedDocument(changed, whole.signatures)) == "signature_invalid"


def test_a_tampered_signature_is_found() -> None:
    whole = signed(letter())
    (one,) = whole.signatures
    for value in ("", "no base64!", "AAAA", one.value[:-4] + "AAA="):
        broken = SignedDocument(whole.document, (Signature(one.signer, one.key, value),))
        assert code(broken) == "signature_invalid"


def test_another_key_is_not_enough() -> None:
    whole = sign(document_of(letter()), Ed25519PrivateKey.generate(), "tax")
    assert code(whole) == "signature_unknown"
    # The fingerprint of the right key does not help a signature by a wrong one.
    right = key_fingerprint(KEYS["tax"].public_key())
    lying = Signature("tax", right, whole.signatures[0].value)
    assert code(SignedDocument(whole.document, (lying,))) == "signature_invalid"
    assert code(signed(letter()), {}) == "signature_unknown"


def test_an_older_key_of_a_signer_may_still_be_known() -> None:
    fresh = Ed25519PrivateKey.generate().public_key()
    verify(signed(letter()), {"tax": [fresh, *PUBLIC["tax"]]})


def test_who_gives_must_have_signed() -> None:
    for data, signer in ((letter(), "bank-a"), (agreement(), "bank-a"), (consent(), "bank-a")):
        whole = sign(document_of(data), KEYS[signer], signer)
        assert code(whole) == "signature_missing"
    assert code(SignedDocument(document_of(letter()))) == "signature_missing"
    # Nor does the name of another help who signs with a key of his own.
    posing = sign(document_of(letter()), KEYS["bank-a"], "tax")
    assert code(posing) == "signature_unknown"
    both = sign(signed(agreement()), KEYS["bank-a"], "bank-a")
    assert [one.signer for one in both.signatures] == [CENTRE, "bank-a"]
    verify(both, PUBLIC)
    assert sign(both, KEYS["bank-a"], "bank-a") == both
    paper = sign(document_of(consent()), KEYS[CENTRE], CENTRE)
    verify(paper, PUBLIC)
    assert givers(paper.document) == ("91310000X", CENTRE)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"document": letter(), "stamp": 1},
        {"document": letter(), "signatures": [{"signer": "tax"}]},
        {"document": letter(), "signatures": [{"signer": "tax", "key": 1, "value": "x"}]},
        {"document": letter(), "signatures": ["tax"]},
        {"document": letter(), "signatures": 5},
        {"document": 5},
    ],
)
def test_a_file_that_is_no_signed_document(data: Any) -> None:
    with pytest.raises(CatalogError) as caught:
        signed_of(data)
    assert caught.value.code == "instrument_syntax"


def test_a_fingerprint_is_of_the_content() -> None:
    documents: list[Document] = [document_of(letter()), document_of(letter(version=2))]
    assert len({fingerprint(one) for one in documents}) == 2
