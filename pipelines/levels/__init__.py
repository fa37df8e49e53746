"""Sensitivity levels: inferred along lineage, checked at every release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from pipelines.levels.channels import Channels
    from pipelines.levels.infer import ColumnLevel, Levels, infer_levels
    from pipelines.levels.paths import Hop, Ways
    from pipelines.levels.releases import ReleaseCheck

__all__ = ["Channels", "ColumnLevel", "Hop", "Levels", "ReleaseCheck", "Ways", "infer_levels"]

__getattr__ = lazy_names(
    __name__,
    {
        "Channels": "pipelines.levels.channels",
        "ColumnLevel": "pipelines.levels.infer",
        "Hop": "pipelines.levels.paths",
        "Levels": "pipelines.levels.infer",
        "ReleaseCheck": "pipelines.levels.releases",
        "Ways": "pipelines.levels.paths",
        "infer_levels": "pipelines.levels.infer",
    },
)
