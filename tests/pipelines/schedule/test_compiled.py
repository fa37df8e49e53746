"""The compiled schedule: a pure function of the plan, the same bytes each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.errors import Problems
from pipelines.schedule.compiled import compile_schedule, schedule_file, stages_of, write_schedule
from tests.support.city import SHOP_FIELDS, City

FIELDS = "- {name: id, logicalType: integer, primaryKey: true}"


def test_the_dags_of_a_small_city(small: City) -> None:
    found = {dag.id: dag for dag in compile_schedule(small.plan()).dags}
    assert list(found) == [
        "testville.collect.civil",
        "testville.collect.trade",
        "testville.build.base",
        "testville.build.thematic",
        "testville.build.fusion",
        "testville.maintain",
        "testville.freshness",
    ]
    fusion = found["testville.build.fusion"]
    assert fusion.assets == (
        "citybrain://testville/raw/civil__district",
        "citybrain://testville/thematic/shops_per_district",
    )
    assert fusion.outlets == ("citybrain://testville/fusion/district_profile",)
    assert found["testville.collect.trade"].crons == ("0 6 * * *",)


def test_a_subject_has_a_stage_of_its_own_in_each_layer(small: City) -> None:
    for name in ("base/shop", "thematic/shops_per_district"):
        path = small.root / f"models/{name}.yaml"
        path.write_text(path.read_text() + "domain: Trade & Industry\n")
    stages = stages_of(small.plan())
    assert list(stages)[2:] == [
        "build.base.trade_industry",
        "build.thematic.trade_industry",
        "build.fusion",
    ]


def test_a_department_with_several_cadences_and_zones(city: City) -> None:
    for name, value in (
        ("shop", "{cron: '0 6 * * *'}"),
        ("monthly", "{cron: '0 7 1 * *', calendar: workdays}"),
        ("abroad", "{cron: '0 9 * * *', timezone: Asia/Taipei}"),
    ):
        custom = f"- {{property: schedule, value: {value}}}"
        city.collected(f"trade/{name}", SHOP_FIELDS, custom=custom)
    dags = [dag for dag in compile_schedule(city.plan()).dags if dag.kind == "collect"]
    assert [(dag.id, dag.crons, dag.timezone) for dag in dags] == [
        ("testville.collect.trade", ("0 6 * * *", "0 7 * * *"), "UTC"),
        ("testville.collect.trade.asia_taipei", ("0 9 * * *",), "Asia/Taipei"),
    ]
    assert {dag.stage for dag in dags} == {"collect.trade"}


def test_tables_that_keys_refer_to_wake_a_department_up(city: City) -> None:
    city.collected("civil/district", "- {name: code, logicalType: string, primaryKey: true}")
    rule = "{rule: foreign_key, fields: [district], references: raw.civil__district, to: [code]}"
    quality = f"- {{type: custom, engine: citybrain, name: known, implementation: {rule}}}"
    city.collected("trade/shop", SHOP_FIELDS, quality=quality)
    found = {dag.id: dag for dag in compile_schedule(city.plan()).dags}
    assets = found["testville.collect.trade"].assets
    assert assets == ("citybrain://testville/raw/civil__district",)


def test_a_frequency_that_cron_cannot_say(city: City) -> None:
    path = city.collected("trade/shop", SHOP_FIELDS)
    path.write_text(
        path.read_text() + "slaProperties: [{property: frequency, value: 5, unit: m}]\n"
    )
    with pytest.raises(Problems) as raised:
        compile_schedule(city.plan())
    assert [p.code for p in raised.value.problems] == ["schedule_frequency"]


def test_fresh_processes_write_the_same_bytes(small: City, tmp_path: Path) -> None:
    written = []
    for number in (1, 2):
        target = tmp_path / f"{number}.json"
        environment = {**os.environ, "PYTHONHASHSEED": str(number)}
        command = [sys.executable, "-m", "citybrain", "schedule", str(small.root)]
        subprocess.run([*command, "--output", str(target)], env=environment, check=True)
        written.append(target.read_bytes())
    assert written[0] == written[1] == compile_schedule(small.plan()).text().encode()


def test_a_schedule_is_replaced_as_a_whole_and_only_when_it_changes(small: City) -> None:
    path = write_schedule(compile_schedule(small.plan()))
    assert path == schedule_file("testville")
    before = path.stat().st_mtime_ns
    write_schedule(compile_schedule(small.plan()))
    assert path.stat().st_mtime_ns == before
    small.model("base.more", "SELECT id FROM raw.trade__shop\n", FIELDS)
    write_schedule(compile_schedule(small.plan()))
    outlets = [o for dag in json.loads(path.read_text())["dags"] for o in dag["outlets"]]
    assert "citybrain://testville/base/more" in outlets
    assert [p.name for p in path.parent.iterdir()] == ["testville.json"]


def test_deadlines_and_connections_of_a_department(city: City) -> None:
    """Names, never values; a deadline belongs to the tables of its zone, a connection to the stage."""
    server = (
        "- server: source\n  type: custom\n  customProperties:\n"
        "  - {property: database, value: {connection: trade_db, table: permit}}\n"
    )
    city.settings('[schedule]\ndeadline = "6h"\n')
    city.collected("trade/shop", SHOP_FIELDS)
    city.collected("trade/stall", SHOP_FIELDS)
    for name, value in (
        ("permit", "{deadline: 90m}"),
        ("abroad", "{timezone: Asia/Taipei, deadline: 2d}"),
    ):
        custom = f"- {{property: schedule, value: {value}}}"
        city.collected(f"trade/{name}", SHOP_FIELDS, custom=custom, servers=server)
    home, abroad, *others = compile_schedule(city.plan()).dags
    assert [(d.seconds, d.tables) for d in home.deadlines] == [
        (5400, ("raw.trade__permit",)),
        (21600, ("raw.trade__shop", "raw.trade__stall")),
    ]
    assert [(d.seconds, d.tables) for d in abroad.deadlines] == [(172800, ("raw.trade__abroad",))]
    assert home.connections == abroad.connections == ("trade_db",)
    assert {(dag.connections, dag.deadlines) for dag in others} == {((), ())}
