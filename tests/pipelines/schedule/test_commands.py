"""The commands of the schedule, as a person and as Airflow call them, in both languages."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.support.city import SHOPS, City

pytestmark = pytest.mark.slow
SHOP = "raw.trade__shop"


Citybrain = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def citybrain(program: list[str]) -> Citybrain:
    """A call of the program, in a language."""

    def call(*arguments: object, lang: str = "en") -> subprocess.CompletedProcess[str]:
        command = [*program, *map(str, arguments)]
        environment = {**os.environ, "CITYBRAIN_LANG": lang}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return call


def test_a_held_publish_from_the_command_line(small: City, citybrain: Citybrain) -> None:
    small.settings("[gate]\nwarn_quarantined_percent = 10.0\nmax_quarantined_percent = 50.0\n")
    small.source("shop.csv", SHOPS + "4,,north,2020-01-01\n")
    stage = (small.root, "--due", "collect.trade")
    held = citybrain("run", *stage)
    assert held.returncode == 3
    assert f"{SHOP}: blocked" in held.stdout
    assert f"citybrain quarantine show {small.root} {SHOP}" in held.stdout
    listed = json.loads(citybrain("gate", "list", small.root, "--json").stdout)
    assert [item["resource"] for item in listed] == [SHOP]
    nameless = citybrain("gate", "approve", small.root, SHOP, "--who", "", "--why", "x")
    assert (nameless.returncode, "[decision_words]" in nameless.stderr) == (1, True)
    decision = ("--who", "a steward", "--why", "seen by phone")
    approved = citybrain("gate", "approve", small.root, SHOP, *decision, lang="zh")
    assert "已批准" in approved.stdout
    assert f"{SHOP}  not collected for" in citybrain("due", small.root, "collect.trade").stdout
    again = json.loads(citybrain("run", *stage, "--json").stdout)
    assert (again["state"], again["resources"][SHOP]["status"]) == ("settled", "published")
    everything = json.loads(citybrain("gate", "list", small.root, "--all", "--json").stdout)
    assert [(h["decision"], h["who"], h["why"]) for h in everything] == [
        ("approve", "a steward", "seen by phone")
    ]


def test_what_runs_when_and_who_is_late(small: City, citybrain: Citybrain) -> None:
    shown = citybrain("schedule", small.root).stdout
    assert "testville.collect.trade" in shown
    assert "0 6 * * * (UTC)" in shown
    assert citybrain("late", small.root, lang="zh").stdout == "没有部门逾期。\n"
    late = citybrain("late", small.root, "--at", "2099-01-01")
    assert late.returncode == 3
    assert f"trade is late with {SHOP}: due 2098-12-31 06:00" in late.stdout
    wrong = citybrain("run", small.root, "--at", "2020-01-01")
    assert (wrong.returncode, "--due" in wrong.stderr) == (2, True)
    both = citybrain("run", small.root, "--due", "build.base", "--full")
    assert both.returncode == 2
    assert citybrain("due", small.root, "--at", "yesterday").returncode == 2
