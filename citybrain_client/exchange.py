"""What other departments share with yours, as a Python object; and the notices of new snapshots."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote as quoted

from citybrain_client.connected import Connected

Format = Literal["csv", "parquet", "arrow", "jsonl"]
PAGE = 1000
TOLERANCE = 300  # seconds that a notice may be old


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one snapshot.

    Attributes:
        rows: by field; `_objection` is true where somebody objects to a value of the row. Of changes,
            `_change` is `upsert` or `delete`; of a deleted row only its key is there.
        snapshot: the same on all pages of a read.
    """

    resource: str
    snapshot: str
    rows: list[dict[str, Any]]


class Exchange(Connected):
    """Reads for one purpose: that of the grants, as `grants` tells it. See `Connected`."""

    def grants(self) -> list[dict[str, Any]]:
        """What your department may read now, for any purpose."""
        found: list[dict[str, Any]] = self._connection.send("GET", "/exchange").json()["grants"]
        return found

    def pages(self, resource: str, limit: int = PAGE) -> Iterator[Page]:
        """All rows, page after page, of what is published when the first page is read.

        Raises:
            SandboxRefused: `exchange_snapshot_gone`: reading took too long; begin again. And others.
        """
        return self._paged(f"/exchange/{quoted(resource, safe='')}", {"limit": str(limit)})

    def rows(self, resource: str) -> Iterator[dict[str, Any]]:
        """The same, row after row."""
        for page in self.pages(resource):
            yield from page.rows

    def changes(self, resource: str, since: str, limit: int = PAGE) -> Iterator[Page]:
        """What has changed since a snapshot, page after page; there is one page at least.

        Args:
            since: the snapshot of what you have. Afterwards you have that of the pages.

        Raises:
            SandboxRefused: `since_gone`: read everything. And others.
        """
        path = f"/exchange/{quoted(resource, safe='')}/changes"
        return self._paged(path, {"limit": str(limit)}, {"since": since})

    def export(self, resource: str, path: Path | str, format: Format = "parquet") -> str:
        """Write all rows to a file, whole or not at all; returns their snapshot."""
        target = Path(path)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        query = {"purpose": self.purpose, "format": format}
        address = f"/exchange/{quoted(resource, safe='')}/export"
        try:
            with self._connection.stream(address, query) as response, part.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
        return str(response.headers["ETag"]).strip('"')

    def _paged(
        self, path: str, terms: Mapping[str, str], first: Mapping[str, str] | None = None
    ) -> Iterator[Page]:
        query = {"purpose": self.purpose, **terms}
        place = dict(first or {})
        while True:
            body = self._connection.send("GET", path, query={**query, **place}).json()
            yield Page(body["resource"], body["snapshot"], body["rows"])
            if body["next"] is None:
                return
            place = {"cursor": body["next"]}


def notice_is_genuine(
    secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None
) -> bool:
    """Whether a notice was signed with a secret (Standard Webhooks), and not long ago.

    Args:
        secret: as the subscription was given it, `whsec_...`.
        headers: of the request, their names in small letters.
        body: of the request, as it came.
    """
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal():
        return False
    moment = time.time() if now is None else now
    if abs(moment - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(signed).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)
