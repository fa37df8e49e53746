"""Golden pairs: DuckDB's SQL in, Spark's SQL out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.spark.queries import to_spark

GOLDEN = Path(__file__).parents[2] / "golden" / "spark"
TABLES = {
    "raw.t": {"id": "BIGINT", "x": "VARCHAR", "y": "VARCHAR", "n": "INTEGER", "d": "DOUBLE", "m": "DECIMAL(18,2)",
              "day": "DATE", "at": "TIMESTAMP", "l": "VARCHAR[]", "p": "BOOLEAN"},
    "base.u": {"id": "BIGINT", "label": "VARCHAR"},
}  # fmt: skip


def pairs() -> list[tuple[str, str, str]]:
    """`-- title`, the model's SQL, a line `=>`, Spark's SQL, an empty line."""
    found = []
    for path in sorted(GOLDEN.glob("*.sql")):
        for block in path.read_text("utf-8").strip().split("\n\n"):
            title, _, body = block.partition("\n")
            ours, _, theirs = body.partition("\n=>\n")
            found.append(
                (f"{path.stem}: {title.removeprefix('-- ')}", ours.strip(), theirs.strip())
            )
    return found


@pytest.mark.parametrize(("title", "ours", "theirs"), pairs(), ids=lambda text: str(text)[:40])
def test_pair(title: str, ours: str, theirs: str, request: pytest.FixtureRequest) -> None:
    written = to_spark(ours, TABLES)
    if request.config.getoption("--update-golden") and written != theirs:
        path = GOLDEN / f"{title.partition(':')[0]}.sql"
        text = path.read_text("utf-8").replace(f"{ours}\n=>\n{theirs}", f"{ours}\n=>\n{written}")
        path.write_text(text, "utf-8")
        return
    assert written == theirs


def test_the_text_is_always_the_same() -> None:
    for _, ours, _ in pairs():
        assert to_spark(ours, TABLES) == to_spark(ours, TABLES)
