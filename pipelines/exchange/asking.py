"""What is asked of the exchange, and what it gives."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.exchange.reader import Reader, View
from pipelines.lake import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 1_000  # of a page


class QuotaError(PipelineError):
    """A department has used what it may use: `quota_requests`, `quota_rows`.

    Attributes:
        retry_after: seconds until it may ask again.
    """

    def __init__(self, code: str, seconds: int) -> None:
        super().__init__(code, seconds=seconds)
        self.retry_after = seconds


@dataclass(frozen=True, slots=True)
class PageAsked:
    """A page of rows, or of changes.

    Attributes:
        cursor: where to go on; None: at the beginning, of what readers see now.
        changes: whether changes are asked for.
        since: the snapshot that they are since; not with a cursor.
        grant: under which grant; None: the newest one of the purpose.
        known: the tag (`Page.tag`) of what the reader has; of a first page, it is not given again.
    """

    reader: Reader
    resource: str
    limit: int
    cursor: str | None = None
    changes: bool = False
    since: int | None = None
    grant: str | None = None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they are given.

    Attributes:
        table: the granted fields and `_objection`; of changes, `_change` and the granted fields.
        first: how many rows were given before.
        next: the cursor of the next page; None: there is none.
        since: of changes.
        mark: changes with what somebody objects to in the resource, and with the keys of masks.
        unchanged: the reader has this snapshot already; the table has no rows.
    """

    view: View
    snapshot: Snapshot
    table: pa.Table
    first: int
    next: str | None
    since: int | None = None
    mark: str = ""
    unchanged: bool = False

    @property
    def tag(self) -> str:
        """Names the state of the resource: snapshot, objections to it, keys of its masks."""
        return "-".join(filter(None, [str(self.snapshot.snapshot_id), self.mark]))


class Waiting(Exception):
    """The file of a page is being made; when `made` is done, the page can be asked for again."""

    def __init__(self, made: Future[Any]) -> None:
        super().__init__()
        self.made = made


def no_rows() -> pa.Table:
    """A page of nothing."""
    import pyarrow as pa

    return pa.table({})
