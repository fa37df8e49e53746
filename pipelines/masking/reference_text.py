"""The partial masks and free text in plain Python; see `reference`."""

from __future__ import annotations

import re

from pipelines.masking import freetext, patterns

WHOLE = "***"


def shape(text: str) -> str:
    """Letters as A or a, digits as 9, Han characters as H, the rest as it is."""
    return "".join(map(_sort_of, text))


def _sort_of(letter: str) -> str:
    if letter in "0123456789":
        return "9"
    if "A" <= letter <= "Z":
        return "A"
    if "a" <= letter <= "z":
        return "a"
    return "H" if _han(letter) else letter


def _han(letter: str) -> bool:
    code = ord(letter)
    known = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3134F))
    return letter in "〇○" or any(low <= code <= high for low, high in known)


def phone(x: str) -> str:
    """138****5678 and its like."""
    digits = "".join(letter for letter in x if letter in "0123456789")
    if _grouped(x, ("+86", "86"), (3, 4, 4)) and digits[-11] == "1" and digits[-10] in "3456789":
        return f"{digits[-11:-8]}****{digits[-4:]}"
    if _grouped(x, ("+886", "886"), (3, 3, 3)) and len(digits) == 12 and digits[3] == "9":
        return f"0{digits[3:6]}****{digits[-2:]}"
    if digits[:2] == "09" and _grouped(x, (), (4, 3, 3)):
        return f"{digits[:4]}****{digits[-2:]}"
    if digits[:1] == "0" and digits[1:2] in set("12345678") and _landline(x):
        return f"{digits[:2]}******{digits[-2:]}"
    if not digits.startswith("886") and _american(x):
        return f"{digits[-10:-7]}*****{digits[-2:]}"
    return WHOLE


def _grouped(x: str, prefixes: tuple[str, ...], sizes: tuple[int, ...]) -> bool:
    """Groups of digits with at most one blank or hyphen between them, after a country's code."""
    rests = [x]
    for prefix in prefixes:
        if x.startswith(prefix):
            rest = x[len(prefix) :]
            rests += [rest, rest[1:] if rest[:1] in {" ", "-"} else rest]
    if prefixes and prefixes[0] == "+886":
        rests = rests[1:]
    return any(_groups(rest, sizes) for rest in rests)


def _groups(rest: str, sizes: tuple[int, ...]) -> bool:
    at = 0
    for number, size in enumerate(sizes):
        if number and rest[at : at + 1] in {" ", "-"}:
            at += 1
        if shape(rest[at : at + size]) != "9" * size:
            return False
        at += size
    return at == len(rest)


def _landline(x: str) -> bool:
    """Area code of two to four digits, then two groups of three or four."""
    rest = x[1:] if x[:1] == "(" else x
    for area in (2, 3, 4):
        if shape(rest[:area]) != "9" * area:
            continue
        number = rest[area:]
        number = number[1:] if number[:1] == ")" else number
        number = number[1:] if number[:1] in {" ", "-"} else number
        if any(_groups(number, (one, two)) for one in (3, 4) for two in (3, 4)):
            return True
    return False


def _american(x: str) -> bool:
    rest = x
    if rest.startswith("+1"):
        rest = rest[2:]
        if rest[:1] in {" ", ".", "-"}:
            rest = rest[1:]
    if rest[:1] == "(":
        area, rest = rest[1:4], rest[4:]
        if rest[:1] != ")":
            return False
        rest = rest[2:] if rest[1:2] == " " else rest[1:]
    else:
        area, rest = rest[:3], rest[3:]
        rest = rest[1:] if rest[:1] in {" ", ".", "-"} else rest
    exchange, line = rest[:3], rest[3:]
    line = line[1:] if line[:1] in {" ", ".", "-"} else line
    whole = (shape(area), shape(exchange), shape(line)) == ("999", "999", "9999")
    return whole and area[0] in "23456789" and exchange[0] in "23456789"


def identity(x: str) -> str:
    """The division, a letter, or eight of a credit code."""
    kind = shape(x)
    if len(x) == 18 and kind[:17] == "9" * 17 and x[0] != "0" and x[17] in "0123456789Xx":
        return x[:6] + "*" * 12
    if len(x) == 10 and kind[0] in "Aa" and kind[2:] == "9" * 8 and x[1] in "1289ABCDabcd":
        return x[0] + "*" * 9
    letters = set("0123456789ABCDEFGHJKLMNPQRTUWXY")
    if len(x) == 18 and kind[2:8] == "999999" and set(x) <= letters:
        return x[:8] + "*" * 10
    if len(x) == 15 and kind == "9" * 15 and x[0] != "0":
        return x[:6] + "*" * 9
    return WHOLE


def name(x: str) -> str:
    """The first character, or an initial."""
    if 2 <= len(x) <= 4 and all(map(_han, x)):
        return x[0] + "*" * (len(x) - 1)
    parts = re.split("[·•‧．]", x)
    if len(parts) > 1 and all(1 <= len(part) <= 10 and all(map(_han, part)) for part in parts):
        return x[0] + WHOLE
    words = re.split("[ .,]+", x[:-1] if x[-1:] == "." else x)
    latin = all(re.fullmatch("[A-Za-z'-]+", word) for word in words) and len(words) <= 6
    return f"{x[0]}." if latin and re.match("[A-Za-z]", x) else WHOLE


def plate(x: str) -> str:
    """The letters."""
    body = x[2:]
    if x[:1] and x[0] in patterns.PROVINCES and "A" <= x[1:2] <= "Z":
        body = body[1:] if body[:1] in {"·", ".", " ", "-"} else body
        if 5 <= len(body) <= 6 and set(body) <= set("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"):
            return x[:2] + "*****"
    head, _, tail = x.partition("-")
    letters, digits = {"AA", "AAA"}, {"999", "9999"}
    if shape(head).upper() in letters and shape(tail) in digits:
        return head + "-****"
    if shape(head) in digits and shape(tail).upper() in letters:
        return "****-" + tail
    return WHOLE


def email(x: str) -> str:
    """The first character and the domain."""
    box, at, domain = x.partition("@")
    parts = domain.split(".")
    good = re.fullmatch("[A-Za-z0-9._%+-]+", box) and at and len(parts) > 1
    if not good or not all(re.fullmatch("[A-Za-z0-9-]+", part) for part in parts):
        return WHOLE
    return (box[0] if len(box) > 1 else "") + f"***@{domain}"


def address(x: str) -> str | None:
    """Up to the district."""
    found = re.search(patterns.ADDRESS.replace(r"\z", r"\Z"), x)
    return found.group(1) or None if found else None


def text(x: str) -> str:
    """With placeholders."""
    x = x.translate(dict(zip(map(ord, freetext.WIDE), freetext.NARROW, strict=True)))
    for pattern, placeholder in freetext.RULES:
        x = re.sub(pattern, placeholder.replace("{1}", r"\1"), x)
    return x
