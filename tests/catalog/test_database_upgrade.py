"""A database of an earlier schema, with data in it, goes up, down and up again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from catalog.database import CatalogStore, ResourceProof, migrate
from catalog.database.connect import make_engine, parse_url, writing

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


def _down(engine: Engine) -> None:
    from alembic import command

    with writing(engine).begin() as connection:
        command.downgrade(migrate.alembic_config(connection), "0001")


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
