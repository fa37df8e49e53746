"""Check digits of the two national identifiers, as DuckDB SQL that also transpiles to Spark.

Resident identity number (GB 11643-1999): 17 digits and a check character; digits 7 to 14 are the
date of birth. Unified social credit code (GB 32100-2015): 17 characters and a check character;
inside it, positions 9 to 17 are an organisation code (GB 11714-1997) with a check character of its
own. Upper case is required, as in the standards; a contract's cleaner `upper` sees to that.

Characters become numbers by their place in an alphabet, never by a cast: an engine may compute a
branch of a CASE for rows that do not take it, and a place cannot fail.
"""

from __future__ import annotations

from collections.abc import Sequence

from quality.errors import QualityError

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECKS = "0X987654321"


def valid_sql(kind: str, expression: str) -> str:
    """A boolean SQL expression: whether a text is a well-formed identifier with right check digits.

    Args:
        kind: `resident_id` or `uscc`.
        expression: an SQL expression of type VARCHAR; it stands some twenty times in the result.

    Returns:
        TRUE or FALSE, NULL for NULL. Whether the division in the first digits exists, or the
        person does, is not checked.

    Raises:
        QualityError: `checksum_kind` for any other kind.
    """
    if kind not in _VALID:
        raise QualityError("checksum_kind", kind=kind, known=", ".join(sorted(_VALID)))
    return _VALID[kind](f"({expression})")


def _resident_id(text: str) -> str:
    year, month, day = (_part(text, *place) for place in ((7, 4), (11, 2), (13, 2)))
    born = f"TRY_CAST({year} || '-' || {month} || '-' || {day} AS DATE) IS NOT NULL"
    total = _weighted(text, 1, _DIGITS, _RESIDENT_WEIGHTS)
    check = f"{_part(text, 18)} = substr('{_RESIDENT_CHECKS}', {total} % 11 + 1, 1)"
    return _case(text, "^[1-9][0-9]{16}[0-9X]$", born, check)


def _uscc(text: str) -> str:
    total = _weighted(text, 1, _USCC_ALPHABET, _USCC_WEIGHTS)
    check = f"{_part(text, 18)} = substr('{_USCC_ALPHABET}', (31 - {total} % 31) % 31 + 1, 1)"
    body = _weighted(text, 9, _DIGITS + _LETTERS, _ORGANISATION_WEIGHTS)
    nested = f"{_part(text, 17)} = substr('{_ORGANISATION_CHECKS}', {body} % 11 + 1, 1)"
    shape = "^[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}$"
    return _case(text, shape, check, nested)


def _case(text: str, shape: str, *tests: str) -> str:
    holds = " AND ".join(tests)
    return (
        f"CASE WHEN {text} IS NULL THEN NULL"
        f" WHEN NOT regexp_matches({text}, '{shape}') THEN FALSE ELSE {holds} END"
    )


def _part(text: str, start: int, length: int = 1) -> str:
    return f"substr({text}, {start}, {length})"


def _weighted(text: str, start: int, alphabet: str, weights: Sequence[int]) -> str:
    """The sum of weight times character value, from position `start` (from 1) on."""
    terms = (
        f"{weight} * (strpos('{alphabet}', {_part(text, start + place)}) - 1)"
        for place, weight in enumerate(weights)
    )
    return "(" + " + ".join(terms) + ")"


_VALID = {"resident_id": _resident_id, "uscc": _uscc}
