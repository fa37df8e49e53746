"""How a download is called: the header Content-Disposition (RFC 6266)."""

from __future__ import annotations

import re
from urllib.parse import quote

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


def attachment(filename: str) -> str:
    """The header of a download; whatever the name is, the header is one line with one name.

    A name beyond ASCII is given in UTF-8 as well (RFC 8187), which browsers prefer.
    """
    plain = _PLAIN.sub("_", filename).lstrip(".") or "download"
    header = f'attachment; filename="{plain}"'
    if plain == filename:
        return header
    # Control characters belong to no name, whatever they are encoded as.
    visible = "".join(letter for letter in filename if letter.isprintable() and letter not in "/\\")
    return f"{header}; filename*=UTF-8''{quote(visible, safe='', errors='replace')}"
