"""Timestamps of the audit log's checkpoints (RFC 3161): got from an authority, and checked.

Only the newest checkpoint gets one. It names the hash of the one before it, and covers all records from
the first on, so its token shows of all of them that they were there by then; one for each checkpoint
would show more only of when, at the price of as many requests and tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from catalog.audit.checkpoints import Checkpoint
from catalog.audit.offline import Fault
from catalog.audit.timestamps import Timestamp, request_for, roots_in, time_of, token_of
from catalog.database import CatalogStore
from catalog.errors import CatalogError, CityBrainError, Location
from pipelines.errors import PipelineError
from pipelines.periodic import Periodic, telling
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SECONDS = 10.0  # to connect, and to wait for the next bytes
WHOLE_SECONDS = 20.0  # for an answer
LARGEST = 256 * 1024  # bytes of an answer; a token has about five thousand
HEADERS = {"Content-Type": "application/timestamp-query", "User-Agent": "citybrain"}


class Ask(Protocol):
    """Sends an authority's address a request and gives its answer (both DER)."""

    def __call__(self, url: str, request: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Stamped:
    """What the timestamps of a log say.

    Attributes:
        count: how many there are.
        checked: whether they were; nobody is trusted unless a file with certificates is named.
        covered: how many records the last one that holds is about, and `at` the time that it tells.
        since: when the oldest checkpoint was signed that no timestamp covers, as it was signed.
        faults: those that do not hold, each with its checkpoint.
    """

    count: int = 0
    checked: bool = False
    covered: int = 0
    at: datetime | None = None
    since: str | None = None
    faults: tuple[Fault, ...] = ()


def trusted_roots(workspace: Workspace) -> list[Certificate]:
    """The certificates that timestamps are checked by; none where no file is named.

    Raises:
        PipelineError: `timestamp_certificates`: it cannot be read.
    """
    named = workspace.settings.audit.timestamp_certificates
    if named is None:
        return []
    path = workspace.root / named
    try:
        return roots_in(path)
    except (OSError, ValueError):
        raise PipelineError("timestamp_certificates", where=Location(path), file=named) from None


def ask(url: str, request: bytes) -> bytes:
    """Ask an authority over HTTP (RFC 3161, section 3.4).

    Raises:
        PipelineError: `timestamp_unreachable`: no answer, too late or too long, or with another status.
    """
    import httpx

    deadline, answer = time.monotonic() + WHOLE_SECONDS, b""
    try:
        with httpx.stream("POST", url, content=request, headers=HEADERS, timeout=SECONDS) as told:
            if told.status_code != httpx.codes.OK:
                raise _unreachable(url, f"HTTP {told.status_code}")
            for part in told.iter_bytes():
                answer += part
                if len(answer) > LARGEST or time.monotonic() > deadline:
                    raise _unreachable(url, f"> {LARGEST} bytes, {WHOLE_SECONDS:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _unreachable(url, type(error).__name__) from None
    return answer


def _unreachable(url: str, problem: str) -> PipelineError:
    return PipelineError("timestamp_unreachable", url=url, problem=problem)


def stamp(store: CatalogStore, workspace: Workspace, asking: Ask = ask) -> datetime | None:
    """Get the newest checkpoint a timestamp, if it has none; the time that it tells.

    No transaction is open while the authority is asked. What does not hold is not kept.

    Raises:
        CityBrainError: `timestamp_unreachable`, `timestamp_certificates`, and as `time_of`.
    """
    url, last = workspace.settings.audit.timestamp_url, store.checkpoints.last(workspace.name)
    if not url or last is None or store.timestamps.has(workspace.name, last.number):
        return None
    roots, request = trusted_roots(workspace), request_for(last)
    token = token_of(asking(url, request.as_bytes()))
    at = time_of(token, last, roots, request.nonce)
    store.timestamps.add(workspace.name, last, at, token)
    return at


def stamping(
    store: CatalogStore,
    workspace: Workspace,
    told: Callable[[CityBrainError], None] = lambda _error: None,
) -> Periodic | None:
    """The same from time to time, to be started by the caller; None where nobody is to be asked.

    It has a thread of its own, so nobody waits for an authority that does not answer. What failed is
    tried again after `checkpoint_seconds`, what did not after `timestamp_seconds`.

    Args:
        told: is told why there is no timestamp; it is tried again at the next time.
    """

    def step() -> None:
        if is_due(store, workspace, datetime.now(UTC)):
            stamp(store, workspace)

    settings = workspace.settings.audit
    if not settings.timestamp_url:
        return None
    seconds = min(settings.checkpoint_seconds, settings.timestamp_seconds)
    return Periodic("timestamps", seconds, step, told=telling(told), at_once=True)


def is_due(store: CatalogStore, workspace: Workspace, now: datetime) -> bool:
    """Whether the last timestamp is so old that the service asks for another one.

    Where timestamps are a condition, also when half the time has gone after which the log is overdue:
    so there is time to ask again.
    """
    last, settings = store.timestamps.last(workspace.name), workspace.settings.audit
    if last is None or now - last.at >= timedelta(seconds=settings.timestamp_seconds):
        return True
    state, limit = store.audit.state(workspace.name), settings.timestamp_overdue_seconds
    if limit is None or state is None or state.unstamped_since is None:
        return False
    return now - state.unstamped_since >= timedelta(seconds=limit / 2)


def stamped(store: CatalogStore, workspace: Workspace) -> Stamped | None:
    """Check every timestamp; None where there is none, and none is to be had.

    Raises:
        PipelineError: `timestamp_certificates`.
    """
    roots, name = trusted_roots(workspace), workspace.name
    tokens = store.timestamps.each(name)
    first = next(tokens, None)  # before the checkpoints are read, so that each has its own
    if first is None and not workspace.settings.audit.timestamp_url:
        return None
    checkpoints = {one.number: one for one in store.checkpoints.all(name)}
    if not roots:
        return Stamped(count=0 if first is None else 1 + sum(1 for _ in tokens))
    found = list(_each(chain([] if first is None else [first], tokens), checkpoints, roots))
    faults = tuple(one for one in found if isinstance(one, Fault))
    good = [one for one in found if not isinstance(one, Fault)]
    last, at = good[-1] if good else (None, None)
    size = last.size if last else 0
    open_ones = [one.at for one in checkpoints.values() if one.size > size]
    return Stamped(len(found), True, size, at, open_ones[0] if open_ones else None, faults)


def _each(
    tokens: Iterator[Timestamp],
    checkpoints: dict[int, Checkpoint],
    roots: list[Certificate],
) -> Iterator[tuple[Checkpoint, datetime] | Fault]:
    for one in tokens:
        checkpoint = checkpoints.get(one.checkpoint)
        if checkpoint is None:
            yield Fault("timestamp_stray", checkpoint=one.checkpoint)
            continue
        try:
            at = time_of(one.token, checkpoint, roots)
        except CatalogError as error:
            yield Fault(error.code, checkpoint=one.checkpoint)
        else:
            changed = Fault("timestamp_changed", checkpoint=one.checkpoint)
            yield changed if at != one.at else (checkpoint, at)
