"""The vocabulary of the platform: contracts, errors and their texts, the catalogue database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

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


__getattr__ = lazy_names(__name__, _HOMES)
