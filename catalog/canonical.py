"""One way to write a JSON value, so that a hash or a signature of it means the value."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The value in UTF-8 with sorted keys and no white space.

    Raises:
        ValueError, TypeError: it holds NaN, an infinity, half a character or no JSON at all.
    """
    written = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return written.encode("utf-8")
