"""A client that takes nothing of its answer is cut off, over real connections, and holds nothing."""

from __future__ import annotations

import asyncio
import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import duckdb
import httpx
import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.duck import table_columns
from portal import serving
from portal.stalling import LOOKS, STATE, Impatient, connection_of, impatient
from portal.streaming import Streamed
from tests.portal.counter import Counter, counter
from tests.portal.opencity import served as served_openly
from tests.support.city import NAME, City
from tests.support.exchange import FIRM, rows_sql
from tests.support.opencity import open_city
from tests.support.waiting import until

SHORT = 0.2  # seconds that a client has here
MANY = 500_000  # rows of an export which no machine takes unread
SETTINGS = f"\n[exchange]\nexports = 1\nstall_seconds = {SHORT}\n"


@dataclass(frozen=True)
class Kind:
    """What a server is made of: uvicorn takes one or another, by what else is installed."""

    protocol: str
    loop: Literal["auto", "asyncio"]

    def made(self) -> type[asyncio.Protocol]:
        """Its protocol, as the service has it."""
        module, _, name = self.protocol.partition(":")
        if module == "httptools_impl":
            pytest.importorskip("httptools")
        found = importlib.import_module(f"uvicorn.protocols.http.{module}")
        return impatient(getattr(found, name))


PLAIN = Kind("h11_impl:H11Protocol", "asyncio")
KINDS = [PLAIN, *(Kind("httptools_impl:HttpToolsProtocol", one) for one in ("asyncio", "auto"))]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.protocol}-{kind.loop}")


@contextmanager
def listening(app: ASGIApp, kind: Kind = PLAIN) -> Iterator[tuple[uvicorn.Server, int]]:
    """The application behind a real server, and its port."""
    server = uvicorn.Server(
        uvicorn.Config(app, http=kind.made(), loop=kind.loop, log_level="critical", lifespan="off")
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def stalled(
    port: int, path: str, headers: dict[str, str], times: int = 1
) -> Iterator[socket.socket]:
    """A client that asks, reads a little and then no more."""
    lines = [f"GET {path} HTTP/1.1", "Host: city"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        client.connect(("127.0.0.1", port))
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() * times)
        assert client.recv(500).startswith(b"HTTP/1.1 200 OK\r\n")
        yield client


def all_of(client: socket.socket) -> bytes:
    """What is left to read until the connection has ended."""
    found = []
    try:
        while part := client.recv(1 << 20):
            found.append(part)
    except ConnectionResetError:
        pass
    return b"".join(found)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    with counter(tmp_path / "city", SETTINGS) as made:
        made.publish(rows_sql(MANY))
        made.grant()
        yield made


@each_kind
@pytest.mark.parametrize("times", [1, 2])  # 2: another request waits behind it (pipelined)
def test_a_stalled_export_gives_its_place_back(served: Counter, kind: Kind, times: int) -> None:
    mine = served.client()
    path = f"/exchange/{FIRM}/export?{urlencode({'purpose': 'loans', 'format': 'jsonl'})}"
    with (
        listening(served.http.app, kind) as (server, port),
        stalled(port, path, mine, times) as client,
    ):
        until(lambda: served.audit()[-1].detail["kind"] == "export_end")
        until(lambda: not server.server_state.connections)
        record = served.audit()[-1]
        assert record.outcome == "export_stalled" and record.detail["client"]
        assert record.rows is not None and 0 < record.rows < MANY
        used = served.service.opened.store.quotas.used(NAME, "civil", "rows")
        assert used == record.rows
        # The only place is free, while the stalled client still stands there.
        again = httpx.get(f"http://127.0.0.1:{port}{path}", headers=mine, timeout=60)
        assert again.status_code == 200 and again.text.count("\n") == MANY
        assert served.audit()[-1].outcome == "ok"
        assert not all_of(client).endswith(b"0\r\n\r\n")  # so it knows that rows are missing
    kinds = [one.detail["kind"] for one in served.audit() if one.action == "exchange"]
    assert kinds == ["export", "export_end"] * 2


def test_a_stalled_download_of_open_data_gives_its_place_back(city: City) -> None:
    open_city(city)
    workspace = city.root / "workspace.toml"
    workspace.write_text(workspace.read_text("utf-8") + SETTINGS, "utf-8")
    city.run()
    with served_openly(city) as site:
        contract, path = (
            city.load().contracts["open.permit"],
            site.opened.lake.new_file("open.permit", "r"),
        )
        with duckdb.connect() as con:
            many = f"SELECT 'district ' || i AS district, i AS permits FROM range({MANY}) AS r(i)"
            con.execute(f"COPY ({many}) TO '{path}' (FORMAT parquet)")
        site.opened.lake.publish("open.permit", table_columns(contract), [path], {"run": "r"})
        with (
            listening(site.app) as (server, port),
            stalled(port, "/open/open.permit.json", {}),
        ):
            until(lambda: site.records()[0].record.detail["kind"] == "export_end")
            until(lambda: not server.server_state.connections)
        record = site.records()[0].record
        assert record.outcome == "export_stalled"
        assert record.rows is not None and 0 < record.rows < MANY
        assert not site.app.state.service.open_data._at_work


class Endless:
    """Bytes without end; it knows how it was closed."""

    def __init__(self) -> None:
        self.closed = ""

    def __next__(self) -> bytes:
        return b"x" * 1_000_000

    def close(self, outcome: str = "export_broken") -> None:
        self.closed = self.closed or outcome


def within(seconds: float, answer: Response) -> ASGIApp:
    """An application with one answer, whose clients have so long."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = connection_of(scope)
        assert connection is not None
        connection.stall_seconds = seconds
        await answer(scope, receive, send)

    return app


@each_kind
def test_an_answer_that_is_whole_is_cut_too(kind: Kind) -> None:
    """It is at its end for the application: what is left of it are the server's bytes."""
    answer = Response(b"x" * 50_000_000)
    with (
        listening(within(SHORT, answer), kind) as (server, port),
        stalled(port, "/", {}) as client,
    ):
        until(lambda: not server.server_state.connections)
        assert len(all_of(client)) < 50_000_000


def test_the_service_has_it() -> None:
    config = serving._config(Response(), None)
    config.load()
    assert issubclass(config.http_protocol_class, Impatient)


@each_kind
def test_who_goes_away_has_not_stalled(kind: Kind) -> None:
    source = Endless()
    answer = Streamed(source, b"x", {}, "text/plain")
    with listening(within(3_600, answer), kind) as (_, port):
        with stalled(port, "/", {}):
            pass
        until(lambda: source.closed == "export_broken")


class Slow(asyncio.Transport):
    """A transport whose client takes what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1_000
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.left

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == 0

    def abort(self) -> None:
        self.aborted = True


class Protocol(asyncio.Protocol):
    def __init__(self, app_state: dict[str, Any]) -> None:
        self.app_state = app_state


def test_who_takes_slowly_is_not_cut() -> None:
    """One byte within the time begins it anew; a time without any ends it."""

    async def tried() -> None:
        made = impatient(Protocol)(app_state={"other": 1})  # type: ignore[call-arg]
        assert isinstance(made, Impatient) and isinstance(made, Protocol)
        transport, connection = Slow(), made.app_state[STATE]
        connection.stall_seconds = 3_600
        made.connection_made(transport)
        made.pause_writing()
        for _ in range(20):
            for _ in range(LOOKS - 1):
                made._look()
            transport.left -= 1
            made._look()
        assert not transport.aborted and not connection.cut
        for _ in range(LOOKS):
            assert not transport.aborted
            made._look()
        assert transport.aborted and connection.cut
        made.connection_lost(None)
        assert connection.lost and made._timer is None

    asyncio.run(tried())


def test_the_time_begins_anew_when_all_was_taken() -> None:
    async def tried() -> None:
        made = impatient(Protocol)(app_state={})  # type: ignore[call-arg]
        assert isinstance(made, Impatient)
        transport = Slow()
        made.connection_made(transport)
        for _ in range(10):
            made.pause_writing()
            for _ in range(LOOKS - 1):
                made._look()
            made.resume_writing()
            assert made._timer is None
        assert not transport.aborted

    asyncio.run(tried())
