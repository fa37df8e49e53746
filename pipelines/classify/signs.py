"""The signs of a column, counted in one statement: shapes, check digits, names, addresses.

A sign is an SQL condition on a value `x`. The cheap flags `dg` (four digits or more), `hn` (Chinese
characters) and `la` (two Latin letters or more) keep the dear conditions from values that
cannot have the sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from pipelines.classify import checks, wordlists
from pipelines.classify.checks import AFTER, BEFORE
from pipelines.classify.result import PERSONAL, SENSITIVE
from pipelines.masking import patterns
from quality.predicates import literal


@dataclass(frozen=True, slots=True)
class Shape:
    """A value that looks personal.

    Inside a text one is enough. A column of nothing but such values may be codes that happen to
    look so: it counts when at least `share` of them do. `text` tells what a text is. `spread`
    picks what differs from value to value in true ones; codes of a series repeat it.
    """

    name: str
    kind: str
    level: str
    pattern: str
    share: float = 0.0
    text: str = r"[\s\x{3000}\x{4e00}-\x{9fff}]"
    needs: str = "dg"
    spread: str = ""


_HAN = r"[\x{4e00}-\x{9fff}]"
_US_PHONE = (
    r"(?:(?:\+1|001|1)[-. ]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}"
    r"(?: ?(?:x|ext[.]?) ?[0-9]{1,6})?"
)
_TW_PLATE = (
    r"[A-Z]{3}[0-9]{4}|[A-Za-z]{2,3}-[0-9]{3,4}|[0-9]{3,4}-[A-Za-z]{2,3}"
    r"|(?:[A-Za-z][0-9]|[0-9][A-Za-z])-[0-9]{4}|[0-9]{4}-(?:[A-Za-z][0-9]|[0-9][A-Za-z])"
)
_LANDLINE = (
    r"(?:\(0[2-8][0-9]{0,2}\) ?|0[2-8][0-9]{0,2}[- ])[0-9]{3,4}[- ]?[0-9]{3,4}"
    r"(?: ?(?:#|分機|分机|轉|转)[0-9]{1,5})?|0[1-9][0-9]{1,2}-[0-9]{7,8}"
)
_DIGITS = "regexp_replace(x, '[^0-9]', '', 'g')"
SHAPES = (
    Shape(
        "email",
        "email",
        PERSONAL,
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
        needs="contains(x, '@')",
    ),
    Shape(
        "mobile_cn",
        "phone",
        PERSONAL,
        r"(?:\+?86[- ]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}",
        0.5,
        spread="serial",
    ),
    Shape(
        "mobile_tw",
        "phone",
        PERSONAL,
        r"(?:\+?886[- ]?9|09)[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}",
        0.5,
        spread="serial",
    ),
    Shape("landline", "phone", PERSONAL, f"(?:{_LANDLINE})", 0.5),
    Shape("phone_us", "phone", PERSONAL, _US_PHONE, 0.5),
    Shape("ssn", "resident_id", SENSITIVE, r"[0-9]{3}-[0-9]{2}-[0-9]{4}", 0.5),
    Shape(
        "plate_cn",
        "plate",
        PERSONAL,
        f"[{patterns.PROVINCES}][A-Z][·. ]?[A-HJ-NP-Z0-9]{{5,6}}",
        0,
        _HAN,
        needs="hn",
    ),
    Shape(
        "plate_tw",
        "plate",
        PERSONAL,
        f"(?:{_TW_PLATE})",
        0.5,
        _HAN,
        needs="la",
        spread="regexp_replace(x, '[^A-Za-z]', '', 'g')",
    ),
)
NUMBERS = {
    # name: shape, whether the number is valid, whether it may stand inside a text
    "resident": (checks.RESIDENT, checks.resident_sql, True),
    "taiwan": (checks.TAIWAN_ID, checks.taiwan_id_sql, True),
    "uscc": (checks.USCC, checks.uscc_sql, False),
    "business": (checks.BUSINESS, checks.business_sql, False),
    "card": (checks.CARD, checks.luhn_sql, False),
}
_SN, _GV = f"[{wordlists.SURNAMES}]", f"[{wordlists.GIVEN}]"
_FULL_NAME = f"{_SN}{_GV}{{2}}"
_MASK = f"[{wordlists.MASKED}]"
_WHERE = r"[路街道巷弄段里村鄰寮厝區镇鎮鄉乡莊庄園园][^路街，。,\s]{0,8}?"
_NUMERAL = "[0-9０-９一二三四五六七八九十百○之-]"
_NUMBER_CN = f"{_NUMERAL}*[0-9０-９一二三四五六七八九十百](?:之[0-9]+)?[號号]"
_ADDRESS_CN = f"{_WHERE}(?:{_NUMBER_CN}|[0-9A-Za-z]{{1,4}}[座幢棟栋])"
_ADDRESS_EN = (
    r"^(?:[0-9]{1,6}[A-Z]?(?:-[0-9]+)?|[0-9]{1,4}X{2,3}) +(?:[NSEW][.]? +)?[0-9A-Z'. ]+? "
    rf"(?:{wordlists.STREETS_EN})\b"
)
_HOME = (
    r"[0-9一二三四五六七八九十](?:樓|楼|F)(?:之[0-9]|$)|[0-9](?:室|单元|單元)"
    r"|\b(?:APT|APARTMENT|UNIT)\b"
)
_GIVEN_EN = "|".join(wordlists.GIVEN_EN.split())
_FAMILY_EN = r"[A-Z][A-Z'-]+"
_NAME_EN = (
    rf"^(?:(?:{_GIVEN_EN})(?: [A-Z][.]?| {_FAMILY_EN})? {_FAMILY_EN}(?:,? (?:JR|SR|II|III|IV)[.]?)?"
    rf"|{_FAMILY_EN}, ?(?:{_GIVEN_EN})(?: [A-Z][.]?)?)$"
)
_NAME_LIKE_EN = rf"^{_FAMILY_EN},?(?: [A-Z][.]?)?(?: {_FAMILY_EN}){{1,2}}(?: [A-Z][.]?)?$"
_FIRMS_EN = rf"\b(?:{wordlists.FIRMS_EN})\b"
_FIRM = f"regexp_matches(u, {literal(_FIRMS_EN)})"
_LARGE = r"-?(?:[0-9]{1,3}\.[0-9]{4,})"


def _plain_signs() -> Iterator[tuple[str, str, str]]:
    """Name, the flag it needs, the pattern that a value matches."""
    place = f"[{wordlists.PLACE_ENDS}]"
    yield "name_cn", "hn", f"^{_SN}[一-鿿{wordlists.MASKED}]{{1,3}}$"
    yield "place_cn", "hn", f"^{_SN}[一-鿿]{{0,2}}{place}$"
    yield "given_cn", "hn", f"^{_SN}{_GV}{{1,2}}$|^{_SN}(?:{_MASK}{{1,2}}|{_MASK}{_GV})$"
    yield "bare_cn", "hn", f"^{_SN}[一-鿿][^{wordlists.PLACE_ENDS}{wordlists.FIRM_ENDS}]$"
    yield (
        "trader_cn",
        "hn",
        rf"[（(]即|^{_SN}{_HAN}{{2}}[（(](?:管理|負責|代表|自然人|個人)"
        rf"|(?:負責人|负责人|代表人|聯絡人|联系人|主任委員)[:：]|^{_FULL_NAME}[（(]|[（(：:]{_FULL_NAME}[）)]$"
        rf"|(?:公司|行|店|廠|厂|社|所){_FULL_NAME}$"
        rf"|^{_SN}(?:{_GV}{_HAN}|{_HAN}{_GV})(?:{wordlists.NAMED_FIRMS})$",
    )
    yield "titled", "hn", f"{_SN}{_HAN}{{0,2}}(?:{wordlists.TITLES})"
    yield "firm_cn", "hn", f"(?:{wordlists.FIRMS_CN})"
    yield "address_cn", "hn", _ADDRESS_CN
    yield "document_cn", "hn", "字第"
    yield "illness", "hn", f"(?:{wordlists.ILLNESSES})"
    yield "hash", "la", "^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9A-F]{64})$"
    yield "icd", "la", r"^[A-TV-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?$"
    yield "icd_dot", "la", r"^[A-TV-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}$"
    yield "point", "dg", rf"^\(?{_LARGE}, ?{_LARGE}\)?$"


def _upper_signs() -> Iterator[tuple[str, str]]:
    """Signs of English text, sought in upper case."""
    yield "address_en", _ADDRESS_EN
    yield "name_en", _NAME_EN
    yield "name_like_en", _NAME_LIKE_EN
    yield "firm_en", _FIRMS_EN


@lru_cache
def _select() -> str:
    """One SELECT that gives every count; the column names are the signs."""
    home = f"regexp_matches(u, {literal(_HOME)})"
    english = f"la AND regexp_matches(u, {literal(_ADDRESS_EN)})"
    chinese = f"hn AND regexp_matches(x, {literal(_ADDRESS_CN)})"
    items = {
        "home": _filtered(f"{home} AND (({english}) OR ({chinese}))"),
        "given": "sum(n)",
        "distinct": "count(*)",
        "length": "sum(n * length(x))",
        "numeric": "sum(n) FILTER (TRY_CAST(x AS DOUBLE) IS NOT NULL)",
        "latitude": "sum(n) FILTER (abs(v) BETWEEN 15 AND 56 AND dc)",
        "longitude": "sum(n) FILTER (abs(v) BETWEEN 56 AND 140 AND dc)",
        "width": "max(v) - min(v)",
        "magnitude": "max(abs(v))",
    }
    for name, needs, pattern in _plain_signs():
        items[name] = _filtered(f"({needs}) AND regexp_matches(x, {literal(pattern)})")
    for name, pattern in _upper_signs():
        firm = "" if name in ("firm_en", "address_en") else f" AND NOT {_FIRM}"
        items[name] = _filtered(f"la AND regexp_matches(u, {literal(pattern)}){firm}")
    for shape in SHAPES:
        items |= _shape_items(shape)
    for name, (pattern, valid, inside) in NUMBERS.items():
        items |= _number_items(name, pattern, valid("p_" + name), inside)
    return ", ".join(f'{sql} AS "{name}"' for name, sql in items.items())


def _shape_items(shape: Shape) -> dict[str, str]:
    held = literal(f"{BEFORE}(?:{shape.pattern}){AFTER}")
    inside = f"regexp_matches(x, {literal(shape.text)}) AND regexp_matches(x, {held})"
    alone = f"{shape.needs} AND regexp_full_match(x, {literal(shape.pattern)})"
    items = {
        f"{shape.name}_in": _filtered(f"{shape.needs} AND {inside} AND NOT ({alone})"),
        f"{shape.name}": _filtered(alone),
    }
    if shape.spread == "serial":
        number = f"TRY_CAST({_DIGITS} AS HUGEINT)"
        items[f"{shape.name}_spread"] = (
            f"(max({number}) FILTER ({alone}) - min({number}) FILTER ({alone})) // 1000"
        )
    elif shape.spread:
        items[f"{shape.name}_spread"] = f"5 * count(DISTINCT {shape.spread}) FILTER ({alone})"
    if shape.spread:
        items[f"{shape.name}_distinct"] = f"count(*) FILTER ({alone})"
    return items


def _number_items(name: str, pattern: str, valid: str, inside: bool) -> dict[str, str]:
    shaped = f"p_{name} <> ''"
    alone = "length(x) < 24" if not inside else f"length(x) < 2 + length(p_{name})"
    return {
        f"{name}_shaped": _filtered(shaped),
        f"{name}_valid": _filtered(f"{shaped} AND {valid}"),
        f"{name}_alone": _filtered(f"{shaped} AND {alone} AND {valid}"),
    }


def _filtered(condition: str) -> str:
    return f"sum(n) FILTER ({condition})"


def _parts() -> str:
    """Numbers cut out of the values, once each."""
    parts = []
    for name, (pattern, _, inside) in NUMBERS.items():
        text = "upper(x)" if name == "resident" else "x"
        if name == "card":
            text = "replace(replace(x, ' ', ''), '-', '')"
        cut = (
            checks.part_sql(text, pattern)
            if inside
            else f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN {text} ELSE '' END"
        )
        parts.append(f"CASE WHEN dg THEN {cut} ELSE '' END AS p_{name}")
    return ", ".join(parts)


def count_signs(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, float]:
    """Count all signs of a column.

    Args:
        table: distinct values `x` with their number of rows `n`.

    Returns:
        Rows with each sign (`given`: rows at all; `distinct`: different values; `length`: sum of
        characters; `width`, `magnitude`: of the numbers). No value.
    """
    flags = (
        f"regexp_matches(x, '[0-9０-９][^0-9０-９]*[0-9０-９][^0-9０-９]*[0-9０-９]') AS dg, "
        f"regexp_matches(x, {literal(_HAN)}) AS hn, "
        "regexp_matches(x, '[A-Za-z]') AS la, TRY_CAST(x AS DOUBLE) AS v, "
        f"regexp_matches(x, {literal('^' + _LARGE + '$')}) AS dc"
    )
    flagged = f"SELECT x, n, {flags} FROM {table}"
    sql = f"SELECT {_select()} FROM (SELECT *, upper(x) AS u, {_parts()} FROM ({flagged}))"
    cursor = con.execute(sql)
    names = [str(column[0]) for column in cursor.description or ()]
    (row,) = cursor.fetchall()
    return {name: float(value or 0) for name, value in zip(names, row, strict=True)}
