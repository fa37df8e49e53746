"""FF1 format-preserving encryption (NIST SP 800-38G), over a batch of texts of one length at a time.

FF1 and not FF3-1: the second draft of SP 800-38G revision 1 (February 2025) withdraws FF3 after the
attacks on it and keeps FF1. A round is one AES-ECB call over the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 10
MINIMUM_DOMAIN = 1_000_000
LONGEST = 64
_BLOCK = 16
_WORD = 1 << 32


class Cipher:
    """FF1 with AES for one key, alphabet and tweak.

    Args:
        key: 16, 24 or 32 bytes.
        alphabet: distinct characters, ASCII.
        tweak: public bytes that separate uses of one key.
    """

    def __init__(self, key: bytes, alphabet: str, tweak: bytes = b"") -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher as Block
        from cryptography.hazmat.primitives.ciphers import algorithms, modes

        self.alphabet = alphabet
        self.radix = len(alphabet)
        self._tweak = tweak
        self._block = Block(algorithms.AES(key), modes.ECB())

    @property
    def shortest(self) -> int:
        """The least length: one million values must be possible (SP 800-38G r1)."""
        return next(n for n in range(2, LONGEST) if self.radix**n >= MINIMUM_DOMAIN)

    def encrypt(self, texts: Sequence[str | None]) -> list[str | None]:
        """Tokens of texts; None for None and for what has another alphabet or length."""
        return self._each(texts, forward=True)

    def decrypt(self, tokens: Sequence[str | None]) -> list[str | None]:
        """The texts of tokens."""
        return self._each(tokens, forward=False)

    def _each(self, texts: Sequence[str | None], forward: bool) -> list[str | None]:
        letters = set(self.alphabet)
        groups: dict[int, list[int]] = {}
        for place, text in enumerate(texts):
            if text and self.shortest <= len(text) <= LONGEST and letters.issuperset(text):
                groups.setdefault(len(text), []).append(place)
        found: list[str | None] = [None] * len(texts)
        for length, places in groups.items():
            joined = "".join(texts[place] or "" for place in places)
            done = self._batch(joined, length, forward)
            for number, place in enumerate(places):
                found[place] = done[number * length : (number + 1) * length]
        return found

    def _batch(self, joined: str, length: int, forward: bool) -> str:
        """Algorithms 7 and 8 over texts of one length, written one after the other."""
        import numpy as np

        code = np.zeros(128, np.uint8)
        code[[ord(letter) for letter in self.alphabet]] = np.arange(self.radix)
        digits = code[np.frombuffer(joined.encode("ascii"), np.uint8)].reshape(-1, length)
        left, right = length // 2, length - length // 2
        halves = _Halves(self.radix, left, right)
        a, b = halves.number(digits[:, :left], left), halves.number(digits[:, left:], right)
        first = self._first_block(length, left, right)
        for step in range(ROUNDS) if forward else reversed(range(ROUNDS)):
            size = left if step % 2 == 0 else right
            source = b if forward else a
            y = self._round(first, source, step, right, halves.modulus(size))
            if forward:
                a, b = b, (a + y) % halves.modulus(size)
            else:
                a, b = (b + halves.modulus(size) - y) % halves.modulus(size), a
        out = np.concatenate([halves.digits(a, left), halves.digits(b, right)], axis=1)
        letters = np.frombuffer(self.alphabet.encode("ascii"), np.uint8)
        return bytes(letters[out].tobytes()).decode("ascii")

    def _first_block(self, length: int, left: int, right: int) -> bytes:
        head = bytes([1, 2, 1]) + self.radix.to_bytes(3, "big") + bytes([ROUNDS, left % 256])
        return head + length.to_bytes(4, "big") + len(self._tweak).to_bytes(4, "big")

    def _round(self, first: bytes, source: Any, step: int, right: int, modulus: int) -> Any:
        """The round function's number for every text, modulo the size of the half it changes."""
        import numpy as np

        width = ceil((self.radix**right - 1).bit_length() / 8)
        padding = (-len(self._tweak) - width - 1) % _BLOCK
        head = self._tweak + bytes(padding) + bytes([step])
        message = np.zeros((len(source), len(head) + width), np.uint8)
        message[:, : len(head)] = np.frombuffer(head, np.uint8)
        message[:, len(head) :] = _big_endian(source, width)
        state = np.frombuffer(self._aes(first), np.uint8)
        for at in range(0, message.shape[1], _BLOCK):
            mixed = np.bitwise_xor(message[:, at : at + _BLOCK], state)
            state = self._blocks(mixed)
        wanted = 4 * ceil(width / 4) + 4
        return _modulo(self._stretched(state, wanted), modulus, source.dtype)

    def _stretched(self, state: NDArray[np.uint8], wanted: int) -> NDArray[np.uint8]:
        import numpy as np

        parts = [state]
        for number in range(1, ceil(wanted / _BLOCK)):
            counter = np.frombuffer(number.to_bytes(_BLOCK, "big"), np.uint8)
            parts.append(self._blocks(np.bitwise_xor(state, counter)))
        return np.concatenate(parts, axis=1)[:, :wanted]

    def _blocks(self, blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import numpy as np

        done = np.frombuffer(self._aes(np.ascontiguousarray(blocks).tobytes()), np.uint8)
        return done.reshape(-1, _BLOCK)

    def _aes(self, data: bytes) -> bytes:
        encryptor = self._block.encryptor()
        return encryptor.update(data) + encryptor.finalize()


class _Halves:
    """Numbers of the two halves: machine words while they fit, else Python's integers."""

    def __init__(self, radix: int, left: int, right: int) -> None:
        self._radix = radix
        # A remainder times 2**32 must fit into 64 bits.
        self._small = radix ** max(left, right) <= _WORD

    def modulus(self, size: int) -> int:
        return int(self._radix**size)

    def number(self, digits: Any, size: int) -> Any:
        import numpy as np

        kind: Any = np.uint64 if self._small else object
        found = np.zeros(len(digits), kind)
        for column in range(size):
            found = found * self._radix + digits[:, column].astype(kind)
        return found

    def digits(self, numbers: Any, size: int) -> NDArray[np.uint8]:
        import numpy as np

        found = np.zeros((len(numbers), size), np.uint8)
        for column in reversed(range(size)):
            found[:, column] = (numbers % self._radix).astype(np.uint8)
            numbers = numbers // self._radix
        return found


def _big_endian(numbers: Any, width: int) -> NDArray[np.uint8]:
    import numpy as np

    if numbers.dtype == object:
        joined = b"".join(int(number).to_bytes(width, "big") for number in numbers)
        return np.frombuffer(joined, np.uint8).reshape(-1, width)
    # Half of a small domain: at most 33 bits, so the lowest `width` of eight bytes hold it.
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]  # type: ignore[no-any-return]


def _modulo(data: NDArray[np.uint8], modulus: int, kind: Any) -> Any:
    """Big-endian numbers modulo something, in words of 32 bits."""
    import numpy as np

    words = np.ascontiguousarray(data).view(">u4")
    found = np.zeros(len(data), kind)
    for column in range(words.shape[1]):
        found = (found * _WORD + words[:, column].astype(kind)) % modulus
    return found
