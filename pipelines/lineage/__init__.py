"""Column lineage: what every column of a model is made of, and what it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from pipelines.lineage.model import model_lineage

__all__ = ["model_lineage"]

__getattr__ = lazy_names(__name__, {"model_lineage": "pipelines.lineage.model"})
