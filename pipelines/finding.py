"""Searching the catalogue of a workspace: its own entries, and the lists that were imported.

The index is kept in the workspace's home and made anew when entries have changed. It holds nothing that
is not in the catalogue: it may be deleted at any time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from filelock import FileLock

from catalog.database import CatalogStore
from catalog.resources.entry import Entry
from catalog.search.build import build, fingerprint_of
from catalog.search.document import Document
from catalog.search.index import Index, load, save
from catalog.search.query import Answer, Known, Query, search
from pipelines.entries import ResourceCatalogue, catalogue_of
from pipelines.home import Home
from pipelines.plan import Plan

_LOOK_EVERY = 15.0  # seconds, in which a change of the entries may go unseen


@dataclass(frozen=True, slots=True)
class Built:
    """An index, and whether it had to be made."""

    index: Index
    made: bool


def search_index(workspace: str, own: Sequence[Entry]) -> Built:
    """The index of a workspace's catalogue: that of its file, or a new one.

    Whoever finds the file out of date makes it, under a lock; others wait and read what he made.

    Args:
        own: the workspace's own entries.
    """
    home = Home.of(workspace)
    with CatalogStore.open(home.database_url) as store:
        lists = {item.name: item.fingerprint for item in store.listed.lists(workspace)}
        fingerprint = fingerprint_of(own, lists.items())
        found = load(home.search_index, fingerprint)
        if found is not None:
            return Built(found, made=False)
        home.root.mkdir(parents=True, exist_ok=True)
        with FileLock(home.search_index.with_suffix(".lock")):
            found = load(home.search_index, fingerprint)
            if found is not None:
                return Built(found, made=False)
            documents = [Document(entry) for entry in own]
            for name in lists:
                documents += (Document(e, name) for e in store.listed.entries(workspace, name))
            index = build(documents, fingerprint)
            save(index, home.search_index)
    return Built(index, made=True)


def find(plan: Plan, query: Query) -> Answer:
    """Search a workspace's catalogue once.

    Raises:
        CatalogError: `search_query`.
    """
    query.checked()
    catalogue = catalogue_of(plan)
    built = search_index(plan.workspace.name, catalogue.entries)
    return search(built.index, query, known_of(catalogue))


def known_of(catalogue: ResourceCatalogue) -> Known:
    """What ranking uses of what is known now."""
    live = catalogue.live
    quality = {name: item.score for name, item in live.items() if item.score is not None}
    return Known(quality, {name: item.calls for name, item in live.items() if item.calls})


class Finder:
    """Searches a workspace's catalogue many times, from many threads.

    The index stays in memory. Every few seconds one caller looks whether entries have changed and, if
    so, makes the new index, while others go on with the one before.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[Index, ResourceCatalogue, Known] | None = None
        self._next = 0.0

    def catalogue(self) -> ResourceCatalogue:
        """The entries and what is known of them, at most some seconds old."""
        return self._fresh()[1]

    def search(self, query: Query) -> Answer:
        """Answer a query; raises `CatalogError` `search_query`."""
        query.checked()
        index, _, known = self._fresh()
        return search(index, query, known)

    def _fresh(self) -> tuple[Index, ResourceCatalogue, Known]:
        seen = self._seen
        if seen is not None and (self._clock() < self._next or self._lock.locked()):
            return seen
        with self._lock:
            if self._seen is not None and self._clock() < self._next:
                return self._seen
            catalogue = catalogue_of(self._plan)
            index = search_index(self._plan.workspace.name, catalogue.entries).index
            self._seen = (index, catalogue, known_of(catalogue))
            self._next = self._clock() + _LOOK_EVERY
            return self._seen
