"""The national algorithms: HMAC over SM3 (GB/T 32905) and deterministic encryption with SM4.

The encryption is built like SIV (RFC 5297): the initial counter is a MAC of the text, so that equal
texts give equal results and only they do, and reading a text back proves that nobody changed it.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

PSEUDONYM_BYTES = 16
SM4_KEY_BYTES = 48
_BLOCK = 16


class HmacSm3:
    """HMAC-SM3 for one key; the two keyed states are computed once."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives import hashes, hmac

        self._keyed = hmac.HMAC(key, hashes.SM3())

    def digest(self, message: bytes) -> bytes:
        """The 32 bytes of the MAC."""
        state = self._keyed.copy()
        state.update(message)
        return state.finalize()


def pseudonyms(key: bytes, texts: Sequence[str]) -> list[str]:
    """HMAC-SM3 of texts, the first 16 bytes in lower-case hexadecimal."""
    mac = HmacSm3(key)
    return [mac.digest(text.encode())[:PSEUDONYM_BYTES].hex() for text in texts]


def encrypt(key: bytes, texts: Sequence[str]) -> list[str]:
    """Counter and ciphertext in lower-case hexadecimal: 32 digits more than twice the bytes.

    Args:
        key: 48 bytes: 32 for the MAC, 16 for SM4.
    """
    mac, data = HmacSm3(key[:32]), [text.encode() for text in texts]
    starts = [_counter(mac.digest(item)) for item in data]
    sizes = [-(-len(item) // _BLOCK) for item in data]
    stream = _stream(key[32:], starts, sizes)
    found, at = [], 0
    for start, size, item in zip(starts, sizes, data, strict=True):
        pad = stream[at : at + len(item)]
        mixed = int.from_bytes(item, "big") ^ int.from_bytes(pad, "big")
        found.append((start + mixed.to_bytes(len(item), "big")).hex())
        at += size * _BLOCK
    return found


def decrypt(key: bytes, token: str) -> str:
    """The text of one result of `encrypt`.

    Raises:
        ValueError: it was made with another key, or changed.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    data = bytes.fromhex(token)
    decryptor = Cipher(algorithms.SM4(key[32:]), modes.CTR(data[:_BLOCK])).decryptor()
    text = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
    expected = _counter(HmacSm3(key[:32]).digest(text))
    if not hmac.compare_digest(expected, data[:_BLOCK]):
        raise ValueError("not encrypted with this key")
    return text.decode()


def _counter(tag: bytes) -> bytes:
    """The first 16 bytes with the top bit of the lower half off: counting never carries over it."""
    return tag[:8] + bytes([tag[8] & 0x7F]) + tag[9:_BLOCK]


def _stream(key: bytes, starts: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """The key stream of every text, one after the other, from one call of SM4."""
    import numpy as np
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    firsts = np.frombuffer(b"".join(starts), ">u8").reshape(-1, 2)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    offsets = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    blocks = firsts[owner].astype(">u8")
    blocks[:, 1] += offsets.astype(np.uint64)
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    return encryptor.update(blocks.tobytes()) + encryptor.finalize()
