"""Physical lines of UTF-8 text: where they end, and which of the ends also end a CSV record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
QUOTE, LF, CR = 34, 10, 13


def count_breaks(data: bytes) -> int:
    r"""How many lines end in `data`; `\n`, `\r\n` and a lone `\r` are one end each."""
    breaks = data.count(b"\n")
    if b"\r" in data:
        breaks += data.count(b"\r") - data.count(b"\r\n")
    return breaks


def break_positions(data: bytes) -> Positions:
    r"""The positions of the last bytes of all line ends in `data`."""
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = octets == LF
    if b"\r" in data:
        lone = octets == CR
        lone[:-1] &= octets[1:] != LF
        ends |= lone
    return np.flatnonzero(ends)


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quotes of a piece of CSV text that starts at a record.

    They are regular when every opening quote stands at the start of a cell and every closing one
    at its end. Then a place is inside quotes exactly when an odd number of quotes stands before
    it (a doubled quote closes and opens again), and no state machine is needed.
    """

    positions: Positions

    @staticmethod
    def find(data: bytes) -> Quotes:
        """The quotes of `data`."""
        if b'"' not in data:
            return Quotes(np.empty(0, dtype=np.int64))
        return Quotes(np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == QUOTE))

    def outside(self, position: int) -> bool:
        """Is the byte at `position` outside quotes?"""
        return not int(np.searchsorted(self.positions, position)) & 1

    def before(self, end: int) -> Quotes:
        """The quotes before the byte at `end`."""
        return Quotes(self.positions[: np.searchsorted(self.positions, end)])

    def since(self, start: int) -> Quotes:
        """The quotes from the byte at `start` on, counted from there."""
        return Quotes(self.positions[np.searchsorted(self.positions, start) :] - start)

    def irregular(self, data: bytes, delimiter: int) -> int | None:
        """The place of the first quote after which counting no longer tells inside from outside.

        None: counting gives the same cells as reading the quotes one by one.
        """
        if not len(self.positions):
            return None
        octets = np.frombuffer(data, dtype=np.uint8)
        beside = np.empty(len(self.positions), dtype=np.uint8)
        beside[0::2] = _neighbours(octets, self.positions[0::2] - 1)
        beside[1::2] = _neighbours(octets, self.positions[1::2] + 1)
        edges = np.array([delimiter, LF, CR, QUOTE], dtype=np.uint8)
        wrong = np.flatnonzero(~np.isin(beside, edges))
        return int(self.positions[wrong[0]]) if len(wrong) else None


def _neighbours(octets: npt.NDArray[np.uint8], at: Positions) -> npt.NDArray[np.uint8]:
    """The bytes at the given positions; beyond either end of the text stands a line end."""
    inside = (at >= 0) & (at < len(octets))
    found = np.full(len(at), LF, dtype=np.uint8)
    found[inside] = octets[at[inside]]
    return found


def last_break(data: bytes, quotes: Quotes) -> int:
    r"""Where the last complete record of an unfinished piece ends (exclusive); 0: nowhere.

    A `\r` that is the very last byte ends nothing yet: its `\n` may follow in the next piece.
    """
    position = len(data)
    while position > 0:
        lf = data.rfind(b"\n", 0, position)
        cr = data.rfind(b"\r", lf + 1, min(position, len(data) - 1))
        position = max(lf, cr)
        if position < 0:
            return 0
        if quotes.outside(position):
            return position + 1
    return 0


def first_break(data: bytes, quotes: Quotes) -> int:
    """Where the first record ends (exclusive); the end of the data when no line end follows."""
    position = -1
    while True:
        lf = data.find(b"\n", position + 1)
        cr = data.find(b"\r", position + 1, lf if lf >= 0 else len(data))
        position = cr if cr >= 0 else lf
        if position < 0:
            return len(data)
        if quotes.outside(position):
            return position + 1


def record_lines(data: bytes, quotes: Quotes, first: int) -> Positions:
    """The line on which each record of `data` starts.

    Args:
        data: complete records (the last one may lack its line end); quotes are regular.
        quotes: the quotes of `data`.
        first: the line of the first byte.

    Returns:
        One line number a record; lines without any character are no records.
    """
    breaks = break_positions(data)
    if len(data) and (not len(breaks) or breaks[-1] != len(data) - 1):
        breaks = np.append(breaks, len(data))
    depth = np.searchsorted(quotes.positions, breaks)
    closing = np.flatnonzero((depth & 1) == 0)
    opening = np.concatenate(([0], closing[:-1] + 1)) if len(closing) else closing
    starts = np.where(opening > 0, breaks[opening - 1] + 1, 0)
    octets = np.frombuffer(data, dtype=np.uint8)
    filled = ~np.isin(_neighbours(octets, starts), (LF, CR))
    return first + opening[filled]
