"""Keys of the masking functions: a ring of versions, and what is derived from it.

A master key never masks anything. Every purpose, recipient and scheme has a key of its own,
HKDF-SHA256 (RFC 5869) of the master key with `version|scheme|purpose|recipient` as information:
what one recipient was given does not join with what another was.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipelines.errors import PipelineError

KEY_BYTES = 32
_BLOCK = 64


@dataclass(frozen=True, slots=True, order=True)
class KeyUse:
    """What a derived key is for."""

    purpose: str
    recipient: str
    scheme: str

    @property
    def id(self) -> str:
        """Its name in the engines' tables of keys."""
        return f"{self.scheme}|{self.purpose}|{self.recipient}"


class KeyRing:
    """Master keys by version. Nothing that prints, copies or pickles it shows one."""

    __slots__ = ("_fetch", "_known", "_path", "current", "versions")

    def __init__(
        self,
        current: int,
        fetch: Callable[[int], bytes],
        path: Path | None = None,
        versions: Iterable[int] = (),
    ) -> None:
        """A ring whose keys are fetched at first use.

        Args:
            current: the version that masks now.
            fetch: gives the master key of a version, at least 32 bytes.
            path: the file behind it, if there is one.
            versions: the versions that there are, where that is known; else the current one.
        """
        self.current = current
        self.versions = tuple(sorted(versions)) or (current,)
        self._fetch = fetch
        self._path = path
        self._known: dict[int, bytes] = {}

    @classmethod
    def of(cls, keys: Mapping[int, bytes], current: int | None = None) -> KeyRing:
        """A ring over keys in memory."""
        chosen = current if current is not None else max(keys)
        return cls(chosen, dict(keys).__getitem__, versions=keys)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """The ring in a key file.

        Raises:
            PipelineError: `mask_key_missing`, `mask_key_mode`, `mask_key_file`.
        """
        from pipelines.masking import keyfile

        content = keyfile.read(path)
        return cls(content.current, content.keys.__getitem__, path, content.keys)

    @classmethod
    def create(cls, path: Path) -> KeyRing:
        """A new key file with one random key; an existing one is left alone and loaded."""
        from pipelines.masking import keyfile

        keyfile.create(path)
        return cls.load(path)

    def rotate(self) -> KeyRing:
        """Add a version to the key file and mask with it from now on; old versions stay.

        Raises:
            PipelineError: `mask_key_rotate`: the keys come from no file.
        """
        from pipelines.masking import keyfile

        if self._path is None:
            raise PipelineError("mask_key_rotate")
        keyfile.rotate(self._path)
        return KeyRing.load(self._path)

    def derive(self, use: KeyUse, version: int | None = None, length: int = KEY_BYTES) -> bytes:
        """The key of one use.

        Args:
            version: an older version, to make old pseudonyms again; None: the current one.
            length: bytes.

        Raises:
            PipelineError: `mask_key_version`: there is no such version, or it is no key.
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        chosen = self.current if version is None else version
        info = f"{chosen}|{use.scheme}|{use.purpose}|{use.recipient}".encode()
        kdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info)
        return kdf.derive(self._master(chosen))

    def fingerprint(self, uses: Iterable[KeyUse]) -> str:
        """Changes with the keys of these uses; says nothing about them. 32 hexadecimal digits."""
        found = hashlib.sha256()
        for use in sorted(set(uses)):
            key = self.derive(use)
            found.update(hmac.digest(key, b"citybrain fingerprint|" + use.id.encode(), "sha256"))
        return found.hexdigest()[:32]

    def fingerprint_of(self, version: int) -> str:
        """Tells versions of the master key apart; says nothing about it. 16 hexadecimal digits.

        Raises:
            PipelineError: `mask_key_version`.
        """
        # No mask has this scheme, and a purpose is never empty: the key derived masks nothing.
        key = self.derive(KeyUse("", "", "fingerprint"), version)
        return hashlib.sha256(key).hexdigest()[:16]

    def _master(self, version: int) -> bytes:
        if version not in self._known:
            self._known[version] = self._fetched(version)
        return self._known[version]

    def _fetched(self, version: int) -> bytes:
        # `from None`: a hook's own exception could hold what it fetched.
        try:
            key = self._fetch(version)
        except Exception as error:
            kind = type(error).__name__
            raise PipelineError("mask_key_version", version=version, problem=kind) from None
        if not isinstance(key, bytes) or len(key) < KEY_BYTES:
            raise PipelineError("mask_key_version", version=version, problem=f"< {KEY_BYTES} bytes")
        return key

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key ring is not pickled or copied")


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer block of HMAC-SHA256 for a key of at most 64 bytes (RFC 2104)."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
