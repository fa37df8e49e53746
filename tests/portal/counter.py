"""The exchange of an invented city, served inside the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from catalog.audit.record import AuditRecord
from catalog.sharing.grant import Grant
from pipelines.lake import Snapshot
from portal.app import create_app
from portal.service import Service
from sandbox.opening import open_desk
from tests.support.city import NAME, City
from tests.support.exchange import FIRM, KEY, Clock, Market, exchange_city, publish, rows_sql

ASKED = {"purpose": "loans"}
Credentials = tuple[str, str]


@dataclass
class Counter:
    """The service and what tests see of it.

    Attributes:
        logged: the access log.
    """

    city: City
    clock: Clock
    service: Service
    http: TestClient
    logged: list[dict[str, Any]] = field(default_factory=list)

    def client(self, department: str = "civil", user: str = "li") -> dict[str, str]:
        """The headers of a department's program that has signed in."""
        made, secret = self.service.opened.store.clients.add_for_department(NAME, department, user)
        return self.headers((made.id, secret))

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Sign in."""
        form = {"grant_type": "client_credentials"}
        response = self.http.post("/token", data=form, auth=credentials)
        assert response.status_code == 200, response.text
        return {"Authorization": f"Bearer {response.json()['access_token']}"}

    def get(self, path: str, headers: dict[str, str], **query: Any) -> Any:
        """One request."""
        return self.http.get(path, headers=headers, params={**ASKED, **query})

    def grant(self, **changes: Any) -> Grant:
        """As `Market.grant`."""
        opened = self.service.opened
        return Market(self.city, opened.store, opened.lake, self.clock).grant(**changes)

    def publish(self, sql: str = "", table: str = FIRM) -> Snapshot:
        """As `Market.publish`."""
        made = publish(self.service.opened.lake, self.city, sql or rows_sql(250), table=table)
        self.service.exchange.published._current.clear()
        return made

    def audit(self) -> list[AuditRecord]:
        """The audit log, the oldest record first."""
        found = self.service.opened.store.audit.newest(NAME, limit=1000)
        return [one.record for one in reversed(found)]


@contextmanager
def counter(root: Path, settings: str = "") -> Iterator[Counter]:
    """Serve it; `CITYBRAIN_HOME` is the caller's."""
    city, clock = exchange_city(root, settings), Clock()
    logged: list[dict[str, Any]] = []
    plan = city.plan()
    with open_desk(plan, clock) as opened:
        opened.store.sync_resources(NAME, list(plan.workspace.contracts.values()))
        app = create_app(opened, plan, KEY, clock, log=logged.append)
        with TestClient(app, raise_server_exceptions=False) as http:
            yield Counter(city, clock, app.state.service, http, logged)
