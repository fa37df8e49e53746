"""Signs of personal data for a drafted contract: the detector's evidence that raises a level.

A draft starts at L2 and comments on what deserves more, and on addresses, which become more
when people live there. The evidence is counts; the detector is that of `citybrain classify`.
"""

from __future__ import annotations

import duckdb

from pipelines.classify import detector, headers
from pipelines.classify.detector import free_text
from pipelines.classify.result import PERSONAL, Evidence

__all__ = ["PERSONAL", "Evidence", "by_content", "by_header", "free_text"]


def by_header(*names: str) -> Evidence | None:
    """What the published header or the English field name gives away."""
    found = headers.by_header(*names)
    return found if found is not None and _raises(found) else None


def by_content(con: duckdb.DuckDBPyConnection, table: str) -> list[Evidence]:
    """What the values give away, the strongest sign of every kind.

    Args:
        table: distinct values `x` with their number of rows `n`.
    """
    best: dict[str, Evidence] = {}
    for found in detector.by_content(con, table):
        known = best.get(found.kind)
        if _raises(found) and (known is None or (found.count or 0) > (known.count or 0)):
            best[found.kind] = found
    return list(best.values())


def _raises(found: Evidence) -> bool:
    return found.level >= PERSONAL or found.kind == "address"
