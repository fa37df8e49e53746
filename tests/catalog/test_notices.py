"""What departments are told: who sees it, how it is paged and counted, and how far it was read."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from catalog.database import CatalogStore
from catalog.database import tables as t
from catalog.database.grant_tables import GrantRow
from catalog.database.notice_tables import ShareNoticeRow
from catalog.database.notices import MOST_COUNTED, MOST_LISTED, Reader, tell, unread_query
from catalog.database.paging import Place
from catalog.database.sharing_tables import (
    ObjectionRouteRow,
    ObjectionRow,
    ShareRequestRow,
    ShareTaskRow,
)
from catalog.database.writing import lock_workspace
from catalog.people import Person
from catalog.sharing.notices import URGENT
from tests.catalog.conftest import NOON, SteppingClock
from tests.catalog.test_grants import grant

CITY, OTHER = "north", "south"
WANG, LI = Reader("wang", "civil"), Reader("li", "police")
BUREAU = Reader("shi", "bureau", everything=True)
CLOCK = {"clock_step": None, "due_at": None, "days_left": None, "reminded_at": None,
         "supervised_at": None, "escalated_at": None}  # fmt: skip


def request_row(owner: int, id: str, department: str = "civil") -> ShareRequestRow:
    items = [{"resource": "base.clinic"}, {"resource": "base.person"}]
    return ShareRequestRow(
        workspace_id=owner, request_id=id, department=department, user_name="x", items=items,
        basis="", scenario="", purpose="", manner="interface", first_day=NOON.date(),
        last_day=NOON.date(), state="dispatched", submitted_at=NOON, **CLOCK,
    )  # fmt: skip


def task_row(request: int, owner: str, number: int = 1) -> ShareTaskRow:
    return ShareTaskRow(
        request_key=request, number=number, resource="base.clinic", owner=owner, fields=["id"],
        share_type=2, state="dispatched", decisions={}, decided_by="", question="", answer="",
        **CLOCK,
    )  # fmt: skip


def objection_row(owner: int, id: str, department: str) -> ObjectionRow:
    return ObjectionRow(
        workspace_id=owner, objection_id=id, department=department, user_name="x",
        resource="base.clinic", record_key={"id": "1"}, field="id", wrong="", evidence="",
        state="traced", raised_at=NOON,
    )  # fmt: skip


class City:
    """A workspace with a request of `civil` to `police`, to which notices are added."""

    def __init__(self, store: CatalogStore, name: str = CITY) -> None:
        self.store = store
        with store._write() as session:
            self.key = lock_workspace(session, name, NOON)
            row = request_row(self.key, "request-1")
            session.add(row)
            session.flush()
            self.request = row.id
            session.add(task_row(row.id, "police"))

    def tell(self, department: str, act: str, task: int | None = None, **about: int) -> None:
        with self.store._write() as session:
            about = about or {"request_key": self.request}
            tell(session, self.key, [department], NOON, act, task, **about)


@pytest.fixture
def city(store: CatalogStore) -> City:
    return City(store)


def page(store: CatalogStore, reader: Reader, workspace: str = CITY, **more: Any) -> list[str]:
    urgent = more.pop("urgent", False)
    return [one.act for one in store.notices.page(workspace, reader, Place(**more), urgent).items]


def test_each_department_is_told_its_own(store: CatalogStore, city: City) -> None:
    city.tell("civil", "check")
    city.tell("police", "remind", 1)
    city.tell("bureau", "escalate", 1)
    assert (page(store, WANG), page(store, LI), page(store, BUREAU)) == (
        ["check"],
        ["remind"],
        ["escalate"],
    )
    assert page(store, WANG, OTHER) == [] and store.notices.unread(OTHER, WANG) == 0
    (told,) = store.notices.page(CITY, LI, Place()).items
    assert (told.kind, told.id, told.task, told.at) == ("task", "request-1", 1, NOON)
    assert (told.resources, told.department, told.urgent) == (("base.clinic",), "civil", True)
    (told,) = store.notices.page(CITY, WANG, Place()).items
    assert (told.kind, told.task, told.urgent) == ("request", None, False)
    assert told.resources == ("base.clinic", "base.person")


def test_who_is_new_has_read_what_was_told_before(store: CatalogStore, city: City) -> None:
    city.tell("civil", "check")
    store.accounts.add(CITY, Person("wang", "Wang", "officer", "civil"), "a long password")
    assert page(store, WANG) == ["check"] and store.notices.unread(CITY, WANG) == 0
    store.accounts.arrived(CITY, Person("zhao", "Zhao", "officer", "civil"), "issuer#1")
    city.tell("civil", "dispatch")
    store.accounts.arrived(CITY, Person("zhao", "Zhao", "officer", "civil"), "issuer#1")
    for name in ("wang", "zhao"):
        assert store.notices.unread(CITY, Reader(name, "civil")) == 1
    assert store.notices.unread(CITY, Reader("sun", "civil")) == 2  # who has no account here


def test_what_went_to_another_department_is_not_seen_any_more(
    store: CatalogStore, city: City
) -> None:
    """As the request: it is not there for a department that is no side of it now."""
    city.tell("police", "dispatch", 1)
    city.tell("mayor", "remind", 1)  # who is no side of it
    assert page(store, LI) == ["dispatch"] and store.notices.unread(CITY, LI) == 1
    assert page(store, Reader("m", "mayor")) == [] and store.notices.newest(CITY, LI) > 0
    city.tell("mayor", "escalate", 1)  # and who may see it from now on
    assert page(store, Reader("m", "mayor")) == ["escalate"]
    with store._write() as session:
        session.execute(text("UPDATE share_task SET owner = 'health'"))
    assert page(store, LI) == [] and store.notices.unread(CITY, LI) == 0
    assert store.notices.newest(CITY, LI) == 0
    assert page(store, Reader("l", "police", everything=True)) == ["dispatch"]


def test_notices_of_objections_and_grants_are_seen_by_their_sides(
    store: CatalogStore, city: City
) -> None:
    with store._write() as session:
        objection = objection_row(city.key, "objection-1", "civil")
        session.add(objection)
        session.flush()
        session.add(
            ObjectionRouteRow(
                objection_key=objection.id, number=1, department="police", sources=[],
                answered_by="", said="", **CLOCK,
            )
        )  # fmt: skip
        key = objection.id
    store.grants.provision(CITY, grant(department="civil", owner="police"), "system")
    with store._read() as session:
        of_grant = session.query(GrantRow.id).scalar()
    for department in ("civil", "police", "health"):
        city.tell(department, "remind", objection_key=key)
        city.tell(department, "suspend", grant_key=of_grant)
    assert page(store, WANG) == page(store, LI) == ["suspend", "remind"]
    assert page(store, Reader("x", "health")) == []
    kinds = [(one.kind, one.id) for one in store.notices.page(CITY, LI, Place()).items]
    assert kinds == [("grant", "g1"), ("objection", "objection-1")]


def test_pages_go_on_where_the_last_one_ended(store: CatalogStore, city: City) -> None:
    for number in range(7):
        city.tell("civil", "remind" if number % 2 else "check")
        city.tell("police", "check")
    newest = store.notices.page(CITY, WANG, Place(most=3))
    assert (len(newest.items), newest.count, newest.newer) == (3, 7, None)
    older = store.notices.page(CITY, WANG, Place(before=newest.older, most=3))
    last = store.notices.page(CITY, WANG, Place(before=older.older, most=3))
    numbers = [one.number for part in (newest, older, last) for one in part.items]
    assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 7
    assert last.older is None and last.newer is not None
    back = store.notices.page(CITY, WANG, Place(after=last.newer, most=3))
    assert [one.number for one in back.items] == [one.number for one in older.items]
    assert page(store, WANG, urgent=True) == ["remind"] * 3 and "remind" in URGENT


def test_how_far_somebody_has_read_is_his_own_and_never_goes_back(
    store: CatalogStore, city: City
) -> None:
    notices, chen = store.notices, Reader("chen", "civil")
    assert notices.mark(CITY, WANG, 10) == 0 == notices.seen(CITY, "wang")  # there is nothing
    for _ in range(3):
        city.tell("civil", "check")
    first, second, third = sorted(one.number for one in notices.page(CITY, WANG, Place()).items)
    city.tell("police", "check")
    assert notices.mark(CITY, WANG, second) == second == notices.seen(CITY, "wang")
    assert (notices.unread(CITY, WANG), notices.unread(CITY, chen)) == (1, 3)
    assert notices.mark(CITY, WANG, first) == second
    assert notices.mark(CITY, WANG, -5) == second
    assert notices.mark(CITY, WANG, 2**63) == third  # not beyond what there is
    assert (notices.unread(CITY, WANG), notices.seen(CITY, "chen")) == (0, 0)
    city.tell("civil", "check")
    assert notices.unread(CITY, WANG) == 1
    other = City(store, OTHER)
    other.tell("civil", "check")
    assert notices.unread(OTHER, WANG) == 1 and notices.seen(OTHER, "wang") == 0


def many(con: Connection, city: City, count: int, department: str) -> None:
    row = {"workspace_id": city.key, "department": department, "at": NOON, "act": "check",
           "task": None, "request_key": city.request}  # fmt: skip
    con.execute(insert(t.table_of(ShareNoticeRow)), [row] * count)


def test_a_place_may_be_any_number(store: CatalogStore, city: City) -> None:
    """An address names it, and no row has so great a one on any database."""
    city.tell("civil", "check")
    assert page(store, WANG, before=2**63 - 1) == ["check"]
    assert page(store, WANG, after=2**63 - 1) == []


def test_no_more_are_counted_than_are_shown(store: CatalogStore, city: City) -> None:
    with store._writing() as con:
        many(con, city, MOST_LISTED + 5, "civil")
    assert store.notices.unread(CITY, WANG) == MOST_COUNTED + 1
    assert store.notices.page(CITY, WANG, Place()).count == MOST_LISTED


@pytest.mark.sqlite_files
@pytest.mark.parametrize("reader", [WANG, BUREAU])
def test_of_100_000_notices_only_those_are_read_that_are_asked_for(
    tmp_path: Any, clock: SteppingClock, reader: Reader
) -> None:
    """By the index of the department, and none is sorted."""
    with CatalogStore.open(f"sqlite:///{tmp_path / 'catalog.db'}", clock=clock) as store:
        city = City(store)
        with store._writing() as con:
            for department in ("police", "health", "civil", "bureau"):
                many(con, city, 25_000, department)
        statements: list[str] = []
        with store._reading() as con:
            asked = {"workspace": CITY, "department": reader.department, "person": reader.person}
            statements.append(plan(con, unread_query(reader.everything).params(asked)))
        with store._read() as session:
            execute = session.connection().engine

            def look(_con: Any, _cur: Any, statement: str, values: Any, *_: Any) -> None:
                if statement.startswith("SELECT") and "share_notice" in statement:
                    seen.append((statement, values))

            seen: list[tuple[str, Any]] = []
            event.listen(execute, "before_cursor_execute", look)
        found = store.notices.page(CITY, reader, Place(before=90_000))
        store.notices.newest(CITY, reader)
        event.remove(execute, "before_cursor_execute", look)
        assert len(found.items) == 50 and len(seen) >= 4
        with store._reading() as con:
            statements += [plan(con, *one) for one in seen]
        for one in statements:
            assert "ix_share_notice_for (workspace_id=? AND department=?" in one, one
            assert "SCAN share_notice" not in one and "TEMP B-TREE" not in one, one


def plan(con: Connection, statement: Any, values: Any = None) -> str:
    """How SQLite goes about a statement."""
    if isinstance(statement, str):
        rows = con.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    else:
        made = statement.compile(con, compile_kwargs={"render_postcompile": True})
        given = tuple(made.params[name] for name in made.positiontup)  # some stand in it twice
        rows = con.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", given)
    return "\n".join(str(row[3]) for row in rows)
