"""The DAG files: no import errors, nothing heavy, the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.database.ledger_records import DECISIONS
from dags import program, schedules
from pipelines.manual_gate import HELD
from tests.dags.airflow import ROOT, AirflowHome
from tests.support.city import City


@pytest.mark.slow
def test_dag_files_parse_the_same_each_time_and_import_nothing_heavy(
    airflow: AirflowHome, planned: City
) -> None:
    bags = []
    for seed in ("1", "2"):
        airflow.settings["PYTHONHASHSEED"] = seed
        bags.append(airflow.inner({"bag": True}))
    first, second = bags
    assert first["errors"] == {}
    assert first["heavy"] == []
    assert sorted(first["dags"]) == [
        "testville.build.base",
        "testville.collect.trade",
        "testville.freshness",
        "testville.maintain",
    ]
    assert json.dumps(first["dags"], sort_keys=True) == json.dumps(second["dags"], sort_keys=True)
    collect = first["dags"]["testville.collect.trade"]["dag"]
    assert collect["timetable"]["__type"].endswith("MultipleCronTriggerTimetable")
    assert len(collect["tasks"]) == 5
    for task in collect["tasks"]:
        assert '"pool": "citybrain_testville"' in json.dumps(task)


def test_the_helpers_need_the_standard_library_alone() -> None:
    code = (
        "import sys; known = set(sys.modules); import dags.schedules, dags.program\n"
        "tops = {n.partition('.')[0] for n in set(sys.modules) - known}\n"
        "print(sorted(t for t in tops if t not in sys.stdlib_module_names and t != 'dags'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_schedules_are_read_as_they_are_written(planned: City) -> None:
    (found,) = schedules.read_schedules()
    assert (found.workspace, found.root) == ("testville", str(planned.root))
    build = found.dags[1]
    assert (build.stage, build.assets) == ("build.base", ("citybrain://testville/raw/trade__shop",))


def test_a_schedule_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"format": 0, "dags": []}')
    with pytest.raises(ValueError, match="citybrain schedule --write"):
        schedules.read_schedules(tmp_path)
    assert schedules.read_schedules(tmp_path / "nowhere") == []


def test_a_failing_program_says_why(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(program.ProgramError, match="stage_unknown"):
        program.call("run", str(city.root), "--due", "collect.nobody", "--json")
    monkeypatch.setenv("CITYBRAIN_PROGRAM", f"{sys.executable} -c 'import sys; sys.exit(7)'")
    with pytest.raises(program.ProgramError, match="exit code 7"):
        program.call("run")


def test_what_the_tasks_know_of_the_program_is_true() -> None:
    """They cannot import it: the words that both sides use are compared here."""
    from pipelines.schedule.compiled import FORMAT

    text = (ROOT / "dags/stages.py").read_text("utf-8")
    for word in (*HELD, *DECISIONS):
        assert f'"{word}"' in text
    assert schedules.FORMAT == FORMAT
