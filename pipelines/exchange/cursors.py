"""Cursors: where a paged read goes on. A reader can neither make nor change one.

A cursor names the workspace, the department, the resource, the grant, what it shows (`View.digest`),
the snapshot and the place in it, and ends after a time. It is signed (HMAC-SHA256) with a key that is
derived from the service's, so it is worth nothing to another department or elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.errors import PipelineError

PURPOSE = b"citybrain exchange cursor"
MOST = 2_000  # characters
SIGNATURE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paged read goes on.

    Attributes:
        since: of changes, the snapshot that they are since.
        digest: of the view that is read.
        row: how many rows were given.
    """

    department: str
    resource: str
    grant: str
    digest: str
    snapshot: int
    since: int | None
    row: int


class Cursors:
    """Writes and reads the cursors of one workspace."""

    def __init__(self, key: bytes, workspace: str, seconds: float) -> None:
        self._key = hmac.digest(key, PURPOSE, "sha256")
        self._workspace = workspace
        self._seconds = seconds

    def write(self, place: Place, now: datetime) -> str:
        """A cursor, good for some time from now on."""
        until = int((now + timedelta(seconds=self._seconds)).timestamp())
        said = {"workspace": self._workspace, "until": until, **asdict(place)}
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(self._signature(body) + body).rstrip(b"=").decode()

    def read(self, cursor: str, department: str, resource: str, now: datetime) -> Place:
        """The place that a cursor of ours names.

        Raises:
            PipelineError: `cursor_invalid`: not ours, changed, of another department or resource;
                `cursor_over`.
        """
        said = self._said(cursor)
        until = said.pop("until")
        if said.pop("workspace") != self._workspace:
            raise PipelineError("cursor_invalid")
        place = Place(**said)
        if (place.department, place.resource) != (department, resource):
            raise PipelineError("cursor_invalid")
        if now.timestamp() >= until:
            raise PipelineError("cursor_over", resource=resource)
        return place

    def _said(self, cursor: str) -> dict[str, Any]:
        if len(cursor) > MOST:
            raise PipelineError("cursor_invalid")
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise PipelineError("cursor_invalid") from None
        signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(body)):
            raise PipelineError("cursor_invalid")
        found: dict[str, Any] = json.loads(body)
        return found

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()
