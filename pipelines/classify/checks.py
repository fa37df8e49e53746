"""Numbers that carry a check digit, as SQL over a text: how a number is told from a number.

Resident identity number GB 11643-1999 and unified social credit code GB 32100-2015 come from
`quality.checksums`. Taiwanese identity number: a letter as two digits, weights 1 9 8 7 6 5 4 3 2 1 1,
sum divisible by 10. Taiwanese business number: weights 1 2 1 2 1 2 4 1, the digits of the products
summed, divisible by 5 (the rule since 2023, which holds the older numbers). Cards: Luhn,
ISO/IEC 7812-1.
"""

from __future__ import annotations

from pipelines.masking import patterns
from quality.checksums import valid_sql
from quality.predicates import literal

BEFORE, AFTER = r"(?:^|[^0-9A-Za-z-])", r"(?:[^0-9A-Za-z-]|$)"
RESIDENT = patterns.RESIDENT_ID
TAIWAN_ID = r"[A-Z][1289][0-9]{8}"
USCC = patterns.CREDIT_CODE
BUSINESS = r"[0-9]{8}"
CARD = (
    r"(?:4[0-9]{12}(?:[0-9]{3}){0,2}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}|35[0-9]{14}"
    r"|6(?:011|5[0-9]{2})[0-9]{12}|62[0-9]{14,17})"
)
_PROVINCES = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def part_sql(column: str, pattern: str) -> str:
    """The first number of this shape in a text; '' when there is none."""
    return f"regexp_extract({column}, {literal(BEFORE + '(' + pattern + ')' + AFTER)}, 1)"


def resident_sql(text: str) -> str:
    """Whether a text is a resident identity number of an existing province."""
    upper = f"upper({text})"
    return f"(regexp_matches({text}, '^{_PROVINCES}') AND {valid_sql('resident_id', upper)})"


def uscc_sql(text: str) -> str:
    """Whether a text is a unified social credit code."""
    return valid_sql("uscc", text)


def taiwan_id_sql(text: str) -> str:
    """Whether a letter and nine digits end in the right check digit."""
    code = f"(strpos('{_LETTERS}', substr({text}, 1, 1)) + 9)"
    weights = (8, 7, 6, 5, 4, 3, 2, 1, 1)
    terms = [f"{code} // 10", f"9 * ({code} % 10)"]
    terms += [f"{w} * {_digit(text, i)}" for i, w in enumerate(weights, 2)]
    return f"(({' + '.join(terms)}) % 10 = 0)"


def business_sql(text: str) -> str:
    """Whether eight digits are a Taiwanese business number."""
    products = [f"({w} * {_digit(text, i)})" for i, w in enumerate((1, 2, 1, 2, 1, 2, 4, 1), 1)]
    total = " + ".join(f"{p} // 10 + {p} % 10" for p in products)
    # A seventh digit 7 gives 28: its digits 2 + 8 = 10 count as 1 or as 0.
    seven = f"({_digit(text, 7)} = 7 AND ({total} - 9) % 5 = 0)"
    return f"(({total}) % 5 = 0 OR {seven})"


def luhn_sql(text: str) -> str:
    """Whether the digits of a text satisfy Luhn's rule."""
    digits = (
        f"list_transform(string_split(reverse({text}), ''), lambda d: strpos('0123456789', d) - 1)"
    )
    doubled = "CASE WHEN i % 2 = 0 THEN CASE WHEN d > 4 THEN 2 * d - 9 ELSE 2 * d END ELSE d END"
    return f"(list_sum(list_transform({digits}, lambda d, i: {doubled})) % 10 = 0)"


def _digit(text: str, place: int) -> str:
    return f"(strpos('0123456789', substr({text}, {place}, 1)) - 1)"
