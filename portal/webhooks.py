"""Notices of new snapshots, sent to the addresses that have subscribed.

A notice has no data: which resource, which snapshot, where to read. It is signed as Standard Webhooks
(standardwebhooks.com) does. New snapshots are found in the catalogue database, so a publish of another
process is seen; notices wait there too (`catalog.database.subscriptions`), so none is lost when a
process is killed, and some may come twice, with the same `webhook-id`.
"""

from __future__ import annotations

import base64
import hmac
import json
import random
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import anyio
import httpx

from catalog.audit.record import DONE, AuditRecord
from catalog.database import CatalogStore
from catalog.database.subscriptions import Notice
from catalog.errors import CityBrainError
from pipelines.exchange.networks import networks_of
from pipelines.periodic import Periodic
from pipelines.settings import ExchangeSettings
from portal import outward
from portal.errors import PortalError

PURPOSE = b"citybrain exchange webhook "
TYPE = "snapshot.published"
AT_ONCE = 16  # notices
CLOSE_SECONDS = 5.0
LEASE_SECONDS = 120.0  # more than sending `AT_ONCE` side by side takes
FIRST_SECONDS, LONGEST_SECONDS, FACTOR = 10.0, 6 * 3600.0, 4.0
GONE = 410  # the receiver wants nothing more
Post = Callable[[outward.Target, bytes, Mapping[str, str]], Any]


def secret_of(key: bytes, subscription: str) -> bytes:
    """What the notices of a subscription are signed with; it is derived, so that none is kept."""
    return hmac.digest(key, PURPOSE + subscription.encode(), "sha256")


def secret_told(secret: bytes) -> str:
    """The secret as its receiver is told."""
    return "whsec_" + base64.b64encode(secret).decode()


def signature_of(secret: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    signed = hmac.digest(secret, f"{id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(signed).decode()


def pause_after(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: four times longer each time, give or take a fifth.

    Args:
        chance: between 0 and 1.
    """
    seconds = min(FIRST_SECONDS * FACTOR ** (attempts - 1), LONGEST_SECONDS)
    return timedelta(seconds=seconds * (0.8 + 0.4 * chance))


class Webhooks:
    """Sends the notices of one workspace.

    Args:
        key: of the service; secrets are derived from it.
        resolve, post: how a host is looked up and a notice sent.
        listening: the address at which the service listens, which is sent nothing.
    """

    def __init__(
        self,
        workspace: str,
        store: CatalogStore,
        settings: ExchangeSettings,
        key: bytes,
        clock: Callable[[], datetime],
        resolve: outward.Resolve = outward.resolved,
        post: Post = outward.post,
        listening: str = "",
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._settings = settings
        self._key = key
        self._clock = clock
        self._resolve = resolve
        self._post = post
        # As long as there are notices that are due, the next ones follow at once.
        self.loop = Periodic("webhooks", settings.webhook_seconds, lambda: self.work() > 0)
        self.rules = outward.Rules(
            settings.webhook_hosts,
            settings.webhook_insecure,
            networks_of(settings.webhook_networks),
            listening,
        )

    def start(self) -> None:
        """Send from now on, in a thread."""
        self.loop.start()

    def close(self) -> None:
        """End after what is being sent, if that does not take long; else it is sent again later."""
        self.loop.close(CLOSE_SECONDS)

    def work(self) -> int:
        """Find what is new, and send what is due; returns how many notices it tried."""
        suspended = self._end_those_without_grant()
        current = self._store.current_snapshots(self._workspace)
        box = self._store.subscriptions
        news = {name: one.snapshot_id for name, one in current.items()}
        box.note_snapshots(self._workspace, news, suspended)
        due = box.lease(self._workspace, LEASE_SECONDS, AT_ONCE)
        if due:
            anyio.run(self._send_all, due)
        return len(due)

    def _end_those_without_grant(self) -> set[str]:
        """Returns those whose grant is suspended: they are told when it is restored."""
        now, suspended = self._clock(), set()
        for one in self._store.subscriptions.list(self._workspace):
            if one.ended_at is None:
                grant = self._store.grants.get(self._workspace, one.grant)
                state = grant.state(now)
                if state == "suspended":
                    suspended.add(one.id)
                elif state != "holds":
                    self._store.subscriptions.end(self._workspace, one.id, state)
        return suspended

    async def _send_all(self, due: list[Notice]) -> None:
        async with anyio.create_task_group() as group:
            for notice in due:
                group.start_soon(self._send, notice)

    async def _send(self, notice: Notice) -> None:
        try:
            target = await anyio.to_thread.run_sync(
                outward.target_of, notice.subscription.url, self.rules, self._resolve
            )
            body = self.body(notice)
            status = await self._post(target, body, self._headers(notice, body))
        except PortalError as error:
            problem, status = error.code, 0
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            problem, status = type(error).__name__, 0
        else:
            problem = "" if 200 <= status < 300 else f"status {status}"
        await anyio.to_thread.run_sync(self._tell, notice, problem, status)

    def body(self, notice: Notice) -> bytes:
        """What is sent."""
        resource = notice.subscription.resource
        address = f"{self._settings.public_url.rstrip('/')}/exchange/{resource}"
        said = {
            "type": TYPE,
            "timestamp": notice.made_at.isoformat(),
            "data": {
                "resource": resource,
                "snapshot": str(notice.snapshot),
                "subscription": notice.subscription.id,
                "link": address,
            },
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock().timestamp())
        secret = secret_of(self._key, notice.subscription.id)
        return {
            "Content-Type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_of(secret, notice.id, timestamp, body),
        }

    def _tell(self, notice: Notice, problem: str, status: int) -> None:
        """Keep what came of it, and record what will not be tried again."""
        box, name = self._store.subscriptions, self._workspace
        if not problem:
            box.delivered(name, notice.id)
            self._note(notice, DONE)
            return
        last = notice.attempts >= self._settings.webhook_attempts
        gone = status == GONE
        # Jitter, so that receivers that failed together are not tried together.
        again = None if last or gone else pause_after(notice.attempts, random.random())
        box.failed(name, notice.id, problem, again)
        if gone:
            box.end(name, notice.subscription.id, "gone")
        if again is None:
            self._note(notice, "webhook_dead", problem=problem)

    def _note(self, notice: Notice, outcome: str, **detail: str) -> None:
        one = notice.subscription
        said = {"kind": "notice", "subscription": one.id, "notice": notice.id, **detail}
        record = AuditRecord(
            at=self._clock(),
            actor=f"department:{one.department}/{one.user}",
            action="exchange",
            subject=one.resource,
            outcome=outcome,
            under=one.grant,
            snapshot=notice.snapshot,
            detail=said,
        )
        try:
            self._store.audit.append(self._workspace, record)
        except CityBrainError as error:  # it has been sent; nothing of the data was in it
            sys.stderr.write(f"webhooks: not on record: {notice.id} {error.code}\n")
            sys.stderr.flush()
