"""Proofs of the Merkle tree over a log (RFC 6962, section 2.1), from the hashes of its subtrees."""

from __future__ import annotations

from collections.abc import Callable

from catalog.audit.offline import node_hash

#: The hash of the complete subtree of 2**level leaves that begins with leaf number * 2**level.
Subtree = Callable[[int, int], bytes]


def range_root(subtree: Subtree, start: int, end: int) -> bytes:
    """The root over the leaves from `start` (which begins a complete subtree) to before `end`."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtree(level, start >> level)
    middle = start + _split(size)
    return node_hash(range_root(subtree, start, middle), range_root(subtree, middle, end))


def peaks(subtree: Subtree, size: int) -> list[tuple[int, bytes]]:
    """The complete subtrees that `size` leaves consist of: (level, hash), the largest first."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, subtree(level, start >> level)))
            start += 1 << level
    return found


def inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The path from the leaf at `index` (from 0) to the root of `size` leaves."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(subtree, middle, end))
            end = middle
        else:
            path.append(range_root(subtree, start, middle))
            start = middle
    return path[::-1]


def consistency(subtree: Subtree, size: int, later: int) -> list[bytes]:
    """That the tree of `later` leaves begins with the one of `size` (0 < size <= later)."""
    start, end, whole, path = 0, later, True, []
    while size != end:
        middle = start + _split(end - start)
        if size <= middle:
            path.append(range_root(subtree, middle, end))
            end = middle
        else:
            path.append(range_root(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(subtree, start, end))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1
