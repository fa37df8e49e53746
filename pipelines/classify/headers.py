"""Column names in Chinese (both scripts) and English that give personal data away."""

from __future__ import annotations

import re

from pipelines.classify.result import LIMITED, OPEN, PERSONAL, SENSITIVE, Evidence

_HEADERS: tuple[tuple[str, str, str], ...] = (
    (
        "resident_id",
        SENSITIVE,
        r"身[分份][證证]|居民身|居留[證证]|[證证]件[號号]|id_?card|resident_?id|identity_?n|\bssn\b"
        r"|social_?security|passport|護照|护照|national_?id",
    ),
    (
        "health",
        SENSITIVE,
        r"病[歷历]|診斷|诊断|症狀|症状|血型|過敏|过敏史|疾病|患病|diagnos|medical_?record|disabilit"
        r"|身心障|残疾|殘疾|blood_?type",
    ),
    (
        "account",
        SENSITIVE,
        r"銀行[帳账]|银行账|银行卡|銀行卡|[帳账]號|账号|bank_?acc|iban|credit_?card|card_?n(?:o|um)"
        r"|信用卡",
    ),
    ("biometric", SENSITIVE, r"指紋|指纹|人臉|人脸|fingerprint|biometric|密碼|密码|password"),
    ("birth", PERSONAL, r"出生|生日|birth|\bdob\b"),
    (
        "phone",
        PERSONAL,
        r"電話|电话|手機|手机|行動|联系方式|聯絡方式|phone|mobile|cell_?no|\btel\b|^tel_|telno|\bfax\b"
        r"|傳真|传真",
    ),
    ("email", PERSONAL, r"e[_ -]?mail|電子郵|电子邮|郵箱|邮箱|電子信箱"),
    ("plate", PERSONAL, r"車牌|车牌|車號|车号|牌照號|[號号]牌|plate|vehicle_?reg"),
    (
        "home",
        PERSONAL,
        r"住址|戶籍|户籍|通訊地|通讯地|居住|现住|現住|home_?addr|residence_?addr|residential",
    ),
    (
        "person",
        PERSONAL,
        r"姓名|(?<!法)人$|負責人|负责人|代表人|聯[絡繫]|联系人|申請人|申请人|受處分人|受处分人|當事人|当事人"
        r"|車主|车主|戶長|户主|屋主|業主|事業主|承辦|承办|家長|學生|学生|員工姓|person(?!al|nel)|owner"
        r"|contact|(?:first|last|full|given|family|legal|middle|maiden)[_ ]?name|surname|applicant"
        r"|inspector|sanitarian|officer|employee|resident|citizen|taxpayer|signatory|representative"
        r"|醫師|医师|醫生|医生|患者|病患|patient|複查員|稽查員|里長",
    ),
    ("coordinates", LIMITED, r"經度|经度|緯度|纬度|[座坐][標标]|coordinate|latitude|longitude"),
    (
        "coordinates",
        LIMITED,
        r"(?:^|_)(?:lat|lng|lon)(?:_|$)|wgs_?84|twd_?(?:97|67)",
    ),
    ("address", LIMITED, r"地址|address|(?:^|_)street(?:_|$)|^block$"),
    (
        "enterprise_code",
        OPEN,
        r"統一編號|統編|统一社会信用|社會信用代碼|组织机构代码|tax_?id|\bein\b|business_registration",
    ),
)
# A header for persons that ends like this counts or sorts them, it does not name them.
_ABOUT = re.compile(
    r"(?:[_ ](?:type|kind|count|counts|number_of|status|dept|department|division|unit|units|category)"
    r"|[科處处]|單位|单位|機關|机关|類型|类型|類別|类别|人數|人数|數量|数量|日期)$",
    re.MULTILINE,
)
_OFFICIAL = re.compile(r"承辦|承办|裁處人|inspector|sanitarian|officer|醫師|医师|稽查|複查")
_NAMED = re.compile(r"姓名|name|surname")
_THING = re.compile(
    r"part[_ ]?n|\bsku\b|product|item[_ ]?(?:no|number|code)|order|invoice|serial|model|batch|\blot\b"
    r"|產品|产品|商品|貨號|货号|訂單|订单|單號|单号|批號|批号|型號|型号|文號|文号|流水"
)
_REQUEST = re.compile(r"service[_ ]?request|complain|陳情|投诉|投訴|檢舉|举报|報案|报案|來電|来电")
_PARTY_NAME = re.compile(
    r"(?:事業單位|事业单位|營業人|受罰|受罚|違規|违规|行為人|行为人|雇主|僱主)(?:名稱|名称|者|人)?$"
    r"|employer|violator|offender|respondent"
)
_PENALTY = re.compile(
    r"違反|违反|裁處|裁罚|裁罰|處分|处罚|處罰|罰鍰|罚款|罰款|violat|penalt|offen[cs]e|sanction|\bfine"
)
_FREE_TEXT = re.compile(
    r"description|comment|remark|note|narrative|備註|备注|描述|說明|说明|內容|内容|情形|案情|事由"
)
_IDENTIFIER = re.compile(r"(?:id|no|code|key|num|number|編號|编号|代碼|代码|代號|代号)$")


def by_header(*names: str) -> Evidence | None:
    """What the published header or the English field name gives away."""
    text = "\n".join(names).lower()
    for kind, level, pattern in _HEADERS:
        if re.search(pattern, text, re.MULTILINE):
            about = kind == "person" and _ABOUT.search(text)
            return None if about else Evidence(kind, level, sign="header")
    return None


def names_officials(names: tuple[str, ...]) -> bool:
    """Whether a column names those who act for the city, not those whom the rows are about."""
    return any(_OFFICIAL.search(name.lower()) for name in names)


def names_persons_outright(names: tuple[str, ...]) -> bool:
    """Whether a header says "name", so that a short list of values is no list of codes."""
    return any(_NAMED.search(name.lower()) for name in names)


def names_things(names: tuple[str, ...]) -> bool:
    """Whether a header announces numbers of things; such may look like telephone numbers."""
    return any(_THING.search(name.lower()) for name in names)


def names_requests(names: tuple[str, ...]) -> bool:
    """Whether a column belongs to what citizens ask for or complain about."""
    return any(_REQUEST.search(name.lower()) for name in names)


def names_party(names: tuple[str, ...]) -> bool:
    """Whether a column names whom a decision is about, be it a firm or a person."""
    return any(_PARTY_NAME.search(name.lower()) for name in names)


def names_penalty(names: tuple[str, ...]) -> bool:
    """Whether a column belongs to an offence or its punishment."""
    return any(_PENALTY.search(name.lower()) for name in names)


def names_free_text(names: tuple[str, ...]) -> bool:
    """Whether a header announces what people write in their own words."""
    return any(_FREE_TEXT.search(name.lower()) for name in names)


def names_key_of(names: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a column is the number of the party that another column names.

    `OWNER_ID` is to `OWNER_NAME`: an identifier, and the two headers begin alike.
    """
    return any(
        _IDENTIFIER.search(name.lower()) and _common(name.lower(), partner.lower()) for name in names
        for partner in other
    )  # fmt: skip


def _common(left: str, right: str) -> bool:
    length = next(
        (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
    prefix = left[:length].rstrip("_ ")
    # Five letters, or three Chinese characters, are a word; less is chance.
    return len(prefix.encode("utf-8")) >= (5 if prefix.isascii() else 9)
