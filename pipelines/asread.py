"""What the engine reads in an SQL text, from its own parser.

Lineage is traced over another parser's tree, which takes some names for something else: `text[1]` for
a type, `current_catalog` for a function, `interval + 1` for a span of time. The engine says at which
place of the text it reads a column, and there the tree must have a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlglot import exp

from catalog.errors import Location
from pipelines.errors import PipelineError

# Places beyond are of columns that the engine makes itself (of a lambda's parameters).
_MADE = 2**63
# Items of FROM that give the columns of what they name, and no others.
_NAMED_ITEMS = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EMPTY_FROM", "EXPRESSION_LIST"}
)
_LOSE_COLUMNS = frozenset({"POSITIONAL_REFERENCE", "PARAMETER", "STAR"})


@dataclass(slots=True)
class AsRead:
    """What the engine reads in one SELECT.

    Attributes:
        columns: column references: their place in the text, in characters from 0, and the parts of
            their names.
        using: columns that a join names in USING.
        labels: names that the text gives to columns.
        tables: the names, and the aliases, of what stands in FROM.
        named: whether every column that is read is named: no star, no `#1`, no NATURAL JOIN, no
            PIVOT or function in FROM, no columns renamed by the alias of a table.
    """

    columns: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    using: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    named: bool = True

    def take(self, node: dict[str, Any]) -> None:
        """One object of the engine's tree."""
        kind = node.get("class")
        if kind == "COLUMN_REF":
            names = tuple(str(name).lower() for name in node["column_names"])
            self.columns.append((node["query_location"], names))
        if kind is not None:
            self.named &= kind not in _LOSE_COLUMNS and node["type"] not in _LOSE_COLUMNS
            self.labels |= {node["alias"].lower()} if node.get("alias") else set()
        elif "sample" in node and "alias" in node:  # an item of FROM
            self.tables |= {
                str(node[key]).lower() for key in ("alias", "table_name") if node.get(key)
            }
            self.named &= not node.get("column_name_alias") and node.get("ref_type") != "NATURAL"
            self.named &= node["type"] in _NAMED_ITEMS
            self.using |= {str(name).lower() for name in node.get("using_columns") or ()}
        elif isinstance(node.get("cte_map"), dict):
            for cte in node["cte_map"].get("map", ()):
                self.tables.add(str(cte["key"]).lower())
                self.named &= not cte["value"].get("aliases")


@lru_cache(maxsize=1024)
def as_read(sql: str) -> AsRead | None:
    """What the engine reads in a SELECT; None for what it cannot say it of."""
    found = AsRead()

    def take(node: dict[str, Any]) -> dict[str, Any]:
        found.take(node)
        return node

    row = _engine().cursor().execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchone()
    tree = json.loads(row[0], object_hook=take) if row else {"error": True}
    if tree["error"]:
        return None
    text = sql.encode()
    if len(text) != len(sql):
        found.columns = [
            (at if at >= _MADE else len(text[:at].decode(errors="ignore")), names)
            for at, names in found.columns
        ]
    return found


@lru_cache(maxsize=1)
def _engine() -> Any:
    """A database of its own; each question has a cursor, for threads may ask at once."""
    import duckdb

    return duckdb.connect(":memory:")


def refuse_lost_columns(sql: str, tree: exp.Query, path: Path) -> None:
    """Refuse a query in which the engine reads a column where the tree has no name.

    Raises:
        PipelineError: `lineage_unresolved`.
    """
    read = as_read(sql)
    if read is None:
        problem = "the engine does not say which columns it reads"
        raise PipelineError(
            "lineage_unresolved", where=Location(path, 1), part=sql.strip()[:80], problem=problem
        )
    places = set(_names(tree))
    for at, names in sorted(read.columns):
        if at < _MADE and at not in places:
            raise PipelineError(
                "lineage_unresolved",
                where=Location(path, sql.count("\n", 0, at) + 1),
                part=".".join(names),
                problem=f'write a column of this name in quotes: "{names[0]}"',
            )


def _names(tree: exp.Query) -> Iterator[int]:
    """Where names start, those in types excepted: what stands there is not traced."""
    for node in tree.walk(prune=lambda node: isinstance(node, exp.DataType)):
        if isinstance(node, exp.Identifier) and "start" in node.meta:
            yield node.meta["start"]
