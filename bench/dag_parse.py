"""How long Airflow takes to parse the DAG file: `python -m bench.dag_parse` (needs the extra `airflow`).

The example cities' schedules are written into a temporary home, the file is parsed as the DAG processor
does it, with Airflow itself imported before, and the median of some fresh parses is printed.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
TIMES = 7


def main() -> None:
    """Print DAGs and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CITYBRAIN_HOME"] = folder
        os.environ["AIRFLOW_HOME"] = f"{folder}/airflow"
        os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
        _write_schedules()
        from airflow.dag_processing.dagbag import DagBag

        seconds = []
        for _ in range(TIMES):
            for name in [name for name in sys.modules if name.partition(".")[0] == "dags"]:
                del sys.modules[name]
            began = perf_counter()
            bag = DagBag(str(ROOT / "dags"), bundle_name="dags-folder")
            seconds.append(perf_counter() - began)
            assert not bag.import_errors, bag.import_errors
        first, median = seconds[0], statistics.median(seconds)
        print(f"{len(bag.dags)} DAGs: first parse {first:.2f} s, median {median:.2f} s")


def _write_schedules() -> None:
    from pipelines.plan import compile_workspace
    from pipelines.schedule.compiled import compile_schedule, write_schedule
    from pipelines.workspace import load_workspace

    for name in ("chicago", "tainan"):
        write_schedule(
            compile_schedule(compile_workspace(load_workspace(ROOT / "workspaces" / name)))
        )


if __name__ == "__main__":
    main()
