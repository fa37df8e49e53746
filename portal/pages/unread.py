"""What the header of every page says of unread notices."""

from __future__ import annotations

from fastapi import Request

from catalog.database.notices import MOST_COUNTED
from catalog.people import Person
from catalog.text import text
from portal.sharing import notices_of


def unread(request: Request, person: Person | None, lang: str) -> tuple[str, str] | None:
    """How many notices somebody has not read, as a number and in words; None: none.

    Of who has not signed in, nothing is asked.
    """
    count = 0 if person is None else notices_of(request).unread(person)
    if count == 0:
        return None
    if count > MOST_COUNTED:
        return f"{MOST_COUNTED}+", text("notices_unread_more", lang, count=MOST_COUNTED)
    key = "notices_unread_one" if count == 1 else "notices_unread"
    return str(count), text(key, lang, count=count)
