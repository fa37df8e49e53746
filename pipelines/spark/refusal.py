"""What cannot be said on both engines."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A part of a query that has no equal on Spark.

    Attributes:
        part: the function or form.
        why: what differs.
        node: where it stands, a node of the syntax tree.
    """

    def __init__(self, part: str, why: str, node: Any = None) -> None:
        super().__init__(f"{part}: {why}")
        self.part = part
        self.why = why
        self.node = node
