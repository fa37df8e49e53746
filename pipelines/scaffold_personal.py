"""Signs of personal data in a column: its header, and the shapes of its values.

The evidence is counts. No value of a column is ever handed on from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from quality.checksums import valid_sql
from quality.predicates import literal

SENSITIVE, PERSONAL = "L4", "L3"
CANDIDATES = 2000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a column is likely personal.

    Attributes:
        kind: what it looks like (a key of the texts `scaffold_kind_<kind>`).
        level: the classification that this deserves.
        count: values of that shape; None when the header alone says it.
        of: values that were looked at.
    """

    kind: str
    level: str
    count: int | None = None
    of: int = 0


@dataclass(frozen=True, slots=True)
class _Shape:
    """A value that looks personal.

    Inside a text one is enough. A column of nothing but such values may be codes that happen to
    look so: it counts when at least `share` of them do. `text` tells what a text is.
    """

    kind: str
    level: str
    pattern: str
    share: float = 0.0
    text: str = r"[\s\x{3000}\x{4e00}-\x{9fff}]"


_HEADERS: tuple[tuple[str, str, str], ...] = (
    (
        "resident_id",
        SENSITIVE,
        r"身[分份][證证]|居民身|居留證|id_?card|resident_?id|identity_?n|\bssn\b"
        r"|social_?security|passport|護照|护照|national_?id",
    ),
    (
        "health",
        SENSITIVE,
        r"病[歷历]|診斷|诊断|患者|病患|diagnos|medical_?record|patient|disabilit|身心障",
    ),
    ("account", SENSITIVE, r"銀行[帳账]|银行账|[帳账]號|账号|bank_?acc|iban|credit_?card|信用卡"),
    ("biometric", SENSITIVE, r"指紋|指纹|人臉|人脸|fingerprint|biometric|密碼|密码|password"),
    ("birth", PERSONAL, r"出生|生日|birth|\bdob\b"),
    (
        "phone",
        PERSONAL,
        r"電話|电话|手機|手机|行動|phone|mobile|cell_?no|\btel\b|^tel_|telno|\bfax\b|傳真",
    ),
    ("email", PERSONAL, r"e_?mail|電子郵|电子邮|郵箱|邮箱|電子信箱"),
    ("plate", PERSONAL, r"車牌|车牌|車號|车号|牌照號|plate|vehicle_?reg"),
    ("home", PERSONAL, r"住址|戶籍|户籍|通訊地|通讯地|居住|home_?addr|residence_?addr|residential"),
    (
        "person",
        PERSONAL,
        r"姓名|(?<!法)人$|負責人|负责人|代表人|聯[絡繫]|联系人|申請人|申请人|受處分人|受处分人|當事人|当事人"
        r"|車主|车主|戶長|户主|屋主|業主|事業主|承辦|承办|家長|學生|学生|員工姓|person(?!al|nel)|owner|contact"
        r"|(?:first|last|full|given|family|legal|middle|maiden)_?name|surname|applicant|inspector"
        r"|sanitarian|officer|employee|resident|citizen|taxpayer|signatory|representative",
    ),
    ("address", "L2", r"地址|address|(?:^|_)street(?:_|$)|^block$"),
)
_BEFORE, _AFTER = r"(?:^|[^0-9A-Za-z-])", r"(?:[^0-9A-Za-z-]|$)"
_PLATES_CN = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_US_PHONE = r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}"
_TW_PLATE = (
    r"[A-Z]{3}[0-9]{4}|[A-Za-z]{2,3}-[0-9]{3,4}|[0-9]{3,4}-[A-Za-z]{2,3}"
    r"|(?:[A-Za-z][0-9]|[0-9][A-Za-z])-[0-9]{4}|[0-9]{4}-(?:[A-Za-z][0-9]|[0-9][A-Za-z])"
)
_IN_CHINESE = r"[\x{4e00}-\x{9fff}]"
_SHAPES = (
    _Shape("email", PERSONAL, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    _Shape("phone", PERSONAL, r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}", 0.5),
    _Shape("phone", PERSONAL, r"09[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}", 0.5),
    _Shape("phone", PERSONAL, _US_PHONE, 0.5),
    _Shape("resident_id", SENSITIVE, r"[0-9]{3}-[0-9]{2}-[0-9]{4}", 0.5),
    _Shape("plate", PERSONAL, f"[{_PLATES_CN}][A-Z][·. ]?[A-HJ-NP-Z0-9]{{5,6}}", 0, _IN_CHINESE),
    _Shape("plate", PERSONAL, f"(?:{_TW_PLATE})", 0.5, _IN_CHINESE),
)
_RESIDENT = r"[1-9][0-9]{16}[0-9Xx]"
_TAIWAN_ID = r"[A-Z][1289][0-9]{8}"
_SURNAMES = (
    "陳陈林黃黄張张李王吳吴劉刘蔡楊杨許许鄭郑謝谢洪郭邱曾廖賴赖徐周葉叶蘇苏莊庄呂吕江何蕭萧羅罗"
    "高潘簡简朱鍾钟游彭詹胡施沈余趙赵盧卢梁顏颜柯孫孙魏翁戴范宋方鄧邓杜傅侯曹薛丁卓馬马阮董唐"
    "溫温藍蓝蔣蒋石古紀纪姚連连馮冯歐欧程湯汤田康姜汪白鄒邹尤巫鐘黎涂龔龚嚴严韓韩袁金童陸陆夏"
)
_PLACE_ENDS = "區区里村鎮镇鄉乡縣县市路街巷段號号省州局處处所店廠厂行院校站隊队科組组類类園园山河"


def by_header(*names: str) -> Evidence | None:
    """What the published header or the English field name gives away."""
    text = "\n".join(names).lower()
    for kind, level, pattern in _HEADERS:
        if re.search(pattern, text, re.MULTILINE):
            return Evidence(kind, level)
    return None


def by_content(con: duckdb.DuckDBPyConnection, table: str) -> list[Evidence]:
    """What the values give away.

    Args:
        table: distinct values `x` with their number of rows `n`.
    """
    counts = [sql for shape in _SHAPES for sql in _counts_sql(shape)]
    row = con.execute(f"SELECT sum(n), {_names_sql()}, {', '.join(counts)} FROM {table}").fetchone()
    assert row is not None
    total, names, *shapes = (int(value or 0) for value in row)
    found = _shapes_found(shapes, total)
    found += _checked(con, table, total)
    if total and names / total >= 0.5:
        found.append(Evidence("person", PERSONAL, names, total))
    return found


def free_text(con: duckdb.DuckDBPyConnection, table: str) -> list[Evidence]:
    """Long texts of which hardly two are equal: nobody knows what people wrote into them."""
    row = con.execute(
        f"SELECT sum(n * strlen(x)) / sum(n), count(*) / sum(n), sum(n) FROM {table}"
    ).fetchone()
    long_texts = row is not None and row[0] is not None and row[0] >= 40 and row[1] >= 0.3
    if row is None or not long_texts or row[2] < 20:
        return []
    return [Evidence("free_text", "L2", int(row[2]), int(row[2]))]


def _names_sql() -> str:
    """Two to four Chinese characters that start with a common surname and end like no place."""
    shape = literal(f"^[{_SURNAMES}][\u4e00-\u9fff○〇*＊某Ｏ]{{1,3}}$")
    place = literal(f"[{_PLACE_ENDS}]$")
    return f"sum(n) FILTER (regexp_matches(x, {shape}) AND NOT regexp_matches(x, {place}))"


def _counts_sql(shape: _Shape) -> tuple[str, str]:
    """Values that hold the shape in a text, and values that are nothing else."""
    held = literal(f"{_BEFORE}(?:{shape.pattern}){_AFTER}")
    inside = f"regexp_matches(x, {literal(shape.text)}) AND regexp_matches(x, {held})"
    alone = f"regexp_full_match(x, {literal(shape.pattern)})"
    return (
        f"sum(n) FILTER ({inside} AND NOT {alone})",
        f"sum(n) FILTER ({alone})",
    )


def _shapes_found(counts: list[int], total: int) -> list[Evidence]:
    """The clearest shape of every kind."""
    best: dict[str, Evidence] = {}
    for shape, inside, alone in zip(_SHAPES, counts[::2], counts[1::2], strict=True):
        count = inside + (alone if alone >= shape.share * total else 0)
        if count > (best[shape.kind].count or 0 if shape.kind in best else 0):
            best[shape.kind] = Evidence(shape.kind, shape.level, count, total)
    return list(best.values())


def _checked(con: duckdb.DuckDBPyConnection, table: str, total: int) -> list[Evidence]:
    """Resident identity numbers, told from other numbers by their check digits."""
    part = f"upper(regexp_extract(x, {literal(_BEFORE + '(' + _RESIDENT + ')' + _AFTER)}, 1))"
    mainland = con.execute(
        f"SELECT coalesce(sum(n), 0) FROM (SELECT {part} AS p, n FROM {table} "
        f"WHERE regexp_matches(x, {literal(_RESIDENT)})) WHERE {valid_sql('resident_id', 'p')}"
    ).fetchone()
    part = f"regexp_extract(x, {literal(_BEFORE + '(' + _TAIWAN_ID + ')' + _AFTER)}, 1)"
    taiwan = con.execute(
        f"SELECT {part} AS p, sum(n) FROM {table} WHERE regexp_matches(x, {literal(_TAIWAN_ID)}) "
        f"GROUP BY 1 ORDER BY hash(p) LIMIT {CANDIDATES}"
    ).fetchall()
    seen = sum(int(n) for p, n in taiwan if p)
    valid = sum(int(n) for p, n in taiwan if p and valid_taiwan_id(p))
    # One in ten passes by chance: most of them must, before it is no chance.
    count = int(mainland[0] if mainland else 0) + (valid if 2 * valid > seen else 0)
    return [Evidence("resident_id", SENSITIVE, count, total)] if count else []


def valid_taiwan_id(text: str) -> bool:
    """The check digit of a Taiwanese identity number (a letter and nine digits)."""
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    digits = [code // 10, code % 10, *map(int, text[1:])]
    return (
        sum(d * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )
