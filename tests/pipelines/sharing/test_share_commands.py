"""Sharing from the command line, in both languages."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.city import City
from tests.support.sharing import PERSONS, sharing_city

pytestmark = pytest.mark.slow
Citybrain = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def citybrain(program: list[str]) -> Citybrain:
    """A call of the program, in a language."""

    def call(*arguments: object, lang: str = "en") -> subprocess.CompletedProcess[str]:
        command = [*program, *map(str, arguments)]
        environment = {**os.environ, "CITYBRAIN_LANG": lang}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return call


def test_from_the_request_to_the_revocation(city: City, citybrain: Citybrain) -> None:
    root = sharing_city(city).root
    today = datetime.now(UTC).date()
    term = ("--from", today, "--to", today + timedelta(days=300))
    wang = ("--department", "civil", "--user", "wang")
    li = ("--department", "police", "--user", "li")
    said = ("--basis", "Act 3", "--scenario", "permits", "--purpose", "check permits", *term)
    fields = [f"--field={PERSONS}.{name}" for name in ("id", "name", "age")]
    refused = citybrain("share", "request", root, *wang, f"--field={PERSONS}.phone", *said)
    assert (refused.returncode, "[share_not_shared]" in refused.stderr) == (1, True)
    asked = citybrain("share", "request", root, *wang, *fields, *said, "--json")
    id = json.loads(asked.stdout)["id"]
    assert json.loads(citybrain("share", "check", root, id, "--user", "shi", "--json").stdout)[
        "state"
    ] == "dispatched"  # fmt: skip
    yes = ("--approve", "id", "--approve", "name=mask_name(name)", "--refuse", "age=not needed")
    stranger = citybrain("share", "show", root, id, "--department", "other")
    assert "[request_unknown]" in stranger.stderr
    decided = citybrain("share", "decide", root, id, 1, *li, *yes)
    assert decided.returncode == 0, decided.stderr
    assert "Supplied" in decided.stdout and "mask_name(name)" in decided.stdout
    shown = citybrain("share", "show", root, id, "--department", "civil", lang="zh").stdout
    assert "已供给" in shown
    listed = json.loads(citybrain("share", "list", root, *wang, "--json").stdout)
    (grant,) = listed["grants"]
    assert (grant["fields"], grant["department"]) == (["id", "name"], "civil")
    raised = citybrain("share", "object", root, PERSONS, "--key", "id=1", "--field", "name",
                       "--wrong", "is Wang Liu", "--evidence", "register", *wang)  # fmt: skip
    assert raised.stdout.strip().endswith("-> police"), raised.stderr
    ended = citybrain("share", "revoke", root, grant["id"], *li, "--why", "misuse")
    assert ended.stdout.strip() == grant["id"]
    table = citybrain("share", "list", root, "--department", "bureau").stdout
    assert "Revoked" in table
    ticked = json.loads(citybrain("share", "tick", root, "--json").stdout)
    assert ticked["failed"] == {}
    back = citybrain("share", "return", root, PERSONS, "--district", "north", "--field", "id",
                     "--rows", "district=north", "--user", "shi", "--basis", "Act 9",
                     "--purpose", "care", *term)  # fmt: skip
    assert back.stdout.startswith("grant-"), back.stderr
