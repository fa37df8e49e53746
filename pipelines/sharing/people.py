"""On whose behalf somebody acts in sharing, and what he may see of it."""

from __future__ import annotations

from collections.abc import Collection

from catalog.errors import CatalogError
from catalog.people import Person
from catalog.sharing.objection import Objection
from catalog.sharing.request import By, Request, Task
from pipelines.errors import PipelineError

ALL = ("steward", "auditor")  # who sees every request


def department_for(person: Person, bureau: str) -> str | None:
    """The department for which somebody acts: an officer's, for a steward the data bureau's.

    None: somebody else acts for none.
    """
    if person.role == "steward":
        return bureau
    return person.department or None if person.role == "officer" else None


def acting_for(person: Person, bureau: str) -> str:
    """The department for which somebody acts.

    Raises:
        PipelineError: `share_role`, for somebody who acts for none.
    """
    found = department_for(person, bureau)
    if found is None:
        raise PipelineError("share_role", role=person.role)
    return found


def as_requester(person: Person, request: Request, bureau: str) -> By:
    """The department that asks; others do not learn that there is such a request."""
    if acting_for(person, bureau) != request.department:
        see(person, request, bureau)
        raise PipelineError("share_not_yours", request=request.id, department=request.department)
    return By(person.actor, "requester")


def as_bureau(person: Person) -> By:
    """A steward of the data bureau.

    Raises:
        PipelineError: `share_role`.
    """
    if person.role != "steward":
        raise PipelineError("share_role", role=person.role)
    return By(person.actor, "bureau")


def as_owner(person: Person, request: Request, task: Task, bureau: str) -> By:
    """The department whose data it is; about what is shared unconditionally the bureau decides too.

    Raises:
        PipelineError: `share_not_owner`.
    """
    see(person, request, bureau)
    if acting_for(person, bureau) == task.item.owner:
        return By(person.actor, "owner")
    if person.role == "steward" and task.item.share_type == 1:
        return By(person.actor, "bureau")
    raise PipelineError("share_not_owner", request=request.id, owner=task.item.owner)


def concerns(person: Person, departments: Collection[str]) -> bool:
    """Whether somebody may see what is these departments' business: theirs, bureau and auditors."""
    return person.role in ALL or (person.role == "officer" and person.department in departments)


def sees(person: Person, request: Request, bureau: str) -> bool:
    """Whether somebody may see a request.

    It is seen by its department, those that are asked, those to which a delay was escalated, the
    bureau and auditors.
    """
    return concerns(person, {request.department, *request.owners, *request.supervisors})


def see(person: Person, request: Request, bureau: str) -> None:
    """Raises:
    CatalogError: `request_unknown`, as if there were none.
    """
    if not sees(person, request, bureau):
        raise CatalogError("request_unknown", request=request.id)


def sees_objection(person: Person, objection: Objection) -> bool:
    """Whether somebody may see an objection: as with a request, with its sources as those asked."""
    sources = (one.department for one in objection.routes)
    return concerns(person, {objection.department, *sources, *objection.supervisors})
