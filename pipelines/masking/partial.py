"""Bodies of the partial masks: the known part of a value of the proper shape, else `***`.

A value of any other shape is masked whole: a shifted or cut value would show other digits.
"""

from __future__ import annotations

from pipelines.masking import patterns as p
from pipelines.masking.dialect import Dialect

WHOLE = "'***'"


def _cases(value: str, *cases: tuple[str, str]) -> str:
    """The first result whose condition holds; the commonest shape should stand first."""
    arms = " ".join(f"WHEN {condition} THEN {result}" for condition, result in cases)
    return f"CASE {arms} WHEN {value} IS NOT NULL THEN {WHOLE} END"


def phone(d: Dialect) -> str:
    """138****5678, 0912****78, 06******11, 312*****67."""
    digits = d.replace("x", "[^0-9]", "")
    return _cases(
        "x",
        (
            d.characters("x", p.MOBILE_CN_BARE),
            d.concat("substr(x, 1, 3)", "'****'", "substr(x, 8)"),
        ),
        (
            d.match("x", p.MOBILE_CN),
            d.concat(f"left(right({digits}, 11), 3)", "'****'", f"right({digits}, 4)"),
        ),
        (
            d.match("x", p.MOBILE_TW),
            d.concat("'0'", f"left(right({digits}, 9), 3)", "'****'", f"right({digits}, 2)"),
        ),
        (
            d.match("x", p.LANDLINE),
            d.concat(f"left({digits}, 2)", "'******'", f"right({digits}, 2)"),
        ),
        # An international number that lost its plus is no American one.
        (f"left({digits}, 3) = '886'", WHOLE),
        (
            d.match("x", p.PHONE_US),
            d.concat(f"left(right({digits}, 10), 3)", "'*****'", f"right({digits}, 2)"),
        ),
    )


def identity(d: Dialect) -> str:
    """The division of a resident's number, the letter of a Taiwanese one, 8 of a credit code."""
    return _cases(
        "x",
        (d.match("x", p.RESIDENT_ID), d.concat("left(x, 6)", "'************'")),
        (d.match("x", p.TAIWAN_ID), d.concat("left(x, 1)", "'*********'")),
        (d.match("x", p.CREDIT_CODE), d.concat("left(x, 8)", "'**********'")),
        (d.match("x", p.RESIDENT_ID_15), d.concat("left(x, 6)", "'*********'")),
    )


def name(d: Dialect) -> str:
    """The first character of a Chinese name, the initial of another."""
    return _cases(
        "x",
        (
            d.match("x", p.NAME_HAN),
            d.concat("left(x, 1)", "left('***', CAST(length(x) - 1 AS INT))"),
        ),
        (d.match("x", p.NAME_LATIN), d.concat("left(x, 1)", "'.'")),
        (d.match("x", p.NAME_DOTTED), d.concat("left(x, 1)", "'***'")),
    )


def plate(d: Dialect) -> str:
    """Province and city letter of a mainland plate, the letters of a Taiwanese one."""
    return _cases(
        "x",
        (d.match("x", p.PLATE_CN), d.concat("left(x, 2)", "'*****'")),
        (d.match("x", "[A-Za-z]{3}-[0-9]{3,4}"), d.concat("left(x, 3)", "'-****'")),
        (d.match("x", "[A-Za-z]{2}-[0-9]{3,4}"), d.concat("left(x, 2)", "'-****'")),
        (d.match("x", "[0-9]{3,4}-[A-Za-z]{3}"), d.concat("'****-'", "right(x, 3)")),
        (d.match("x", "[0-9]{3,4}-[A-Za-z]{2}"), d.concat("'****-'", "right(x, 2)")),
    )


def email(d: Dialect) -> str:
    """The first character and the domain; of a mailbox of one character the domain alone."""
    domain = "substr(x, CAST(instr(x, '@') AS INT))"
    shaped = d.match("x", p.EMAIL)
    # What is shaped begins with an ASCII character: `chr(ascii(x))` is twice as fast as `left`.
    return _cases(
        "x",
        (f"{shaped} AND instr(x, '@') > 2", d.concat("chr(ascii(x))", "'***'", domain)),
        (shaped, d.concat("'***'", domain)),
    )


def address(d: Dialect) -> str:
    """Province, city and district; NULL when the text does not begin with any."""
    found = d.extract("x", p.ADDRESS)
    if not d.duckdb:
        return f"nullif({found}, '')"
    # RE2 finds where a match ends some 25 times as fast as where a group in it does. So where the
    # group is all but the last character, the match is taken; a mark behind the text is that
    # character when the address ends with its district.
    begins = " OR ".join(f"starts_with(x, '{word}')" for word in p.COUNTRIES)
    matched = f"regexp_extract(concat(x, '|'), {d.pattern(p.BARE_ADDRESS)}, 0)"
    bare = f"left({matched}, -1)"
    return f"nullif(CASE WHEN x GLOB '[0-9]*' OR {begins} THEN {found} ELSE {bare} END, '')"
