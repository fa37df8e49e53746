"""Schemathesis over the exchange, as a department's program that has grants of every manner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.portal.counter import Counter
from tests.portal.test_exchange_page import served, url
from tests.support.exchange import FIRM

__all__ = ["served", "url"]
EXAMPLES = {"resource": FIRM, "purpose": "loans"}
# What a cursor or a snapshot means is beyond a schema.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 401, 403, 404, 406, 409, 410, 422, 429, 503]
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(served: Counter, url: str, tmp_path: Path) -> None:
    served.publish()
    served.grant(manner="subscription")
    document = served.http.get("/openapi.json").json()
    _with_examples(document)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    program = Path(sys.executable).with_name("schemathesis")
    authorization = served.client()["Authorization"]
    words = ["run", "openapi.json", "--url", url, "-H", f"Authorization: {authorization}"]
    words += ["--include-path-regex", "^/exchange", "--exclude-checks", "use_after_free"]
    words += ["--checks", "all", "--mode", "all", "--max-examples", "30", "--seed", "1"]
    done = subprocess.run(
        [program, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    seen = {(one["method"], one["path"], one["status"]) for one in served.logged}
    assert {("GET", "/exchange", 200), ("GET", "/exchange/{resource}", 200)} <= seen
    assert ("GET", "/exchange/{resource}/export", 200) in seen
    # A full house of exports is the only reason not to be served.
    assert all(status < 500 or status == 503 for _, _, status in seen), seen


def _with_examples(document: dict[str, Any]) -> None:
    """What may be asked of the city of this test."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in EXAMPLES:
                    parameter["examples"] = {"one": {"value": EXAMPLES[parameter["name"]]}}
