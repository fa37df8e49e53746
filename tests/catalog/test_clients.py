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
