"""Parquet files as SQL."""

from __future__ import annotations

from pathlib import Path


def rows_in(*files: Path) -> str:
    """A SELECT over all rows and columns of some files."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    return f"SELECT * FROM read_parquet([{listed}])"
