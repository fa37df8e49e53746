"""Schemathesis: requests made from the OpenAPI document, right and wrong ones, find nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.portal.bureau import ASKING, SQL, Bureau

EXAMPLES = {"sql": SQL, **ASKING}
# What a question says is beyond a schema: a text that is no SQL is refused with 422.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422, 503]
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(bureau: Bureau, tmp_path: Path) -> None:
    document = httpx.get(f"{bureau.url}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    _with_examples(document)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    authorization = bureau.signed_in().headers["Authorization"]
    program = Path(sys.executable).with_name("schemathesis")
    words = ["run", "openapi.json", "--url", bureau.url, "-H", f"Authorization: {authorization}"]
    # DELETE stops a question, and what came of it can still be read.
    words += ["--exclude-checks", "use_after_free"]
    words += ["--checks", "all", "--mode", "all", "--max-examples", "40", "--seed", "1"]
    done = subprocess.run(
        [program, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    paths = {(one["method"], one["path"], one["status"]) for one in bureau.entries()}
    # It has been where the work is done.
    assert {("POST", "/queries", 200), ("POST", "/queries", 202), ("POST", "/quotes", 200)} <= paths
    assert all(status < 500 for _, _, status in paths), paths


def _with_examples(document: dict[str, Any]) -> None:
    """What may be asked of the city of this test, in place of what the document shows to readers."""
    properties = document["components"]["schemas"]["QuestionBody"]["properties"]
    for name, example in EXAMPLES.items():
        properties[name]["examples"] = [example]
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in EXAMPLES:
                    parameter["examples"] = {"one": {"value": EXAMPLES[parameter["name"]]}}
