"""Sending events with the OpenLineage client's transports.

The client's own `emit` adds facets: the address of the git repository that it finds in the working
folder and whatever environment variables its configuration names. Events go to its transport
directly, so that what arrives is what we built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.openlineage.client import load_client
from catalog.openlineage.eventfile import EventFile
from catalog.openlineage.values import Event

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

Send = Callable[[Event], None]

# The receiver has read the event and will never take it. Others (401, 404, 429, 5xx) may pass when
# the configuration or the receiver is mended.
REFUSALS = frozenset({400, 409, 413, 415, 422})

_NOWHERE = ("console", "noop")


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of the events of an outbox.

    Attributes:
        sent: how many were sent.
        refused: how many the receiver will not take; they are in the file of refused events.
        problem: why sending stopped; None: the outbox is empty.
    """

    sent: int
    refused: int
    problem: str | None


def disabled(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `OPENLINEAGE_DISABLED` asks for no events at all."""
    return environment.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"


def configured(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the client's standard configuration says where events go."""
    named = environment.get("OPENLINEAGE_URL") or any(
        name.startswith("OPENLINEAGE__TRANSPORT__") for name in environment
    )
    places = (
        environment.get("OPENLINEAGE_CONFIG", ""),
        "openlineage.yml",
        str(Path("~/.openlineage/openlineage.yml").expanduser()),
    )
    return bool(named) or any(place and Path(place).is_file() for place in places)


class NoReceiver(Exception):
    """The client's configuration names nobody who would receive events."""


def _client() -> OpenLineageClient:
    """A client, and the environment as it was: the client writes what `OPENLINEAGE_URL` means into
    it, where the next one would find that when the variable itself is gone."""
    load_client()
    from openlineage.client import OpenLineageClient

    before = set(os.environ)
    try:
        return OpenLineageClient()
    finally:
        for name in set(os.environ) - before:
            if name.startswith("OPENLINEAGE__"):
                os.environ.pop(name, None)


def open_transport() -> Send:
    """A function that sends one event as the client's configuration says.

    Raises:
        NoReceiver: the client would print events or drop them.
        Exception: whatever the client raises when its configuration is wrong.
    """
    client = _client()
    if client.transport.kind in _NOWHERE:
        raise NoReceiver(client.transport.kind)

    def send(event: Event) -> None:
        told = as_run_event(event)
        if client.filter_event(told) is not None:
            client.transport.emit(told)

    return send


def as_run_event(event: Event) -> RunEvent:
    """The client's event for our JSON; it becomes the same JSON again when it is sent."""
    load_client()
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent
    from openlineage.client.event_v2 import RunState as State

    return RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=State(event["eventType"]),
        run=Run(**event["run"]),
        job=Job(**event["job"]),
        inputs=[InputDataset(**dataset) for dataset in event["inputs"]],
        outputs=[OutputDataset(**dataset) for dataset in event["outputs"]],
    )


def refused_file(outbox: EventFile) -> EventFile:
    """Where the events of an outbox go that the receiver will never take."""
    return EventFile(outbox.path.with_name(f"{outbox.path.stem}-refused{outbox.path.suffix}"))


def drain(outbox: EventFile, send: Send) -> Drained:
    """Send the events of an outbox in their order, until it is empty or one cannot be sent.

    One process sends at a time; others go on appending. A crash leaves events that were sent in
    the outbox: they are sent twice, and their run ids say that they are the same.

    Raises:
        OSError: the outbox cannot be read or written.
    """
    sent = refused = offset = 0
    problem: str | None = None
    with outbox.locked("sending"):
        try:
            while problem is None and (batch := outbox.read(offset)):
                for event, end in batch:
                    try:
                        send(event)
                        sent += 1
                    except Exception as error:
                        if _status(error) not in REFUSALS:
                            problem = problem_of(error)
                            break
                        refused_file(outbox).append(event)
                        refused += 1
                    offset = end
        finally:
            outbox.drop(offset)
    return Drained(sent, refused, problem)


def problem_of(error: Exception) -> str:
    """What went wrong, without the address: it may hold a password."""
    status = _status(error)
    return f"HTTP {status}" if status else type(error).__name__


def _status(error: Exception) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None
