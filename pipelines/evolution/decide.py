"""Whether a table can take on the columns of a new contract as it is, has to be made anew, or is
refused.

A table takes them on in place only where that gives what making it anew from the same files or
inputs would give; every doubt makes it anew. No row is read for it: footers of Parquet files, headers
of landed files and the reasons in quarantine are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from catalog.contract import Contract, FileSource
from catalog.effects import Effect
from catalog.errors import CityBrainError
from pipelines.account import counts_of
from pipelines.collect import Landing, read_files
from pipelines.collect.landing import Landed
from pipelines.errors import PipelineError
from pipelines.evolution.columns import (
    COMPATIBLE,
    ColumnChange,
    column_changes,
    may_break,
    next_version,
)
from pipelines.evolution.effect import FILES, MADE_BY, step_effect
from pipelines.evolution.query import query_parts
from pipelines.home import Home
from pipelines.lake import LOADS, Lake, Snapshot, quarantine_table
from pipelines.physical import held_columns
from pipelines.plan import Step

Way = Literal["in_place", "anew", "refused"]
Reason = Literal[
    "unknown", "type", "versions", "release", "rules", "values", "quarantine", "rows", "name", "query"
]  # fmt: skip
_WITH_HEADERS = ("csv", "excel", "parquet")


@dataclass(frozen=True, slots=True)
class Evolution:
    """What a contract that is not the one by which its table was published does to it.

    Attributes:
        changes: of the columns; none when only something else has changed.
        way: `in_place`: the table's files stay, the commit changes columns only; `anew`: the rows
            are made again; `refused`: readers would break and the version does not say so.
        reason: why the files cannot stay.
        before: the version that it was published by; None when that is not known.
    """

    table: str
    changes: tuple[ColumnChange, ...]
    way: Way
    reason: Reason | None
    before: str | None
    after: str

    @property
    def touched(self) -> frozenset[str]:
        """The columns that are not what they were, by their names before and after."""
        return frozenset().union(*(change.names for change in self.changes))

    @property
    def refusal(self) -> PipelineError:
        """The error of a change that breaks readers and says nothing."""
        broken = [c for c in self.changes if c.kind not in COMPATIBLE]
        return PipelineError(
            "schema_breaking",
            table=self.table,
            changes="; ".join(shown(change) for change in broken),
            version=self.after,
            next=next_version(self.before or self.after),
        )


def shown(change: ColumnChange) -> str:
    """A change in one line of names and types."""
    was, now = change.before, change.after
    if was is None or now is None:
        only = was or now
        assert only is not None
        return f"{change.kind} {only.name} {only.type}"
    if change.kind == "renamed":
        return f"renamed {was.name} -> {now.name}"
    return f"{change.kind} {now.name} {was.type} -> {now.type}"


@dataclass(frozen=True, slots=True)
class Published:
    """A table as it is published, and what it was made from.

    Attributes:
        quarantined: rows in its quarantine.
        landing: where the files are that it was read from.
    """

    current: Snapshot
    quarantined: int
    landing: Landing


def evolution_of(step: Step, lake: Lake, landing: Landing) -> Evolution | None:
    """What has to become of a published table; None when it was made by the contract as it is."""
    current = lake.current(step.name)
    if current is None:
        return None
    new, text = step_effect(step), current.properties.get(MADE_BY)
    if text == new.text:
        return None
    old = Effect.parse(text) if text is not None else None
    changes = column_changes(current.columns, step.contract)
    before = old.version if old else None
    breaking = any(change.kind not in COMPATIBLE for change in changes)
    if breaking and not may_break(before, new.version):
        return Evolution(step.name, changes, "refused", None, before, new.version)
    held = lake.current(quarantine_table(step.name))
    published = Published(current, held.rows if held else 0, landing)
    reason = _why_anew(step, published, old, new, changes)
    way: Way = "anew" if reason else "in_place"
    return Evolution(step.name, changes, way, reason, before, new.version)


def _why_anew(
    step: Step,
    published: Published,
    old: Effect | None,
    new: Effect,
    changes: Sequence[ColumnChange],
) -> Reason | None:
    """Why the files of a table cannot stay; None when they can."""
    if old is None:
        return "unknown"
    if not changes and list(old.columns.items()) == list(new.columns.items()):
        return None if old.rest == new.rest else "rules"  # the version alone
    if any(change.kind == "retyped" for change in changes):
        return "type"
    if step.contract.materialisation.kind == "snapshot":
        return "versions"
    if step.contract.release is not None:
        return "release"
    if old.rest != new.rest or _otherwise_changed(old, new, changes):
        return "rules"
    if _same_name(published.current, changes):
        return "name"
    if _in_quarantine(step, published, changes):
        return "quarantine"
    return _of_model(step, changes) if step.model else _of_source(step, published, changes)


def _otherwise_changed(old: Effect, new: Effect, changes: Sequence[ColumnChange]) -> bool:
    """Whether anything but names, and types that were widened, is different in columns that stay."""
    was = {c.after.name: c.before.name for c in changes if c.before and c.after}
    added = {c.after.name for c in changes if c.kind == "added" and c.after}
    stay = [name for name in new.columns if name not in added]
    before = [was.get(name, name) for name in stay]
    if before != [name for name in old.columns if name in before]:
        return True  # their order has changed, by which rows of equal keys are told apart
    return any(
        old.columns[then].rules != new.columns[now].rules
        for then, now in zip(before, stay, strict=True)
    )


def _same_name(current: Snapshot, changes: Sequence[ColumnChange]) -> bool:
    """Whether files hold another column under a name that is new now: one that was dropped before."""
    names = {c.after.name for c in changes if c.after and c.kind in ("added", "renamed")}
    return any(name in held_columns(path) for path in current.files for name in names)


def _in_quarantine(step: Step, published: Published, changes: Sequence[ColumnChange]) -> bool:
    """Whether rows in quarantine might be others now, or be told otherwise."""
    account = counts_of(published.current)
    if account is None:
        return True
    quarantined, reasons = account[0].quarantined, account[0].reasons
    if not quarantined and not published.quarantined:
        return False
    if quarantined != published.quarantined:
        return True  # others than the account knows the reasons of
    if step.model is not None or any(change.kind == "renamed" for change in changes):
        return True  # rows are kept there by names, and of a model told apart by all columns
    if "malformed" in reasons and any(change.kind == "dropped" for change in changes):
        return True  # it may have been this column that could not be split off
    touched = frozenset().union(*(change.names for change in changes))
    concerned = {rule.id for rule in step.rules if touched & set(rule.fields)}
    known = {rule.id for rule in step.rules} | {rule.id for rule in step.masks.rules}
    return any(reason in concerned or reason not in known for reason in reasons)


# -- models -----------------------------------------------------------------------------------------


def _of_model(step: Step, changes: Sequence[ColumnChange]) -> Reason | None:
    assert step.model is not None
    if any(change.kind == "added" for change in changes):
        return "values"
    query = query_parts(step.model.sql)
    for change in changes:
        if change.kind == "widened":
            continue
        own = change.after.name if change.after else None
        others = [words for name, words in query.words.items() if name != own]
        # A name that stands elsewhere may have meant this column, or means another one now.
        names = {name.lower() for name in change.names}
        if not query.columns or any(names & words for words in others):
            return "query"
    return None


# -- collected resources ----------------------------------------------------------------------------


def _of_source(step: Step, published: Published, changes: Sequence[ColumnChange]) -> Reason | None:
    contract = step.contract
    added = [c.after.name for c in changes if c.kind == "added" and c.after]
    dropped = any(change.kind == "dropped" for change in changes)
    if dropped and not _rows_stay(step):
        return "rows"
    if not isinstance(contract.source, FileSource):
        return "values" if added else None
    if not added and not dropped:
        return None
    ruled = {declared.field for declared in contract.quality}
    for item in contract.fields:
        read = item.read
        given = read.file_name is not None or read.fill_down or not read.optional
        if item.name in added and (given or item.required or item.name in ruled):
            return "values"
    source = contract.source
    if source.format not in _WITH_HEADERS or source.options.header == "none":
        return "values"
    if dropped and source.options.header == "find":
        return "values"  # which row is the header is found by the contract's columns
    return None if _in_no_file(contract, published, added) else "values"


def _rows_stay(step: Step) -> bool:
    """Whether a column can be dropped and every row stays one: none is blank or repeated without it."""
    contract = step.contract
    if any(item.duplicates for item in contract.filters):
        return False
    return any(
        item.required and item.severity.required != "warn" and item.read.file_name is None
        for item in contract.fields
    )


def _in_no_file(contract: Contract, published: Published, added: Sequence[str]) -> bool:
    """Whether none of the files that a table was read from has a column for these fields, and their
    headers fit the contract as it is."""
    landed = _landed(published)
    if landed is None:
        return False
    try:
        read_files(contract, landed)
    except CityBrainError:
        return False  # reading it anew will say what is wrong
    return all(_lacks(contract, file, name) for file in landed for name in added)


def _lacks(contract: Contract, file: Landed, name: str) -> bool:
    """Whether a file has no column for an optional field: it would be missed if it were not."""
    needed = tuple(
        replace(item, read=item.read.model_copy(update={"optional": False}))
        if item.name == name
        else item
        for item in contract.fields
    )
    try:
        read_files(replace(contract, fields=needed), [file])
    except CityBrainError as error:
        return error.code == "column_missing" and error.fields.get("field") == name
    return False


def _landed(published: Published) -> list[Landed] | None:
    """The files that a table was read from; None when that is not known."""
    received = _received(published.current.properties)
    try:
        return [published.landing.kept(name, sha) for name, sha in received]
    except (CityBrainError, OSError, KeyError, ValueError):
        return None


def _received(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if LOADS in properties:
        loads = json.loads(Path(properties[LOADS]).read_text("utf-8"))
        yield from ((load["name"], load["sha256"]) for load in loads)
    else:
        yield from json.loads(properties[FILES])


# -- of a workspace ---------------------------------------------------------------------------------


def evolutions(workspace: str, steps: Iterable[Step]) -> dict[str, Evolution]:
    """By table what contracts that have changed will do, as far as the lake is there already."""
    home = Home.of(workspace)
    if not home.lake.exists() and home.lake_catalog_url is None:
        return {}
    landing = Landing(home.landing)
    with home.open_lake() as lake:
        there = set(lake.tables())
        found = {
            step.name: evolution_of(step, lake, landing) for step in steps if step.name in there
        }
    return {name: evolution for name, evolution in found.items() if evolution is not None}
