"""The departments of a city, from `departments.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from catalog.errors import CatalogError, CityBrainError, Problems
from catalog.yamlsource import load_yaml
from pipelines.settings import Strict, value_fault


class Department(Strict):
    """A department of the city, from `departments.yaml`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: dict[str, str] | str
    code: str | None = None
    role: Literal["provider", "operator"] = "provider"

    @field_validator("code")
    @classmethod
    def _social_credit_code(cls, value: str | None) -> str | None:
        if value is not None and not valid_social_credit_code(value):
            raise ValueError(
                f"'{value}' is not a unified social credit code (GB 32100 check digit)"
            )
        return value


def valid_social_credit_code(code: str) -> bool:
    """Whether the outer check digit of a unified social credit code holds (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(letter not in alphabet for letter in code):
        return False
    total = sum(alphabet.index(letter) * pow(3, i, 31) for i, letter in enumerate(code[:17]))
    return alphabet[(31 - total % 31) % 31] == code[17]


def read_departments(path: Path) -> dict[str, Department]:
    """Read `departments.yaml`; departments by id.

    Raises:
        CatalogError: it cannot be read, or is no list of departments.
        Problems: departments that cannot be used; all of their faults.
    """
    document = load_yaml(path)
    entries = document.data.get("departments") if isinstance(document.data, dict) else None
    if not isinstance(entries, list):
        raise CatalogError("departments_list", where=document.where())
    faults: list[CityBrainError] = []
    found: dict[str, Department] = {}
    for index, entry in enumerate(entries):
        try:
            department = Department.model_validate(entry)
        except ValidationError as error:
            for item in error.errors():
                where = document.where("departments", index, *item["loc"])
                faults.append(value_fault(item, where, ".".join(map(str, item["loc"]))))
            continue
        if department.id in found:
            where = document.where("departments", index)
            faults.append(CatalogError("yaml_duplicate_key", where=where, key=department.id))
        found[department.id] = department
    if faults:
        raise Problems(faults)
    return found
