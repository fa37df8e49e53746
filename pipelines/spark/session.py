"""Spark sessions: in this process, on a standalone cluster, or by Spark Connect.

Nothing but PySpark's own jars is used: Iceberg tables are committed by PyIceberg, Spark reads and
writes Parquet files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA_AT_LEAST = 17
LOCAL = "local[*]"

# What makes Spark's answers those of DuckDB; a session is never used without it.
SEMANTICS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.legacy.sizeOfNull": "false",
    "spark.sql.legacy.charVarcharAsString": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
    "spark.sql.caseSensitive": "false",
    "spark.sql.crossJoin.enabled": "true",
}
_PROCESS: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# Everything is in this process: no other machine has to reach it, and few parts are quickest.
_LOCAL: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def open_session(
    master: str = LOCAL,
    *,
    remote: str | None = None,
    memory: str = "2g",
    scratch: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> SparkSession:
    """A session whose answers are DuckDB's.

    Args:
        master: `local[n]` or the address of a standalone master, `spark://<host>:<port>`.
        remote: address of a Spark Connect server, `sc://<host>:<port>`; `master` is not used.
        memory: of the driver, and of each executor of a cluster.
        scratch: folder for Spark's own temporary files.
        options: more settings of Spark.

    Raises:
        PipelineError: `spark_missing`, `spark_java`, `spark_unreachable`.
    """
    require_pyspark()
    if remote is not None:
        return _prepared(_connected(remote))
    require_java()
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        **_PROCESS,
        **(_LOCAL if master.startswith("local") else {}),
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        **SEMANTICS,
        **(options or {}),
    }
    if scratch is not None:
        settings["spark.local.dir"] = str(scratch)
        settings["spark.sql.warehouse.dir"] = str(scratch / "warehouse")
    builder: Any = SparkSession.builder.master(master).appName("citybrain")
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        session.range(1).count()
    except Exception as error:
        raise PipelineError("spark_unreachable", address=master, problem=_line(error)) from error
    return _prepared(session)


def own_session(session: SparkSession) -> SparkSession:
    """A session on the same Spark with views and functions of its own."""
    return _prepared(session.newSession())


def _connected(remote: str) -> SparkSession:
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    # By this PySpark makes functions for a server and not for a JVM in this process; its own
    # `getOrCreate` sets it too, and hands out one session for all callers.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    try:
        builder: Any = RemoteSession.builder
        session: Any = builder.remote(remote).create()
        session.range(1).count()
    except Exception as error:
        raise PipelineError("spark_unreachable", address=remote, problem=_line(error)) from error
    return session  # type: ignore[no-any-return]


def _prepared(session: SparkSession) -> SparkSession:
    import logging

    for key, value in SEMANTICS.items():
        session.conf.set(key, value)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    return session


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]


def require_pyspark() -> None:
    """Raise `spark_missing` when PySpark is not installed."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise PipelineError("spark_missing") from None


def require_java() -> None:
    """Raise `spark_java` when no Java that Spark can run on is found."""
    found = java_version()
    if found is None or found < JAVA_AT_LEAST:
        said = "-" if found is None else str(found)
        raise PipelineError("spark_java", needed=JAVA_AT_LEAST, found=said)


def java_version() -> int | None:
    """The major version of the Java that Spark would start; None when there is none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    return _version_of(program) if program else None


@lru_cache(maxsize=4)
def _version_of(program: str) -> int | None:
    try:
        said = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', said.stderr + said.stdout)
    if found is None:
        return None
    return int(found[2]) if found[1] == "1" and found[2] else int(found[1])
