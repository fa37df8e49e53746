"""What the caller tells of a run, a job and the datasets that it reads and writes.

Nothing here has a place for a file path, a connection's address or a key: what cannot be said
cannot leak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from catalog.lineage import ModelLineage

Event = dict[str, Any]
"""An OpenLineage RunEvent as JSON values."""

JobKind = Literal["run", "collect", "model"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `level` is its sensitivity, `L1` to `L4`; it and `type` are empty when not told."""

    name: str
    type: str
    description: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """The result of one quality rule.

    Attributes:
        assertion: the kind of rule, such as `not_null`.
        success: whether the data hold it. Of a rule that was not assessed, say nothing.
        column: the column that it concerns; None: the whole table.
        severity: `error` when a failure blocks the publish, `warn` when it does not.
    """

    assertion: str
    success: bool
    column: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table that a job reads or writes.

    Attributes:
        namespace: see `namespace_of`.
        name: `database.table` in the lake, or see `source_name`.
        department: the id of the department that owns it.
        snapshot_id: the Iceberg snapshot that was read or written.
        rows, size, files: rows, bytes and data files of that snapshot.
        lineage: where its columns come from; of outputs only.
        catalog: the kind of Iceberg catalogue, such as `sql`; None: not a table of the lake.
    """

    namespace: str
    name: str
    fields: tuple[Field, ...] = ()
    description: str = ""
    department: str = ""
    snapshot_id: str | None = None
    rows: int | None = None
    size: int | None = None
    files: int | None = None
    lineage: ModelLineage | None = None
    assertions: tuple[Assertion, ...] = ()
    catalog: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run of a workspace, or one step of it.

    Attributes:
        run_id: the run's id, as the catalogue database has it.
        step: the step's name; None: the run as a whole, which is its steps' parent.
        engine_version: the version of `engine`; empty: not told.
        outcome: our own word for how it ended, such as `partial`; empty: not told.
    """

    workspace: str
    run_id: str
    step: str | None = None
    engine: str = "DuckDB"
    engine_version: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """What is run.

    Attributes:
        name: the table that the job makes; of a whole run `naming.RUN_JOB`.
        sql: the model's text as written, in DuckDB's dialect.
        department: the id of the department that answers for it.
    """

    name: str
    kind: JobKind
    sql: str = ""
    description: str = ""
    department: str = ""
