"""Real Airflow for tests: a home of its own, its processes on free ports, its DAGs run for real.

Airflow reads its configuration when it is imported, so everything happens in processes of its own;
`python -m tests.dags.airflow` is the inner side: it tests DAGs and answers in JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.schedule.compiled import compile_schedule, write_schedule
from tests.support.city import SHOP_FIELDS, SHOPS, City

ROOT = Path(__file__).parents[2]
HEAVY = (
    "duckdb",
    "pyiceberg",
    "pyarrow",
    "pandas",
    "great_expectations",
    "pyspark",
    "sqlglot",
    "catalog",
    "quality",
    "pipelines",
    "commands",
)


@dataclass
class AirflowHome:
    """An AIRFLOW_HOME with a migrated metadata database, and the city whose DAGs it has."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this Airflow gets."""
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "AIRFLOW_HOME": str(self.root),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "AIRFLOW__OPENLINEAGE__DISABLED": "True",
            **self.settings,
        }

    def migrate(self) -> None:
        """Make the metadata database."""
        self.airflow("db", "migrate")

    def copy(self, target: Path) -> AirflowHome:
        """The same home in another place: migrating takes ten seconds, copying none."""
        shutil.copytree(self.root, target)
        for config in target.glob("airflow.cfg"):
            config.unlink()  # it names the other place
        return AirflowHome(target, dict(self.settings))

    def airflow(self, *arguments: str) -> str:
        """Run Airflow's own command; what it printed."""
        command = [str(Path(sys.executable).with_name("airflow")), *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def inner(self, request: dict[str, Any]) -> Any:
        """Ask a process that has this Airflow imported."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.dags.airflow"],
            input=json.dumps(request),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return json.loads(done.stdout.rstrip().splitlines()[-1])

    def test(self, *runs: tuple[str, datetime | None]) -> list[Tested]:
        """`dag.test()` of DAGs, one after the other, for a logical date each (None: for now)."""
        asked = [[dag, at.isoformat() if at else None] for dag, at in runs]
        return [Tested(**answer) for answer in self.inner({"test": asked})]


@dataclass(frozen=True)
class Tested:
    """How a DAG run ended: its state, its tasks' states, the errors that they ended with."""

    dag: str
    state: str
    tasks: dict[str, str]
    said: str


def tiny_city(city: City) -> City:
    """One department's file and one model: every kind of DAG, and the fewest processes."""
    city.departments("trade")
    city.collected("trade/shop", SHOP_FIELDS)
    city.source("shop.csv", SHOPS)
    fields = """
    - {name: id, logicalType: integer, primaryKey: true}
    - {name: name, logicalType: string}
    """
    city.model("base.shop", "SELECT id, name FROM raw.trade__shop\n", fields)
    return city


def scheduled(city: City) -> City:
    """The city, with its schedule where Airflow looks for it."""
    write_schedule(compile_schedule(city.plan()))
    return city


# -- the inner side -------------------------------------------------------------------------------


def _bag() -> dict[str, Any]:
    """The DAG bag as the DAG processor fills it, serialized, with what parsing imported."""
    before = set(sys.modules)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], bundle_name="dags-folder")
    fresh = {name.partition(".")[0] for name in set(sys.modules) - before}
    return {
        "errors": {str(k): str(v) for k, v in bag.import_errors.items()},
        "dags": {k: DagSerialization.to_dict(dag) for k, dag in sorted(bag.dags.items())},
        "heavy": sorted(fresh & set(HEAVY)),
    }


def _test(runs: list[tuple[str, str | None]]) -> list[dict[str, Any]]:
    import contextlib
    import io

    from dags.citybrain_dags import make_dags

    answers = []
    for dag_id, at in runs:
        told = io.StringIO()
        dag = make_dags()[dag_id]
        # When a run ends well, dag.test() of Airflow 3.3 asks for its alerts by ids that it never
        # made, and fails. Deadlines are tested where a scheduler runs (`test_live`).
        dag.deadline = []
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            run = dag.test(logical_date=datetime.fromisoformat(at) if at else None)
        tasks = {
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": str(ti.state)
            for ti in run.get_task_instances()
        }
        answers.append(
            {
                "dag": dag_id,
                "state": str(run.state),
                "tasks": dict(sorted(tasks.items())),
                "said": told.getvalue(),
            }
        )
    return answers


def _urls(connections: dict[str, dict[str, Any]]) -> dict[str, str]:
    from airflow.sdk import Connection

    from dags.connections import url_of

    return {k: url_of(Connection(conn_id=k, **fields)) for k, fields in connections.items()}


def main() -> None:
    """Answer one request on standard input."""
    request = json.load(sys.stdin)
    answer: Any
    if "urls" in request:
        answer = _urls(request["urls"])
    else:
        answer = _test(request["test"]) if "test" in request else _bag()
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
