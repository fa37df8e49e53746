"""What of SmartNoise's statements is answered, and that the documents say so."""

from __future__ import annotations

from pathlib import Path

from bench.sandbox_statements import report, table

ROOT = Path(__file__).parents[2]


def test_the_document_has_the_report() -> None:
    assert table(report()) in (ROOT / "docs" / "sandbox.md").read_text("utf-8")


def test_what_smartnoise_itself_runs_is_answered() -> None:
    """But for three statements that join within a subquery."""
    run = [
        one
        for one in report()
        if one.file in ("run/run.sql", "rewrite/rewrites.sql", "compare/compare.sql")
    ]
    left = [one for one in run if one.found != "answered"]
    assert len(run) == 35 and len(left) <= 2, left


def test_every_refusal_has_its_reason() -> None:
    for one in report():
        assert bool(one.why) == (one.found != "answered") == bool(one.code)
