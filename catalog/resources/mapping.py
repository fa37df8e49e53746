"""Mappings: how the list of resources of another catalogue is read, one TOML file a form of list.

Contacts are never imported: a mapping may not name a column that holds them.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from catalog.errors import CatalogError, Location
from catalog.resources.entry import CYCLES
from catalog.yamlsource import read_text

_CONTACT = re.compile(
    r"聯絡人|联系人|電話|电话|電子郵件|電郵|邮箱|e-?mail|phone|contact", re.IGNORECASE
)
Column = str | tuple[str, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Strict):
    """Which column holds which item; of several the first that is not empty counts."""

    name: Column
    key: Column = ()
    provider: Column = ()
    abstract: Column = ()
    fields: Column = ()
    tags: Column = ()
    update_cycle: Column = ()
    format: Column = ()
    open_type: Column = ()
    published: Column = ()


class Values(_Strict):
    """What the list writes, and what it means."""

    update_cycle: dict[str, str] = {}
    format: dict[str, int] = {}
    open_type: dict[str, Literal["unconditional", "conditional", "closed"]] = {}

    @field_validator("update_cycle")
    @classmethod
    def _known_cycles(cls, value: dict[str, str]) -> dict[str, str]:
        for cycle in value.values():
            if cycle not in CYCLES:
                raise ValueError(f"'{cycle}' is not one of {', '.join(CYCLES)}")
        return value


class Mapping(_Strict):
    """How one form of list is read.

    Attributes:
        city, city_column: whose resources they are, for all rows or by row.
        encoding: of the file; bytes that it does not know become U+FFFD and a note.
        delimiter: between columns.
        dates: forms of dates, as `strptime` has them.
        separators: what stands between the fields of a resource, outside brackets.
        provider_form: a regular expression with the group `name`, for a provider with a code before it.
        counts: numbers that the list tells, with or without thousands commas, by name.
    """

    columns: Columns
    city: str | None = None
    city_column: str | None = None
    encoding: str = "utf-8-sig"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    dates: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    provider_form: str | None = None
    counts: dict[str, str] = {}
    values: Values = Values()

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError as error:
            raise ValueError(f"'{value}' is no encoding") from error
        return value

    @field_validator("provider_form")
    @classmethod
    def _names_a_group(cls, value: str | None) -> str | None:
        try:
            if value is not None and "name" not in re.compile(value).groupindex:
                raise ValueError("the expression needs a group 'name'")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _sound(self) -> Mapping:
        if (self.city is None) == (self.city_column is None):
            raise ValueError("give either 'city' or 'city_column'")
        for name in self.named:
            if _CONTACT.search(name):
                raise ValueError(f"'{name}' holds contacts of persons, which are not imported")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that it names."""
        found: list[str] = [*self.counts.values()]
        found += [self.city_column] if self.city_column else []
        for item in Columns.model_fields:
            found += columns_of(getattr(self.columns, item))
        return tuple(found)


def columns_of(column: Column) -> tuple[str, ...]:
    """The names that a mapping gives for one item."""
    return (column,) if isinstance(column, str) else column


def known_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with the program."""
    folder = files("catalog.resources") / "mappings"
    return tuple(sorted(i.name.removesuffix(".toml") for i in folder.iterdir()))


def read_mapping(name: str) -> Mapping:
    """A mapping that comes with the program, by its name, or that of a TOML file.

    Raises:
        CatalogError: `mapping_unknown`, `mapping_invalid`.
    """
    path = Path(name)
    if name in known_mappings():
        path = Path(str(files("catalog.resources") / "mappings" / f"{name}.toml"))
    elif path.suffix != ".toml":
        raise CatalogError("mapping_unknown", name=name, known=", ".join(known_mappings()))
    try:
        data: dict[str, Any] = tomllib.loads(read_text(path))
        return Mapping.model_validate(data)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CatalogError(
            "mapping_invalid", where=Location(path), problem=_first(error)
        ) from error


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    item = error.errors()[0]
    place = ".".join(map(str, item["loc"]))
    problem = item["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem
