"""The sandbox of a city, as a Python object."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote as quoted

import httpx

from citybrain_client.answers import Answer, Quote, Record, answer_of, quote_of, record_of
from citybrain_client.connected import Connected
from citybrain_client.connection import PATIENCE, Connection, problem
from citybrain_client.errors import SandboxRefused

POLL_SECONDS = 0.5
ENDED = ("answered", "failed", "cancelled")


class Sandbox(Connected):
    """Asks under one agreement and for one purpose.

    Args:
        agreement: under which questions are asked.
        others: as `Connected`.
    """

    def __init__(
        self,
        url: str,
        credentials: tuple[str, str],
        *,
        agreement: str,
        purpose: str,
        language: str = "en",
        timeout: float = 300.0,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            url,
            credentials,
            purpose=purpose,
            language=language,
            timeout=timeout,
            patience=patience,
            transport=transport,
        )
        self.agreement = agreement

    def query(
        self,
        sql: str,
        *,
        epsilon: float | None = None,
        accuracy: tuple[float, int] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Ask and wait for the answer.

        Args:
            epsilon: what it may cost; by default a share of the agreement's budget.
            accuracy: instead of it: so large a relative error on groups of so many rows.
            key: a name of your own for this request, under which it is charged once, also if you send
                it again later; by default a new one.

        Raises:
            SandboxRefused: it is not answered.
            SandboxUnreachable: with the key under which it was sent.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        body = self._question(sql, epsilon, accuracy)
        response = self._connection.send("POST", "/queries", body=body, headers=headers)
        return answer_of(response.json())

    def submit(
        self,
        sql: str,
        *,
        epsilon: float | None = None,
        accuracy: tuple[float, int] | None = None,
        key: str | None = None,
    ) -> Job:
        """Ask without waiting; as `query`."""
        key = key or str(uuid.uuid4())
        headers = {"Idempotency-Key": key, "Prefer": "respond-async"}
        body = self._question(sql, epsilon, accuracy)
        response = self._connection.send("POST", "/queries", body=body, headers=headers)
        return Job(self._connection, response.json()["id"], key)

    def quote(
        self,
        sql: str,
        *,
        epsilon: float | None = None,
        accuracy: tuple[float, int] | None = None,
    ) -> Quote:
        """What an answer would cost and how exact it could be; spends nothing."""
        body = self._question(sql, epsilon, accuracy)
        return quote_of(self._connection.send("POST", "/quotes", body=body).json())

    def answer(self, id: str) -> Answer:
        """An answer that was given, again."""
        return answer_of(self._connection.send("GET", f"/answers/{quoted(id, safe='')}").json())

    def budget(self) -> Mapping[str, Mapping[str, Mapping[str, float]]]:
        """By kind of unit, what is granted, spent and left: rho and delta."""
        found: dict[str, Any] = self._of_agreement("/budget")["budgets"]
        return found

    def views(self) -> list[Mapping[str, Any]]:
        """The views that may be asked about and all that is registered about them."""
        found: list[Mapping[str, Any]] = self._of_agreement("/views")["views"]
        return found

    def record(self, view: str, code: str, *, request_id: str | None = None) -> Record:
        """What an enterprise that has consented lets you see.

        Args:
            request_id: a name of your own for this request: a consent for one request is used up by it
                once, also if it is sent again.
        """
        path = f"/records/{quoted(view, safe='')}/{quoted(code, safe='')}"
        query = {"agreement": self.agreement, "purpose": self.purpose}
        headers = {"X-Request-Id": request_id or str(uuid.uuid4())}
        return record_of(self._connection.send("GET", path, query=query, headers=headers).json())

    def _of_agreement(self, path: str) -> Mapping[str, Any]:
        response = self._connection.send("GET", path, query={"agreement": self.agreement})
        found: Mapping[str, Any] = response.json()
        return found

    def _question(
        self, sql: str, epsilon: float | None, accuracy: tuple[float, int] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "sql": sql,
            "agreement": self.agreement,
            "purpose": self.purpose,
        }
        if epsilon is not None:
            body["epsilon"] = epsilon
        if accuracy is not None:
            body["accuracy"] = {"relative": accuracy[0], "rows": accuracy[1]}
        return body


class Job:
    """A question at work.

    Attributes:
        id: by which the service knows it.
        key: under which it was sent.
    """

    def __init__(self, connection: Connection, id: str, key: str) -> None:
        self._connection = connection
        self.id = id
        self.key = key

    @property
    def state(self) -> str:
        """`waiting`, `charged`, `counting`, `answered`, `failed` or `cancelled`."""
        return str(self._read()["state"])

    @property
    def progress(self) -> float | None:
        """From 0 to 1, where it is known."""
        found: float | None = self._read()["progress"]
        return found

    def cancel(self) -> None:
        """Stop it; what was charged stays charged."""
        self._connection.send("DELETE", f"/queries/{self.id}")

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the answer.

        Raises:
            SandboxRefused: it is not answered, or was cancelled.
            TimeoutError: it was not, in so many seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self._read()
            if found["state"] in ENDED:
                break
            if until is not None and time.monotonic() > until:
                raise TimeoutError(self.id)
            time.sleep(POLL_SECONDS)
        if found["state"] == "answered":
            return answer_of(found["answer"])
        raise self._refused(found["problem"])

    def _refused(self, body: Mapping[str, Any]) -> SandboxRefused:
        return problem(body, int(body["status"]))

    def _read(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._connection.send("GET", f"/queries/{self.id}").json()
        return found
