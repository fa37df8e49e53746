"""Who reads, and what a grant lets be seen of a resource."""

from __future__ import annotations

import hashlib
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
    from pipelines.masking import KeyRing

Ring = Callable[[], "KeyRing"]


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
        digest: the same for the same values: names the files that hold them.
    """

    grant: Grant
    fields: tuple[Masked, ...]
    key: tuple[str, ...]
    prepare: Callable[[duckdb.DuckDBPyConnection], None] | None = field(compare=False)
    digest: str

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
    keys = ring().fingerprint(uses) if uses else ""
    said = repr((grant.resource, [(f.name, f.sql) for f in fields], grant.rows, tuple(key), keys))

    def prepare(con: duckdb.DuckDBPyConnection) -> None:
        from pipelines.masking import install_duckdb

        install_duckdb(con, ring() if uses else None, uses)

    masks = prepare if any(one.masked for one in fields) else None
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    return View(grant, fields, tuple(key), masks, digest)
