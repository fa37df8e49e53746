"""The vocabulary of the platform: contracts, errors and their texts, the catalogue database."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.contract import Contract, ContractField
    from catalog.database import CatalogStore
    from catalog.errors import CatalogError, CityBrainError, Location, Problems
    from catalog.odcs import read_contract

__all__ = [
    "CatalogError",
    "CatalogStore",
    "CityBrainError",
    "Contract",
    "ContractField",
    "Location",
    "Problems",
    "read_contract",
]

_HOMES = {
    "CatalogError": "catalog.errors",
    "CatalogStore": "catalog.database",
    "CityBrainError": "catalog.errors",
    "Contract": "catalog.contract",
    "ContractField": "catalog.contract",
    "Location": "catalog.errors",
    "Problems": "catalog.errors",
    "read_contract": "catalog.odcs",
}


def __getattr__(name: str) -> Any:
    """Public names are loaded at first use: the command line must start at once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
