"""The exchange of one workspace: who may read what, and the rows of it.

Gates, in this order: a grant of the department on the resource holds at this second and names the
purpose; its manner allows what is asked for; the department has something left of its quotas; the audit
log takes a record of it. Only then rows leave. That there is no such resource and that nothing of it is
granted look alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.quotas import Refused, Taking
from catalog.sharing.grant import Grant, Manner
from pipelines.duck import Budget
from pipelines.errors import PipelineError
from pipelines.exchange import noting
from pipelines.exchange.ahead import PAGED, Ahead
from pipelines.exchange.asking import MOST_ROWS, Page, PageAsked, QuotaError, Waiting, no_rows
from pipelines.exchange.cursors import Cursors, Place
from pipelines.exchange.exports import Export, Hooks
from pipelines.exchange.formats import Format
from pipelines.exchange.making import changed_pages, comparable, snapshot_pages
from pipelines.exchange.objected import Objected, flagged_selection, flagged_table, mark_of
from pipelines.exchange.pagefiles import PageFile, PageFiles
from pipelines.exchange.published import Published
from pipelines.exchange.reader import Reader, Ring, View, Views
from pipelines.exchange.streams import Selection, count_rows, stream_snapshot
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.workspace import Workspace

MAKERS = 2  # page files that are made at a time
EXPORTED: tuple[Manner, ...] = ("interface", "subscription", "download")
SUBSCRIBED: tuple[Manner, ...] = ("subscription",)
Given = TypeVar("Given")
Audit = Callable[[Sequence[AuditRecord]], object]


class Exchange:
    """Reads for departments in one workspace; may be used from any thread.

    Args:
        ring: opens the keys of masks.
        key: signs cursors (`portal.tokens.service_key`).
        audit: takes records before rows leave; raises when it cannot, and nothing leaves.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: CatalogStore,
        lake: Lake,
        ring: Ring,
        key: bytes,
        audit: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        home, settings = Home.of(workspace.name), workspace.settings.exchange
        self._workspace = workspace
        self._store = store
        self._audit = audit
        self._clock = clock
        self.settings = settings
        self.published = Published(lake)
        self._lake = lake
        self._objected = Objected(store, workspace.name)
        self._cursors = Cursors(key, workspace.name, settings.cursor_seconds)
        threads = workspace.settings.engine.threads
        self._budget = Budget(settings.memory, threads, home.exchange / "scratch")
        self._files = PageFiles(home.exchange, settings.files, MAKERS)
        self._exporting = threading.BoundedSemaphore(settings.exports)
        self._views = Views(workspace, ring)
        self.ahead = Ahead(
            workspace.name,
            store,
            self._views,
            self.published,
            self._files,
            replace(self._budget, threads=1),
            settings.prepare_days,
            clock,
        )

    def close(self) -> None:
        """After what is being made."""
        self._files.close()

    # -- what may be read -----------------------------------------------------------------------

    def grants(self, reader: Reader) -> list[Grant]:
        """What a department may read now, of any purpose.

        Raises:
            QuotaError: `quota_requests`.
        """
        now = self._clock()
        self.count(reader)
        mine = self._store.grants.mine(self._workspace.name, reader.department)
        return [one for one in mine if one.holds(now)]

    def granted(
        self, reader: Reader, resource: str, manners: Sequence[Manner], id: str | None = None
    ) -> Grant:
        """The grant under which somebody reads now.

        Args:
            id: a certain one; by default the newest whose manner is right.

        Raises:
            PipelineError: `grant_missing`, `grant_suspended`, `grant_manner`.
        """
        name = self._workspace.name
        # No contract has a longer name, and no database is asked for what it cannot say.
        odd = len(resource) > noting.LONGEST or "\x00" in resource
        if odd:
            raise PipelineError("grant_missing", resource=resource, purpose=reader.purpose)
        asked = (name, reader.department, resource, self._clock())

        def meant(grant: Grant) -> bool:
            return grant.purpose == reader.purpose and id in (None, grant.id)

        mine = [one for one in self._store.grants.of(*asked) if meant(one)]
        if not mine:
            suspended = [one for one in self._store.suspensions.of(*asked) if meant(one)]
            raise _not_granted(reader, resource, suspended)
        right = [one for one in mine if one.manner in manners]
        if not right:
            raise PipelineError("grant_manner", grant=mine[-1].id, manner=mine[-1].manner)
        return right[-1]

    def view(self, grant: Grant) -> View:
        """What a grant lets be seen.

        Raises:
            PipelineError: `mask_wrong`; what opening the keys raises.
        """
        return self._views.of(grant)

    def rows_of(self, grant: Grant) -> int:
        """How many rows of what is published now a grant gives, whether it holds or not.

        Raises:
            PipelineError: `exchange_unpublished`, `grant_columns`, `export_failed`.
        """
        snapshot = self.published.current(grant.resource)
        self.view(grant).fits(snapshot)
        return count_rows(snapshot, Selection({}, grant.rows, None), self._budget)

    # -- pages ----------------------------------------------------------------------------------

    def page(self, asked: PageAsked) -> Page:
        """A page; waits until it can be read. See `pages`."""
        while True:
            [found] = self.pages([asked])
            if isinstance(found, Waiting):
                try:
                    found.made.result()
                except Exception as error:
                    self.note_failed(asked, error)
                    raise
            elif isinstance(found, Exception):
                raise found
            else:
                return found

    def note_failed(self, asked: PageAsked, error: Exception, reader: Reader | None = None) -> None:
        """Record that what `Waiting` waited for could not be made."""
        who = asked if reader is None else replace(asked, reader=reader)
        self._audit([noting.page_record(self._clock(), who, error)])

    def pages(self, asked: Sequence[PageAsked]) -> list[Page | Exception]:
        """Pages at one moment, or why one is not given; all are recorded together.

        The reasons are `Waiting` (nothing is recorded yet: ask again), `QuotaError`, and of
        `PipelineError` `grant_missing`, `grant_suspended`, `grant_manner`, `grant_columns`,
        `cursor_invalid`, `cursor_over`, `exchange_unpublished`, `exchange_snapshot_gone`,
        `since_unknown`, `since_gone`, `changes_key`, `changes_columns`, `export_failed`,
        `mask_wrong`.
        """
        now = self._clock()
        with self._store.one_state():
            allowed = [_tried(self._allowed, one, now) for one in asked]
        # Only now: what is read besides takes connections of its own.
        found = [
            may if isinstance(may, Exception) else _tried(self._read, one, *may, now)
            for one, may in zip(asked, allowed, strict=True)
        ]
        self._take(asked, found)
        records = [
            noting.page_record(now, one, page)
            for one, page in zip(asked, found, strict=True)
            if not isinstance(page, Waiting)
        ]
        if records:
            self._audit(records)
        return found

    def _take(self, asked: Sequence[PageAsked], found: list[Page | Exception]) -> None:
        """Count what is given; what is over a quota is not."""
        places = [i for i, one in enumerate(found) if not isinstance(one, Waiting)]
        groups = []
        for place in places:
            reader, page = asked[place].reader, found[place]
            rows = page.table.num_rows if isinstance(page, Page) else 0
            more = [self._rows(reader, rows)] if rows else []
            groups.append([self._request(reader), *more])
        if not groups:
            return
        taken = self._store.quotas.take(self._workspace.name, groups)
        for place, refused in zip(places, taken, strict=True):
            if refused is not None:
                found[place] = _quota(refused)

    def _allowed(self, asked: PageAsked, now: datetime) -> tuple[View, Place | None]:
        """What is read, and where it goes on."""
        place: Place | None = None
        if asked.cursor is not None:
            department, resource = asked.reader.department, asked.resource
            place = self._cursors.read(asked.cursor, department, resource, now)
        grant = self.granted(
            asked.reader, asked.resource, PAGED, place.grant if place else asked.grant
        )
        view = self.view(grant)
        if place is not None and place.digest != view.digest:
            raise PipelineError("cursor_over", resource=asked.resource)
        if place is not None and (place.since is not None) != asked.changes:
            raise PipelineError("cursor_invalid")
        return view, place

    def _read(self, asked: PageAsked, view: View, place: Place | None, now: datetime) -> Page:
        if place is None:
            snapshot = self.published.current(asked.resource)
        else:
            snapshot = self.published.pinned(asked.resource, place.snapshot)
        view.fits(snapshot)
        digests = self._objected.keys(asked.resource, view.key)
        mark = "" if asked.changes else mark_of(digests, view.keys)
        since = place.since if place is not None else asked.since
        if place is None and not asked.changes and asked.known is not None:
            page = Page(view, snapshot, no_rows(), 0, None, mark=mark, unchanged=True)
            if asked.known == page.tag:
                return page
        if since is not None and place is None:
            self._readable(view, since)
        file = self._file(view, snapshot, since if asked.changes else None)
        first = place.row if place is not None else 0
        table = file.page(first, min(asked.limit, MOST_ROWS))
        if not asked.changes:
            table = flagged_table(table, digests)
        after = None
        if first + table.num_rows < file.rows:
            going_on = Place(
                asked.reader.department,
                asked.resource,
                view.grant.id,
                view.digest,
                snapshot.snapshot_id,
                since if asked.changes else None,
                first + table.num_rows,
            )
            after = self._cursors.write(going_on, now)
        return Page(view, snapshot, table, first, after, since if asked.changes else None, mark)

    def _file(self, view: View, snapshot: Snapshot, since: int | None) -> PageFile:
        name = view.file_name(snapshot.snapshot_id, since)
        if since is None:
            write = snapshot_pages(view, snapshot, self._budget)
        else:
            before = self._since(view.grant.resource, since)
            comparable(view, before, snapshot)
            write = changed_pages(view, before, snapshot, self._budget)
        found = self._files.get(name, write)
        if isinstance(found, Future):
            if not found.done():
                raise Waiting(found)
            return found.result()
        return found

    def _since(self, table: str, since: int) -> Snapshot:
        """The snapshot that changes are since.

        Raises:
            PipelineError: `since_unknown`, `since_gone`.
        """
        try:
            return self.published.pinned(table, since)
        except PipelineError:
            known = self._store.snapshots(self._workspace.name, table, 10_000)
            code = "since_gone" if since in {one.snapshot_id for one in known} else "since_unknown"
            raise PipelineError(code, resource=table, snapshot=since) from None

    def _readable(self, view: View, since: int) -> None:
        """That a snapshot could be read under the grant: what was before is none of the reader's.

        Raises:
            PipelineError: `since_unknown`, `since_gone`.
        """
        table = view.grant.resource
        found = self._since(table, since)
        first = self._lake.as_of(table, view.grant.valid_from)
        if first is not None and found.committed_at < first.committed_at:
            raise PipelineError("since_unknown", resource=table, snapshot=since)

    # -- exports --------------------------------------------------------------------------------

    def export(
        self, reader: Reader, resource: str, format: Format, grant: str | None = None
    ) -> Export:
        """All rows that a grant gives, as a stream. Whoever has it closes it, read or not.

        Raises:
            PipelineError: `grant_missing`, `grant_suspended`, `grant_manner`, `grant_columns`,
                `exchange_unpublished`, `export_busy`, `export_failed`, `mask_wrong`; `QuotaError`;
                what the audit log raises.
        """
        try:
            return self._export(reader, resource, format, grant)
        except Exception as error:
            self._audit([noting.refused(self._clock(), reader, resource, "export", error, grant)])
            raise

    def _export(self, reader: Reader, resource: str, format: Format, grant: str | None) -> Export:
        now = self._clock()
        self.count(reader)
        view = self.view(self.granted(reader, resource, EXPORTED, grant))
        snapshot = self.published.current(resource)
        view.fits(snapshot)
        if not self._exporting.acquire(blocking=False):
            raise PipelineError("export_busy")
        taken = 0
        try:
            rows = count_rows(snapshot, view.selection, self._budget)
            self._used([self._rows(reader, rows)])
            taken = rows
            self._audit(
                [
                    noting.given(
                        now, reader, view, "export", None, snapshot.snapshot_id, format=format
                    )
                ]
            )
        except BaseException:
            if taken:
                self._give_back(reader, taken, now)
            self._exporting.release()
            raise
        chosen = flagged_selection(view, self._objected.keys(resource, view.key))
        stream = stream_snapshot(snapshot, chosen, format, self._budget)
        hooks = Hooks(
            lambda: self._holds(view.grant),
            lambda outcome, given: self._ended(reader, view, snapshot, outcome, given, rows, now),
        )
        return Export(view, snapshot, format, rows, stream, hooks)

    def _holds(self, grant: Grant) -> bool:
        name, now = self._workspace.name, self._clock()
        found = self._store.grants.of(name, grant.department, grant.resource, now)
        return grant.id in {one.id for one in found}

    def _ended(
        self,
        reader: Reader,
        view: View,
        snapshot: Snapshot,
        outcome: str,
        given: int,
        rows: int,
        began: datetime,
    ) -> None:
        self._exporting.release()
        if given < rows:
            self._give_back(reader, rows - given, began)
        now, id = self._clock(), snapshot.snapshot_id
        self._audit([noting.given(now, reader, view, "export_end", given, id, outcome)])

    # -- quotas ---------------------------------------------------------------------------------

    def count(self, reader: Reader) -> None:
        """Count a request; raises the `QuotaError` `quota_requests`."""
        self._used([self._request(reader)])

    def _request(self, reader: Reader) -> Taking:
        return Taking(reader.department, "requests", 1, self.settings.requests_per_minute)

    def _rows(self, reader: Reader, rows: int) -> Taking:
        return Taking(reader.department, "rows", rows, self.settings.rows_per_day)

    def _used(self, group: Sequence[Taking]) -> None:
        wanted = [one for one in group if one.amount]
        if not wanted:
            return
        [refused] = self._store.quotas.take(self._workspace.name, [wanted])
        if refused is not None:
            raise _quota(refused)

    def _give_back(self, reader: Reader, rows: int, at: datetime) -> None:
        self._store.quotas.give_back(self._workspace.name, reader.department, "rows", rows, at)


def _tried(work: Callable[..., Given], *what: Any) -> Given | Exception:
    """What comes of it, or the error that it ended with."""
    try:
        return work(*what)
    except Exception as error:
        return error


def _not_granted(reader: Reader, resource: str, suspended: Sequence[Grant]) -> PipelineError:
    """Why somebody reads nothing: there is no grant, or his is suspended."""
    for one in reversed(suspended):
        if one.suspended is not None:
            since, reason = one.suspended.since.isoformat(), one.suspended.code
            return PipelineError("grant_suspended", grant=one.id, since=since, reason=reason)
    return PipelineError("grant_missing", resource=resource, purpose=reader.purpose)


def _quota(refused: Refused) -> QuotaError:
    code = "quota_requests" if refused.kind == "requests" else "quota_rows"
    return QuotaError(code, refused.seconds)
