"""Redaction in free text: typed placeholders for what identifies a person.

Each rule consumes the character before a match (RE2 has no look-behind) and all letters or digits
after it, so nothing is left of a number that is longer than its shape. It errs towards redacting.
"""

from __future__ import annotations

from pipelines.masking import patterns as p
from pipelines.masking.dialect import Dialect

WIDE = (
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ－–—＠：＃（）\u3000"
)
NARROW = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ---@:#() "
_BEFORE = "(^|[^0-9A-Za-z])"
_DIGIT_BEFORE = "(^|[^0-9])"
_HAN = f"[{p.HAN_RANGES}]"
_SURNAMES = (
    "陳陈林黃黄張张李王吳吴劉刘蔡楊杨許许鄭郑謝谢洪郭邱曾廖賴赖徐周葉叶蘇苏莊庄呂吕江何蕭萧羅罗"
    "高潘簡简朱鍾钟游彭詹胡施沈余趙赵盧卢梁顏颜柯孫孙魏翁戴范宋方鄧邓杜傅侯曹薛丁卓馬马阮董唐"
    "溫温藍蓝蔣蒋石古紀纪姚連连馮冯歐欧程湯汤田康姜汪白鄒邹尤巫鐘黎涂龔龚嚴严韓韩袁金童陸陆夏"
)
_TITLES = "先生|小姐|女士|太太|师傅|師傅|伯伯|阿姨|媽媽|妈妈|同学|同學"
_LABELS = (
    "姓名|車主|车主|屋主|業主|业主|戶長|户主|聯絡人|联络人|聯繫人|联系人|當事人|当事人"
    "|申請人|申请人|陳情人|投诉人|反映人|檢舉人|举报人|負責人|负责人|承辦人|承办人"
)
_NUMBER = "[0-9Xx一二三四五六七八九十百零〇]"
_HOUSE = f"{_NUMBER}+(?:[-之]{_NUMBER}+)?(?:巷|弄|號|号|樓|楼|室)(?:之{_NUMBER}+)?"
_TAIL = "[0-9A-Za-z]*"

_US_PHONE = "(?:[(][2-9][0-9]{2}[)] ?|[2-9][0-9]{2}[. -])[2-9][0-9]{2}[. -][0-9]{4}"
_MOBILE_CN = "(?:[+]?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
_LANDLINE = "[(]?0[1-9][0-9]{0,2}[)]?[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}"
_EXTENSION = "(?: ?(?:#|轉|转|分機|分机) ?[0-9]{1,5})?"
# Letters and digits of Taiwanese plates, old and new, with or without their hyphen.
_PLATE_TW = (
    "[A-Za-z]{2,3}[ -][0-9]{3,4}|[0-9]{3,4}[ -][A-Za-z]{2,3}|[A-Z]{2,3}[0-9]{3,4}"
    "|[0-9]{3,4}[A-Z]{2,3}|(?:[A-Za-z][0-9]|[0-9][A-Za-z])-?[0-9]{4}"
    "|[0-9]{4}-?(?:[A-Za-z][0-9]|[0-9][A-Za-z])"
)
_LATIN_NAME = "[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}"

# (shape, replacement) in the order in which they are applied.
RULES: tuple[tuple[str, str], ...] = (
    (p.EMAIL, "[電郵]"),
    (f"{_BEFORE}(?:{p.RESIDENT_ID}|{p.CREDIT_CODE}){_TAIL}", "{1}[證號]"),
    (f"{_BEFORE}[A-Za-z][1289A-D][0-9]{{8}}{_TAIL}", "{1}[證號]"),
    # Case numbers of hotlines (A-TB-2018-1234) look like a plate and a telephone.
    (f"{_BEFORE}[A-Z]{{1,3}}-[A-Z]{{1,3}}-[0-9]{{4}}-[0-9]{{3,}}{_TAIL}", "{1}[案號]"),
    (f"{_DIGIT_BEFORE}{_US_PHONE}{_TAIL}", "{1}[電話]"),
    # Accounts come before the other telephones, which may be a part of one.
    (f"{_DIGIT_BEFORE}[0-9]{{4}}(?:[ -][0-9]{{4}}){{2,4}}{_TAIL}", "{1}[帳號]"),
    (f"{_DIGIT_BEFORE}[0-9]{{3,5}}(?:-[0-9]{{2,8}}){{1,3}}-[0-9]{{4,}}{_TAIL}", "{1}[帳號]"),
    (f"{_DIGIT_BEFORE}[0-9]{{14,}}{_TAIL}", "{1}[帳號]"),
    (f"{_DIGIT_BEFORE}{_MOBILE_CN}{_TAIL}", "{1}[電話]"),
    (f"{_DIGIT_BEFORE}{p.MOBILE_TW}{_TAIL}", "{1}[電話]"),
    (f"{_DIGIT_BEFORE}{_LANDLINE}{_TAIL}{_EXTENSION}", "{1}[電話]"),
    (f"{_DIGIT_BEFORE}[2-9][0-9]{{2,3}}-[0-9]{{4}}{_TAIL}", "{1}[電話]"),
    (f"[{p.PROVINCES}][A-Z][·. -]?[A-HJ-NP-Z0-9]{{5,6}}{_TAIL}", "[車牌]"),
    (f"{_BEFORE}(?:{_PLATE_TW}){_TAIL}", "{1}[車牌]"),
    # Any other long number: nobody knows what it opens.
    (f"{_DIGIT_BEFORE}[0-9]{{7,}}{_TAIL}", "{1}[號碼]"),
    (f"((?:{_LABELS})[:為为是叫 ]{{1,2}})(?:{_HAN}{{2,3}}|{_LATIN_NAME})", "{1}[姓名]"),
    (f"[{_SURNAMES}]{_HAN}{{0,2}}?({_TITLES})", "[姓名]{1}"),
    (f"((?:Mr|Mrs|Ms|Miss|Dr)[.]? ){_LATIN_NAME}", "{1}[姓名]"),
    (f"(?:{_HOUSE})+", "[門牌]"),
)


def text(d: Dialect) -> str:
    """The text with the placeholders of `RULES`, full-width digits and letters made narrow."""
    body = f"translate(x, '{WIDE}', '{NARROW}')"
    for shape, placeholder in RULES:
        body = d.replace(body, shape, placeholder)
    return body
