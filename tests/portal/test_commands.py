"""The commands of the service: who may sign in, and where it listens."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.errors import CityBrainError
from citybrain import app
from tests.portal.bureau import Bureau, token
from tests.support.city import NAME


def said(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def root(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYBRAIN_HOME", str(bureau.home))
    return bureau.city.root


def test_clients(bureau: Bureau, root: Path) -> None:
    client = ("sandbox", "client")
    who = ("--partner", "bank-c", "--user", "sun")
    made = json.loads(said(*client, "add", root, *who, "--json"))
    credentials = made["client_id"], made["client_secret"]
    assert token(bureau.url, credentials).status_code == 200
    shown = said(*client, "add", root, *who)
    assert "client_secret: " in shown and "shown only now" in shown
    listed = {one["client_id"]: one for one in json.loads(said(*client, "list", root, "--json"))}
    mine = listed[credentials[0]]
    assert (mine["partner"], mine["user"], mine["revoked_at"]) == ("bank-c", "sun", None)
    assert credentials[1] not in said(*client, "list", root, "--json")
    assert "bank-c" in said(*client, "list", root)
    for _ in range(2):
        assert said(*client, "revoke", root, credentials[0]) == f"{credentials[0]}\n"
    assert token(bureau.url, credentials).status_code == 401
    with bureau.store() as store:
        records = [one.record for one in store.audit.newest(NAME, subject=credentials[0])]
    assert [one.detail["kind"] for one in records] == ["client_revoked", "client_added"]
    with pytest.raises(CityBrainError) as caught:
        said(*client, "revoke", root, "client-0")
    assert caught.value.code == "client_unknown"


def test_a_port_that_is_taken(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CityBrainError) as caught:
        said("serve", root, "--port", taken.getsockname()[1])
    assert caught.value.code == "address_taken"
