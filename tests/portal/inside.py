"""The service inside the test's own process, with a clock and a sleep that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import Opened, open_desk
from tests.portal.bureau import Bureau, Credentials


class Clock:
    """A clock that stands where it is until tests let time pass; documents were imported before."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


class Inside:
    """The service and what tests see of it.

    Attributes:
        slept: the seconds for which answers were held back.
        logged: the access log.
    """

    def __init__(self, bureau: Bureau, opened: Opened, clock: Clock, folder: Path) -> None:
        self.clock = clock
        self.opened = opened
        self.slept: list[float] = []
        self.logged: list[dict[str, Any]] = []
        app = create_app(
            opened,
            bureau.city.plan(),
            service_key(folder),
            clock,
            self._sleep,
            self.logged.append,
        )
        self.service = app.state.service
        self.http = TestClient(app, raise_server_exceptions=False)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def token(self, credentials: Credentials) -> str:
        """Sign in."""
        form = {"grant_type": "client_credentials"}
        response = self.http.post("/token", data=form, auth=credentials)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def headers(self, credentials: Credentials, **more: str) -> dict[str, str]:
        """Of a request of a client that has signed in."""
        return {"Authorization": f"Bearer {self.token(credentials)}", **more}


@contextmanager
def inside(
    bureau: Bureau, folder: Path, change: Callable[[Opened], None] | None = None
) -> Iterator[Inside]:
    """Serve a bureau in this process."""
    clock = Clock()
    with open_desk(bureau.city.plan(), clock) as opened:
        if change is not None:
            change(opened)
        made = Inside(bureau, opened, clock, folder)
        with made.http:
            yield made
