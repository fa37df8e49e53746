"""The register of incidents: added to, closed once, confirmed, never changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from catalog.database import CatalogStore
from catalog.database.incidents import Found
from catalog.errors import CatalogError

NAME = "tainan"
FOUND = Found(date(2026, 6, 30), ("base.clinic",), "A file lay on a public server.", "serious")


def test_it_is_recorded_closed_and_confirmed(ready: CatalogStore) -> None:
    assert ready.incidents.list(NAME) == [] and ready.incidents.last_statement(NAME) is None
    first = ready.incidents.add(NAME, FOUND, "account:li")
    second = ready.incidents.add(NAME, FOUND, "account:li")
    ready.incidents.close(NAME, first, "Taken down.", "account:wu")
    ready.incidents.state(NAME, "account:li")
    newest, oldest = ready.incidents.list(NAME)
    assert (newest.number, oldest.number) == (second, first) == (2, 1)
    assert newest.closed_at is None and newest.found == FOUND
    assert (oldest.closed_by, oldest.how) == ("account:wu", "Taken down.")
    statement = ready.incidents.last_statement(NAME)
    assert statement is not None and statement.by == "account:li"
    assert ready.incidents.list("elsewhere") == []


def test_all_of_it_is_in_the_audit_log_without_the_words(ready: CatalogStore) -> None:
    number = ready.incidents.add(NAME, FOUND, "account:li")
    ready.incidents.close(NAME, number, "Taken down.", "account:wu")
    ready.incidents.state(NAME, "account:li")
    told = [one.record for one in ready.audit.newest(NAME, action="document")]
    assert [(one.subject, one.actor, one.detail["what"]) for one in told] == [
        ("incidents", "account:li", "incidents_confirmed"),
        ("incident 1", "account:wu", "incident_closed"),
        ("incident 1", "account:li", "incident_recorded"),
    ]
    assert told[2].detail["resources"] == "base.clinic"
    assert "public server" not in str(told) and "Taken down" not in str(told)


@pytest.mark.parametrize(
    ("changes", "code"), [({"what": " "}, "incident_words"), ({"severity": "bad"}, "incident_severity")]
)  # fmt: skip
def test_what_is_not_recorded(ready: CatalogStore, changes: dict[str, Any], code: str) -> None:
    values = {"on": FOUND.on, "resources": (), "what": "x", "severity": "minor"} | changes
    with pytest.raises(CatalogError, match=code):
        ready.incidents.add(NAME, Found(**values), "account:li")
    assert ready.incidents.list(NAME) == []


def test_it_is_closed_once_and_only_if_it_is_there(ready: CatalogStore) -> None:
    ready.incidents.add(NAME, FOUND, "account:li")
    for number, how, code in (
        (2, "x", "incident_unknown"),
        (1, "", "incident_words"),
        (1, "x", None),
        (1, "y", "incident_closed"),
    ):
        if code is None:
            ready.incidents.close(NAME, number, how, "account:li")
            continue
        with pytest.raises(CatalogError, match=code):
            ready.incidents.close(NAME, number, how, "account:li")
    assert ready.incidents.list(NAME)[0].how == "x"


@pytest.mark.parametrize("table", ["incident", "incident_closing", "incident_statement"])
def test_nothing_of_it_is_ever_changed(ready: CatalogStore, table: str) -> None:
    ready.incidents.add(NAME, FOUND, "account:li")
    ready.incidents.close(NAME, 1, "x", "account:li")
    ready.incidents.state(NAME, "account:li")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {COLUMNS[table]} = 'x'"):
        with pytest.raises(CatalogError, match="never changed"), ready._write() as session:
            session.execute(text(statement))


COLUMNS = {"incident": "what", "incident_closing": "how", "incident_statement": "stated_by"}
