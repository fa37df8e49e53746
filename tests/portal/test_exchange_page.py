"""The page about the exchange does what it says, with the client that departments have."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import uvicorn

from citybrain_client import Exchange, SandboxRefused, notice_is_genuine
from portal.webhooks import secret_of, secret_told, signature_of
from tests.portal.counter import Counter, counter
from tests.support.city import NAME
from tests.support.exchange import FIRM, KEY, rows_sql

PAGE = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text("utf-8")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    with counter(tmp_path / "city") as made:
        yield made


@pytest.fixture
def url(served: Counter) -> Iterator[str]:
    """The same application behind a real server."""
    config = uvicorn.Config(served.http.app, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def example(name: str) -> str:
    """A block of the page that is marked as tested."""
    found = re.search(rf"<!-- tested: {name} -->\n```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert found is not None
    return found[1]


def credentials(served: Counter) -> tuple[str, str]:
    made, secret = served.service.opened.store.clients.add_for_department(NAME, "civil", "li")
    return made.id, secret


def test_the_examples(served: Counter, url: str, tmp_path: Path, capsys: Any) -> None:
    served.publish(rows_sql(2500))
    served.grant()
    id, secret = credentials(served)
    names: dict[str, Any] = {"url": url, "client_id": id, "client_secret": secret}
    names["folder"] = tmp_path
    exec(compile(example("read"), "read", "exec"), names)
    assert FIRM in capsys.readouterr().out
    assert sorted(names["mirror"]) == [f"c{i:05}" for i in range(2500)]
    assert pq.read_table(tmp_path / "firm.parquet").num_rows == 2500
    assert not list(tmp_path.glob(".*.part"))
    served.publish(rows_sql(2503, 5))
    exec(compile(example("changes"), "changes", "exec"), names)
    assert sorted(names["mirror"]) == [f"c{i:05}" for i in range(5, 2503)]


def test_the_example_of_a_notice() -> None:
    secret, body = secret_of(KEY, "sub_1"), json.dumps({"data": {"resource": FIRM}}).encode()
    now = int(time.time())
    headers = {"Webhook-Id": "msg_1", "webhook-id": "msg_1", "webhook-timestamp": str(now)}
    headers["webhook-signature"] = "v1,b2xk " + signature_of(secret, "msg_1", now, body)
    names: dict[str, Any] = {"secret": secret_told(secret), "seen": set(), "work": [], "json": json}
    exec(compile(example("notice"), "notice", "exec"), names)
    assert [names["received"](headers, body) for _ in range(2)] == [204, 204]
    assert names["work"] == [{"resource": FIRM}]
    assert names["received"](headers, body + b" ") == 401
    told = secret_told(secret)
    plain = {key: value for key, value in headers.items() if key.islower()}
    assert notice_is_genuine(told, plain, body)
    assert not notice_is_genuine(told, plain, body, now + 301)
    assert not notice_is_genuine(told, {**plain, "webhook-timestamp": "²"}, body)
    assert not notice_is_genuine(told, {**plain, "webhook-id": "msg_2"}, body)
    assert not notice_is_genuine(secret_told(secret_of(KEY, "sub_2")), plain, body)
    assert not notice_is_genuine(told, {}, body)


def test_what_the_client_is_refused(served: Counter, url: str, tmp_path: Path) -> None:
    with Exchange(url, credentials(served), purpose="loans", patience=0) as city:
        for ask in (
            lambda: list(city.rows(FIRM)),
            lambda: city.export(FIRM, tmp_path / "x.csv", "csv"),
        ):
            with pytest.raises(SandboxRefused) as caught:
                ask()
            assert (caught.value.code, caught.value.status) == ("grant_missing", 403)
    assert list(tmp_path.glob("*x.csv*")) == []


def test_a_client_that_goes_away_ends_its_export(served: Counter, url: str) -> None:
    """Over a real connection; the service sees that it is gone, and counts what was given."""
    served.publish(rows_sql(3_000_000))
    served.grant()
    headers = served.client()
    with httpx.stream(
        "GET", f"{url}/exchange/{FIRM}/export?purpose=loans&format=jsonl", headers=headers
    ) as response:
        assert response.status_code == 200
        next(response.iter_bytes())
    end = time.monotonic() + 20
    while served.audit()[-1].detail["kind"] != "export_end" and time.monotonic() < end:
        time.sleep(0.05)
    record = served.audit()[-1]
    assert record.outcome == "export_broken"
    assert record.rows is not None
    assert 0 < record.rows < 3_000_000
    assert served.service.opened.store.quotas.used(NAME, "civil", "rows") == record.rows
    nothing_is_held(served)


def test_a_grant_that_is_revoked_cuts_an_export(
    served: Counter, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a real connection: it ends without its last chunk, so the client knows that rows are missing."""
    monkeypatch.setattr("pipelines.exchange.exports.LOOKED", 0.0)
    served.publish(rows_sql(3_000_000))
    grant = served.grant()
    headers = served.client()
    address = f"{url}/exchange/{FIRM}/export?purpose=loans&format=jsonl"
    with httpx.stream("GET", address, headers=headers) as response:
        chunks = response.iter_bytes()
        next(chunks)
        store = served.service.opened.store
        store.grants.revoke(NAME, grant.id, by="account:bureau", reason="over")
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in chunks:
                pass
    record = next(one for one in reversed(served.audit()) if one.detail["kind"] == "export_end")
    assert record.outcome == "grant_missing" and record.rows is not None
    assert 0 < record.rows < 3_000_000
    assert store.quotas.used(NAME, "civil", "rows") == record.rows
    nothing_is_held(served)
    assert httpx.get(address, headers=headers).status_code == 403


def nothing_is_held(served: Counter) -> None:
    """Of an export that has ended: its place among those that run, its folder."""
    exchange = served.service.exchange
    assert exchange._exporting._value == exchange.settings.exports  # type: ignore[attr-defined]
    assert list((served.city.home.exchange / "scratch").iterdir()) == []
