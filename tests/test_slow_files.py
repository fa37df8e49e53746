"""What `make test-fast` leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.slow_files import TESTS, chosen, measured, slow_files

REPORT = """<testsuites><testsuite>
<testcase classname="tests.docs.test_a" name="test_one[x]" time="0.5"/>
<testcase classname="tests.docs.test_a" name="test_two" time="0.25"/>
<testcase classname="tests.test_b" name="test_marked_slow" time="9"/>
</testsuite></testsuites>"""


def test_every_file_that_is_left_out_is_there() -> None:
    gone = [path for path in slow_files() if not path.is_file()]
    assert gone == []
    kept = {path for path in TESTS.rglob("test_*.py") if path not in slow_files()}
    assert len(kept) > len(slow_files()) / 2  # it still says something


def test_what_is_measured(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    asked = ["tests/docs/test_a.py::test_one[x]", "tests/docs/test_a.py::test_two"]
    seconds, counts = measured(report, asked)
    assert (seconds, counts) == ({"docs/test_a.py": 0.75}, {"docs/test_a.py": 2})


@pytest.mark.parametrize(
    ("budget", "left"),
    [(120.0, set()), (61.0, {"long.py"}), (0.5, {"long.py", "many.py"}), (0.0, {"long.py", "many.py", "few.py"})],
)  # fmt: skip
def test_as_many_tests_as_fit_are_kept(budget: float, left: set[str]) -> None:
    seconds = {"long.py": 50.0, "many.py": 60.0, "few.py": 0.5}
    assert chosen(seconds, {"long.py": 1, "many.py": 600, "few.py": 2}, budget) == left
