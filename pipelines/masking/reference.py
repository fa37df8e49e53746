"""The masks a second time, in plain Python: what the engines must agree with, value by value.

Written from the definitions, not from the SQL: other loops, `hmac`, `datetime`, integers. Free text
and addresses share their tables of shapes with the SQL and differ in the engine that reads them.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable
from datetime import date
from typing import Any

from pipelines.masking import reference_text
from pipelines.masking.functions import NOISE, PSEUDONYM, PSEUDONYM_SM3, SM4, TOKEN, token_alphabet
from pipelines.masking.keys import KeyRing, KeyUse

_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}
_PROVINCES |= {*range(61, 66), 71, 81, 82}
_COUNTIES = {*map(str, [*range(10002, 10019), 10020]), "09007", "09020"}
_CITIES = {f"6{n}000" for n in range(3, 9)}


def reference(name: str, ring: KeyRing | None = None) -> Callable[..., Any]:
    """The function behind a masking function's name, over Python values; NULL is None.

    Args:
        ring: for the keyed ones; their last two arguments are purpose and recipient.
    """
    if name in _PLAIN:
        return _null_safe(_PLAIN[name])
    if ring is None:
        raise ValueError(f"{name} needs a key ring")
    return _null_safe(lambda *arguments: _KEYED[name](ring, *arguments))


def _null_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: None if None in arguments else function(*arguments)


# -- keyed --------------------------------------------------------------------------------------


def _mac(ring: KeyRing, scheme: str, message: str, purpose: str, recipient: str) -> str:
    key = ring.derive(KeyUse(purpose, recipient, scheme))
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def _pseudonym(ring: KeyRing, value: str | int | date, purpose: str, recipient: str) -> str:
    return _mac(ring, PSEUDONYM, str(value), purpose, recipient)[:32]


def _sm3_mac(key: bytes, message: bytes) -> bytes:
    """HMAC by its definition, over `cryptography`'s SM3."""
    from cryptography.hazmat.primitives import hashes

    def sm3(data: bytes) -> bytes:
        state = hashes.Hash(hashes.SM3())
        state.update(data)
        return state.finalize()

    block = key.ljust(64, b"\0")
    inner = sm3(bytes(byte ^ 0x36 for byte in block) + message)
    return sm3(bytes(byte ^ 0x5C for byte in block) + inner)


def _pseudonym_sm3(ring: KeyRing, value: str | int | date, purpose: str, recipient: str) -> str:
    key = ring.derive(KeyUse(purpose, recipient, PSEUDONYM_SM3))
    return _sm3_mac(key, str(value).encode())[:16].hex()


def _sm4(ring: KeyRing, value: str | int | date, purpose: str, recipient: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = ring.derive(KeyUse(purpose, recipient, SM4), length=48)
    tag = int.from_bytes(_sm3_mac(key[:32], str(value).encode())[:16], "big")
    start = (tag & ~(1 << 63)).to_bytes(16, "big")
    encryptor = Cipher(algorithms.SM4(key[32:]), modes.CTR(start)).encryptor()
    return (start + encryptor.update(str(value).encode()) + encryptor.finalize()).hex()


def _token(ring: KeyRing, value: str, alphabet: str, purpose: str, recipient: str) -> str | None:
    """FF1 (SP 800-38G, algorithm 7) for one text, with Python's integers."""
    letters = token_alphabet(alphabet)
    radix, n = len(letters), len(value)
    if not set(value) <= set(letters) or radix**n < 1_000_000 or n > 64:
        return None
    key = ring.derive(KeyUse(purpose, recipient, TOKEN))
    u, v = n // 2, n - n // 2
    a, b = value[:u], value[u:]
    size = math.ceil(((radix**v) - 1).bit_length() / 8)
    head = (
        bytes([1, 2, 1])
        + radix.to_bytes(3, "big")
        + bytes([10, u])
        + n.to_bytes(4, "big")
        + bytes(4)
    )
    for i in range(10):
        number = _number(b, letters).to_bytes(size, "big")
        message = head + bytes((-size - 1) % 16) + bytes([i]) + number
        y = int.from_bytes(_stretch(key, message, 4 * math.ceil(size / 4) + 4), "big")
        m = u if i % 2 == 0 else v
        a, b = b, _spelled((_number(a, letters) + y) % radix**m, m, letters)
    return a + b


def _stretch(key: bytes, message: bytes, wanted: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def aes(block: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()

    state = bytes(16)
    for at in range(0, len(message), 16):
        state = aes(bytes(x ^ y for x, y in zip(state, message[at : at + 16], strict=True)))
    found, count = state, 0
    while len(found) < wanted:
        count += 1
        found += aes(bytes(x ^ y for x, y in zip(state, count.to_bytes(16, "big"), strict=True)))
    return found[:wanted]


def _number(text: str, letters: str) -> int:
    found = 0
    for letter in text:
        found = found * len(letters) + letters.index(letter)
    return found


def _spelled(number: int, length: int, letters: str) -> str:
    found = ""
    for _ in range(length):
        number, digit = divmod(number, len(letters))
        found = letters[digit] + found
    return found


def _noise(ring: KeyRing, x: float, spread: float, purpose: str, recipient: str) -> float | None:
    if not abs(x) < 1e12:
        return None
    thousandths = str(math.floor(x * 1000.0 + 0.5))
    unit = int(_mac(ring, NOISE, thousandths, purpose, recipient)[:12], 16) / 2.0**48
    return float(x + spread * (2.0 * unit - 1.0))


# -- generalise ---------------------------------------------------------------------------------


def _age(age: int, width: int) -> str | None:
    if age < 0:
        return None
    if age >= 90:
        return "90+"
    low = age // width * width
    return f"{low}-{min(low + width - 1, 89)}"


def _date(d: date, part: str) -> date:
    month = {"month": d.month, "quarter": (d.month - 1) // 3 * 3 + 1, "year": 1}[part]
    return date(d.year, month, 1)


def _amount(x: float, width: int) -> str | None:
    if not abs(x) < 9e15:
        return None
    band = math.floor(x / float(width))
    return f"[{band * width},{(band + 1) * width})"


def _division(code: str, part: str) -> str | None:
    plain = code.isascii()
    if plain and code.isdigit() and len(code) in (6, 9, 12) and int(code[:2]) in _PROVINCES:
        kept = {"district": 6, "city": 4, "province": 2}[part]
        return code[:kept].ljust(6, "0")
    shape = reference_text.shape(code)
    if code[:5] in _CITIES | _COUNTIES and shape in {"9" * n for n in (5, 8, 11)}:
        return code[: 8 if part == "district" else 5]
    if code[:5] in _COUNTIES and shape in {"9999999", "9999999-999"}:
        return code[: 7 if part == "district" else 5]
    municipality = code[:1] == "6" and code[1:2] in set("345678")
    if municipality and (
        shape == "99" or (shape in {"9999999", "9999999-999"} and code[5:7] == "00")
    ):
        return code[: 7 if part == "district" else 2]
    return None


def _round(x: float, step: float) -> float | None:
    if not abs(x) < 9e15 * min(1.0, step):
        return None
    if step >= 1:
        return math.floor(x / step + 0.5) * step
    parts = math.floor(1.0 / step + 0.5)
    return math.floor(x * parts + 0.5) / parts


def _coordinate(x: float, decimals: int) -> float | None:
    if not abs(x) <= 180:
        return None
    return math.floor(x * 10.0**decimals + 0.5) / 10.0**decimals


def _grid(lon: float, lat: float, metres: int) -> str | None:
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    height = metres / 111320.0
    row = math.floor(lat / height)
    edge = max(abs(row * height), abs((row + 1) * height))
    degree = min(89, math.floor(edge) + 1)
    width = height / ((32400.0 - 4 * degree * degree) / (32400.0 + degree * degree))
    column = math.floor(lon / width)
    return f"POINT ({_degrees((column + 0.5) * width)} {_degrees((row + 0.5) * height)})"


def _degrees(value: float) -> str:
    units = math.floor(abs(value) * 100000.0 + 0.5)
    return f"{'-' if value < 0 else ''}{units // 100000}.{units % 100000:05d}"


def _suppress(n: int, minimum: int) -> int | None:
    return n if n >= minimum else None


_PLAIN: dict[str, Callable[..., Any]] = {
    "mask_phone": reference_text.phone,
    "mask_id": reference_text.identity,
    "mask_name": reference_text.name,
    "mask_plate": reference_text.plate,
    "mask_email": reference_text.email,
    "mask_address": reference_text.address,
    "mask_text": reference_text.text,
    "mask_age": _age,
    "mask_date": _date,
    "mask_amount": _amount,
    "mask_division": _division,
    "mask_round": _round,
    "mask_coordinate": _coordinate,
    "mask_grid": _grid,
    "mask_suppress": _suppress,
}
_KEYED: dict[str, Callable[..., Any]] = {
    "mask_pseudonym": _pseudonym,
    "mask_pseudonym_sm3": _pseudonym_sm3,
    "mask_sm4": _sm4,
    "mask_token": _token,
    "mask_noise": _noise,
}
