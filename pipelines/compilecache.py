"""What compiling has found sound before, kept beside the workspace's other state.

Reading a thousand contracts and proving a thousand models takes seconds; one changed model must not.
The file holds contracts by path and content, and proofs of steps (`pipelines.proofs`), which say
themselves when they still hold. It is written by this program and read by the same program, of the
same version: whatever else is found there is no cache, and costs the time of a first compile. So do
a full disk, a folder that cannot be written and two processes that write at once: the file is replaced
as a whole, and the last one wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

from catalog.contract import Contract
from catalog.odcs import read_contract

PARTIAL_NAMES = ".compile-*"
"""Files that a process which was killed while it wrote may leave."""
_MAGIC = b"citybrain compile 1\n"
_DIGEST = 32
_ROOMS = ("catalog", "quality", "pipelines")
_LIBRARIES = ("sqlglot", "duckdb", "pydantic", "open-data-contract-standard", "pyyaml")
Value = TypeVar("Value")


class CompileCache:
    """The cache of one workspace.

    Args:
        path: the file.
        root: the workspace's folder; what was found in another one has other paths.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._stamp = f"{root}\0{_code_stamp()}"
        self._contracts: dict[str, tuple[str, bytes]] = {}
        self._proofs: dict[str, bytes] = {}
        self._changed = False
        self._read()

    def contract(self, path: Path, database: str, table: str) -> Contract:
        """`catalog.odcs.read_contract`, from memory when the file is as it was."""
        sha = _sha256(path)
        known = self._contracts.get(str(path))
        if known is not None and known[0] == sha:
            contract: Contract = pickle.loads(known[1])
            return contract
        contract = read_contract(path, database, table)
        if contract.fingerprint == sha:  # else it changed while it was read
            with contextlib.suppress(RecursionError):  # nested too deeply for a pickle
                self._contracts[str(path)] = (sha, pickled(contract))
                self._changed = True
        return contract

    def proof(self, name: str) -> Any:
        """What was kept of a step, or None."""
        known = self._proofs.get(name)
        return None if known is None else pickle.loads(known)

    def keep_proof(self, name: str, proof: Any) -> None:
        """Remember a step that has no faults."""
        self._proofs[name] = pickled(proof)
        self._changed = True

    def save(self, names: Container[str], paths: Iterable[Path]) -> None:
        """Write what is new, and forget what the workspace no longer has."""
        files = {str(path) for path in paths}
        contracts = {path: known for path, known in self._contracts.items() if path in files}
        proofs = {name: known for name, known in self._proofs.items() if name in names}
        gone = len(contracts) < len(self._contracts) or len(proofs) < len(self._proofs)
        if not (self._changed or gone):
            return
        self._contracts, self._proofs, self._changed = contracts, proofs, False
        with contextlib.suppress(OSError):
            self._write()

    def _read(self) -> None:
        try:
            content = _own_file(self._path)
        except OSError:
            return
        start = len(_MAGIC) + _DIGEST
        if content[:start] != _MAGIC + _digest(content[start:]):
            return
        with contextlib.suppress(Exception):  # whatever it is, it is made again
            stamp, contracts, proofs = pickle.loads(content[start:])
            if stamp == self._stamp:
                self._contracts, self._proofs = contracts, proofs

    def _write(self) -> None:
        content = pickle.dumps((self._stamp, self._contracts, self._proofs), 5)
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=PARTIAL_NAMES[:-1], dir=folder)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + _digest(content) + content)
            os.replace(partial, self._path)
        except OSError:
            Path(partial).unlink(missing_ok=True)


def _own_file(path: Path) -> bytes:
    """The content of a file that only the user himself can have written; else nothing.

    A pickle can run any code when it is read. Whoever else may write this file could make this
    process do what he likes, so it is read only if it belongs to the user and nobody else may write
    it, judged by the open file itself.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    found = os.fstat(handle)
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if shared or not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(handle)
        return b""
    with os.fdopen(handle, "rb") as file:
        return file.read()


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@lru_cache
def _code_stamp() -> str:
    """Changes with the compiler: another program may find other faults."""
    digest = hashlib.sha256(f"{sys.version} {sys.platform}".encode())
    root = Path(__file__).resolve().parent.parent
    for room in _ROOMS:
        code = (*(root / room).rglob("*.py"), *(root / room).rglob("allowed.toml"))
        for path in sorted(code):
            found = path.stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()


# -- pickling ---------------------------------------------------------------------------------------


class _Pickler(pickle.Pickler):
    """Values of data classes as their class and arguments: read several times as fast."""

    def reducer_override(self, value: Any) -> Any:
        names = _names(cast(Hashable, type(value)))
        if names is None:
            return NotImplemented
        return type(value), tuple(getattr(value, name) for name in names)


@lru_cache
def _names(kind: Any) -> tuple[str, ...] | None:
    return tuple(item.name for item in fields(kind)) if is_dataclass(kind) else None


def pickled(value: object) -> bytes:
    """A value as bytes."""
    buffer = io.BytesIO()
    _Pickler(buffer, 5).dump(value)
    return buffer.getvalue()


class Unpickled(Mapping[str, Value]):
    """A mapping whose values may stay pickled until somebody asks for one."""

    def __init__(self) -> None:
        self._values: dict[str, Value | None] = {}
        self._bytes: dict[str, bytes] = {}

    def put(self, name: str, value: Value) -> None:
        """Add a value."""
        self._values[name] = value

    def put_bytes(self, name: str, content: bytes) -> None:
        """Add a value as `pickled` gave it."""
        self._values[name] = None
        self._bytes[name] = content

    def bytes_of(self, name: str) -> bytes:
        """A value as `pickled` gives it."""
        if name not in self._bytes:
            self._bytes[name] = pickled(self._values[name])
        return self._bytes[name]

    def __getitem__(self, name: str) -> Value:
        value = self._values[name]
        if value is None:
            value = self._values[name] = pickle.loads(self._bytes[name])
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
