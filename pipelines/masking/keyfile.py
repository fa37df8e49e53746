"""The key file: TOML with a current version and a key for every version, readable by its owner only.

current = 2

[keys]
1 = "<64 hexadecimal digits>"
2 = "<64 hexadecimal digits>"
"""

from __future__ import annotations

import os
import stat
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from catalog.disk import sync_folder
from pipelines.errors import PipelineError

_HEAD = (
    "# Keys of the masking functions. Keep a copy in a safe; without it old pseudonyms are lost.\n"
)
_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The content of a key file."""

    current: int
    keys: dict[int, bytes] = field(repr=False)


def read(path: Path) -> KeyFile:
    """Read a key file.

    Raises:
        PipelineError: `mask_key_missing`, `mask_key_mode` (others may read it), `mask_key_file`.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except FileNotFoundError:
        raise PipelineError("mask_key_missing", path=path) from None
    except OSError as error:
        raise PipelineError("mask_key_file", path=path, problem=error.strerror) from None
    if mode & 0o077:
        raise PipelineError("mask_key_mode", path=path, mode=f"{mode:04o}")
    # A parser's message quotes the line that it does not like: the key. It goes no further.
    try:
        content = tomllib.loads(text.decode())
        keys = {int(version): bytes.fromhex(key) for version, key in content["keys"].items()}
        current = content["current"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PipelineError("mask_key_file", path=path, problem="TOML") from None
    return _checked(path, current, keys)


def _checked(path: Path, current: object, keys: dict[int, bytes]) -> KeyFile:
    if not isinstance(current, int) or current not in keys:
        raise PipelineError("mask_key_file", path=path, problem="current")
    if any(len(key) < _BYTES for key in keys.values()):
        raise PipelineError("mask_key_file", path=path, problem=f"< {_BYTES} bytes")
    return KeyFile(current, keys)


def create(path: Path) -> None:
    """Write a file with one random key, unless there is one; two who create at once get the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(_lock(path)):
        if not path.exists():
            _write(path, KeyFile(1, {1: os.urandom(_BYTES)}))


def rotate(path: Path) -> None:
    """Add a random key and make it current, in one step that is whole or not at all."""
    with FileLock(_lock(path)):
        _sweep(path)
        old = read(path)
        version = max(old.keys) + 1
        _write(path, KeyFile(version, {**old.keys, version: os.urandom(_BYTES)}))


def _lock(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _sweep(path: Path) -> None:
    """Remove what a rotation left that was killed: a new key that never masked anything."""
    for left in path.parent.glob(f".{path.name}-*"):
        left.unlink(missing_ok=True)


def _write(path: Path, content: KeyFile) -> None:
    lines = [f'{version} = "{key.hex()}"\n' for version, key in sorted(content.keys.items())]
    text = f"{_HEAD}current = {content.current}\n\n[keys]\n{''.join(lines)}"
    # mkstemp gives mode 0600 from the start: there is no moment in which others may read it.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - the name that mkstemp gave
        raise
    sync_folder(path.parent)
