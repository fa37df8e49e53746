"""An entry of the resource catalogue, and the rules by which its items follow from a contract.

The thirteen core items are those of 政务信息资源目录编制指南 (试行), 2017. What neither a contract
says nor a rule derives is None, and `missing` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from catalog.contract import Contract, DatabaseSource
from catalog.terms import OpenType

CYCLES = (
    "realtime",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "half-yearly",
    "yearly",
    "irregular",
    "never",
)
"""Update cycles of the guide and of later platforms, the most frequent first."""
_CLASSES = {"base": 1, "thematic": 2, "fusion": 2, "raw": 3}
_FORMAT_OF = {"csv": 2, "excel": 2, "parquet": 3}  # all others describe themselves
_CYCLE_OF = {
    ("d", 1): "daily", ("w", 1): "weekly", ("d", 7): "weekly", ("m", 1): "monthly",
    ("m", 3): "quarterly", ("m", 6): "half-yearly", ("m", 12): "yearly", ("y", 1): "yearly",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryField:
    """One information item (信息项).

    Attributes:
        level: what holds for it, L1 to L4; None: nobody said.
        share_type: 1 unconditional, 2 conditional, 3 none.
        share_condition: the condition of type 2, the legal basis of type 3.
        sources: the fields of collected data whose values get into it, `<table>.<field>`; of a
            collected field the columns that the department publishes.
        source_of: the data element of which it claims to be the one source.
    """

    name: str
    title: str = ""
    type: str = ""
    level: str | None = None
    share_type: int | None = None
    open_type: OpenType | None = None
    sources: tuple[str, ...] = ()
    source_of: str | None = None
    share_condition: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource.

    Attributes:
        key: the resource's name or number, unique in its catalogue.
        kind: the class (类): 1 base, 2 thematic, 3 department.
        code: `<class><item><detail>/<sequence>`.
        format: 1 to 7 of the guide: file, spreadsheet, database, images, streaming media,
            self-describing, interface.
        share_way: how it is given: `interface`, `file`, `sandbox`, `media`.
        related: codes of related resources; of one without a code its table.
        level: the highest of its fields and of its rows.
        counts: numbers that an imported list tells, such as `views`.
        missing: items that are not known, and why: `not_declared`, `no_rule` (nothing it could follow
            from), `not_registered` (no run has recorded the resource), `not_published`,
            `not_in_list` (an imported list does not say).
    """

    key: str
    city: str
    name: str
    provider: str | None = None
    provider_code: str | None = None
    kind: int | None = None
    code: str | None = None
    abstract: str = ""
    format: int | None = None
    fields: tuple[EntryField, ...] = ()
    share_type: int | None = None
    share_condition: str | None = None
    share_way: tuple[str, ...] = ()
    open_type: OpenType | None = None
    open_condition: str | None = None
    update_cycle: str | None = None
    published: date | None = None
    related: tuple[str, ...] = ()
    level: str | None = None
    tags: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        found = asdict(self)
        found["published"] = self.published.isoformat() if self.published else None
        return found

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Entry:
        """The inverse of `document`."""
        values = dict(document)
        day = values["published"]
        values["published"] = date.fromisoformat(day) if day else None
        values["fields"] = tuple(
            EntryField(**{**item, "sources": tuple(item["sources"])}) for item in values["fields"]
        )
        for key in ("related", "tags", "share_way"):
            values[key] = tuple(values.get(key, ()))
        return cls(**values)


def class_of(contract: Contract) -> int | None:
    """The class of a resource: what is declared, else that of its database; a release has none."""
    declared = contract.catalogue.category
    return int(declared[0]) if declared else _CLASSES.get(contract.database)


def format_of(contract: Contract) -> int:
    """As what a resource is provided: a collected one as it is delivered, a model as a table.

    The guide counts neither CSV nor Parquet; a table of text is a spreadsheet here, and a file of
    typed columns a database.
    """
    source = contract.source
    if source is None or isinstance(source, DatabaseSource):
        return 3
    return _FORMAT_OF.get(source.format, 6)


def cycle_of(frequency: tuple[float, str] | None) -> str | None:
    """The guide's term for a contract's `frequency`; None for what it has no term for."""
    if frequency is None:
        return None
    value, unit = frequency
    return _CYCLE_OF.get((unit[:1].lower(), int(value))) if value == int(value) else None
