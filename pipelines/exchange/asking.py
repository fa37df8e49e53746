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
    """

    reader: Reader
    resource: str
    limit: int
    cursor: str | None = None
    changes: bool = False
    since: int | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they are given.

    Attributes:
        table: the granted fields; of changes, `_change` first.
        first: how many rows were given before.
        next: the cursor of the next page; None: there is none.
        since: of changes.
    """

    view: View
    snapshot: Snapshot
    table: pa.Table
    first: int
    next: str | None
    since: int | None = None
    objected: tuple[bool, ...] | None = None


class Waiting(Exception):
    """The file of a page is being made; when `made` is done, the page can be asked for again."""

    def __init__(self, made: Future[Any]) -> None:
        super().__init__()
        self.made = made
