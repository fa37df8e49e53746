"""A process that appends events until it is killed: `python -m ... FILE NAME`.

It says a number on standard output only when its event is written, so the parent knows which
events must be there. Its disk takes 4 kB at a time, so that a kill often tears a line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from catalog.openlineage.eventfile import EventFile


def _slow(write: Callable[[int, memoryview], int]) -> Callable[[int, memoryview], int]:
    return lambda descriptor, data: write(descriptor, data[:4096])


def main() -> None:
    """Append events of 90 kB for ever."""
    file, name = EventFile(Path(sys.argv[1])), sys.argv[2]
    os.write = _slow(os.write)  # type: ignore[assignment]
    for number in count():
        file.append({"writer": name, "number": number, "filling": "市" * 30_000})
        print(number, flush=True)


if __name__ == "__main__":
    main()
