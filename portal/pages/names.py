"""What people are called on pages, by how the audit log names who did something."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import Request
from markupsafe import Markup

from catalog.people import account_of
from portal.service import service_of


def people_called(request: Request, actors: Iterable[str]) -> Callable[[str], str]:
    """Gives, for each of some actors, a person's name with his account; one query for all of them.

    What is nobody's account (`system`, a client, a name that only the command line knows) is given as
    it is.
    """
    service = service_of(request)
    accounts = {account_of(one) for one in actors} - {""}
    names = service.opened.store.accounts.names(service.name, accounts)

    def called(actor: str) -> str:
        account = account_of(actor)
        if account not in names:
            return actor
        shown = Markup('{} <code title="{}">{}</code>')
        return shown.format(names[account], actor, account)

    return called
