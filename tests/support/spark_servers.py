"""Real Spark servers for tests, from PySpark's own jars, on free ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import free_port

START_SECONDS = 90
SPARK_CONF = Path(__file__).parent / "spark_conf"


@dataclass(frozen=True)
class Cluster:
    """A standalone master and its workers.

    Attributes:
        address: `spark://...`.
        page: the master's own page, which also answers in JSON.
    """

    address: str
    page: str

    def state(self) -> dict[str, Any]:
        """What the master says of its workers and applications."""
        with urllib.request.urlopen(f"{self.page}/json/", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def standalone_cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A master and some workers of one core and 1 GB each."""
    port, page = free_port(), free_port()
    cluster = Cluster(f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{page}")
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port),
              "--webui-port", str(page)]  # fmt: skip
    worker = ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
              "--webui-port", "0"]  # fmt: skip
    with _java("spark-class", master, folder / "master"):
        _until(lambda: cluster.state()["status"] == "ALIVE")
        started = []
        try:
            for number in range(workers):
                home = folder / f"worker{number}"
                one = _java(
                    "spark-class",
                    [*worker, "--work-dir", str(home / "work"), cluster.address],
                    home,
                )
                one.__enter__()
                started.append(one)
            _until(
                lambda: sum(w["state"] == "ALIVE" for w in cluster.state()["workers"]) == workers
            )
            yield cluster
        finally:
            for one in started:
                one.__exit__(None, None, None)


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A Spark Connect server on `local[2]`; its address."""
    port = free_port()
    options = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]",
               "--driver-memory", "1g", "--conf", f"spark.connect.grpc.binding.port={port}",
               "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2",
               "--conf", "spark.driver.host=127.0.0.1", "spark-internal"]  # fmt: skip
    with _java("spark-submit", options, folder / "connect"):
        _until(lambda: _listens(port))
        yield f"sc://127.0.0.1:{port}"


@contextmanager
def _java(program: str, arguments: Sequence[str], folder: Path) -> Iterator[None]:
    import pyspark

    folder.mkdir(parents=True, exist_ok=True)
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": str(SPARK_CONF),
        "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "512m",
    }  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(home / "bin" / program), *arguments],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Any) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        try:
            if holds():
                return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.2)
    raise AssertionError("a Spark server did not start in time")
