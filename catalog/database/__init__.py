"""The catalogue database: what ran, what was published, from which files, by which rules.

Importing this package is cheap: SQLAlchemy is loaded with the first use of `CatalogStore`,
Alembic only when a database has to be migrated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.database.proofs import (
    FieldLevel,
    FieldSourceRow,
    JustificationRow,
    ResourceProof,
)
from catalog.database.records import (
    DatabaseTotals,
    Reason,
    ReceivedFile,
    ReceivedFileRow,
    ResourceStatus,
    RuleResult,
    RuleResultRow,
    RunRow,
    SnapshotRecord,
    SnapshotRow,
    StepRecord,
    StepRow,
    WatermarkRow,
    WorkspaceStatus,
    to_plain,
)
from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from catalog.database.store import CatalogStore

__all__ = [
    "CatalogStore",
    "DatabaseTotals",
    "FieldLevel",
    "FieldSourceRow",
    "JustificationRow",
    "Reason",
    "ReceivedFile",
    "ReceivedFileRow",
    "ResourceProof",
    "ResourceStatus",
    "RuleResult",
    "RuleResultRow",
    "RunRow",
    "SnapshotRecord",
    "SnapshotRow",
    "StepRecord",
    "StepRow",
    "WatermarkRow",
    "WorkspaceStatus",
    "to_plain",
]


__getattr__ = lazy_names(__name__, {"CatalogStore": "catalog.database.store"})
