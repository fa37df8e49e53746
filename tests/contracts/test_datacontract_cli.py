"""The reference implementation of the contract standard accepts every contract of the workspaces."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.city import City

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
# All files in one process of the tool's own environment: starting it takes seconds.
LINT = """
import json, logging, sys
logging.disable(logging.CRITICAL)
from datacontract.data_contract import DataContract
found = {}
for path in sys.argv[1:]:
    run = DataContract(data_contract_file=path).lint()
    found[path] = [str(run.result.value), [c.reason for c in run.checks if c.result.value != "passed"]]
print("RESULT" + json.dumps(found))
"""


def lint(paths: list[Path], folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Result and reasons per file; skips when the tool cannot be had."""
    # Where the machine has none, the bootstrap puts uv beside the environment.
    uv = shutil.which("uv") or shutil.which(ROOT / ".venv-uv/bin/uv")
    if uv is None:
        pytest.skip("uv is not installed")
    # A folder of its own, so that nothing of this project is imported instead of the tool's.
    command = [
        uv,
        "run",
        "--no-project",
        "--with",
        "datacontract-cli==1.2.8",
        "--python",
        "3.11",
        "python",
        "-I",
        "-c",
    ]
    done = subprocess.run(
        [*command, LINT, *map(str, paths)], capture_output=True, text=True, timeout=300, cwd=folder
    )
    if "RESULT" not in done.stdout:
        pytest.skip(f"datacontract-cli could not be started: {done.stderr[-300:]}")
    found: dict[str, tuple[str, list[str]]] = json.loads(done.stdout.split("RESULT")[1])
    return found


def test_every_contract_of_the_workspaces_is_accepted(tmp_path: Path) -> None:
    paths = [
        path
        for folder in ("contracts", "models")
        for path in sorted(ROOT.glob(f"workspaces/*/{folder}/*/*.yaml"))
    ]
    assert len(paths) > 50
    found = lint(paths, tmp_path)
    assert {path: why for path, (result, why) in found.items() if result != "passed"} == {}
    assert len(found) == len(paths)


def test_the_contracts_of_these_tests_are_accepted_too(small: City, tmp_path: Path) -> None:
    paths = sorted(small.root.glob("*/*/*.yaml"))
    bad = small.write("bad.yaml", paths[0].read_text().replace("version: 1.0.0", "version: [1]"))
    found = lint([*paths, bad], tmp_path)
    assert found.pop(str(bad))[0] != "passed"
    assert {path: why for path, (result, why) in found.items() if result != "passed"} == {}
    assert len(found) == 5
