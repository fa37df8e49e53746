"""What the forms of sharing say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

from catalog.sharing.request import FieldDecision, Task
from pipelines.errors import PipelineError
from pipelines.sharing.wishes import Wish
from portal.pages.site import said
from portal.service import service_of


async def the_form(request: Request) -> FormData:
    """The form of a request; its seal has been looked at."""
    return await request.form()


FormDep = Annotated[FormData, Depends(the_form)]


def field(form: FormData, name: str) -> str:
    """A field's text; a file in its place is nothing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def fields(form: FormData, name: str) -> list[str]:
    """The texts of a field that may be there several times."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def wish_of(form: FormData, wants: Mapping[str, tuple[str, ...]]) -> Wish:
    """What the form of a request says.

    Raises:
        PipelineError: `share_day`, when a day is none.
    """
    return Wish(
        wants,
        field(form, "basis"),
        field(form, "scenario"),
        field(form, "purpose"),
        field(form, "manner"),
        day(form, "first"),
        day(form, "last"),
    )


def decisions_of(form: FormData, task: Task) -> dict[str, FieldDecision]:
    """What the form of a decision says of every field; one without an outcome is left out."""
    found = {}
    for name in task.item.fields:
        outcome = field(form, f"outcome.{name}")
        if outcome == "approved":
            found[name] = FieldDecision(
                "approved",
                mask=field(form, f"mask.{name}"),
                condition=field(form, f"condition.{name}").strip()[:2000],
                legal_basis=field(form, f"legal.{name}").strip()[:2000],
            )
        elif outcome == "refused":
            reason = field(form, f"reason.{name}").strip()[:2000]
            found[name] = FieldDecision("refused", reason=reason)
    return found


def naming(request: Request, lang: str) -> Callable[[str], str]:
    """Gives a department's name in a language, by its id."""
    known = service_of(request).workspace.workspace.departments

    def name(id: str) -> str:
        department = known.get(id)
        return id if department is None else said(department.name, lang)

    return name


def departments(request: Request) -> list[str]:
    """The ids of the city's departments."""
    return sorted(service_of(request).workspace.workspace.departments)


def key_of(form: FormData, names: tuple[str, ...]) -> dict[str, str]:
    """The key of a record, by its fields."""
    return {name: field(form, f"key.{name}").strip() for name in names}


def day(form: FormData, name: str) -> date:
    """A day of a form.

    Raises:
        PipelineError: `share_day`.
    """
    text: Any = field(form, name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PipelineError("share_day", name=name) from error
