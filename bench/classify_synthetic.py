"""Synthetic files with personal columns of kinds that the two cities lack, and their look-alikes.

All values are synthetic: drawn by a fixed generator from the lists below. The labels stand beside
the columns: `kind`, with a `+` before it when the column is personal. The files are the held-out
half of `python -m bench.classify`; headers say as little as those of real departments do.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

ROWS = 3000
Maker = Callable[[random.Random, int], str]
Table = dict[str, tuple[str, Maker]]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FAMILY_CN = (
    "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余"
    "杜叶程魏苏吕丁任"
)
_FAMILY_TW = (
    "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游詹胡施沈余趙盧梁顏柯翁魏"
)
_GIVEN_CN = _words(
    "伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 "
    "刚 桂英 建华 文博 子涵 雨桐 梓萱 宇轩 浩然 欣怡 思远 志强 海燕 国庆 春梅 "
    "晓东 玉兰 立群 佳琪 一诺 若曦 俊熙 沐辰 红梅 德才 "
)
_GIVEN_TW = _words(
    "志明 淑芬 俊傑 美玲 雅婷 家豪 怡君 建宏 淑惠 宗翰 佩珊 承恩 詠晴 品妤 冠宇 "
    "柏翰 秀英 文雄 麗華 阿土 國華 金龍 寶珠 月娥 彥廷 宜庭 欣儀 子軒 宥廷 思妤 "
    "信宏 清標 "
)
_GIVEN_EN = _words(
    "James Mary Robert Patricia Jose Linda Wei Xiurong Olumide Priya Fatima Dmitri Ngozi "
    "Thanh Sofia Juan Ahmed Keisha Brandon Svetlana Hiroshi Guadalupe Tyrone Brian "
    "Kathleen Emeka Anjali Piotr Carlos Emma "
)
_FAMILY_EN = _words(
    "Smith Johnson Nguyen Garcia Okafor Kowalski Patel Chen Martinez Brown Washington "
    "Ivanova Tanaka Rodriguez Murphy Adeyemi Schmidt Kim Lopez Taylor Haddad Andersson "
    "Rossi Walker "
)
_LIKE_NAMES_CN = _words("高中 石油 金属 白色 马达 黄豆 方便面 高新区 江苏")
_LIKE_NAMES_EN = ("Red Delicious", "Golden Gate", "Grand Total", "Spring Garden", "New Balance")
_ITEMS_EN = ("Blue Chair", "Silver Lamp", "Oak Table", "Garden Hose", "Victoria Sofa")
_ILLNESSES_CN = _words("高血压 2型糖尿病 急性支气管炎 胃溃疡 骨折 过敏性鼻炎")
_CODES_ICD = _words("I10 E11.9 J20.9 K25.3 S52.5 J30.4 I25.1 M54.5 N39.0 L20.9 K21.0")
_ROADS_CN = ("人民路", "解放大道", "中山北路", "建设街", "学院路", "滨江东路")
_ROADS_TW = ("中正路", "民生路二段", "府前路一段", "文賢街", "崇德路", "永華路二段")
_ROADS_EN = ("Maple", "Oak", "2nd", "Washington", "Lake", "Cedar")
_NOTES_TW = (
    "路燈不亮已通知",
    "垃圾未清運請處理",
    "噪音擾民已勸導",
    "水溝阻塞待排班",
    "野狗出沒請捕捉",
)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _pick(*values: str) -> Maker:
    return lambda rng, i: rng.choice(values)


def _day(rng: random.Random, first: int, last: int) -> date:
    start = date(first, 1, 1)
    return start + timedelta(days=rng.randrange((date(last, 12, 31) - start).days))


def _name_cn(rng: random.Random, i: int) -> str:
    return rng.choice(_FAMILY_CN) + rng.choice(_GIVEN_CN)


def _name_tw(rng: random.Random, i: int) -> str:
    return rng.choice(_FAMILY_TW) + rng.choice(_GIVEN_TW)


def _name_hidden(rng: random.Random, i: int) -> str:
    return rng.choice(_FAMILY_CN) + "*" * rng.choice((1, 2))


def _name_en(rng: random.Random, i: int) -> str:
    return f"{rng.choice(_GIVEN_EN)} {rng.choice(_FAMILY_EN)}"


def _name_last_first(rng: random.Random, i: int) -> str:
    return (
        f"{rng.choice(_FAMILY_EN).upper()}, {rng.choice(_GIVEN_EN).upper()} {rng.choice('ABJM')}."
    )


def _trader_cn(rng: random.Random, i: int) -> str:
    if rng.random() < 0.08:
        return f"{_name_cn(rng, i)}（个体工商户）"
    return (
        rng.choice(("宏达", "金源", "华泰", "顺发"))
        + _digits(rng, 2)
        + rng.choice(("商贸有限公司", "餐饮店", "超市"))
    )


def _id_cn(rng: random.Random, i: int) -> str:
    body = rng.choice(("110105", "310115", "440306")) + _day(rng, 1940, 2010).strftime("%Y%m%d")
    body += _digits(rng, 3)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def _id_wrong(rng: random.Random, i: int) -> str:
    """Eighteen digits with a date in the middle: a batch number of a factory."""
    return "880217" + _day(rng, 1990, 2024).strftime("%Y%m%d") + f"{i % 10000:04d}"


def _id_tw(rng: random.Random, i: int) -> str:
    letter = rng.choice("ABCDEFGHJKLMNPQRSTUVXYWZIO")
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter) + 10
    body = rng.choice("12") + _digits(rng, 7)
    digits = [code // 10, code % 10, *map(int, body)]
    total = sum(d * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"{letter}{body}{-total % 10}"


def _case_tw(rng: random.Random, i: int) -> str:
    """A letter and nine digits, as an identity number has, but counted up."""
    return f"A1130{i:05d}"


def _uscc(rng: random.Random, i: int) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    code = "".join(rng.choice(alphabet) for _ in range(8))
    total = sum("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c) * w
                for c, w in zip(code, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))  # fmt: skip
    body = "91" + rng.choice(("110108", "330106")) + code + "0X987654321"[total % 11]
    outer = sum(alphabet.index(c) * pow(3, k, 31) for k, c in enumerate(body))
    return body + alphabet[(31 - outer % 31) % 31]


def _tax_tw(rng: random.Random, i: int) -> str:
    while True:
        number = _digits(rng, 8)
        products = [int(d) * w for d, w in zip(number, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)]
        if sum(p // 10 + p % 10 for p in products) % 10 == 0:
            return number


def _luhn(body: str) -> str:
    doubled = [int(d) * (2 - k % 2) for k, d in enumerate(reversed(body))]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return body + str(-total % 10)


def _card(rng: random.Random, i: int) -> str:
    head, length = rng.choice((("4", 16), ("53", 16), ("622202", 19), ("6217", 19)))
    return _luhn(head + _digits(rng, length - len(head) - 1))


def _card_spaced(rng: random.Random, i: int) -> str:
    card = _luhn("4" + _digits(rng, 14))
    return " ".join(card[k : k + 4] for k in (0, 4, 8, 12))


def _ean(rng: random.Random, i: int) -> str:
    body = "471" + _digits(rng, 9)
    total = sum(int(d) * (1 + 2 * (k % 2)) for k, d in enumerate(body))
    return body + str(-total % 10)


def _plate_cn(rng: random.Random, i: int) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    head = rng.choice("京沪粤苏浙") + rng.choice("ABCD")
    if rng.random() < 0.2:
        return head + "D" + _digits(rng, 5)
    return head + "".join(rng.choice(letters + "0123456789") for _ in range(5))


def _plate_tw(rng: random.Random, i: int) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    two, three = ("".join(rng.choice(letters) for _ in range(k)) for k in (2, 3))
    return rng.choice(
        (f"{three}-{_digits(rng, 4)}", f"{_digits(rng, 4)}-{two}", f"{two}-{_digits(rng, 4)}")
    )


def _email(rng: random.Random, i: int) -> str:
    return f"{rng.choice(_FAMILY_EN).lower()}{i}@example.{rng.choice(('com', 'org', 'com.tw'))}"


def _address_cn(rng: random.Random, i: int) -> str:
    flat = f"{rng.randrange(1, 9)}号楼{rng.randrange(1, 5)}单元{rng.randrange(101, 2000)}室"
    return f"上海市浦东新区{rng.choice(_ROADS_CN)}{rng.randrange(1, 900)}号{flat}"


def _address_tw(rng: random.Random, i: int) -> str:
    return f"臺南市東區{rng.choice(_ROADS_TW)}{rng.randrange(1, 400)}號{rng.randrange(2, 14)}樓"


def _address_en(rng: random.Random, i: int) -> str:
    street = f"{rng.choice(_ROADS_EN)} {rng.choice(('St', 'Ave', 'Rd'))}"
    return f"{rng.randrange(1, 9000)} {street} Apt {i % 40 + 1}"


def _note_tw(rng: random.Random, i: int) -> str:
    note = rng.choice(_NOTES_TW)
    if rng.random() < 0.05:
        extra = (
            f"，車號{_plate_tw(rng, i)}",
            f"，{rng.choice(_FAMILY_TW)}先生來電",
            f"，電話09{_digits(rng, 8)}",
        )
        note += rng.choice(extra)
    return f"{note}（第{i}件）"


def _note_en(rng: random.Random, i: int) -> str:
    note = f"Resolved ticket {i} after {rng.randrange(1, 90)} minutes on the line"
    if rng.random() < 0.03:
        note += rng.choice((f", call back {_phone_us(rng, i)}", f", wrote from {_email(rng, i)}"))
    return note


def _note_clean(rng: random.Random, i: int) -> str:
    done = rng.choice(("kept", "changed"))
    return f"Pump {i % 40} inspected, pressure {rng.randrange(20, 90)} kPa, filter {done}"


def _ssn(rng: random.Random, i: int) -> str:
    return f"{rng.randrange(100, 665)}-{rng.randrange(10, 99)}-{_digits(rng, 4)}"


def _mobile_cn(rng: random.Random, i: int) -> str:
    return rng.choice(("130", "135", "138", "139", "150", "159", "177", "186", "199")) + _digits(
        rng, 8
    )


def _phone_us(rng: random.Random, i: int) -> str:
    return f"({rng.choice(('312', '773', '708'))}) {rng.randrange(200, 999)}-{_digits(rng, 4)}"


def _phone_tw(rng: random.Random, i: int) -> str:
    return rng.choice(
        (
            f"06-2{_digits(rng, 6)}",
            f"(06)2{_digits(rng, 6)}",
            f"02-2{_digits(rng, 3)}-{_digits(rng, 4)}",
        )
    )


def _order(rng: random.Random, i: int) -> str:
    return str(13800000000 + 7 * i)


def _millis(rng: random.Random, i: int) -> str:
    return str(1_700_000_000_000 + i * 61_000 + rng.randrange(60_000))


def _hash(rng: random.Random, i: int) -> str:
    return hashlib.sha256(_plate_cn(rng, i).encode()).hexdigest()


def _ipv4(rng: random.Random, i: int) -> str:
    return ".".join(str(rng.randrange(256)) for _ in range(4))


def _between(low: float, high: float, digits: int) -> Maker:
    return lambda rng, i: f"{rng.uniform(low, high):.{digits}f}"


def _count(first: int = 1) -> Maker:
    return lambda rng, i: str(first + i)


def _on(first: int, last: int, form: str = "%Y-%m-%d") -> Maker:
    return lambda rng, i: _day(rng, first, last).strftime(form)


def _form(prefix: str, digits: int) -> Maker:
    return lambda rng, i: prefix + _digits(rng, digits)


FILES: dict[str, Table] = {
    "residents_cn.csv": {
        "序号": ("none", _count()),
        "姓名": ("+person", _name_cn),
        "证件": ("+resident_id", _id_cn),
        "联系方式": ("+phone", _mobile_cn),
        "号牌": ("+plate", _plate_cn),
        "现住": ("+address", _address_cn),
        "出生日期": ("+birth", _on(1940, 2010)),
        "登记日期": ("none", _on(2020, 2024)),
        "街道": ("none", _pick("江宁街道", "高桥镇", "金桥镇", "张江镇", "唐镇")),
        "银行卡号": ("+account", _card),
        "人口类型": ("none", _pick("常住", "流动", "户籍")),
    },
    "nameless_cn.csv": {
        "f01": ("+resident_id", _id_cn),
        "f02": ("none", _id_wrong),
        "f03": ("+phone", _mobile_cn),
        "f04": ("none", _order),
        "f05": ("+account", _card),
        "f06": ("none", _form("8", 15)),
        "f07": ("enterprise_code", _uscc),
        "f08": ("+plate", _plate_cn),
        "f09": ("+person", _name_cn),
        "f10": ("none", _pick(*_LIKE_NAMES_CN)),
        "f11": ("none", _millis),
        "f12": ("none", _on(2019, 2024, "%Y%m%d%H%M%S")),
        "f13": ("+person", _trader_cn),
        "f14": ("+address", _address_cn),
    },
    "clients_en.csv": {
        "First Name": ("+person", lambda rng, i: rng.choice(_GIVEN_EN)),
        "Surname": ("+person", lambda rng, i: rng.choice(_FAMILY_EN)),
        "SSN": ("+resident_id", _ssn),
        "Daytime": ("+phone", _phone_us),
        "e-mail": ("+email", _email),
        "Street": ("+address", _address_en),
        "DOB": ("+birth", _on(1940, 2005, "%m/%d/%Y")),
        "Card": ("+account", _card_spaced),
        "Part No": ("none", lambda rng, i: f"555-{_digits(rng, 3)}-{_digits(rng, 4)}"),
        "Item": ("none", _pick(*_ITEMS_EN)),
        "Comments": ("+free_text_with_personal", _note_en),
        "Branch": ("none", _pick("Jackson", "Madison", "Lincoln Park", "Logan Square", "Austin")),
    },
    "nameless_en.csv": {
        "col_a": ("+person", _name_en),
        "col_b": ("+person", _name_last_first),
        "col_c": ("none", _pick(*_LIKE_NAMES_EN)),
        "col_d": ("none", _note_clean),
        "col_e": ("none", _ean),
        "col_f": ("none", lambda rng, i: _luhn("35" + _digits(rng, 12))),
        "col_g": ("none", _ipv4),
        "col_h": ("+email", _email),
        "col_i": ("none", _form("CA", 4)),
    },
    "service_tw.csv": {
        "受理編號": ("none", _case_tw),
        "民眾": ("+person", _name_tw),
        "身分證統一編號": ("+resident_id", _id_tw),
        "行動": ("+phone", lambda rng, i: f"09{_digits(rng, 2)}-{_digits(rng, 6)}"),
        "市話": ("+phone", _phone_tw),
        "車籍": ("+plate", _plate_tw),
        "戶籍": ("+address", _address_tw),
        "公司統編": ("enterprise_code", _tax_tw),
        "處理情形": ("+free_text_with_personal", _note_tw),
        "里別": ("none", _pick("東門里", "大福里", "和平里", "成大里", "富強里")),
        "產品代碼": ("none", lambda rng, i: f"{rng.choice(('ABX', 'PQR'))}-{i % 7:04d}"),
        "承辦科": ("none", _pick("工務科", "養護科", "社會科", "戶政科")),
    },
    "clinic_cn.csv": {
        "就诊号": ("none", _form("M", 9)),
        "患者": ("+person", _name_hidden),
        "诊断": ("+health", _pick(*_ILLNESSES_CN)),
        "icd": ("+health", _pick(*_CODES_ICD)),
        "医师": ("+person", _name_cn),
        "科室": ("none", _pick("内科", "外科", "骨科", "儿科")),
        "就诊日期": ("none", _on(2022, 2024)),
        "费用": ("none", _between(10, 900, 2)),
    },
    "parking.csv": {
        "device": ("none", _form("PK", 6)),
        "plate_hash": ("+pseudonym", _hash),
        "car": ("+plate", _plate_cn),
        "lng": ("coordinates", _between(120.1, 120.4, 6)),
        "lat": ("coordinates", _between(22.9, 23.3, 6)),
        "entered": ("none", _millis),
        "fee": ("none", _between(1, 60, 1)),
        "temperature": ("none", _between(18, 39, 1)),
    },
}


def write_files(folder: Path, rows: int = ROWS) -> dict[Path, dict[str, str]]:
    """Write the synthetic files.

    Returns:
        For every file the label of every column: `+kind` personal, `kind` not.
    """
    written: dict[Path, dict[str, str]] = {}
    for name, table in FILES.items():
        rng = random.Random(name)
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table)
            for i in range(rows):
                writer.writerow([make(rng, i) for _, make in table.values()])
        written[path] = {header: label for header, (label, _) in table.items()}
    return written
