"""What the READMEs claim of the corpus of leaks is what the corpus holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAKS = ROOT / "tests" / "golden" / "leaks"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_numbers_of_the_corpus(name: str) -> None:
    refused = [path.read_text("utf-8") for path in (LEAKS / "refused").glob("*.sql")]
    accepted = len(list((LEAKS / "accepted").glob("*.sql")))
    gaps = tomllib.loads((ROOT / "tests" / "known_gaps.toml").read_text("utf-8"))["gaps"]
    missed = sum("test_a_leak_is_refused" in name for name in gaps)
    too_strict = sum("test_a_lawful_model_is_accepted" in name for name in gaps)
    shown = sum("-- differs: no" not in text for text in refused)
    rows = [line for line in (ROOT / name).read_text("utf-8").splitlines() if line.startswith("|")]
    (leaks,) = [row for row in rows if "tests/golden/leaks" in row]
    lawful = rows[rows.index(leaks) + 1]
    assert re.findall("[0-9]+", leaks) == [
        str(len(refused)),
        str(len(refused) - missed),
        str(shown),
    ]
    assert re.findall("[0-9]+", lawful) == [str(accepted), str(accepted - too_strict)]
