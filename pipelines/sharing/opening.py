"""A sharing desk with its database behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from catalog.database import CatalogStore
from catalog.database.store import utc_now
from catalog.people import Person
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.settings import BUREAU, bureau_of


@contextmanager
def open_sharing(
    plan: Plan, clock: Callable[[], datetime] = utc_now, *, granting: bool = False
) -> Iterator[SharingDesk]:
    """The desk of a workspace that has just been compiled, for a command.

    Args:
        granting: the command grants by the plan, so all grants are held against it first.
    """
    home = Home.of(plan.workspace.name)
    with CatalogStore.open(home.database_url, clock=clock) as store:
        desk = SharingDesk(plan, store, clock)
        if granting:
            desk.settle()
        yield desk


def person_for(plan: Plan, department: str, user: str) -> Person:
    """For whom an engineer of the bureau acts: an officer, of the operator's department a steward.

    Raises:
        PipelineError: `share_department`.
    """
    known = plan.workspace.departments
    if department == bureau_of(plan.workspace) or department == BUREAU:
        return Person(user, user, "steward")
    if department not in known:
        raise PipelineError("share_department", department=department, known=", ".join(known))
    return Person(user, user, "officer", department)
