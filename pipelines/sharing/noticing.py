"""What somebody is told of requests, objections and grants, and how far he has read it."""

from __future__ import annotations

from catalog.database.notices import Reader
from catalog.database.paging import Listed, Place
from catalog.people import Person
from catalog.sharing.notices import Notice
from pipelines.sharing import people
from pipelines.sharing.desk import SharingDesk


class NoticeDesk:
    """The notices of a workspace, for somebody who has signed in.

    An officer is told what his department is told, a steward what the data bureau is. Nothing is told
    to others: they have no part in it.
    """

    def __init__(self, desk: SharingDesk) -> None:
        self._notices = desk.store.notices
        self._workspace = desk.workspace
        self._bureau = desk.rules.bureau

    def reader(self, person: Person) -> Reader | None:
        """As whom somebody reads notices; None: nothing is told to him."""
        department = people.department_for(person, self._bureau)
        if department is None:
            return None
        return Reader(person.id, department, person.role in people.ALL)

    def page(self, person: Person, place: Place, urgent: bool = False) -> Listed[Notice]:
        """A page of what somebody is told and may see, the newest first."""
        reader = self.reader(person)
        if reader is None:
            return Listed((), 0, None, None)
        return self._notices.page(self._workspace, reader, place, urgent)

    def read_until(self, person: Person) -> tuple[int, int]:
        """The number up to which somebody has read, and that of the newest that he is told."""
        reader = self.reader(person)
        if reader is None:
            return 0, 0
        seen = self._notices.seen(self._workspace, person.id)
        return seen, self._notices.newest(self._workspace, reader)

    def unread(self, person: Person) -> int:
        """How many notices somebody has not read, as far as they are counted."""
        reader = self.reader(person)
        return 0 if reader is None else self._notices.unread(self._workspace, reader)

    def mark(self, person: Person, until: int) -> None:
        """Somebody has read what he is told up to a number."""
        reader = self.reader(person)
        if reader is not None:
            self._notices.mark(self._workspace, reader, until)
