"""What a contract says, as immutable values: the vocabulary that every other room uses.

The YAML is Open Data Contract Standard 3.1; `catalog.odcs` reads it into these classes.
The reference for users is `docs/contracts.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from catalog.cadence import Schedule
from catalog.errors import Location
from catalog.privacy import Answerable, Privacy
from catalog.terms import Catalogue as Catalogue
from catalog.terms import Sharing

DATABASES = ("raw", "base", "thematic", "fusion", "open", "sandbox")
LEVELS = ("L1", "L2", "L3", "L4")
CLEANERS = ("trim", "collapse", "no_space", "no_breaks", "halfwidth", "tai", "upper", "lower")
FILE_FORMATS = ("csv", "excel", "jsonl", "json", "parquet", "geojson", "topojson")
DEFAULT_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
PHYSICAL_TYPES: dict[str, tuple[str, ...]] = {
    "string": ("VARCHAR",),
    "integer": ("INTEGER", "BIGINT"),
    "number": ("DOUBLE", "DECIMAL"),
    "boolean": ("BOOLEAN",),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMPTZ"),
    "array": ("LIST",),
}
META_COLUMNS = ("_source_file", "_source_line", "_load_id")


class Extension(BaseModel):
    """Base of everything we keep in `customProperties`: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Read(Extension):
    """How one field is read from published text; see `docs/contracts.md`."""

    source: tuple[str, ...] = Field(default=(), alias="from")
    optional: bool = False
    file_name: str | None = None
    fill_down: bool = False
    clean: tuple[str, ...] = ("trim",)
    strip: tuple[str, ...] = ()
    extract: str | None = None
    blank: tuple[str, ...] = ()
    codes: dict[str, str] | None = None
    thousands: bool = False
    unit: tuple[str, ...] = ()
    dates: tuple[str, ...] = ("iso",)

    @field_validator("source", "blank", "unit", "dates", "clean", "strip", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("clean")
    @classmethod
    def _known_cleaners(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in CLEANERS:
                raise ValueError(f"'{name}' is not one of {', '.join(CLEANERS)}")
        return value

    @field_validator("codes", mode="before")
    @classmethod
    def _codes_are_text(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {_plain(key): _plain(item) for key, item in value.items()}

    @field_validator("file_name", "extract")
    @classmethod
    def _one_group(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if groups != 1:
            raise ValueError(f"the expression must have exactly one group, it has {groups}")
        return value


def _plain(value: Any) -> str:
    """YAML reads `true` and `1` as other types; a code list compares text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Severities(Extension):
    """What a field's own rules do to a row that breaks them; see `docs/contracts.md`."""

    required: Literal["reject", "warn", "block"] = "reject"
    unique: Literal["reject", "warn", "block"] = "reject"
    range: Literal["reject", "warn", "block"] = "reject"
    length: Literal["reject", "warn", "block"] = "reject"
    pattern: Literal["reject", "warn", "block"] = "reject"


class FileOptions(Extension):
    """The `file` property of a `local` server."""

    header: Literal["first", "find", "none"] = "first"
    header_rows: int = Field(default=1, ge=1, le=5)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    sheet: str | None = None
    records: str | None = None
    extra_columns: Literal["error", "warn"] = "error"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file or a folder of files that a department publishes."""

    pattern: str
    format: str
    encoding: str | None = None
    options: FileOptions = field(default_factory=FileOptions)


class DatabaseSource(Extension):
    """A table or query of a department's database, reached by a named connection."""

    connection: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    table: str | None = None
    db_schema: str | None = Field(default=None, alias="schema")
    query: str | None = None

    @model_validator(mode="after")
    def _table_or_query(self) -> DatabaseSource:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either 'table' or 'query'")
        return self


class Deleted(Extension):
    """Tombstones: a row whose `field` holds one of `values` says that its key is no more."""

    field: str
    values: tuple[str, ...] = Field(min_length=1)

    @field_validator("values", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        values = value if isinstance(value, list | tuple) else (value,)
        return tuple(_plain(item) for item in values)


class Collect(Extension):
    """How a resource is collected.

    Attributes:
        mode: `full` replaces the table by what is there now; `incremental` reads what is new: of a
            database the rows past `cursor`, of files those whose content is not known yet;
            `changes` reads a change feed: of several rows of one key the one with the greatest
            cursor holds.
        cursor: the field that grows with every change of a row.
        deleted: how rows are known to be gone: by tombstones, or `compare`: the keys of the whole
            source are read and compared.
        departed: what becomes of the rows of a file that is no longer there.
    """

    mode: Literal["full", "incremental", "changes"] = "full"
    cursor: str | None = None
    deleted: Deleted | Literal["compare"] | None = None
    departed: Literal["remove", "keep"] = "remove"

    @model_validator(mode="after")
    def _incremental(self) -> Collect:
        if self.mode == "full" and self.model_fields_set - {"mode"}:
            raise ValueError("'cursor', 'deleted' and 'departed' need mode: incremental or changes")
        if self.mode == "changes" and self.cursor is None:
            raise ValueError("mode: changes needs 'cursor'")
        return self


class Filter(Extension):
    """Rows that are not data, declared so that they can be counted."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: str | None = None
    duplicates: Literal["all"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Filter:
        if (self.when is None) == (self.duplicates is None):
            raise ValueError("give either 'when' or 'duplicates: all'")
        return self


class Materialisation(Extension):
    """How a model's table is kept up to date.

    Attributes:
        kind: `full` computes the whole table; `incremental_by_time` the periods whose inputs have
            changed; `merge_by_key` the keys whose inputs have changed; `snapshot` keeps every
            version of a row with the time in which it held (a slowly changing dimension, type 2).
        time: the field that says which period a row belongs to; of `merge_by_key` the field by
            which a backfill chooses.
        grain: the length of a period.
        lookback: how many earlier periods of its inputs a row may depend on.
        dated: of a snapshot, whether the model itself says since when a version holds.
        valid_from, valid_to: of a snapshot, the fields with the time in which a version held,
            from (inclusive) to (exclusive); `valid_to` is NULL for the version that holds now.
    """

    kind: Literal["full", "incremental_by_time", "merge_by_key", "snapshot"] = "full"
    time: str | None = None
    grain: Literal["day", "month", "year"] = "month"
    lookback: int = Field(default=0, ge=0, le=1000)
    dated: bool = False
    valid_from: str = "valid_from"
    valid_to: str = "valid_to"

    @model_validator(mode="after")
    def _kinds(self) -> Materialisation:
        allowed = {
            "full": set[str](),
            "incremental_by_time": {"time", "grain", "lookback"},
            "merge_by_key": {"time"},
            "snapshot": {"dated", "valid_from", "valid_to"},
        }[self.kind]
        foreign = sorted(self.model_fields_set - allowed - {"kind"})
        if foreign:
            raise ValueError(f"kind: {self.kind} has no {', '.join(map(repr, foreign))}")
        if self.kind == "incremental_by_time" and self.time is None:
            raise ValueError("kind: incremental_by_time needs 'time'")
        return self

    @property
    def incremental(self) -> bool:
        """Whether only a part of the table is computed when a part of its inputs has changed."""
        return self.kind in ("incremental_by_time", "merge_by_key")


class Gate(Extension):
    """Thresholds of the quality gate, for a workspace or one resource.

    Attributes:
        max_quarantined_percent: over it a publish is blocked.
        warn_quarantined_percent: over it a publish waits for a person; unset: none does.
        hold_on_warning: a publish that breaks a rule of severity `warn` waits for a person, too.
    """

    max_quarantined_percent: float = Field(default=20.0, ge=0, le=100)
    warn_quarantined_percent: float | None = Field(default=None, ge=0, le=100)
    hold_on_warning: bool = False

    @model_validator(mode="after")
    def _warn_below_limit(self) -> Gate:
        warn = self.warn_quarantined_percent
        if warn is not None and warn >= self.max_quarantined_percent:
            raise ValueError("warn_quarantined_percent must be below max_quarantined_percent")
        return self


VALUE_KINDS = (
    "person_name",
    "phone",
    "identity",
    "email",
    "plate",
    "address",
    "division",
    "coordinate",
    "free_text",
)
"""What a field may be declared to hold: a mask that keeps a part of such values hides them only."""
CHANNELS = ("open", "share", "sandbox", "extract")


class Release(Extension):
    """Through which channel a resource leaves the bureau, and what makes its rows safe.

    Attributes:
        channel: the channel, whose ceiling `workspace.toml` gives; `open.*` models are `open`.
        kind: `records` (a row for one person, firm or event; its disclosure risk is measured),
            `statistics` (a row for a group; `count` says of how many), or `private` (no row leaves:
            questions about them are answered with differential privacy).
        quasi_identifiers, sensitive: fields of a record-level release that could single somebody
            out together, and those that one would learn about him. An empty list says that there
            are none; saying nothing does not.
        count: the field of a statistical release that holds the number of rows counted.
        minimum: the smallest published count.
        k, l, t: stricter thresholds than the channel's.
    """

    channel: Literal["open", "share", "sandbox", "extract"] = "open"
    kind: Literal["records", "statistics", "private"] = "records"
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    count: str | None = None
    minimum: int | None = Field(default=None, ge=1)
    k: int | None = Field(default=None, ge=2)
    l: int | None = Field(default=None, ge=2)  # noqa: E741 - the field's own name for it
    t: float | None = Field(default=None, gt=0, le=1)

    @property
    def quasi_declared(self) -> bool:
        """Whether the contract says which fields are quasi-identifiers, or that none is."""
        return "quasi_identifiers" in self.model_fields_set

    @model_validator(mode="after")
    def _kinds(self) -> Release:
        if self.kind == "statistics":
            if self.count is None:
                raise ValueError("kind: statistics needs 'count', the field with the rows counted")
            if self.quasi_identifiers or self.sensitive:
                raise ValueError("'quasi_identifiers' and 'sensitive' belong to kind: records")
        elif self.kind == "private":
            if self.channel != "sandbox":
                raise ValueError("kind: private needs channel: sandbox")
            if self.model_fields_set - {"channel", "kind"}:
                raise ValueError("kind: private has no other keys; see the property 'privacy'")
        elif self.count is not None or self.minimum is not None:
            raise ValueError("'count' and 'minimum' belong to kind: statistics")
        return self


class Justification(Extension):
    """Why a release may depend on fields above its ceiling without carrying them.

    Attributes:
        source: the fields, as `<table>.<column>`.
        level: the highest level that they had when it was given: it does not cover a field that
            has become more sensitive since.
        until: the last day on which it holds.
    """

    source: tuple[str, ...] = Field(alias="from", min_length=1)
    level: Literal["L1", "L2", "L3", "L4"]
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    until: date

    @field_validator("source", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class QualityDeclaration:
    """One entry of an ODCS `quality` list, as written; `quality.rules` gives it its meaning."""

    data: dict[str, Any]
    field: str | None
    where: Location


@dataclass(frozen=True, slots=True)
class ContractField:
    """One column of a resource.

    Attributes:
        kind: what its values are, one of `VALUE_KINDS`; None: nothing that a mask is made for.
        step: the least width of a band or rounding that hides its value; None: none does.
        noise: the least spread of `mask_noise` that hides its value; None: none does.
        answerable: what a question to the sandbox may ask about it; None: nothing.
        former: the names that it had in earlier versions of the contract.
        source_of: the data element of which the resource claims to be the one source.
        sharing: on which terms it is given, where they are not those of the resource.
    """

    name: str
    logical_type: str
    physical_type: str
    where: Location
    title: str = ""
    description: str = ""
    level: str | None = None
    required: bool = False
    unique: bool = False
    key_position: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    read: Read = field(default_factory=Read)
    severity: Severities = field(default_factory=Severities)
    kind: str | None = None
    step: float | None = None
    noise: float | None = None
    answerable: Answerable | None = None
    former: tuple[str, ...] = ()
    source_of: str | None = None
    sharing: Sharing | None = None

    @property
    def source_names(self) -> tuple[str, ...]:
        """The published column names that this field accepts."""
        return self.read.source or (self.name,)


@dataclass(frozen=True, slots=True)
class Contract:
    """One resource of the city: what it is, where it comes from, which rules it must meet.

    Attributes:
        row_level: how sensitive it is that a row is there at all (a register of patients).
    """

    path: Path
    database: str
    table: str
    version: str
    title: str
    department: str | None
    fields: tuple[ContractField, ...]
    quality: tuple[QualityDeclaration, ...] = ()
    purpose: str = ""
    limitations: str = ""
    source: FileSource | DatabaseSource | None = None
    collect: Collect = field(default_factory=Collect)
    filters: tuple[Filter, ...] = ()
    materialisation: Materialisation = field(default_factory=Materialisation)
    optional_inputs: tuple[str, ...] = ()
    gate: Gate | None = None
    release: Release | None = None
    privacy: Privacy | None = None
    justifications: tuple[Justification, ...] = ()
    row_level: str = "L1"
    catalogue: Catalogue = field(default_factory=Catalogue)
    frequency: tuple[float, str] | None = None
    schedule: Schedule = field(default_factory=Schedule)
    fingerprint: str = ""

    @property
    def name(self) -> str:
        """The table's full name, `<database>.<table>`."""
        return f"{self.database}.{self.table}"

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The key's fields in their declared order; empty when there is none."""
        keyed = [f for f in self.fields if f.key_position is not None]
        return tuple(f.name for f in sorted(keyed, key=lambda f: f.key_position or 0))

    def field_named(self, name: str) -> ContractField | None:
        """The field called `name`, or None."""
        return next((f for f in self.fields if f.name == name), None)
