"""OpenLineage events of runs: what was read, what was written, and which column came from where.

`start_event`, `complete_event` and `fail_event` build events as JSON values; `open_sink` gives the
place to hand them to. Building an event loads the OpenLineage client, importing this package
does not. [docs/lineage-events.md](../../docs/lineage-events.md) says what the events hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from catalog.openlineage.events import abort_event, complete_event, fail_event, start_event
    from catalog.openlineage.naming import RUN_JOB, namespace_of, run_uuid, source_name
    from catalog.openlineage.sending import disabled
    from catalog.openlineage.sinks import (
        FileSink,
        Sink,
        Sinks,
        TransportSink,
        hand_in,
        open_sink,
        prune,
        resend,
        unfinished,
    )
    from catalog.openlineage.values import Assertion, Dataset, Event, Field, JobInfo, RunInfo

__all__ = [
    "RUN_JOB",
    "Assertion",
    "Dataset",
    "Event",
    "Field",
    "FileSink",
    "JobInfo",
    "RunInfo",
    "Sink",
    "Sinks",
    "TransportSink",
    "abort_event",
    "complete_event",
    "disabled",
    "fail_event",
    "hand_in",
    "namespace_of",
    "open_sink",
    "prune",
    "resend",
    "run_uuid",
    "source_name",
    "start_event",
    "unfinished",
]

_HOMES = {
    **dict.fromkeys(
        ("abort_event", "complete_event", "fail_event", "start_event"), "catalog.openlineage.events"
    ),
    **dict.fromkeys(
        ("RUN_JOB", "namespace_of", "run_uuid", "source_name"), "catalog.openlineage.naming"
    ),
    "disabled": "catalog.openlineage.sending",
    **dict.fromkeys(
        ("FileSink", "Sink", "Sinks", "TransportSink"),
        "catalog.openlineage.sinks",
    ),
    **dict.fromkeys(
        ("hand_in", "open_sink", "prune", "resend", "unfinished"), "catalog.openlineage.sinks"
    ),
    **dict.fromkeys(
        ("Assertion", "Dataset", "Event", "Field", "JobInfo", "RunInfo"),
        "catalog.openlineage.values",
    ),
}

__getattr__ = lazy_names(__name__, _HOMES)
