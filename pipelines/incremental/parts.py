"""Files of a table as parts: writing rows so that those that change together stand together, and
taking rows out without touching the files that hold none of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.duck import COPY_OPTIONS, copy_to_parquet, files_sql, path_literal, translated
from pipelines.lake import Column

NewFile = Callable[[], Path]
PART_ROWS = 100_000  # rows of a file, if the table has so many
MOST_PARTS = 500
SMALL_ROWS, MOST_SMALL = 10_000, 32


@dataclass(frozen=True, slots=True)
class Content:
    """What a table would hold after a publish.

    Attributes:
        kept: files of the last snapshot that stay as they are, or are copied without some rows: what
            they hold has been certified before.
        fresh: files with what was computed now.
    """

    kept: tuple[Path, ...]
    fresh: tuple[Path, ...]

    @property
    def files(self) -> list[Path]:
        """All of it."""
        return [*self.kept, *self.fresh]


def write_parts(
    con: duckdb.DuckDBPyConnection, rows: str, part: str, new_file: NewFile
) -> tuple[Path, ...]:
    """Write the rows of a SELECT to one file or several, rows of one part into one file.

    Args:
        part: an expression over the columns of `rows`. Parts that follow each other in order share
            a file as long as they are small.

    Raises:
        PipelineError: `disk_full`, `out_of_memory`; nothing stays on the disk.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE part_sizes AS SELECT {part} AS part, count(*) AS n "
        f"FROM ({rows}) AS r GROUP BY ALL"
    )
    total = con.execute("SELECT coalesce(sum(n), 0) FROM part_sizes").fetchone()
    assert total is not None
    if total[0] <= PART_ROWS:
        path = new_file()
        copy_to_parquet(con, rows, path)
        return (path,)
    size = max(PART_ROWS, int(total[0]) // MOST_PARTS)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE part_files AS SELECT part, CAST((before // "
        f"{size}) AS BIGINT) AS part_file FROM (SELECT part, CAST(sum(n) OVER (ORDER BY part "
        "ROWS UNBOUNDED PRECEDING) - n AS BIGINT) AS before FROM part_sizes) AS summed"
    )
    numbered = (
        f"SELECT r.*, f.part_file FROM ({rows}) AS r JOIN part_files AS f "
        f"ON {part} IS NOT DISTINCT FROM f.part"
    )
    return _partitioned(con, numbered, new_file)


def _partitioned(con: duckdb.DuckDBPyConnection, rows: str, new_file: NewFile) -> tuple[Path, ...]:
    first = new_file()
    folder = first.with_suffix(".parts")
    folder.mkdir()
    try:
        found = con.execute(
            f"COPY ({rows}) TO '{path_literal(folder)}' ({COPY_OPTIONS}, PARTITION_BY (part_file), "
            "FILENAME_PATTERN 'part_{uuid}', OVERWRITE_OR_IGNORE, RETURN_FILES)"
        ).fetchone()
        assert found is not None
        files = []
        for name in sorted(found[1] or ()):
            # Out of the folder `part_file=0`, which readers would take for a column.
            path = new_file()
            os.replace(name, path)
            files.append(path)
        return tuple(files)
    except duckdb.Error as error:
        raise translated(error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def without(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    columns: Sequence[Column],
    gone: str,
    new_file: NewFile,
) -> tuple[Path, ...]:
    """The files of a table without some rows: those that hold none of them stay, others are copied.

    Args:
        gone: a condition over the table's columns, TRUE for the rows that leave.
    """
    if not files:
        return ()
    # What leaves is asked for by itself: the engine then skips files whose footers show none of it.
    leaving = con.execute(
        f"SELECT _file, count(*) FROM ({files_sql(files, columns, '_file')}) AS held "
        f"WHERE {gone} GROUP BY ALL"
    ).fetchall()
    hits = {Path(name): hit for name, hit in leaving}
    sizes = _sizes(con, files)
    untouched = [p for p in files if not hits.get(p)]
    touched = [p for p in files if 0 < hits.get(p, 0) < sizes[p]]
    small = [p for p in untouched if sizes[p] < SMALL_ROWS]
    if len(small) > MOST_SMALL:
        # Many increments leave many small files; now and then they are put together.
        untouched = [p for p in untouched if p not in small]
        touched += small
    if not touched:
        return tuple(untouched)
    path = new_file()
    held = files_sql(touched, columns)
    copy_to_parquet(con, f"SELECT * FROM ({held}) AS held WHERE ({gone}) IS NOT TRUE", path)
    return (*untouched, path)


def rows_of(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> int:
    """The number of rows in Parquet files, from their footers."""
    return sum(_sizes(con, files).values())


def _sizes(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[Path, int]:
    """The number of rows of each file."""
    if not files:
        return {}
    listed = ", ".join(f"'{path_literal(path)}'" for path in files)
    found = con.execute(
        f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])"
    ).fetchall()
    return {Path(name): rows for name, rows in found}
