"""Shapes of personal values, as regular expressions that RE2, Java and Python read alike."""

from __future__ import annotations

import re

# Han characters with the zero and circle that stand in for one; the last range needs no surrogates
# in any of the three engines.
HAN_RANGES = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007\u25cb\U00020000-\U0003134f"
HAN = f"[{HAN_RANGES}]"

# -- telephone ----------------------------------------------------------------------------------
MOBILE_CN_BARE = "1[3-9]" + 9 * "[0-9]"
MOBILE_CN = "(?:[+]?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
MOBILE_TW = "(?:[+]?886[ -]?9|09)[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}"
# Area codes 01..08: a mobile number that lost a digit must not pass for a landline.
LANDLINE = "[(]?0[1-8][0-9]{0,2}[)]?[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}"
PHONE_US = "(?:[+]1[ .-]?)?(?:[(][2-9][0-9]{2}[)] ?|[2-9][0-9]{2}[ .-]?)[2-9][0-9]{2}[ .-]?[0-9]{4}"

# -- identity -----------------------------------------------------------------------------------
RESIDENT_ID = "[1-9][0-9]{16}[0-9Xx]"
RESIDENT_ID_15 = "[1-9][0-9]{14}"
CREDIT_CODE = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
TAIWAN_ID = "[A-Za-z][1289A-Da-d][0-9]{8}"

# -- vehicles -----------------------------------------------------------------------------------
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_CN = f"[{PROVINCES}][A-Z][·. -]?[A-HJ-NP-Z0-9]{{5,6}}"

# -- the rest -----------------------------------------------------------------------------------
EMAIL = "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:[.][A-Za-z0-9-]+)+"
NAME_HAN = f"{HAN}{{2,4}}"
NAME_DOTTED = f"{HAN}{{1,10}}(?:[·•‧．]{HAN}{{1,10}})+"
NAME_LATIN = "[A-Za-z][A-Za-z'-]*(?:[ .,]+[A-Za-z'-]+){0,5}[.]?"

# Division codes: GB/T 2260 with its statistical extension (6, 9, 12 digits), and the codes of the
# Taiwanese interior ministry (county 5, district 8, village 11 digits).
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
DIVISION_CN = f"{_PROVINCE}[0-9]{{4}}(?:[0-9]{{3}}(?:[0-9]{{3}})?)?"
_COUNTY = "(?:100(?:0[2-9]|1[0-8]|20)|090(?:07|20))"
DIVISION_TW = f"(?:6[3-8]000|{_COUNTY})(?:[0-9]{{3}}(?:[0-9]{{3}})?)?"
# Their older form, a county and two digits: 6700100 and 6700100-001, 1001402 and 1001402-017.
DIVISION_TW_CITY = "6[3-8](?:[0-9]{3}00(?:-[0-9]{3})?)?"
DIVISION_TW_COUNTY = f"{_COUNTY}[0-9]{{2}}(?:-[0-9]{{3}})?"


def _without(letters: str) -> str:
    """A class of Han characters less some: RE2 has no look-ahead and no subtraction."""
    low, high, parts = 0x4E00, 0x9FFF, []
    for code in sorted(map(ord, letters)):
        if low < code:
            parts.append(f"{chr(low)}-{chr(code - 1)}")
        low = code + 1
    return "[" + "".join([*parts, f"{chr(low)}-{chr(high)}"]) + "]"


# An address begins with province, city and district in this order. A house number, lane or
# section never stands in the name of one, so those characters end the search.
_STOPS = "號号巷弄段街鄰邻樓栋棟"
_NAME = _without(_STOPS)
_REGION = f"(?:{_NAME}{{2,3}}省|{_NAME}{{2,6}}自治[区區])"
_CITY = f"(?:{_NAME}{{2,10}}自治州|{_NAME}{{1,5}}?(?:市|縣|县|州|盟|地区|地區))"
_DISTRICT = (
    f"(?:{_NAME}{{2,14}}自治[县縣旗]|{_NAME}{{1,3}}?(?:區|区|县|縣|旗)|{_NAME}{{1,3}}?[市鎮鄉])"
)
_POSTCODE = "(?:[0-9]{3,6} ?)?"
COUNTRIES = ("中国", "中國", "台灣", "臺灣")
_PLACE = f"{_REGION}?{_CITY}{_DISTRICT}|{_REGION}?{_DISTRICT}|{_REGION}?{_CITY}"
# A market or a school ends in no district: 中華市場, 市政路, 縣立國中.
_OTHER = "[^場场政民立]"
ADDRESS = rf"^{_POSTCODE}(?:{'|'.join(COUNTRIES)})?({_PLACE})(?:{_OTHER}|\z)"
# The same without postcode and country, and with the character behind it.
BARE_ADDRESS = f"^(?:{_PLACE}){_OTHER}"
# Every character by which an address is cut, or not cut.
ADDRESS_MARKS = frozenset(re.findall(HAN, ADDRESS.replace(_NAME, ""))) | frozenset(_STOPS)
