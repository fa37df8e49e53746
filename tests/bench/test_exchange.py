"""The benchmark of the exchange still gets what it measures; how fast is not looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import exchange, records

pytestmark = pytest.mark.slow


def test_it_gets_pages_and_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exchange, "OUT", tmp_path / "out")
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path))  # which it sets, as these are
    for name in ("CITY", "OUT"):
        monkeypatch.setattr(records, name, getattr(records, name))
    sizes = ["--rows=5000", "--export-rows=5000", "--rate=100", "--seconds=1"]
    monkeypatch.setattr(sys, "argv", ["exchange", *sizes])
    try:
        exchange.main()
    except SystemExit as missed:
        if missed.code != 1:  # a target that this machine misses now
            raise
    said = capsys.readouterr().out
    assert "pages of the exchange" in said and "exports of 5,000" in said and "jsonl" in said
