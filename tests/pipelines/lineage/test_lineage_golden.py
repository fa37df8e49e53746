"""Lineage as pairs in plain files: a query, then every edge of every column.

After a deliberate change: add `--update-golden`, then read the diff.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.lineage import Edge, ModelLineage
from tests.pipelines.lineage.conftest import Tracer

GOLDEN = Path(__file__).parents[2] / "golden" / "lineage"


def _cases() -> dict[str, str]:
    blocks = re.split(r"\n\s*\n", (GOLDEN / "cases.sql").read_text("utf-8").strip())
    return {b.split("\n", 1)[0].removeprefix("-- "): b.split("\n", 1)[1] for b in blocks}


def _edge(edge: Edge) -> str:
    masks = "".join(f" {step}" for step in edge.masks)
    return f"{edge.table}.{edge.column} {edge.how}{masks}"


def shown(lineage: ModelLineage) -> str:
    """One line a column: what it carries, then after `|` what it depends on."""
    lines = []
    for name, edges in lineage.columns.items():
        direct = ", ".join(_edge(e) for e in edges if e.direct) or "-"
        indirect = ", ".join(_edge(e) for e in edges if not e.direct)
        lines.append(f"  {name} <- {direct}" + (f" | {indirect}" if indirect else ""))
    lines.append(f"  rows <- {', '.join(_edge(e) for e in lineage.rows) or '-'}")
    if lineage.equal:
        pairs = sorted(f"{'.'.join(a)} = {'.'.join(b)}" for a, b in lineage.equal)
        lines.append(f"  equal {', '.join(pairs)}")
    return "\n".join(lines)


def test_every_query_gives_the_edges_that_the_file_says(
    trace: Tracer, request: pytest.FixtureRequest
) -> None:
    got = "\n\n".join(f"{name}\n{shown(trace(sql))}" for name, sql in _cases().items()) + "\n"
    expected = GOLDEN / "edges.txt"
    if request.config.getoption("--update-golden"):
        expected.write_text(got, "utf-8")
    assert got == expected.read_text("utf-8")
