"""Sample sign-ins for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from catalog.text import text
from pipelines.present import make_table
from portal.samples import SampleSignIn

if TYPE_CHECKING:
    from rich.table import Table


def sign_in_table(city: str, found: Iterable[SampleSignIn]) -> Table:
    """Who may sign in to a city, and with what."""
    table = make_table("samples_name", "samples_password", "samples_role", "samples_of")
    table.title, table.title_justify = text("samples_title", city=city), "left"
    for one in found:
        person = one.person
        of = person.department or person.partner or ""
        table.add_row(person.id, one.password, text(f"role_{person.role}"), of)
    return table


def sign_in_json(city: str, one: SampleSignIn) -> dict[str, Any]:
    """The same as an object."""
    person = one.person
    return {
        "city": city,
        "name": person.id,
        "password": one.password,
        "role": person.role,
        "department": person.department,
        "partner": person.partner,
    }
