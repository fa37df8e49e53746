"""A small city whose sandbox is served by a process of its own (synthetic data)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from catalog.database import CatalogStore
from pipelines.home import Home
from tests.sandbox.firms import published_firms
from tests.servers import free_port
from tests.support.city import NAME, City
from tests.support.instruments import PUBLIC, agreement, letter, signed

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
TERM = {"valid_from": "2026-01-01", "valid_to": "2099-12-31"}
VIEWS = [{"name": "sandbox.firm", "fields": ["area", "paid"]}]
SQL = "SELECT area, COUNT(*) AS n, SUM(paid) AS paid FROM sandbox.firm GROUP BY area ORDER BY area"
ASKING = {"agreement": "agreement-a", "purpose": "credit"}

Credentials = tuple[str, str]


def take(store: CatalogStore, *documents: Mapping[str, Any]) -> None:
    """Import documents, signed by who gives them."""
    for document in documents:
        store.instruments.import_(NAME, signed(dict(document)), PUBLIC, ZoneInfo("UTC"))


def instruments(**changes: Any) -> list[dict[str, Any]]:
    """The tax bureau's letter, and bank-a's agreement that rests on it."""
    resources = [{"name": "raw.tax__firm", "fields": ["code", "area", "paid", "owner"]}]
    terms = {"letters": ["letter-tax"], "views": VIEWS, **TERM}
    return [letter(resources=resources, **TERM), agreement(**(terms | changes))]


@dataclass
class Bureau:
    """The workspace, its state and the clients that may sign in.

    Attributes:
        environment: what the service's process gets besides.
    """

    city: City
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    @property
    def database(self) -> str:
        """The catalogue database's URL."""
        return (
            self.environment.get("CITYBRAIN_DATABASE")
            or f"sqlite:///{self.home / NAME / 'catalog.db'}"
        )

    def store(self) -> CatalogStore:
        """The catalogue database, to be closed by the caller."""
        return CatalogStore.open(self.database)

    def client(self, partner: str = "bank-a", user: str = "wang") -> Credentials:
        """A program that may sign in: id and secret."""
        with self.store() as store:
            made, secret = store.clients.add(NAME, partner, user)
        return made.id, secret

    def start(self, code: str | None = None, port: int | None = None) -> None:
        """Start the service, by the command or by a program that ends in it, and wait for it."""
        port = port or free_port()
        words = ["-m", "citybrain"] if code is None else ["-c", code]
        command = [sys.executable, *words, "serve", str(self.city.root), "--port", str(port)]
        environment = os.environ | self.environment | {"CITYBRAIN_HOME": str(self.home)}
        log = (self.home / "service.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=ROOT
            )
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                assert httpx.get(f"{self.url}/healthz").status_code == 200
                return
            except httpx.TransportError:
                assert self.process.poll() is None and time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the service; its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def log(self) -> str:
        """What the service has written."""
        return (self.home / "service.log").read_text("utf-8")

    def entries(self) -> list[dict[str, Any]]:
        """The access log."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def signed_in(self, credentials: Credentials | None = None) -> httpx.Client:
        """A session with a token."""
        response = token(self.url, credentials or self.client())
        assert response.status_code == 200, response.text
        headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


def make_bureau(root: Path, settings: str = "", budget: float = 2.0, **environment: str) -> Bureau:
    """A published view of firms; `CITYBRAIN_HOME` is root/home."""
    bureau = Bureau(published_firms(root / "city"), root / "home", environment)
    if settings:
        path = bureau.city.root / "workspace.toml"
        path.write_text(path.read_text("utf-8") + settings, "utf-8")
    with bureau.store() as store:
        terms = {"epsilon": budget, "delta": "1e-6", "renewal": "none"}
        take(store, *instruments(budget=terms))
    return bureau


def token(url: str, credentials: Credentials) -> httpx.Response:
    """Sign in."""
    form = {"grant_type": "client_credentials"}
    return httpx.post(f"{url}/token", data=form, auth=credentials, timeout=60)


def home_of(root: Path) -> Home:
    """The state of the workspace under a bureau's root."""
    return Home(root / "home" / NAME)
