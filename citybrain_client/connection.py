"""Requests to the service: signed in, and sent again where that is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from citybrain_client.errors import SandboxRefused, SandboxUnreachable, Where

PATIENCE = 30.0  # seconds of pauses in which a request is sent again
FIRST_PAUSE = 0.2  # seconds; doubled with every try
LONGEST_PAUSE = 10.0
AHEAD = 10  # a token is renewed so many seconds before it ends
AGAIN = (429, 503)
UNAUTHORIZED = 401


class Connection:
    """One service and one client of it; safe for use from many threads.

    Args:
        credentials: the client's id and secret.
        language: in which errors are told, "en" or "zh".
        patience: seconds of pauses in which a request is sent again.
        transport: how requests are sent; by the network.
    """

    def __init__(
        self,
        url: str,
        credentials: tuple[str, str],
        language: str,
        timeout: float,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Accept-Language": language}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport
        )
        self._credentials = credentials
        self._sleep = sleep
        self._patience = patience
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request that may be sent more than once.

        Raises:
            SandboxRefused, SandboxUnreachable.
        """
        for renewed in (False, True):
            with_token = {"Authorization": f"Bearer {self._signed_in()}", **(headers or {})}

            def once(with_token: Mapping[str, str] = with_token) -> httpx.Response:
                return self._http.request(method, path, json=body, params=query, headers=with_token)

            response = self._patiently(once, (headers or {}).get("Idempotency-Key"))
            if response.status_code != UNAUTHORIZED or renewed:
                break
            self._forget(with_token["Authorization"].removeprefix("Bearer "))
        if response.is_success:
            return response
        raise refused(response)

    @contextmanager
    def stream(self, path: str, query: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer whose body is read as it comes; it is asked for again until its head is there.

        Raises:
            SandboxRefused, SandboxUnreachable.
        """
        with_token = {"Authorization": f"Bearer {self._signed_in()}"}

        def once() -> httpx.Response:
            request = self._http.build_request("GET", path, params=query, headers=with_token)
            return self._http.send(request, stream=True)

        response = self._patiently(once, None)
        try:
            if not response.is_success:
                response.read()
                raise refused(response)
            yield response
        except httpx.TransportError as error:
            raise SandboxUnreachable(str(error), None) from error
        finally:
            response.close()

    def _patiently(self, once: Callable[[], httpx.Response], key: str | None) -> httpx.Response:
        """What the service answers, when it does; it is asked again while it cannot."""
        pause, waited = FIRST_PAUSE, 0.0
        while True:
            try:
                response = once()
            except httpx.TransportError as error:
                if waited >= self._patience:
                    raise SandboxUnreachable(str(error), key) from error
                wanted = pause
            else:
                if response.status_code not in AGAIN or waited >= self._patience:
                    return response
                wanted = _asked_pause(response, pause)
            self._sleep(wanted)
            waited += wanted
            pause = min(2 * pause, LONGEST_PAUSE)

    def _signed_in(self) -> str:
        with self._lock:
            if time.monotonic() < self._ends:
                return self._token
            form = {"grant_type": "client_credentials"}
            auth = httpx.BasicAuth(*self._credentials)
            response = self._patiently(
                lambda: self._http.post("/token", data=form, auth=auth), None
            )
            if not response.is_success:
                raise refused(response)
            body = response.json()
            self._token = str(body["access_token"])
            self._ends = time.monotonic() + max(0.0, float(body["expires_in"]) - AHEAD)
            return self._token

    def _forget(self, token: str) -> None:
        with self._lock:
            if self._token == token:
                self._ends = 0.0


def _asked_pause(response: httpx.Response, otherwise: float) -> float:
    try:
        return min(float(response.headers["Retry-After"]), LONGEST_PAUSE)
    except (KeyError, ValueError):  # or a date, which ours never is
        return otherwise


def refused(response: httpx.Response) -> SandboxRefused:
    """What the service says instead of an answer."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    if "error" in body:  # RFC 6749, from the token's address
        return SandboxRefused(
            body["error"],
            "Not signed in",
            "The service does not know this client, or not with this secret.",
            "Check the id and the secret.",
            status=response.status_code,
        )
    return problem(body, response.status_code)


def problem(body: Mapping[str, Any], status: int) -> SandboxRefused:
    """A problem (RFC 9457) as an error."""
    where = body.get("where")
    return SandboxRefused(
        body.get("code", "http"),
        body.get("title", ""),
        body.get("detail", f"The service answers with status {status}."),
        body.get("next", ""),
        Where(where["line"], where["column"]) if where else None,
        status,
    )
