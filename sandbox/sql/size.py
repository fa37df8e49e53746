"""How large a question gets when it is written out: a name for a value may stand for much, many times.

Parts of the tree are shared, so that a short text could stand for more than any memory holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from sandbox.errors import Refusal
from sandbox.sql.tree import Bucket, Clamp

MOST_CHARACTERS = 10_000
MOST_NODES = 2_000
# So often the generated SQL writes the value of a bin's number, and of a number between declared bounds.
BUCKET_COPIES, CLAMP_COPIES = 4, 2
_COPIES: dict[type, int] = {Bucket: BUCKET_COPIES, Clamp: CLAMP_COPIES}


def too_large() -> Refusal:
    """The refusal of what is too long, too deep or too much when written out."""
    return Refusal("question_size", most=MOST_CHARACTERS)


class Sizes:
    """Counts what a question writes beyond its own text."""

    def __init__(self) -> None:
        # The nodes are kept too, so that no other one gets the identity of one that is gone.
        self._known: dict[int, tuple[object, int]] = {}
        self._copied = 0

    def copied(self, node: object, times: int = 1) -> None:
        """Note that a value or condition is written so many times more.

        Raises:
            Refusal: `question_size`.
        """
        self._copied += times * self.of(node)
        if self._copied > MOST_NODES:
            raise too_large()

    def of(self, node: object) -> int:
        """The number of nodes of a value or condition, written out."""
        known = self._known.get(id(node))
        if known is None:
            times = _COPIES.get(type(node), 1)
            known = node, 1 + times * sum(self.of(part) for part in _parts(node))
            self._known[id(node)] = known
        return known[1]


def _parts(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        yield from node
    elif is_dataclass(node):
        for item in fields(node):
            part = getattr(node, item.name)
            if isinstance(part, tuple) or is_dataclass(part):
                yield part
