"""A small city with open data (synthetic), served inside the test's process and on a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from catalog.database.audit import Logged
from pipelines.home import Home
from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import Opened, open_desk
from tests.servers import free_port
from tests.support.city import NAME, City


@dataclass
class Served:
    """A city, its application, and a client of it."""

    city: City
    opened: Opened
    app: FastAPI
    http: TestClient

    def records(self) -> list[Logged]:
        """The audit log's records of downloads."""
        return self.opened.store.audit.newest(NAME, action="exchange")


@contextmanager
def served(city: City, **changes: Any) -> Iterator[Served]:
    """Serve a city that has run."""
    plan = city.plan()
    with open_desk(plan) as opened:
        key = service_key(Home.of(NAME).root)
        app = create_app(opened, plan, key, log=lambda _: None)
        with TestClient(
            app, raise_server_exceptions=False, follow_redirects=False, **changes
        ) as http:
            yield Served(city, opened, app, http)


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The application on a socket; its address. Its lifespan is its owner's affair."""
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
