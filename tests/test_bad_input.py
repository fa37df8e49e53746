"""Bad deliveries through the whole command line: the fault is named, and everything else is published."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.city import City, csv

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
FIELDS = "- {name: id, logicalType: integer}\n- {name: name, logicalType: string}"
GOOD = csv("id,name", "1,Tea", "2,Ink")
LOOSE = "- {property: gate, value: {max_quarantined_percent: 100}}"


def citybrain(
    program: list[str], *words: str | Path, home: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "CITYBRAIN_HOME": str(home), "CITYBRAIN_LANG": "en"},
    )


# name -> content (None: no file), status, error code, line of the error (None: any)
FILES: dict[str, tuple[bytes | None, str, str | None, int | None]] = {
    "good": (GOOD.encode(), "published", None, None),
    "missing": (None, "missing", "source_missing", None),
    "truncated": (gzip.compress(GOOD.encode() * 500)[:-9], "failed", "file_truncated", None),
    "corrupt": (b"\x1f\x8b" + b"not gzip at all" * 9, "failed", "file_corrupt", None),
    "encoding": ("id,name\n1,茶\n2,墨\n".encode("big5"), "failed", "wrong_encoding", 2),
    "lacking": (b"id,title\n1,Tea\n", "failed", "column_missing", 1),
    "extra": (b"id,name,owner\n1,Tea,Ann\n", "failed", "column_extra", 1),
    "double": (b"id,name,name\n1,Tea,Tea\n", "failed", "column_duplicate", 1),
    "empty": (b"", "failed", "file_empty", None),
    "spaces": (b" \n\n \n", "failed", None, None),
    "headeronly": (b"id,name\n", "published", None, None),
    "wide": (b"id,name\n1," + b"x" * 1_000_000 + b"\n2,Ink\n", "published", None, None),
    "nul": (b"id,name\n1,Te\x00a\n2,Ink\n", "published", None, None),
    "ends": (b"id,name\r\n1,Tea\n2,Ink\r3,Rice\r\n", "published", None, None),
    "quote": (b'id,name\n1,"Tea\n2,Ink\n', "failed", "quote_open", 2),
    "ragged": (b"id,name\n1,Tea\n2,Ink,blue\n3\n", "published", None, None),
    "binary": (bytes(range(256)) * 20, "failed", None, None),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """One department that delivers all of `FILES`, each under a contract of its own."""
    made = City(tmp_path_factory.mktemp("bad") / "city")
    made.settings()
    made.departments("trade")
    for name, (content, *_) in FILES.items():
        encoding = "utf-8" if name == "encoding" else ""
        made.collected(f"trade/{name}", FIELDS, encoding=encoding, custom=LOOSE)
        suffix = ".csv.gz" if name in ("truncated", "corrupt") else ".csv"
        if content is not None:
            made.source(name + suffix, content)
    return made


@pytest.fixture(scope="module")
def ran(city: City, program: list[str]) -> dict[str, Any]:
    """What `citybrain run --json` says of them."""
    done = citybrain(program, "run", city.root, "--json", home=city.root.parent / "home")
    assert done.stderr == ""
    assert done.returncode == 1
    resources: dict[str, Any] = json.loads(done.stdout)["resources"]
    return resources


@pytest.mark.parametrize("name", FILES)
def test_a_delivery_ends_with_its_code_and_line(name: str, ran: dict[str, Any], city: City) -> None:
    _, status, code, line = FILES[name]
    said = ran[f"raw.trade__{name}"]
    assert said["status"] == status
    if status == "published":
        assert said["error"] is None
        assert said["received"] == said["published"] + said["quarantined"] + sum(
            said["filtered"].values()
        )
        return
    assert said["error"]["code"] != "internal"
    if code is not None:
        assert said["error"]["code"] == code
    if name != "missing":
        assert name in said["error"]["where"]["path"]
    if line is not None:
        assert said["error"]["where"]["line"] == line


def test_a_long_field_arrives_whole(ran: dict[str, Any], city: City) -> None:
    assert ran["raw.trade__wide"]["published"] == 2


def test_a_nul_byte_quarantines_its_row(ran: dict[str, Any], city: City) -> None:
    said = ran["raw.trade__nul"]
    assert (said["published"], said["reasons"]) == (1, {"malformed": 1})


def test_mixed_line_ends_make_three_rows(ran: dict[str, Any]) -> None:
    assert ran["raw.trade__ends"]["published"] == 3


def test_rows_of_another_width_are_quarantined(ran: dict[str, Any]) -> None:
    said = ran["raw.trade__ragged"]
    assert (said["published"], said["reasons"]) == (1, {"malformed": 2})


def test_a_person_reads_the_place_of_a_fault(
    city: City, ran: dict[str, Any], program: list[str]
) -> None:
    home = city.root.parent / "home"
    done = citybrain(program, "run", city.root, "--select", "raw.trade__lacking", home=home)
    assert done.returncode == 1
    assert "lacking.csv:1" in done.stderr
    assert "[column_missing]" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_contract_with_a_tab(city: City, tmp_path: Path, program: list[str]) -> None:
    other = City(tmp_path / "city")
    other.settings()
    other.departments("trade")
    path = other.collected("trade/shop", FIELDS)
    path.write_text(path.read_text().replace("    type: local", "\ttype: local"))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "\t" in text)
    done = citybrain(program, "check", other.root, home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"shop.yaml:{line}:" in done.stderr
    assert "[yaml_tab]" in done.stderr


# -- a full disk ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free", [1, 4], ids=["when landing", "when staging"])
def test_a_full_disk_keeps_the_last_good_snapshot(
    free: int, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(small_disk))
    city = City(tmp_path / "city")
    city.settings()
    city.departments("trade")
    city.collected("trade/shop", FIELDS, custom=LOOSE)
    city.source("shop.csv", GOOD)
    assert city.run().exit_code == 0
    space = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(b"x" * (space.f_bavail * space.f_frsize - free * 1_000_000))
    noise = random.Random(1)
    city.source(
        "shop.csv", csv("id,name", *(f"{i},{noise.randbytes(40).hex()}" for i in range(40_000)))
    )
    failed = city.run()
    assert failed.exit_code == 1
    error = failed.outcomes["raw.trade__shop"].error
    assert error is not None
    assert error.code == "disk_full"
    assert city.rows("raw.trade__shop") == [(1, "Tea"), (2, "Ink")]
    (small_disk / "filler").unlink()
    assert city.run().exit_code == 0
    assert len(city.rows("raw.trade__shop", "id")) == 40_000
