"""The command line as a process: what it prints where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from citybrain import app
from tests.support.city import City, csv, small_city

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "check",
    "plan",
    "run",
    "status",
    "query",
    "snapshots",
    "diff",
    "rollback",
    "clean",
    "test",
    "quarantine",
    "quarantine list",
    "quarantine show",
    "quarantine replay",
    "keys show",
    "keys rotate",
    "events resend",
)
COLD = (sys.executable, "-m", "citybrain")
HEAVY = (
    *("great_expectations", "pyiceberg", "sqlalchemy", "pandas", "duckdb", "pyarrow", "alembic"),
    "openlineage",
)


@dataclass
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def citybrain(
    *words: str | Path, program: Sequence[str] = COLD, lang: str = "en", **env: str
) -> Said:
    """Run the command line in a process of its own; where its imports are not the matter, a warm one."""
    done = subprocess.run(
        [*program, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "CITYBRAIN_LANG": lang, "COLUMNS": "160", **env},
    )
    return Said(done.returncode, done.stdout, done.stderr)


def imported_by(*words: str) -> set[str]:
    """The heavy modules that a command imports."""
    script = (
        "import os, sys\n"
        "os._exit = lambda code: sys.stderr.write('|'.join(sys.modules))\n"
        "import citybrain\n"
        "try:\n    citybrain.main()\nexcept SystemExit:\n    pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stderr.split("|")}
    assert "typer" in loaded
    return loaded & set(HEAVY)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Said]]:
    """A city that the command line has run, and what it said."""
    folder = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(folder / "home"))
        city = City(folder / "city")
        city.settings("[gate]\nmax_quarantined_percent = 100\n")
        city.departments("trade", "civil")
        small_city(city)
        city.source(
            "shop.csv", csv("id,name,district,opened", "1,Tea,north,2020-01-01", "2,Ink,south,x")
        )
        yield city.root, citybrain("run", city.root)


# -- help, usage, imports ---------------------------------------------------------------------------


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help") == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    said = CliRunner().invoke(app, [*command.split(), "--help"])
    assert (said.exit_code, said.stderr) == (0, "")
    assert "Usage" in said.stdout
    assert len(said.stdout.splitlines()) > 5


def test_the_help_names_every_command() -> None:
    words = CliRunner().invoke(app, ["--help"]).stdout
    assert all(re.search(rf"\b{command.split()[0]}\b", words) for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("check",),
        ("check", ".", "extra"),
        ("run", ".", "--frobnicate"),
        ("query", ".", "SELECT 1", "--format", "yaml"),
        ("query", ".", "SELECT 1", "--format", "parquet"),
        ("rollback", ".", "base.x"),
        ("rollback", ".", "base.x", "--to", "newest"),
        ("quarantine", "show", ".", "base.x", "--limit", "0"),
    ],
)
def test_a_usage_error_is_exit_code_2(words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, list(words))
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr


@pytest.mark.slow
def test_a_usage_error_of_the_process() -> None:
    said = citybrain("query", ".", "SELECT 1", "--format", "yaml")
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_a_folder_without_a_workspace(tmp_path: Path) -> None:
    said = citybrain("run", tmp_path)
    assert said.code == 1
    assert "[file_missing]" in said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
@pytest.mark.parametrize("path", ["pyproject.toml", "/nowhere/at/all", "/dev/null"])
def test_a_path_that_is_no_folder(path: str) -> None:
    said = citybrain("check", path)
    assert said.code == 1
    assert "Traceback" not in said.err


# -- success is quiet -------------------------------------------------------------------------------


@pytest.mark.slow
def test_run_prints_progress_and_nothing_else_on_stderr(ran: tuple[Path, Said]) -> None:
    said = ran[1]
    assert said.code == 0
    lines = said.err.splitlines()
    assert len(lines) == 5
    assert all(re.match(r"\d/5 published +\w+\.\w+ +\d+\.\d s +\d+ rows", line) for line in lines)
    assert "Data Docs" in said.out
    assert "citybrain status" in said.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("check", "@"),
        ("plan", "@"),
        ("status", "@"),
        ("query", "@", "SELECT * FROM base.shop"),
        ("query", "@", "SELECT * FROM base.shop", "--format", "csv"),
        ("quarantine", "list", "@", "--json"),
        ("quarantine", "show", "@", "raw.trade__shop", "--json"),
        ("snapshots", "@", "base.shop", "--json"),
    ],
    ids=" ".join,
)
def test_success_is_silent_on_stderr(words: tuple[str, ...], ran: tuple[Path, Said]) -> None:
    said = citybrain(*(ran[0] if word == "@" else word for word in words))
    assert (said.code, said.err) == (0, "")
    assert said.out
    if "--json" in words:
        assert said.json


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "plan", "status", "quarantine list"])
def test_chinese_is_silent_too(command: str, ran: tuple[Path, Said]) -> None:
    said = citybrain(*command.split(), ran[0], lang="zh")
    assert (said.code, said.err) == (0, "")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said.out)


@pytest.mark.slow
def test_errors_are_told_in_chinese(ran: tuple[Path, Said], program: list[str]) -> None:
    said = citybrain("query", ran[0], "SELECT * FROM base.nothing", lang="zh", program=program)
    assert said.code == 1
    assert "[never_published]" in said.err
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said.err)


@pytest.mark.slow
def test_json_of_a_run(ran: tuple[Path, Said], program: list[str]) -> None:
    done = citybrain("run", ran[0], "--json", program=program)
    assert (done.code, done.err) == (0, "")
    said = done.json
    assert said["exit_code"] == 0
    shop = said["resources"]["raw.trade__shop"]
    assert (shop["status"], shop["received"], shop["published"], shop["quarantined"]) == (
        "unchanged",
        2,
        1,
        1,
    )
    assert shop["reasons"] == {"unreadable:opened": 1}
    listed = citybrain("snapshots", ran[0], "raw.trade__shop", "--json", program=program).json
    assert shop["snapshot"] == listed[-1]["snapshot"]


@pytest.mark.slow
def test_json_of_a_workspace_with_faults(tmp_path: Path, program: list[str]) -> None:
    city = City(tmp_path)
    city.settings()
    city.departments("trade")
    city.collected("trade/shop", "- {name: Id, logicalType: integer}")
    said = citybrain("check", tmp_path, "--json", program=program)
    assert said.code == 1
    assert said.json["ok"] is False
    (problem,) = said.json["problems"]
    assert (problem["code"], problem["where"]["line"]) == ("field_name", 17)
    assert citybrain("check", tmp_path, program=program).err.startswith(
        f"{tmp_path}/contracts/trade/shop.yaml:17:"
    )


@pytest.mark.slow
def test_a_query_that_is_refused(ran: tuple[Path, Said], program: list[str]) -> None:
    said = citybrain("query", ran[0], "SELECT * FROM read_text('/etc/passwd')", program=program)
    assert (said.code, said.out) == (1, "")
    assert "[sql_" in said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_the_whole_cycle_of_a_steward(tmp_path: Path, program: list[str]) -> None:
    call = partial(citybrain, program=program, CITYBRAIN_HOME=str(tmp_path / "home"))
    city = City(tmp_path / "city")
    city.settings("[gate]\nmax_quarantined_percent = 100\n")
    city.departments("trade", "civil")
    city.collected(
        "trade/shop", "- {name: id, logicalType: integer, logicalTypeOptions: {maximum: 5}}"
    )
    city.source("shop.csv", csv("id", "1", "9"))
    assert call("run", city.root).code == 0
    first = call("snapshots", city.root, "raw.trade__shop", "--json").json[-1]["snapshot"]
    city.collected(
        "trade/shop", "- {name: id, logicalType: integer, logicalTypeOptions: {maximum: 10}}"
    )
    assert call("quarantine", "replay", city.root, "raw.trade__shop").code == 0
    count = ("query", city.root, "SELECT count(*) AS n FROM raw.trade__shop", "--json")
    assert call(*count).json == [{"n": 2}]
    assert call(*count, "--as-of", first).json == [{"n": 1}]
    changed = call("diff", city.root, "raw.trade__shop", "--from", first, "--json").json
    assert changed["rows"] == {"added": 1, "removed": 0, "changed": 0}
    said = call("diff", city.root, "raw.trade__shop")
    assert (said.code, "added: 1" in said.out) == (0, True)
    assert call("rollback", city.root, "raw.trade__shop", "--to", first).code == 0
    assert call(*count).json == [{"n": 1}]
