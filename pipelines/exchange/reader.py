"""Who reads, and what a grant lets be seen of a resource."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from catalog.sharing.grant import Grant
from pipelines.errors import PipelineError
from pipelines.exchange.streams import Selection
from pipelines.lake import Snapshot
from pipelines.masking.field import Masked, masked_field

if TYPE_CHECKING:
    from pipelines.masking import KeyRing, KeyUse
    from pipelines.workspace import Workspace

Ring = Callable[[], "KeyRing"]
KEYS_FRESH = 5.0  # seconds in which a rotation of the keys is felt
PLAIN = "plain"  # in place of a fingerprint


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, for which department and for what.

    Attributes:
        client: the program that reads for him; empty for one who reads on a page.
    """

    department: str
    user: str
    purpose: str
    client: str = ""

    @property
    def actor(self) -> str:
        """As the audit log names him."""
        return f"department:{self.department}/{self.user}"


@dataclass(frozen=True, slots=True)
class View:
    """What a grant lets be seen of a resource.

    Attributes:
        fields: in the grant's order, each with the SQL that shows it.
        key: the resource's primary key; its columns need not be granted.
        shape: the same for the same fields, masks and rows, whatever the keys of the masks are.
        keys: the fingerprint of these keys; empty without any.
        uses: what they are for.
    """

    grant: Grant
    fields: tuple[Masked, ...]
    key: tuple[str, ...]
    prepare: Callable[[duckdb.DuckDBPyConnection], None] | None = field(compare=False)
    shape: str
    keys: str = ""
    uses: tuple[KeyUse, ...] = ()

    @property
    def digest(self) -> str:
        """The same for the same values, so another one with another key: begins the names of files."""
        return f"{self.shape}-{self.keys or PLAIN}"

    def file_name(self, snapshot: int, since: int | None = None) -> str:
        """The name of the file that holds it; of changes, with the snapshot that they are since."""
        return f"{self.digest}-{snapshot}" + ("" if since is None else f"-{since}")

    @property
    def names(self) -> tuple[str, ...]:
        """The granted fields."""
        return tuple(one.name for one in self.fields)

    @property
    def masked(self) -> tuple[str, ...]:
        """Those whose values are masked."""
        return tuple(one.name for one in self.fields if one.masked)

    @property
    def selection(self) -> Selection:
        """What is read of a snapshot."""
        columns = {one.name: one.sql for one in self.fields}
        return Selection(columns, self.grant.rows, self.prepare)

    def fits(self, snapshot: Snapshot) -> None:
        """That a snapshot has all columns that the grant is about.

        Raises:
            PipelineError: `grant_columns`.
        """
        there = {column.name for column in snapshot.columns}
        rows = () if self.grant.rows is None else (self.grant.rows.field,)
        for name in (*self.names, *rows):
            if name not in there:
                raise PipelineError(
                    "grant_columns", table=snapshot.table, field=name, grant=self.grant.id
                )


def view_of(grant: Grant, key: Sequence[str], ring: Ring) -> View:
    """What a grant lets be seen.

    Args:
        key: the resource's primary key, empty without one.
        ring: opens the keys of masks; asked only when a mask needs one.

    Raises:
        PipelineError: `mask_wrong`; what the ring raises.
    """
    fields = tuple(masked_field(name, grant.masks.get(name)) for name in grant.fields)
    uses = tuple(one.key for one in fields if one.key is not None)
    opened = ring() if uses else None
    keys = "" if opened is None else opened.fingerprint(uses)
    said = repr((grant.resource, [(f.name, f.sql) for f in fields], grant.rows, tuple(key)))

    def prepare(con: duckdb.DuckDBPyConnection) -> None:
        from pipelines.masking import install_duckdb

        # The ring whose fingerprint the view has: another one would not mask what its name says.
        install_duckdb(con, opened, uses)

    masks = prepare if any(one.masked for one in fields) else None
    shape = hashlib.sha256(said.encode()).hexdigest()[:32]
    return View(grant, fields, tuple(key), masks, shape, keys, uses)


class Views:
    """What grants let be seen, made once; may be used from any thread.

    The keys of masks are looked at every few seconds: after a rotation a grant shows something else,
    and whatever was made with the old key is not found any more, for its name has the old fingerprint.
    """

    def __init__(self, workspace: Workspace, ring: Ring) -> None:
        self._workspace = workspace
        self._open = ring
        self._ring: KeyRing | None = None
        self._since = -KEYS_FRESH
        self._known: dict[str, tuple[View, KeyRing | None]] = {}

    def of(self, grant: Grant) -> View:
        """What a grant lets be seen now.

        Raises:
            PipelineError: `mask_wrong`; what opening the keys raises.
        """
        view, ring = self._known.get(grant.id, (None, None))
        if view is None or view.grant != grant or not self._right(view, ring):
            contract = self._workspace.contracts.get(grant.resource)
            view = view_of(grant, () if contract is None else contract.primary_key, self._fresh)
        self._known[grant.id] = (view, self._fresh() if view.uses else None)
        return view

    def _right(self, view: View, ring: KeyRing | None) -> bool:
        """Whether a view has the keys of now."""
        if not view.uses:
            return True
        now = self._fresh()
        return now is ring or now.fingerprint(view.uses) == view.keys

    def _fresh(self) -> KeyRing:
        found = self._ring
        if found is None or time.monotonic() - self._since >= KEYS_FRESH:
            self._since = time.monotonic()
            found = self._ring = self._open()
        return found
