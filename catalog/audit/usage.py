"""What records of the audit log say about use: which data was given, by which channel, to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from catalog.audit.record import DONE, NOBODY

Channel = Literal["sandbox", "records", "exchange", "open", "lookup"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
#: By these data is given; `lookup` is reading what the open catalogue tells of a dataset.
GIVING: tuple[Channel, ...] = ("sandbox", "records", "exchange", "open")
#: Every record of use has one of these actions.
ACTIONS = ("exchange", "query", "record")
SNAPSHOT_OF = "snapshot of "  # begins the detail that names a view which a question read
UNCHANGED = "unchanged"  # a detail: the reader has the page already, and was given nothing
_READS = ("page", "changes", "export")
_EXPORT_END = "export_end"


@dataclass(frozen=True, slots=True)
class Use:
    """What one record counts for one resource.

    Attributes:
        user: `department:<id>` or `partner:<id>`; `NOBODY` for open data.
        rows: an export's are counted when it has ended, so that what broke off counts what was given.
    """

    resource: str
    channel: Channel
    user: str
    calls: int
    rows: int


def uses(record: Mapping[str, Any]) -> Iterator[Use]:
    """What a record counts: nothing, one use, or of a question one for each view that it read.

    Args:
        record: by name `actor`, `action`, `subject`, `outcome`, `rows` and `detail`.
    """
    if record["action"] == "exchange":
        yield from _exchange(record)
    elif record["outcome"] != DONE:
        return
    elif record["action"] == "record":
        view = record["subject"].partition(" ")[0]
        yield Use(view, "records", user_of(record["actor"]), 1, record["rows"] or 0)
    elif record["action"] == "query":
        for name in record["detail"]:
            if name.startswith(SNAPSHOT_OF):
                view = name.removeprefix(SNAPSHOT_OF)
                yield Use(view, "sandbox", user_of(record["actor"]), 1, 0)


def _exchange(record: Mapping[str, Any]) -> Iterator[Use]:
    kind = record["detail"].get("kind")
    channel: Channel = "open" if record["actor"] == NOBODY else "exchange"
    rows = record["rows"] or 0
    if kind == _EXPORT_END:
        if rows:
            yield Use(record["subject"], channel, user_of(record["actor"]), 0, rows)
    elif record["outcome"] != DONE or UNCHANGED in record["detail"]:
        return
    elif kind in _READS or (kind is None and channel == "open"):
        yield Use(record["subject"], channel, user_of(record["actor"]), 1, rows)


def user_of(actor: str) -> str:
    """For whom somebody reads: the department or partner, without the person's name."""
    return actor.partition("/")[0] if actor.startswith(("department:", "partner:")) else actor
