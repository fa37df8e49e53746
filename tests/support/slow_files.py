"""Which files of tests `make test-fast` leaves out, by what their tests took in a whole run.

    make test PYTEST_ADDOPTS=--junitxml=report.xml
    .venv/bin/python -m tests.support.slow_files report.xml

writes `tests/slow_files.txt`. A file that is new or not in the report is fast until it was measured.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

TESTS = Path(__file__).resolve().parents[1]
LISTED = TESTS / "slow_files.txt"
BUDGET = 75.0  # seconds of all workers together: what they collect comes on top
_HEAD = """\
# Files that `make test-fast` leaves out unread: those with the longest tests, so that the others take
# less than 90 s on two cores. Written by `python -m tests.support.slow_files`; see there.
"""


@cache
def slow_files() -> frozenset[Path]:
    """The files that are left out."""
    lines = LISTED.read_text("utf-8").splitlines()
    return frozenset(TESTS / line for line in lines if line and not line.startswith("#"))


def chosen(seconds: Mapping[str, float], counts: Mapping[str, int], budget: float) -> set[str]:
    """The files to leave out: the others have as many tests as fit into a budget."""
    order = sorted(seconds, key=lambda name: (seconds[name] / counts[name], name))
    left: set[str] = set()
    for name in order:
        if seconds[name] > budget:
            left.add(name)
        else:
            budget -= seconds[name]
    return left


def measured(report: Path, asked: Iterable[str]) -> tuple[dict[str, float], Counter[str]]:
    """Seconds and number of tests by file, of the tests that were asked for."""
    wanted = set(asked)
    seconds: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        if f"{file}::{case.attrib['name']}" in wanted:
            name = file.removeprefix("tests/")
            seconds[name] += float(case.attrib["time"])
            counts[name] += 1
    return seconds, counts


def not_slow() -> list[str]:
    """The ids of the tests that are not marked as slow."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "not slow"]
    told = subprocess.run(command, cwd=TESTS.parent, text=True, capture_output=True, check=True)
    return [line for line in told.stdout.splitlines() if "::" in line]


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="what --junitxml wrote")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of all workers")
    given = parser.parse_args()
    seconds, counts = measured(given.report, not_slow())
    left = chosen(seconds, counts, given.budget)
    LISTED.write_text(_HEAD + "".join(f"{name}\n" for name in sorted(left)), "utf-8")
    kept = sum(count for name, count in counts.items() if name not in left)
    print(f"{kept} of {sum(counts.values())} tests are fast; {len(left)} files are left out.")


if __name__ == "__main__":
    main()
