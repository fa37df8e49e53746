"""A running Airflow: scheduler with LocalExecutor, DAG processor and API server, that may be killed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError

import psutil

from catalog.database import CatalogStore
from catalog.database.ledger_records import StageRunRow
from tests.dags.airflow import AirflowHome
from tests.servers import free_port
from tests.support.city import NAME, City

USER, PASSWORD = "steward", "open sesame"
PATIENCE = 300
T = TypeVar("T")


def until(look: Callable[[], T], what: str, every: float = 0.3, patience: float = PATIENCE) -> T:
    """Wait until `look` gives something true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"waited {patience} s for {what}")


def publishes(city: City) -> dict[str, int]:
    """How many snapshots each table ever had."""
    with city.lake() as lake:
        return {table: len(lake.history(table)) for table in sorted(lake.tables())}


def entries(city: City, stage: str) -> list[StageRunRow]:
    """The ledger of a stage."""
    with CatalogStore.open(city.home.database_url) as store:
        return store.ledger.entries(NAME, stage)


@dataclass
class LiveAirflow:
    """The processes of one Airflow."""

    home: AirflowHome
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    token: str = ""

    def __post_init__(self) -> None:
        passwords = self.home.root / "passwords.json"
        passwords.write_text(json.dumps({USER: PASSWORD}))
        self.home.settings |= {
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{self.port}",
            "AIRFLOW__API__SECRET_KEY": "a key of tests",
            "AIRFLOW__API_AUTH__JWT_SECRET": "another key of tests, " * 4,
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        }

    def start(self) -> None:
        """Start every process, and wait until the API answers."""
        for name, *more in (
            ("api-server", "--port", str(self.port), "--workers", "1"),
            ("scheduler",),
            ("dag-processor",),
        ):
            command = [str(Path(sys.executable).with_name("airflow")), name, *more]
            log = (self.home.root / f"{name}.log").open("ab")
            self.processes.append(
                subprocess.Popen(
                    command,
                    env=self.home.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        until(self._answers, "the API")

    def _answers(self) -> bool:
        try:
            answer = self.api("POST", "/auth/token", {"username": USER, "password": PASSWORD})
        except (URLError, OSError):
            return False
        self.token = answer["access_token"]
        return True

    def kill(self) -> int:
        """SIGKILL for every process and everything that they started; how many there were."""
        found = []
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                parent = psutil.Process(process.pid)
                found += [parent, *parent.children(recursive=True)]
        for item in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                item.send_signal(signal.SIGKILL)
        for process in self.processes:
            process.wait(30)
        self.processes.clear()
        return len(found)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the REST API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        for _ in range(60):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
                return json.loads(text) if text else None
            except HTTPError as error:
                answer_text = error.read()
                # Airflow on SQLite says so while its scheduler writes; the call is asked again.
                if error.code != 503 or b"locked" not in answer_text:
                    raise AssertionError(
                        f"{method} {path}: {error.code} {answer_text!r}"
                    ) from error
            time.sleep(1)
        raise AssertionError(f"{method} {path}: the database stayed locked")

    # -- what tests ask -------------------------------------------------------------------------

    def unpause(self, *dags: str) -> None:
        """Let DAGs run, as soon as they are known."""
        for dag in dags:
            until(lambda name=dag: self._known(name), dag)  # type: ignore[misc]
            self.api("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})

    def _known(self, dag: str) -> bool:
        found = self.api("GET", "/api/v2/dags?limit=100&exclude_stale=true")
        return dag in {item["dag_id"] for item in found["dags"]}

    def trigger(self, dag: str, logical_date: str | None) -> str:
        """Start a DAG by hand; the run's id."""
        run: str = self.api("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": logical_date})[
            "dag_run_id"
        ]
        return run

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """A DAG's runs."""
        found: list[dict[str, Any]] = self.api("GET", f"/api/v2/dags/{dag}/dagRuns?limit=100")[
            "dag_runs"
        ]
        return found

    def ended(self, dag: str, run: str) -> str:
        """Wait for a run to end; its state."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}"

        def state() -> str:
            found: str = self.api("GET", path)["state"]
            return found if found in ("success", "failed") else ""

        return until(state, f"{dag} {run}")

    def tasks(self, dag: str, run: str) -> dict[str, str]:
        """The states of a run's tasks."""
        found = self.api("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")
        return {item["task_id"]: item["state"] for item in found["task_instances"]}

    def log(self) -> str:
        """The end of every process's log, to explain a failure."""
        logs = sorted(self.home.root.glob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in logs)


@contextlib.contextmanager
def started(home: AirflowHome) -> Iterator[LiveAirflow]:
    """A started Airflow for as long as the block runs; a failure prints the ends of its logs."""
    home.airflow("pools", "set", "citybrain_testville", "1", "one writer")
    running = LiveAirflow(home)
    try:
        running.start()
        yield running
    except BaseException:
        print(running.log())
        raise
    finally:
        running.kill()
