"""Profiling a source: what type each column has, tried out with the platform's own reading.

Every candidate (a date pattern, thousands separators, a unit) is judged by the same SQL that a run
uses, on the distinct values of a column, inside DuckDB.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from catalog.contract import DEFAULT_TYPES, ContractField, Read
from catalog.errors import Location
from pipelines import scaffold_personal as personal
from pipelines.reading import WHITE, cleaned, typed
from pipelines.scaffold_personal import Evidence
from quality.predicates import literal, quoted

BLANKS = (
    "-", "--", "---", "－", "—", "–", "//", "N/A", "n/a", "#N/A", "NULL", "null", "Null", "NaN",
    "nan", "\\N", "<NA>", "(null)",
)  # fmt: skip
# Words that may be values of a text, but mean "no value" among numbers and dates.
TYPED_BLANKS = (
    "NA", "na", "無", "无", "不詳", "不详", "未知", "None", "none", "unknown", "*", "**", "***", ".",
    "..", "...", "…", "/", "X", "x", "0000-00-00", "0000/00/00", "0000-00-00 00:00:00", "尚無資料",
)  # fmt: skip
UNITS = (
    "元", "万元", "萬元", "人", "戶", "户", "件", "次", "歲", "岁", "個", "个", "棟", "樓", "層", "公里",
    "公尺", "公噸", "公斤", "公頃", "平方公尺", "坪", "㎡", "m²", "m2", "kg", "km", "%", "％", "℃",
    "度", "年", "天", "日", "分鐘", "小時", "mg/l", "mg/L", "ppm", "mm", "cm", "m", "t", "g", "kW",
)  # fmt: skip
CURRENCY = ("NT$", "US$", "HK$", "$", "＄", "¥", "￥", "€", "£")
DATES = (
    "roc", "roc_month", "iso", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%m/%d/%Y", "%d/%m/%Y",
    "%m-%d-%Y", "%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y",
    "%Y-%m", "%Y/%m", "%Y年%m月", "%Y%m%d", "%Y%m",
)  # fmt: skip
TIMES = (
    "iso", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M", "%Y%m%d%H%M%S",
)  # fmt: skip
ZONED = (
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z",
)  # fmt: skip
COVERED = 0.995
PROBE = 1000
ENOUGH = 0.9
CODES = 20
_DIGIT_DATES = ("%Y%m%d", "%Y%m", "%Y%m%d%H%M%S")
_DATE_NAME = re.compile(r"日期|時間|时间|期限|[年月]月|日$|date|time|day|month|期$|_on$|_at$")
_TEXT_NAME = re.compile(
    r"(code|zip|postal|phone|fax|mobile|number|_no|account|licen[cs]e|serial|_nr)$|telephone"
    r"|代碼|代码|代號|編號|编号|統編|統一編|字號|號碼|号码|郵遞|邮编|電話|电话|證號|文號|序號|證字|NO$"
)
SERIAL_NAME = re.compile(
    r"^(item_no|serial_no|row|row_no|row_number|index|no|number|seq|sequence|fid)(_\d+)?$"
    r"|序號|序号|項次|流水|^編號$|^编号$"
)
_MONEY_NAME = re.compile(
    r"amount|price|(?<![a-z])(?:fee|fine)s?(?![a-z])|cost|money|salary|income|budget"
    r"|金額|金额|費用|费用|罰鍰|價|薪"
)
_FLAG_NAME = re.compile(r"^(is|has|can|was)_|_flag$|^flag_|是否|有無")
_CODE_PAIRS = (
    {"是": "true", "否": "false"},
    {"有": "true", "無": "false"},
    {"有": "true", "无": "false"},
)
_PLAIN_PAIRS = ({"true", "false"}, {"t", "f"}, {"yes", "no"}, {"y", "n"})
_NUMBER_LIKE = r"^[^0-9]{0,4}[0-9][0-9,.，eE+-]*[^0-9]{0,5}[0-9]?$"
_FULL_WIDTH = "[０-９Ａ-Ｚａ-ｚ]"
_TAI = "台[北中南東东灣湾西]"


@dataclass(slots=True)
class Draft:
    """A column on its way to a field.

    Attributes:
        field: name, type and how it is read.
        header: the published name.
        rows: profiled rows; `given` of them have a value, `distinct` different ones.
        codes: the values of a short list of codes.
        unreadable: values that the type does not take.
        notes: what to say about it, as (text key, fields).
        natural: natural bounds (a latitude).
    """

    field: ContractField
    header: str
    known_name: bool
    rows: int = 0
    given: int = 0
    distinct: int = 0
    unreadable: int = 0
    codes: tuple[str, ...] = ()
    evidence: list[Evidence] = dataclasses.field(default_factory=list)
    notes: list[tuple[str, dict[str, Any]]] = dataclasses.field(default_factory=list)
    natural: tuple[int, int] | None = None

    @property
    def always_given(self) -> bool:
        """Whether every profiled row has a readable value."""
        return self.rows > 0 and self.given == self.rows and not self.unreadable

    @property
    def level(self) -> str:
        """The classification that the evidence asks for."""
        return max((e.level for e in self.evidence), default="L2")

    def note(self, key: str, **fields: Any) -> None:
        """Remember something for the reader."""
        self.notes.append((key, fields))

    def reads(self, **changes: Any) -> None:
        """Change how the column is read."""
        self.field = replace(self.field, read=self.field.read.model_copy(update=changes))

    def becomes(self, logical: str, physical: str | None = None) -> None:
        """Give the column its type."""
        kind = physical or DEFAULT_TYPES[logical]
        self.field = replace(self.field, logical_type=logical, physical_type=kind)


def new_draft(name: str, known: bool, header: str, source: str) -> Draft:
    """A column of text, before anything is known of it."""
    where = Location(Path(source))
    read = Read.model_validate({"from": (header,) if header else ()})
    return Draft(ContractField(name, "string", "VARCHAR", where, read=read), header, known)


class Profiler:
    """Profiles the columns of a DuckDB table of published text, one after the other."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        self._con = con
        self._table = table
        self._rows = self._numbers(f"SELECT count(*) FROM {table}")[0]

    def profile(self, draft: Draft, column: str) -> None:
        """Find out everything about one column; it stands in `draft`."""
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE d AS SELECT trim({quoted(column)}, {literal(WHITE)}) AS v, "
            f"count(*) AS n FROM {self._table} GROUP BY 1 HAVING coalesce(v, '') <> ''"
        )
        draft.rows = self._rows
        self._cleaning(draft)
        self._settle(draft)
        if draft.given:
            self._type(draft)
            self._settle(draft, typed_now=True)
            if draft.field.logical_type in ("string", "integer"):
                draft.evidence += personal.by_content(self._con, "x")
        header = personal.by_header(draft.header, draft.field.name)
        if header is not None:
            draft.evidence.insert(0, header)
        if draft.field.logical_type == "string":
            if not draft.evidence:
                draft.evidence = personal.free_text(self._con, "x")
            self._codes(draft)

    def _settle(self, draft: Draft, typed_now: bool = False) -> None:
        """Cleaned distinct values `x` with their numbers `n` under the draft's present reading."""
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE x AS SELECT {cleaned(draft.field, 'v')} AS x, sum(n) AS n "
            "FROM d GROUP BY 1 HAVING x IS NOT NULL"
        )
        draft.given, draft.distinct = self._numbers("SELECT sum(n), count(*) FROM x")
        if typed_now and draft.field.logical_type != "string":
            readable = self._numbers(f"SELECT sum(n) FROM x WHERE {self._ok(draft.field)}")[0]
            draft.unreadable = draft.given - readable

    # -- text -----------------------------------------------------------------------------------

    def _cleaning(self, draft: Draft) -> None:
        """Which cleaners the published text needs, and which of its values mean nothing."""
        tests = (_FULL_WIDTH, _TAI, r"[\r\n]", "  |　", "^'")
        counts = self._numbers(
            "SELECT sum(n), "
            + ", ".join(f"sum(n) FILTER (regexp_matches(v, {literal(t)}))" for t in tests)
            + " FROM d"
        )
        total, wide, tai, breaks, spaces, quotes = counts
        steps = ["halfwidth"] * bool(wide) + ["tai"] * bool(tai) + ["no_breaks"] * bool(breaks)
        steps += ["collapse"] * bool(spaces)
        if steps:
            draft.reads(clean=(*steps, "trim"))
        for key, count in (("wide", wide), ("tai", tai), ("breaks", breaks)):
            if count:
                draft.note(f"scaffold_{key}", count=count)
        if quotes and quotes >= 0.9 * total:
            draft.reads(strip=("'",))
            draft.note("scaffold_quotes", count=quotes)
        self._blanks(draft, BLANKS)

    def _blanks(self, draft: Draft, words: Sequence[str]) -> None:
        listed = ", ".join(map(literal, words))
        found = self._con.execute(
            f"SELECT v, n FROM d WHERE v IN ({listed}) ORDER BY n DESC, v"
        ).fetchall()
        if found:
            draft.reads(blank=(*draft.field.read.blank, *(str(v) for v, _ in found)))
            draft.note("scaffold_blank", words=", ".join(f"'{v}' × {n}" for v, n in found))

    def _codes(self, draft: Draft) -> None:
        """A short list of values that come again and again."""
        few = 0 < draft.distinct <= CODES and draft.given >= 10 * draft.distinct
        if not few or draft.level >= personal.PERSONAL or _TEXT_NAME.search(draft.field.name):
            return
        rows = self._con.execute("SELECT x FROM x ORDER BY x").fetchall()
        values = tuple(str(row[0]) for row in rows)
        if max(map(len, values)) <= 40:
            draft.codes = values

    # -- types ----------------------------------------------------------------------------------

    def _type(self, draft: Draft) -> None:
        """The first type that takes all values, or nearly all."""
        words = ", ".join(map(literal, TYPED_BLANKS))
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE y AS SELECT x, n FROM x WHERE x NOT IN ({words})"
        )
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE probe AS SELECT x, n FROM y ORDER BY hash(x) LIMIT {PROBE}"
        )
        total = self._numbers("SELECT sum(n) FROM y")[0]
        if not total or self._boolean(draft) or not self._mostly("[0-9０-９]"):
            return
        if self._dates(draft, total) or self._number(draft, total):
            self._blanks(draft, TYPED_BLANKS)

    def _boolean(self, draft: Draft) -> bool:
        if draft.distinct > 4:
            return False
        values = {str(row[0]) for row in self._con.execute("SELECT x FROM x").fetchall()}
        flag = bool(_FLAG_NAME.search(draft.field.name) or _FLAG_NAME.search(draft.header))
        pairs = [*_PLAIN_PAIRS, *([{"1", "0"}] if flag else [])]
        if any({v.lower() for v in values} == pair for pair in pairs):
            draft.becomes("boolean")
            return True
        for pair in _CODE_PAIRS:
            if values == set(pair) or (flag and values and values <= set(pair)):
                draft.becomes("boolean")
                draft.reads(codes=dict(pair))
                return True
        return False

    def _dates(self, draft: Draft, total: int) -> bool:
        named = bool(_DATE_NAME.search(draft.header.lower()) or _DATE_NAME.search(draft.field.name))
        digits = self._numbers("SELECT sum(n) FROM y WHERE regexp_matches(x, '^[0-9]+$')")[0]
        for logical, physical, patterns in (
            ("date", "DATE", DATES),
            ("timestamp", "TIMESTAMP", TIMES),
            ("timestamp", "TIMESTAMPTZ", ZONED),
        ):
            kind = replace(draft.field, logical_type=logical, physical_type=physical)
            usable = [p for p in patterns if named or p not in _DIGIT_DATES[1:]]
            if digits == total and not named:
                usable = ["%Y%m%d"] if physical == "DATE" and draft.distinct >= 10 else []
            chosen, covered = self._cover(kind, usable, named)
            if chosen and covered >= COVERED * total:
                draft.becomes(logical, physical)
                draft.reads(dates=tuple(chosen))
                self._ambiguous(draft, chosen)
                return True
        return False

    def _cover(
        self, item: ContractField, patterns: Sequence[str], named: bool
    ) -> tuple[list[str], int]:
        """The fewest patterns that read the most values: the best one first, then what is left."""
        able = self._worth_trying(item, patterns, named)
        if not able:
            return [], 0
        tests = ", ".join(f"coalesce({self._date_ok(item, p, named)}, FALSE)" for p in able)
        groups = self._con.execute(f"SELECT {tests}, sum(n) FROM y GROUP BY ALL").fetchall()
        left = [(row[:-1], int(row[-1])) for row in groups]
        chosen: list[int] = []
        covered = 0
        while True:
            gains = [sum(n for bits, n in left if bits[i]) for i in range(len(able))]
            best = max(range(len(able)), key=lambda i: gains[i])
            if not gains[best]:
                break
            chosen.append(best)
            covered += gains[best]
            left = [(bits, n) for bits, n in left if not bits[best]]
        return [able[i] for i in chosen], covered

    def _worth_trying(self, item: ContractField, patterns: Sequence[str], named: bool) -> list[str]:
        """Patterns that read some of a few values; none when together they read too few."""
        if not patterns:
            return []
        tests = [f"sum(n) FILTER ({self._date_ok(item, p, named)})" for p in patterns]
        total, *counts = self._numbers(f"SELECT sum(n), {', '.join(tests)} FROM probe")
        able = [p for p, count in zip(patterns, counts, strict=True) if count]
        return able if sum(counts) >= ENOUGH * total else []

    def _mostly(self, pattern: str) -> bool:
        total, found = self._numbers(
            f"SELECT sum(n), sum(n) FILTER (regexp_matches(x, {literal(pattern)})) FROM probe"
        )
        return found >= ENOUGH * total

    def _date_ok(self, item: ContractField, pattern: str, named: bool) -> str:
        """Readable, and a year that a city's data can have."""
        value = typed(_reading(item, dates=(pattern,)), "x")
        shaped = ""
        if pattern == "roc" and not named:
            shaped = " AND regexp_matches(x, '[^0-9]')"
        elif pattern == "roc_month" and not named:
            shaped = " AND regexp_matches(x, '[Y年]')"  # 23.1 may be anything
        elif pattern in ("%Y%m%d", "%Y%m"):
            shaped = f" AND length(x) = {8 if pattern == '%Y%m%d' else 6}"
        return f"(extract(year FROM {value}) BETWEEN 1850 AND 2150{shaped})"

    def _ambiguous(self, draft: Draft, chosen: Sequence[str]) -> None:
        """Whether the values could as well be read with day and month exchanged."""
        first = next((p for p in chosen if p.startswith("%m/%d/%Y")), None)
        if first is None:
            return
        other = self._date_ok(draft.field, first.replace("%m/%d", "%d/%m"), True)
        if not self._numbers(f"SELECT sum(n) FROM y WHERE NOT coalesce({other}, FALSE)")[0]:
            draft.note("scaffold_day_month", pattern=first)

    def _number(self, draft: Draft, total: int) -> bool:
        if not self._mostly(_NUMBER_LIKE):
            return False
        names = (draft.field.name, draft.header)
        serial = any(map(SERIAL_NAME.search, names))
        text_name = not serial and any(map(_TEXT_NAME.search, names))
        padded, long = self._numbers(
            "SELECT sum(n) FILTER (regexp_matches(x, '^0[0-9]')), "
            "sum(n) FILTER (regexp_matches(x, '^[+-]?[0-9]{19,}')) FROM y"
        )
        for changes in self._variants():
            for logical, physical in (("integer", "BIGINT"), ("number", "DOUBLE")):
                kind = replace(draft.field, logical_type=logical, physical_type=physical)
                item = _reading(kind, **changes)
                readable = self._numbers(f"SELECT sum(n) FROM y WHERE {self._ok(item)}")[0]
                if readable < (total if text_name or padded else COVERED * total):
                    continue
                if padded or long or (text_name and logical == "integer"):
                    draft.note("scaffold_padded" if padded else "scaffold_identifier")
                    return False
                draft.field = item
                self._measure(draft)
                return True
        return False

    def _variants(self) -> list[dict[str, Any]]:
        """Ways to write a number, plainest first."""
        found: list[dict[str, Any]] = [{}, {"thousands": True}]
        units = self._con.execute(
            "SELECT regexp_extract(x, '^[0-9+.,，-]+\\s*([^0-9\\s.,，]+)$', 1) AS unit, sum(n) FROM y "
            "GROUP BY 1 HAVING unit <> '' ORDER BY 2 DESC, 1 LIMIT 2"
        ).fetchall()
        if len(units) == 1 and units[0][0] in UNITS:
            found += [{"unit": (units[0][0],)}, {"unit": (units[0][0],), "thousands": True}]
        tests = [f"count(*) FILTER (starts_with(x, {literal(sign)}))" for sign in CURRENCY]
        counts = self._numbers(f"SELECT {', '.join(tests)} FROM probe")
        sign = next((s for s, count in zip(CURRENCY, counts, strict=True) if count), None)
        if sign:
            found.append({"strip": (sign,), "thousands": True})
        return found

    def _measure(self, draft: Draft) -> None:
        """Money is decimal; a latitude has bounds that nature gives it."""
        name = f"{draft.field.name} {draft.header}".lower()
        if _MONEY_NAME.search(name):
            draft.becomes("number", "DECIMAL(18,2)")
            finer = "SELECT sum(n) FROM y WHERE regexp_matches(x, '[.][0-9]{2}0*[1-9]')"
            if self._numbers(finer)[0]:
                draft.becomes("number", "DOUBLE")
        bound = 90 if re.search(r"\blat|latitude|緯度|纬度", name) else 0
        bound = 180 if re.search(r"\b(lng|lon)\b|longitude|經度|经度", name) else bound
        if not bound:
            return
        draft.becomes("number")
        value = typed(draft.field, "x")
        outside = self._numbers(f"SELECT sum(n) FROM y WHERE abs({value}) > {bound}")[0]
        if outside:
            draft.note("scaffold_outside", count=outside, bound=bound)
        else:
            draft.natural = (-bound, bound)

    def _ok(self, item: ContractField) -> str:
        return f"({typed(item, cleaned(item, 'x'))}) IS NOT NULL"

    def _numbers(self, sql: str) -> tuple[int, ...]:
        row = self._con.execute(sql).fetchone()
        return tuple(int(value or 0) for value in row or ())


def _reading(item: ContractField, **changes: Any) -> ContractField:
    return replace(item, read=item.read.model_copy(update=changes))
