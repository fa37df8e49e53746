"""What the READMEs claim of the corpus of leaks is what the corpus holds."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAKS = ROOT / "tests" / "golden" / "leaks"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_numbers_of_the_corpus(name: str) -> None:
    refused = [path.read_text("utf-8") for path in (LEAKS / "refused").glob("*.sql")]
    accepted = len(list((LEAKS / "accepted").glob("*.sql")))
    shown = sum("-- differs: no" not in text for text in refused)
    rows = [line for line in (ROOT / name).read_text("utf-8").splitlines() if line.startswith("|")]
    (leaks,) = [row for row in rows if "tests/golden/leaks" in row]
    lawful = rows[rows.index(leaks) + 1]
    assert leaks.count(str(len(refused))) == 2
    assert leaks.count(str(shown)) == 1
    assert lawful.count(str(accepted)) == 2
