"""Rows that break masks: shared by the tests on DuckDB and on Spark. All persons are invented."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.masking import MASKS, KeyRing, KeyUse

RING = KeyRing.of({1: bytes(range(32)), 2: bytes(range(100, 132))}, current=1)
WHO = ("joining", "bank_a")
USES = [KeyUse(*WHO, item.scheme) for item in MASKS.values() if item.scheme]

TEXTS: list[str | None] = [
    None, "", " ", "*", "'", '"', "\\", "$1", "\\1", "a\nb", "\n", "\t", "%", "_", "\u3000", "é", "e\u0301",
    "😀", "𠀀", "王", "王小", "王小明", "歐陽小明", "阿不都·買買提", "○○", "王小明\n", "王 小明", "某某股份有限公司",
    "A", "Ann", "Ann Lee", "ann lee jr.", "O'Neil, Pat", "ANN.", "Ann  ", "-Ann", "Ann..", "a b c d e f", "a b c d e f g",
    "13812345678", "138 1234 5678", "138-1234-5678", "+86 13812345678", "8613812345678", "+86-138-1234-5678",
    "12812345678", "1381234567", "138123456789", "１３８１２３４５６７８", "13812345678\n", " 13812345678",
    "0912345678", "0912-345-678", "0912 345 678", "+886912345678", "+886 912-345-678", "886-912345678", "091234567",
    "06-2991111", "(06)2991111", "(06) 299-1111", "0226531234", "021-6123 4567", "02161234567", "010-12345678",
    "049-2222222", "0371-12345678", "099-1234567", "(06 2991111", "06)2991111", "0612345",
    "3125550123", "(312) 555-0123", "312-555-0123", "312.555.0123", "+1 312 555 0123", "1-312-555-0123",
    "8869123456", "1125550123", "3121550123", "(312)555-0123", "(312-555-0123",
    "110105194912310021", "11010519491231002X", "11010519491231002x", "010105194912310021", "110105491231002",
    "91110000600037341L", "91110000600037341l", "911100006000373412", "9111000060003734I1", "1101051949123100211",
    "A123456789", "a123456789", "AC12345678", "A323456789", "A12345678", "A1234567890",
    "沪A12345", "京AD12345", "沪A·12345", "沪A-1234", "沪AI2345", "沪a12345", "滬A12345", "沪A1234567",
    "ABC-1234", "AB-1234", "abc-123", "1234-AB", "123-ABC", "A1-2345", "ABCD-123", "ABC-12", "ABC1234", "12345-AB",
    "ann@example.com", "a@example.com", "ann@example", "ann@@example.com", "ann@example..com", "@example.com",
    "ann@mail.example.com.tw", "ann.b+c@example.co", "安@example.com", "ann@example.com\n",
    "臺南市東區中華路100號", "台南市新市區中山路1號", "新市區中山路", "彰化縣員林市大同路", "臺南縣永康市中正路",
    "南投縣埔里鎮中山路", "屏東縣三地門鄉中正路", "上海市浦东新区世纪大道1号", "浙江省杭州市西湖区文三路", "江苏省昆山市玉山镇",
    "云南省双江拉祜族佤族布朗族傣族自治县", "内蒙古自治区呼和浩特市新城区", "新疆维吾尔自治区乌鲁木齐市天山区", "延边朝鲜族自治州延吉市",
    "701臺南市東區", "71042 台南市永康區", "台灣臺南市北區", "中国上海市黄浦区", "臺南市中華路東區", "中華市場100號", "東區",
    "臺南市", "市政路1號", "123 Main St", "臺南市東區\n中華路", "號東區", "里港鄉中山路", "鼓楼区中山路",
    "110105", "110105001", "110105001002", "990105", "1101050", "67", "6700100", "6700100-001", "67000010", "67000010001",
    "67000", "10014", "1001402", "1001402-017", "1001402017", "60614", "6700199", "１１０１０５", "110105\n", "64000370",
    "許先生家噪音", "高中何小姐", "方便請林太太來", "姓名:王大明 電話", "車主為陳某人", "Mr. Smith called", "Ms Ann Lee",
    "請打0912345678或06-2991111#123", "0912345678,0987654321;13812345678", "車牌AQR-5256違規", "號AQL0353 違停", "車牌:2252JG等",
    "9015XV 98號", "W7-1650/ZG2151", "中華路一段123巷4弄5號3樓之2", "五十二巷六號", "106之3號", "291KM-292KM", "A123456789報案",
    "帳號 700-0021-1234567", "卡號 1234 5678 9012 3456", "統編12345678", "案號A-TB-2017-79153123", "ＡＢＣ－１２３４",
    "０９１２３４５６７８", "電話：２９９－１１１１", "寄ann@example.com謝謝", "沪A12345违停", "ssn 123-45-6789", "(312) 555-0123 please",
    "12345678901234567890", "第十號公園2號出口", "a1b2c3d4", "ABC-12345X", "1999專線", "2016-01-02 13:45",
    "x" * 70, "123456", "12345", "1234567890" * 6, "1234567890" * 7, "ABCDE", "ABCD", "AB12", "AB1", "0" * 18, "9" * 21,
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Z" * 13, "abcdef", "１２３４５６７",
]  # fmt: skip
NUMBERS: list[float | None] = [
    None, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 0.05, 0.15, 0.25, 0.285, 1.005, -2.5, 99.0, 99.99, 100.0, 12345.678,
    -12345.678, 9999.999999999999, 10000.0, 1e9, 1e12, 999999999999.0, 1e15, 9e15, 8999999999999999.0, 1e18, 1e300, 5e-324,
    1e-7, float("inf"), float("-inf"), float("nan"), 0.1 + 0.2, 119.995, 120.005, 22.995, 89.9999, 90.0, 180.0, -180.0,
    180.0001, 23.4567, 120.12345, -0.0001, 3.0, 0.3, 4503599627370497.5,
]  # fmt: skip
WHOLE: list[int | None] = [
    None, 0, 1, 2, 3, 4, 5, 9, 10, 11, 29, 30, 33, 34, 35, 84, 88, 89, 90, 91, 120, 1000, -1, -5, 2**31, 2**63 - 1, -(2**63),
]  # fmt: skip
DAYS: list[date | None] = [
    None, date(2020, 2, 29), date(2019, 12, 31), date(2020, 1, 1), date(1, 1, 1), date(9999, 12, 31), date(1582, 10, 4),
    date(1582, 10, 15), date(1900, 3, 1), date(1969, 12, 31), date(2024, 6, 30), date(2024, 7, 1), date(1752, 9, 14),
]  # fmt: skip
PLACES: list[float | None] = [n for n in NUMBERS if n is None or abs(n) < 181 or n != n]

# Every function with every sort of value and a choice of literals.
CASES: list[tuple[str, tuple[list[Any], ...], tuple[Any, ...]]] = [
    *[(f"mask_{name}", (TEXTS,), ()) for name in ("phone", "id", "name", "address", "plate", "email", "text")],
    *[(name, (values,), WHO) for name in ("mask_pseudonym", "mask_pseudonym_sm3", "mask_sm4") for values in (TEXTS, WHOLE, DAYS)],
    *[("mask_token", (TEXTS,), (alphabet, *WHO)) for alphabet in ("digits", "letters", "alphanumeric")],
    *[("mask_age", (WHOLE,), (width,)) for width in (2, 5, 7, 10, 90)],
    *[("mask_date", (DAYS,), (part,)) for part in ("month", "quarter", "year")],
    *[("mask_amount", (NUMBERS,), (width,)) for width in (1, 100, 10_000, 10**12)],
    *[("mask_division", (TEXTS,), (part,)) for part in ("district", "city", "province")],
    *[("mask_round", (NUMBERS,), (step,)) for step in (0.1, 0.25, 0.000001, 1.0, 10.0, 1000.0)],
    *[("mask_coordinate", (NUMBERS,), (decimals,)) for decimals in (0, 1, 2, 3)],
    *[("mask_grid", (PLACES, PLACES), (metres,)) for metres in (100, 500, 1000, 100_000)],
    *[("mask_noise", (NUMBERS,), (spread, *WHO)) for spread in (0.5, 10.0, 1000.0)],
    *[("mask_suppress", (WHOLE,), (minimum,)) for minimum in (2, 5, 100)],
]  # fmt: skip
KINDS = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", date: "DATE"}


def rows_of(values: tuple[list[Any], ...]) -> list[tuple[Any, ...]]:
    """The rows of a case: one column as it is, two columns paired with each other."""
    if len(values) == 1:
        return [(value,) for value in values[0]]
    return [(a, b) for a in values[0] for b in values[1]]


def kind_of(values: list[Any]) -> str:
    """DuckDB's type of a column of values."""
    return KINDS[type(next(value for value in values if value is not None))]


def written(name: str, columns: list[str], literals: tuple[Any, ...]) -> str:
    """The call in SQL."""
    texts = [
        f"'{item}'"
        if isinstance(item, str)
        else f"{item:f}"
        if isinstance(item, float)
        else str(item)
        for item in literals
    ]
    return f"{name}({', '.join([*columns, *texts])})"


def bits(value: Any) -> Any:
    """Something equal only to the same value: no NaN, and 0.0 is not -0.0."""
    return value.hex() if isinstance(value, float) else value
