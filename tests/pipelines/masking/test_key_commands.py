"""`citybrain keys`: what it shows of the keys, and what a rotation changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from catalog.errors import CityBrainError
from citybrain import app
from pipelines.masking import KeyRing, KeyUse, install_duckdb
from pipelines.masking.keyfile import read
from tests.support.city import City, small_city, statuses
from tests.support.masked import MASKED, masked_city

ROOT = Path(__file__).parents[3]
USE = KeyUse("study", "lab", "hmac-sha256")


@pytest.fixture
def masked(city: City, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.delenv("CITYBRAIN_MASK_KEYS", raising=False)
    return masked_city(city)


def key_file(city: City) -> Path:
    return city.home.root / "keys" / "mask.keys"


def said(*words: str | Path) -> str:
    """What a `keys` command prints; its error, if it has one, is raised."""
    result = CliRunner().invoke(app, ["keys", *map(str, words)])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def shown(city: City) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said("show", city.root, "--json"))
    return found


def code_of(*words: str | Path) -> str:
    with pytest.raises(CityBrainError) as caught:
        said(*words)
    return caught.value.code


def published(city: City) -> set[str]:
    found = statuses(city.run())
    assert set(found.values()) <= {"published", "unchanged"}
    return {name for name, status in found.items() if status == "published"}


def pseudonyms(city: City) -> list[str]:
    return [row[0] for row in city.rows(MASKED, "who")]


def secrets_of(path: Path) -> list[str]:
    keys = read(path).keys.values()
    return [key.hex() for key in keys] + [key.hex().upper() for key in keys]


# -- show -------------------------------------------------------------------------------------------


def test_showing_makes_no_key(masked: City) -> None:
    found = shown(masked)
    assert found["versions"] == [] and found["file"] == str(key_file(masked))
    assert found["uses"] == [
        {
            "purpose": "study",
            "recipient": "lab",
            "scheme": "hmac-sha256",
            "fingerprint": None,
            "models": [MASKED],
        }
    ]
    assert "No key yet" in said("show", masked.root)
    assert not key_file(masked).exists()


def test_a_workspace_without_keyed_masks(city: City) -> None:
    small_city(city)
    assert shown(city)["uses"] == []
    assert "No model uses a keyed mask." in said("show", city.root)


def test_versions_and_uses_have_fingerprints_and_no_key_is_shown(masked: City) -> None:
    ring = KeyRing.create(key_file(masked)).rotate()
    found, printed = shown(masked), said("show", masked.root)
    assert [(v["version"], v["current"]) for v in found["versions"]] == [(1, False), (2, True)]
    marks = [v["fingerprint"] for v in found["versions"]]
    assert len(set(marks)) == 2 and all(len(mark) == 16 for mark in marks)
    assert marks == [ring.fingerprint_of(1), ring.fingerprint_of(2)]
    assert found["uses"][0]["fingerprint"] == ring.fingerprint([USE])
    for word in (*marks, "study", "lab", MASKED, "masks now", str(key_file(masked))):
        assert word in printed
    for secret in secrets_of(key_file(masked)):
        assert secret not in printed + json.dumps(found)
        assert not any(mark in secret for mark in marks)


def test_where_the_keys_are_named(masked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    masked.settings('[masking]\nkey_file = "mine.keys"\n')
    assert code_of("show", masked.root) == "mask_key_missing"
    KeyRing.create(masked.root / "mine.keys")
    assert shown(masked)["named_by"] == "[masking] key_file"
    monkeypatch.setenv("CITYBRAIN_MASK_KEYS", str(masked.root / "other.keys"))
    assert code_of("show", masked.root) == "mask_key_missing"
    KeyRing.create(masked.root / "other.keys").rotate()
    assert shown(masked)["named_by"] == "CITYBRAIN_MASK_KEYS"
    assert [v["version"] for v in shown(masked)["versions"]] == [1, 2]
    (masked.root / "other.keys").chmod(0o644)
    assert code_of("show", masked.root) == code_of("rotate", masked.root) == "mask_key_mode"


def test_keys_from_a_service(masked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("kms_for_commands")
    module.fetch = lambda version: bytes([version]) * 32  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kms_for_commands", module)
    masked.settings('[masking]\nkey_hook = "kms_for_commands:fetch"\nkey_version = 3\n')
    found = shown(masked)
    assert (found["hook"], found["file"]) == ("kms_for_commands:fetch", None)
    assert [(v["version"], v["current"]) for v in found["versions"]] == [(3, True)]
    assert "kms_for_commands:fetch" in said("show", masked.root)
    assert code_of("rotate", masked.root) == "mask_key_rotate"


# -- rotate -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_rotation_makes_exactly_what_is_masked_anew(masked: City) -> None:
    masked.run()
    before = pseudonyms(masked)
    done = json.loads(said("rotate", masked.root, "--json"))
    assert (done["previous"], done["current"]["version"], done["models"]) == (1, 2, [MASKED])
    assert pseudonyms(masked) == before  # until the next run
    assert published(masked) == {MASKED, "fusion.masked_count"}
    after = pseudonyms(masked)
    assert len(after) == 3 and not set(after) & set(before)
    assert published(masked) == set()
    assert key_file(masked).stat().st_mode & 0o777 == 0o600
    assert [v["version"] for v in shown(masked)["versions"]] == [1, 2]


@pytest.mark.slow
def test_two_rotations_in_a_row(masked: City) -> None:
    masked.run()
    first = pseudonyms(masked)
    printed = said("rotate", masked.root) + said("rotate", masked.root)
    assert "Version 2" in printed and "Version 3" in printed and MASKED in printed
    assert not any(secret in printed for secret in secrets_of(key_file(masked)))
    assert published(masked) == {MASKED, "fusion.masked_count"}
    third = pseudonyms(masked)
    assert published(masked) == set()
    assert key_file(masked).stat().st_mode & 0o777 == 0o600
    # Every version is still there, to make old pseudonyms again.
    ring = KeyRing.load(key_file(masked))
    assert (ring.current, ring.versions) == (3, (1, 2, 3))
    names = [row[0] for row in masked.rows("base.shop", "name")]
    assert masks(ring, 1, names) == sorted(first)
    assert masks(ring, 3, names) == sorted(third)


def masks(ring: KeyRing, version: int, names: list[str]) -> list[str]:
    """The pseudonyms of names under a version of the key."""
    with duckdb.connect(":memory:") as con:
        install_duckdb(con, ring, [USE], version)
        sql = "SELECT mask_pseudonym(name, 'study', 'lab') FROM (SELECT unnest(?) AS name)"
        return sorted(row[0] for row in con.execute(sql, [names]).fetchall())


def test_there_is_nothing_to_rotate_before_a_key_was_made(masked: City) -> None:
    assert code_of("rotate", masked.root) == "mask_key_none"
    assert not key_file(masked).exists()


def test_a_rotation_waits_for_no_run_and_disturbs_none(masked: City) -> None:
    KeyRing.create(key_file(masked))
    with masked.home.lock("testville"):
        assert code_of("rotate", masked.root) == "locked"
    assert read(key_file(masked)).current == 1


@pytest.mark.slow
@pytest.mark.parametrize(("when", "version"), [("before", 1), ("after", 2)])
def test_a_rotation_that_is_killed_leaves_a_whole_file(
    masked: City, when: str, version: int
) -> None:
    path = key_file(masked)
    ring = KeyRing.create(path)
    mark = ring.fingerprint_of(1)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from pipelines.masking import keyfile\n"
        "replace = os.replace\n"
        "def deadly(*names):\n"
        "    if sys.argv[2] == 'after': replace(*names)\n"
        "    os.kill(os.getpid(), 9)\n"
        "keyfile.os.replace = deadly\n"
        "keyfile.rotate(Path(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", code, str(path), when]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert read(path).current == version
    assert KeyRing.load(path).fingerprint_of(1) == mark
    left = [p for p in path.parent.iterdir() if p.name.startswith(".mask.keys-")]
    assert len(left) == (1 if when == "before" else 0)
    for file in (path, *left):
        assert file.stat().st_mode & 0o777 == 0o600
    said("rotate", masked.root)
    assert read(path).current == version + 1
    assert sorted(p.name for p in path.parent.iterdir()) == ["mask.keys", "mask.keys.lock"]
    assert os.access(path, os.R_OK)


def test_a_workspace_that_does_not_compile_rotates_nothing(masked: City) -> None:
    KeyRing.create(key_file(masked))
    masked.write("models/base/shop.sql", "SELECT nothing FROM raw.trade__shop\n")
    assert code_of("rotate", masked.root) == "problems"
    assert read(key_file(masked)).current == 1
