"""The tables of the catalogue database, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from catalog.database.records import RUN_STATUSES, STEP_KINDS, STEP_STATUSES

Int64 = Annotated[int, "int64"]
Key = Annotated[int, mapped_column(primary_key=True)]
WorkspaceKey = Annotated[int, mapped_column(ForeignKey("workspace.id"))]
ResourceKey = Annotated[int, mapped_column(ForeignKey("resource.id"))]
RunKey = Annotated[str, mapped_column(ForeignKey("run.id"))]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite forgets the zone, so it is put back when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = cast(datetime, value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class FreeText(TypeDecorator[str]):
    """Text that may quote a source or a file name.

    PostgreSQL refuses NUL and both refuse lone surrogates; a report of bad data must not fail
    for the bad data it reports, so they are written as escapes.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


class Base(DeclarativeBase):
    """Every constraint has a name, so that a later migration can drop it on SQLite too."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        str: Text(),
        float: Double(),
        datetime: UtcDateTime(),
        date: Date(),
        Int64: BigInteger(),
        dict[str, int]: JSON(),
        dict[str, str]: JSON(),
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(),
    }


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    choices = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({choices})", name=column)


class Workspace(Base):
    """A city's folder of contracts; the row that writers lock."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Key]
    name: Mapped[str]
    first_seen: Mapped[datetime]


class Resource(Base):
    """A resource as its contract last described it; never deleted, because steps refer to it.

    `level` is the highest of its fields and of the row itself. `snapshot_id` is what readers see
    now: not always the newest, for a table can be rolled back. The fingerprints are of what was
    written of its contract and of its proof; without a proof, fields have their declared levels.
    """

    __tablename__ = "resource"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    name: Mapped[str]
    database: Mapped[str]
    title: Mapped[str] = mapped_column(FreeText)
    department: Mapped[str | None]
    version: Mapped[str]
    contract_fingerprint: Mapped[str]
    level: Mapped[str | None]
    purpose: Mapped[str] = mapped_column(FreeText)
    frequency_value: Mapped[float | None]
    frequency_unit: Mapped[str | None]
    release_channel: Mapped[str | None]
    release_kind: Mapped[str | None]
    declared_fingerprint: Mapped[str | None]
    proof_fingerprint: Mapped[str | None]
    active: Mapped[bool]
    snapshot_id: Mapped[Int64 | None]
    first_seen: Mapped[datetime]
    updated: Mapped[datetime]
    fields: Mapped[list[ResourceField]] = relationship(
        viewonly=True, order_by="ResourceField.position"
    )


class ResourceField(Base):
    """A column of a resource; `position` counts from 0.

    `level` is what holds, `declared_level` what the contract says.
    """

    __tablename__ = "resource_field"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    type: Mapped[str]
    title: Mapped[str] = mapped_column(FreeText)
    level: Mapped[str | None]
    declared_level: Mapped[str | None]
    required: Mapped[bool]
    key_position: Mapped[int | None]


class FieldSource(Base):
    """An edge of a resource's lineage: where a field's value comes from, or what influences it.

    `position` is the field's; NULL for what decides which rows the table has. `source_column` is
    `*` for the row itself.
    """

    __tablename__ = "field_source"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int | None]
    source_table: Mapped[str]
    source_column: Mapped[str]
    direct: Mapped[bool]
    how: Mapped[str]
    masks: Mapped[list[str]]


class Justification(Base):
    """Why a release may depend on a column (`<table>.<column>`) above its ceiling."""

    __tablename__ = "justification"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    level: Mapped[str]
    who: Mapped[str] = mapped_column(FreeText)
    why: Mapped[str] = mapped_column(FreeText)
    until: Mapped[date]


class Run(Base):
    """One execution of a plan by one process."""

    __tablename__ = "run"
    __table_args__ = (
        _one_of("status", RUN_STATUSES),
        Index("ix_run_workspace", "workspace_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[WorkspaceKey]
    selection: Mapped[str] = mapped_column(FreeText)
    source_dir: Mapped[str | None] = mapped_column(FreeText)
    engine: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    pid: Mapped[Int64]
    host: Mapped[str]


class Step(Base):
    """What a run did with one resource; a greater id is a later step.

    `snapshot_id` is what stood in the lake afterwards, `committed` whether this step put it there.
    """

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("run_id", "resource_id"),
        _one_of("kind", STEP_KINDS),
        _one_of("status", STEP_STATUSES),
        CheckConstraint(
            "received >= 0 AND published >= 0 AND quarantined >= 0 AND filtered >= 0", name="counts"
        ),
        Index("ix_step_resource", "resource_id", "id"),
        Index("ix_step_snapshot", "resource_id", "snapshot_id"),
    )

    id: Mapped[Key]
    run_id: Mapped[RunKey]
    resource_id: Mapped[ResourceKey]
    kind: Mapped[str]
    status: Mapped[str]
    reason_code: Mapped[str | None]
    reason_message: Mapped[str | None] = mapped_column(FreeText)
    reason_fields: Mapped[dict[str, str]]
    fingerprint: Mapped[str | None]
    received: Mapped[Int64 | None]
    published: Mapped[Int64 | None]
    quarantined: Mapped[Int64 | None]
    filtered: Mapped[Int64 | None]
    filters: Mapped[dict[str, int]]
    score: Mapped[float | None]
    snapshot_id: Mapped[Int64 | None]
    committed: Mapped[bool]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    seconds: Mapped[float]
    risk: Mapped[dict[str, Any] | None]


class Snapshot(Base):
    """A snapshot of a resource's table in the lake.

    `run_id` is no foreign key: the lake may hold snapshots of runs that this database, restored
    from a backup, has never heard of.
    """

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("resource_id", "snapshot_id"),)

    id: Mapped[Key]
    resource_id: Mapped[ResourceKey]
    snapshot_id: Mapped[Int64]
    run_id: Mapped[str]
    fingerprint: Mapped[str]
    rows: Mapped[Int64]
    committed_at: Mapped[datetime]
    inputs: Mapped[dict[str, int]]
    expired: Mapped[bool]


class Watermark(Base):
    """Up to where the source of a resource has been published."""

    __tablename__ = "watermark"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    value: Mapped[str]
    snapshot_id: Mapped[Int64 | None]
    updated_at: Mapped[datetime]


class RuleResult(Base):
    """What one rule found in one step; `passed` is NULL when it was not assessed."""

    __tablename__ = "rule_result"

    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str]
    kind: Mapped[str]
    fields: Mapped[list[str]]
    dimension: Mapped[str]
    severity: Mapped[str]
    assessed: Mapped[Int64 | None]
    failed: Mapped[Int64 | None]
    passed: Mapped[bool | None]
    detail: Mapped[str] = mapped_column(FreeText)


class QuarantineCount(Base):
    """How many rows of a step have a reason code."""

    __tablename__ = "quarantine_count"

    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    rows: Mapped[Int64]


class ReceivedFile(Base):
    """A file of a load; never deleted, because published rows point to it."""

    __tablename__ = "received_file"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    load_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(FreeText, primary_key=True)
    sha256: Mapped[str]
    size: Mapped[Int64]
    first_run_id: Mapped[RunKey]


def table_of(entity: type[Base]) -> Table:
    """The table behind an entity, for statements that name no objects."""
    return cast(Table, entity.__table__)
