"""Countersignatures: added once, never changed, and only by whom they are asked of."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.agreements import SignedDocument, document_of, sign
from catalog.database import CatalogStore
from catalog.database.countersignatures import expected
from catalog.errors import CatalogError
from tests.support.instruments import FIRM, KEYS, PUBLIC, agreement, consent, letter, signed

CITY, UTC = "tainan", ZoneInfo("UTC")
WHO = "partner:bank-a/wang"


@pytest.fixture
def both(store: CatalogStore) -> SignedDocument:
    """The agreement with both signatures; it was imported with the centre's alone."""
    first = signed(agreement())
    store.instruments.import_(CITY, first, PUBLIC, UTC)
    return sign(first, KEYS["bank-a"], "bank-a")


def refused(store: CatalogStore, one: SignedDocument, *signers: str) -> str:
    with pytest.raises(CatalogError) as caught:
        store.countersignatures.add(CITY, one, PUBLIC, signers, WHO)
    assert caught.value.code in str(caught.value)
    return caught.value.code


def test_it_is_kept_with_who_brought_it_and_in_the_log(
    store: CatalogStore, both: SignedDocument
) -> None:
    one = store.countersignatures.add(CITY, both, PUBLIC, ["bank-a"], WHO)
    (found,) = store.countersignatures.of(CITY, one)
    assert found.signature == both.signatures[1] and found.added_by == WHO
    (record,) = [r.record for r in store.audit.newest(CITY, action="document", limit=1)]
    assert (record.actor, record.under) == (WHO, "agreement:agreement-a@1")
    assert dict(record.detail) == {"what": "countersigned", "signers": "bank-a"}
    assert refused(store, both, "bank-a") == "countersignature_missing"
    assert len(store.countersignatures.of(CITY, one)) == 1


def test_what_is_refused(store: CatalogStore, both: SignedDocument) -> None:
    assert refused(store, both, "bank-b") == "countersignature_missing"
    assert refused(store, sign(both, KEYS["tax"], "tax"), "tax") == "countersignature_missing"
    assert refused(store, sign(both, KEYS["tax"], "bank-a"), "bank-a") == "signature_unknown"
    changed = sign(document_of(agreement(users=["wang"])), KEYS["centre"], "centre")
    assert refused(store, sign(changed, KEYS["bank-a"], "bank-a"), "bank-a") == "instrument_differs"
    absent = signed(agreement(id="agreement-x"))
    assert refused(store, absent, "bank-a") == "instrument_unknown"
    assert (
        refused(store, SignedDocument(both.document, both.signatures[1:]), "bank-a")
        == "signature_missing"
    )


def test_rows_never_change(store: CatalogStore, both: SignedDocument) -> None:
    store.countersignatures.add(CITY, both, PUBLIC, ["bank-a"], WHO)
    for statement in ("UPDATE {} SET signer = 'x'", "DELETE FROM {}"):
        with pytest.raises(DBAPIError), store._engine.begin() as con:
            con.execute(text(statement.format("instrument_countersignature")))


@pytest.mark.parametrize(
    ("make", "signers"),
    [(letter, ("tax",)), (agreement, ("centre", "bank-a")), (consent, (FIRM, "centre"))],
)
def test_who_signs_what(make: Any, signers: tuple[str, ...]) -> None:
    assert expected(document_of(make())) == signers
