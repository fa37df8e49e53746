"""Programs that may sign in: who they are, by which secret, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog.database import CatalogStore
from catalog.errors import CatalogError

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url, clock=lambda: NOW) as opened:
        yield opened


def test_signing_in(store: CatalogStore) -> None:
    clients = store.clients
    made, secret = clients.add("north", "bank-a", "wang")
    other, others = clients.add("north", "bank-b", "li")
    assert (made.partner, made.user, made.created_at, made.revoked_at) == (
        "bank-a",
        "wang",
        NOW,
        None,
    )
    assert clients.valid("north", made.id) == clients.signed_in("north", made.id, secret) == made
    assert clients.signed_in("north", other.id, others) == other
    assert clients.list("north") == [made, other] and clients.list("south") == []
    for workspace, id, said in (
        ("north", made.id, others),
        ("north", other.id, secret),
        ("north", made.id, ""),
        ("north", made.id, secret + "\x00"),
        ("north", "nobody", secret),
        ("north", "\x00", secret),
        ("south", made.id, secret),
    ):
        assert clients.signed_in(workspace, id, said) is None
    assert clients.valid("south", made.id) is None and clients.valid("north", "\x00") is None


def test_revoking(store: CatalogStore) -> None:
    clients = store.clients
    made, secret = clients.add("north", "bank-a", "wang")
    with pytest.raises(CatalogError) as caught:
        clients.revoke("south", made.id)
    assert caught.value.code == "client_unknown"
    assert clients.revoke("north", made.id).revoked_at == NOW
    clients._clock = lambda: NOW + timedelta(days=1)
    assert clients.revoke("north", made.id).revoked_at == NOW
    assert clients.valid("north", made.id) is None
    assert clients.signed_in("north", made.id, secret) is None
    assert [one.revoked_at for one in clients.list("north")] == [NOW]


def test_what_is_kept_of_a_secret(store: CatalogStore) -> None:
    ids = [store.clients.add("north", "bank-a", "wang") for _ in range(2)]
    with store._read() as session:
        rows = session.execute(text("SELECT salt, secret_hash FROM api_client")).all()
    assert len({row.salt for row in rows}) == len({row.secret_hash for row in rows}) == 2
    assert not any(secret in row.secret_hash for _, secret in ids for row in rows)


def test_who_may_sign_in_is_on_record(store: CatalogStore) -> None:
    partner, secret = store.clients.add("north", "bank-a", "wang", by="account:root")
    department, _ = store.clients.add_for_department("north", "tax", "li")
    for _ in range(2):  # the second time nothing changes, and nothing is recorded
        store.clients.revoke("north", partner.id, by="boss")
    found = [one.record for one in reversed(store.audit.newest("north"))]
    assert [(one.actor, one.action, one.subject, dict(one.detail)) for one in found] == [
        (
            "account:root",
            "account",
            partner.id,
            {"kind": "client_added", "partner": "bank-a", "user": "wang"},
        ),
        (
            "system",
            "account",
            department.id,
            {"kind": "client_added", "department": "tax", "user": "li"},
        ),
        (
            "account:boss",
            "account",
            partner.id,
            {"kind": "client_revoked", "partner": "bank-a", "user": "wang"},
        ),
    ]
    assert secret not in str(found)


def test_neither_is_done_without_its_record(
    store: CatalogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = store.clients.add("north", "bank-a", "wang")

    def refuses(*_: object, **__: object) -> range:
        raise CatalogError("database_failed", problem="-")

    monkeypatch.setattr(store.audit, "append_in", refuses)
    for change in (
        lambda: store.clients.add("north", "bank-b", "li"),
        lambda: store.clients.add_for_department("north", "tax", "li"),
        lambda: store.clients.revoke("north", made.id),
    ):
        with pytest.raises(CatalogError):
            change()
    assert store.clients.list("north") == [made]
