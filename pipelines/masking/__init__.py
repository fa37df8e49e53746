"""Masking functions: what they are called, what they are worth, and the engines they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from pipelines.masking.calls import (
        MaskCall,
        key_uses,
        mask_call,
        mask_calls,
        own_mask,
        own_mask_sql,
    )
    from pipelines.masking.function import MaskFunction, Parameter
    from pipelines.masking.functions import MASKS
    from pipelines.masking.install import install_duckdb, install_spark
    from pipelines.masking.keys import KeyRing, KeyUse
    from pipelines.masking.settings import MaskingSettings, open_ring

__all__ = [
    "MASKS",
    "KeyRing",
    "KeyUse",
    "MaskCall",
    "MaskFunction",
    "MaskingSettings",
    "Parameter",
    "install_duckdb",
    "install_spark",
    "key_uses",
    "mask_call",
    "mask_calls",
    "open_ring",
    "own_mask",
    "own_mask_sql",
]

_HOMES = {
    "MASKS": "pipelines.masking.functions",
    "KeyRing": "pipelines.masking.keys",
    "KeyUse": "pipelines.masking.keys",
    "MaskCall": "pipelines.masking.calls",
    "MaskFunction": "pipelines.masking.function",
    "MaskingSettings": "pipelines.masking.settings",
    "Parameter": "pipelines.masking.function",
    "install_duckdb": "pipelines.masking.install",
    "install_spark": "pipelines.masking.install",
    "key_uses": "pipelines.masking.calls",
    "mask_call": "pipelines.masking.calls",
    "mask_calls": "pipelines.masking.calls",
    "open_ring": "pipelines.masking.settings",
    "own_mask": "pipelines.masking.calls",
    "own_mask_sql": "pipelines.masking.calls",
}

__getattr__ = lazy_names(__name__, _HOMES)
