"""OpenLineage events of runs: what was read, what was written, and which column came from where.

`start_event`, `complete_event` and `fail_event` build events as JSON values; `open_sink` gives the
place to hand them to. Building an event loads the OpenLineage client, importing this package
does not. [docs/lineage-events.md](../../docs/lineage-events.md) says what the events hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from catalog.openlineage.events import complete_event, fail_event, start_event
    from catalog.openlineage.naming import namespace_of, run_uuid, source_name
    from catalog.openlineage.sinks import FileSink, Sink, Sinks, TransportSink, open_sink, resend
    from catalog.openlineage.values import Assertion, Dataset, Event, Field, JobInfo, RunInfo

__all__ = [
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
    "complete_event",
    "fail_event",
    "namespace_of",
    "open_sink",
    "resend",
    "run_uuid",
    "source_name",
    "start_event",
]

_HOMES = {
    **dict.fromkeys(("complete_event", "fail_event", "start_event"), "catalog.openlineage.events"),
    **dict.fromkeys(("namespace_of", "run_uuid", "source_name"), "catalog.openlineage.naming"),
    **dict.fromkeys(
        ("FileSink", "Sink", "Sinks", "TransportSink", "open_sink", "resend"),
        "catalog.openlineage.sinks",
    ),
    **dict.fromkeys(
        ("Assertion", "Dataset", "Event", "Field", "JobInfo", "RunInfo"),
        "catalog.openlineage.values",
    ),
}

__getattr__ = lazy_names(__name__, _HOMES)
