"""A database of an earlier schema, with data in it, goes up, down and up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from catalog.database import CatalogStore, ResourceProof, migrate
from catalog.database.connect import make_engine, parse_url, writing
from catalog.database.notices import Reader
from catalog.database.paging import Place
from catalog.sharing.clocks import Clock

pytestmark = pytest.mark.usefixtures("migrations")

CLINICS = "raw.health__clinics"
_NOON = "2026-07-01 12:00:00+00:00"
FIRST_SCHEMA = (
    f"INSERT INTO workspace VALUES (1, 'tainan', '{_NOON}')",
    "INSERT INTO resource VALUES (1, 1, 'raw.health__clinics', 'raw', 'Clinics', 'health', "
    f"'1.0.0', 'c1', 'L3', '', NULL, NULL, true, 77, '{_NOON}', '{_NOON}')",
    "INSERT INTO resource_field VALUES (1, 0, 'id', 'BIGINT', '', 'L1', true, 1)",
    "INSERT INTO resource_field VALUES (1, 1, 'owner', 'VARCHAR', '', 'L3', false, NULL)",
    "INSERT INTO resource_field VALUES (1, 2, 'note', 'VARCHAR', '', NULL, false, NULL)",
    "INSERT INTO snapshot VALUES (1, 1, 77, 'run-0', 'f', 90, "
    f"'{_NOON}', '{{}}', false)",
)  # fmt: skip
FIELDS = text("SELECT name, level FROM resource_field ORDER BY position")
RESOURCE = text("SELECT name, level, snapshot_id FROM resource")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of revision 0001 with one resource, as the first release left it."""
    migrate.migrate(parse_url(database_url), "0001")
    opened = make_engine(parse_url(database_url))
    with writing(opened).begin() as connection:
        for statement in FIRST_SCHEMA:
            connection.exec_driver_sql(statement)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval('workspace_id_seq', 1)")
            connection.exec_driver_sql("SELECT setval('resource_id_seq', 1)")
    yield opened
    opened.dispose()


def _rows(engine: Engine, query: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def _columns(engine: Engine) -> dict[str, list[str]]:
    found = inspect(engine)
    return {name: [c["name"] for c in found.get_columns(name)] for name in found.get_table_names()}


def _down(engine: Engine, to: str = "0001") -> None:
    from alembic import command

    with writing(engine).begin() as connection:
        command.downgrade(migrate.alembic_config(connection), to)


def test_declared_levels_survive_the_upgrade(database_url: str, engine: Engine) -> None:
    with CatalogStore.open(database_url) as store:
        (resource,) = store.status("tainan").resources
        assert (resource.level, resource.snapshot_id, resource.rows) == ("L3", 77, 90)
        assert [(f.name, f.level, f.declared_level) for f in resource.fields] == [
            ("id", "L1", "L1"),
            ("owner", "L3", "L3"),
            ("note", None, None),
        ]
        assert (resource.release_channel, resource.justifications) == (None, ())
        assert store.field_sources("tainan", CLINICS) == []


def test_up_down_and_up_again(database_url: str, engine: Engine, samples: Any) -> None:
    columns, fields, resource = _columns(engine), _rows(engine, FIELDS), _rows(engine, RESOURCE)
    CatalogStore.open(database_url).close()
    assert _columns(engine) != columns
    _down(engine)
    assert migrate.stored_revision(engine) == "0001"
    assert (_columns(engine), _rows(engine, FIELDS)) == (columns, fields)
    assert _rows(engine, RESOURCE) == resource
    with CatalogStore.open(database_url) as store:
        proof = ResourceProof({"id": "L1", "owner": "L4"})
        store.sync_resources("tainan", [samples.contract()], {CLINICS: proof})
        (renewed,) = store.status("tainan").resources
    assert (renewed.level, renewed.snapshot_id) == ("L4", 77)


def test_a_downgrade_shows_declared_levels_again(
    database_url: str, engine: Engine, samples: Any
) -> None:
    with CatalogStore.open(database_url) as store:
        proof = ResourceProof({"id": "L2", "owner": "L4"})
        store.sync_resources("tainan", [samples.contract()], {CLINICS: proof})
    assert _rows(engine, FIELDS) == [("id", "L2"), ("owner", "L4")]
    _down(engine)
    assert _rows(engine, FIELDS) == [("id", "L1"), ("owner", "L3")]
    assert _rows(engine, RESOURCE) == [(CLINICS, "L3", 77)]


def test_a_justification_without_a_level_holds_as_it_did(database_url: str, engine: Engine) -> None:
    migrate.migrate(parse_url(database_url), "0002")
    with writing(engine).begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO justification VALUES (1, 0, '{CLINICS}.owner', 'Bureau', 'why', '2026-12-31')"
        )
    with CatalogStore.open(database_url) as store:
        (row,) = store.justifications("tainan")
    assert (row.source, row.level, row.who) == (f"{CLINICS}.owner", "L4", "Bureau")


def test_grants_keep_the_law_that_was_stated_for_them(database_url: str, engine: Engine) -> None:
    migrate.migrate(parse_url(database_url), "0016")
    said = '{"name": {"outcome": "approved", "legal_basis": "Act 9"}, "id": {"legal_basis": ""}}'
    with writing(engine).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO share_request (id, workspace_id, request_id, department, user_name, items, "
            "basis, scenario, purpose, manner, first_day, last_day, state, submitted_at) VALUES "
            f"(1, 1, 'r', 'civil', 'w', '[]', 'b', 's', 'p', 'interface', '2026-01-01', '2026-12-31', "
            f"'confirmed', '{_NOON}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO share_task (id, request_key, number, resource, owner, fields, share_type, "
            "state, decisions, decided_by, question, answer, grant_id) VALUES (1, 1, 1, 'raw.x', "
            f"'police', '[\"name\"]', 2, 'provisioned', '{said}', 'li', '', '', 'g')"
        )
        for number, id in enumerate(("g", "returned"), 1):
            connection.exec_driver_sql(
                "INSERT INTO share_grant (id, workspace_id, grant_id, request_id, department, "
                "resource, owner, fields, masks, conditions, row_values, basis, scenario, purpose, "
                "manner, valid_from, valid_to, granted_at, granted_by) VALUES "
                f"({number}, 1, '{id}', '', 'civil', 'raw.x', 'police', '[\"name\"]', '{{}}', '{{}}', "
                f"'[]', 'b', 's', 'p', 'interface', '{_NOON}', '2026-12-31 00:00:00+00:00', "
                f"'{_NOON}', 'li')"
            )
    with CatalogStore.open(database_url) as store:
        found = {one.id: (dict(one.legal), one.suspended) for one in store.grants.list("tainan")}
    assert found == {"g": ({"name": "Act 9"}, None), "returned": ({}, None)}


ROUTES = (
    '[{"department": "police", "sources": ["raw.x.a"], "verdict": "confirmed", "by": "li", '
    '"said": "a slip"}, {"department": "tax", "sources": ["raw.y.b"], "verdict": null, "by": "", '
    '"said": ""}]'
)


def _objected(database_url: str, engine: Engine) -> None:
    """An open objection that one of two sources has confirmed, and one that was corrected so."""
    migrate.migrate(parse_url(database_url), "0021")
    noon = _NOON.replace("12:", "{hour}:")
    closed = f"'corrected', NULL, NULL, '77', '{_NOON}'"
    opened = f"'verified', 'verify', '{_NOON}', NULL, NULL"
    with writing(engine).begin() as connection:
        for number, said in enumerate((opened, closed), 1):
            connection.exec_driver_sql(
                "INSERT INTO share_objection (id, workspace_id, objection_id, department, user_name, "
                "resource, record_key, field, wrong, evidence, raised_at, routes, state, clock_step, "
                f"due_at, snapshot, closed_at) VALUES ({number}, 1, 'o{number}', 'civil', 'w', 'f.x', "
                f"'{{}}', 'a', 'w', 'e', '{_NOON}', '{ROUTES}', {said})"
            )
            for hour, act in ((14, "verify"), (15, "verify"), (13, "raise")):
                connection.exec_driver_sql(
                    "INSERT INTO share_event (objection_key, at, actor, act, state_before, "
                    f"state_after, reason, told) VALUES ({number}, '{noon.format(hour=hour)}', 'li', "
                    f"'{act}', 'traced', 'verified', '', '')"
                )


def test_sources_of_an_objection_have_an_answer_and_a_clock_each(
    database_url: str, engine: Engine
) -> None:
    _objected(database_url, engine)
    noon = datetime.fromisoformat(_NOON)
    with CatalogStore.open(database_url) as store:
        closed, opened = store.objections.list("tainan")
    for one in (closed, opened):
        assert [(r.number, r.department, r.verdict, r.by, r.said) for r in one.routes] == [
            (1, "police", "confirmed", "li", "a slip"),
            (2, "tax", None, "", ""),
        ]
        assert [r.answered_at for r in one.routes] == [noon + timedelta(hours=2), None]
    assert [r.clock for r in opened.routes] == [Clock("verify", noon)] * 2
    assert [(r.state, r.clock) for r in closed.routes] == [("corrected", None), ("traced", None)]
    assert (opened.open, closed.open, closed.routes[0].snapshot) == (True, False, 77)


def test_sources_of_an_objection_go_back_into_its_row(database_url: str, engine: Engine) -> None:
    _objected(database_url, engine)
    query = text("SELECT routes, clock_step, due_at FROM share_objection ORDER BY id")
    before = _rows(engine, query)
    CatalogStore.open(database_url).close()
    _down(engine, "0021")
    after = _rows(engine, query)
    loaded = [json.loads(r) if isinstance(r, str) else r for r, *_ in (*before, *after)]
    assert loaded == [json.loads(ROUTES)] * 4
    assert [row[1:] for row in after] == [row[1:] for row in before]


def test_what_named_a_department_becomes_a_notice(database_url: str, engine: Engine) -> None:
    """In the order in which it was done; what named nobody stays history."""
    migrate.migrate(parse_url(database_url), "0021")
    later = _NOON.replace("12:00", "13:00")
    event = "INSERT INTO share_event (id, request_key, task, at, actor, act, state_before, state_after, reason, told) VALUES"
    statements = (
        "INSERT INTO share_request (id, workspace_id, request_id, department, user_name, items, "
        "basis, scenario, purpose, manner, first_day, last_day, state, submitted_at) VALUES "
        f"(1, 1, 'r', 'civil', 'w', '[{{\"resource\": \"raw.x\"}}]', 'b', 's', 'p', 'interface', "
        f"'2026-01-01', '2026-12-31', 'dispatched', '{_NOON}')",
        f"{event} (1, 1, NULL, '{_NOON}', 'w', 'submit', 'new', 'submitted', '', '')",
        f"{event} (2, 1, 1, '{later}', 'system', 'remind', 'dispatched', 'dispatched', '', 'police')",
        "INSERT INTO share_grant (id, workspace_id, grant_id, request_id, department, resource, "
        "owner, fields, masks, conditions, row_values, basis, scenario, purpose, manner, "
        "valid_from, valid_to, granted_at, granted_by) VALUES (1, 1, 'g', '', 'civil', 'raw.x', "
        "'police', '[]', '{}', '{}', '[]', 'b', 's', 'p', 'interface', "
        f"'{_NOON}', '2026-12-31 00:00:00+00:00', '{_NOON}', 'li')",
        "INSERT INTO share_grant_event (id, grant_key, at, act, why, told) VALUES "
        f"(1, 1, '{_NOON}', 'suspend', '{{}}', 'police')",
    )
    with writing(engine).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    reader = Reader("li", "police", everything=True)
    with CatalogStore.open(database_url) as store:
        found = store.notices.page("tainan", reader, Place()).items
        assert [(one.kind, one.act, one.id) for one in found] == [
            ("task", "remind", "r"),
            ("grant", "suspend", "g"),
        ]
        assert store.notices.unread("tainan", Reader("wang", "civil", everything=True)) == 0
