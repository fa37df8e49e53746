"""Where a workspace's masking keys come from."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.errors import PipelineError
from pipelines.masking.keys import KeyRing

KEYS_VARIABLE = "CITYBRAIN_MASK_KEYS"


class MaskingSettings(BaseModel):
    """The `[masking]` table of `workspace.toml`; it names keys and never holds one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_file: str | None = Field(default=None, min_length=1)
    key_hook: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    key_version: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.key_file and self.key_hook:
            raise ValueError("give key_file or key_hook, not both")
        if bool(self.key_hook) != (self.key_version is not None):
            raise ValueError("key_version says which key of key_hook is current: give both")
        return self


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the keys come from: a file or a hook.

    Attributes:
        setting: what names it; empty: nothing does, and the file is made at first use.
        version: the version that masks now, of a hook.
    """

    setting: str
    path: Path | None = None
    hook: str | None = None
    version: int | None = None

    @property
    def unmade(self) -> bool:
        """Whether the key is still to be made."""
        return not self.setting and self.path is not None and not self.path.exists()


def key_source(settings: MaskingSettings, state: Path, workspace: Path) -> KeySource:
    """Where the keys of a workspace come from; see `open_ring`."""
    named = os.environ.get(KEYS_VARIABLE)
    if named:
        return KeySource(KEYS_VARIABLE, Path(named))
    if settings.key_hook:
        return KeySource("[masking] key_hook", hook=settings.key_hook, version=settings.key_version)
    if settings.key_file:
        return KeySource("[masking] key_file", workspace / settings.key_file)
    return KeySource("", state / "keys" / "mask.keys")


def open_ring(settings: MaskingSettings, state: Path, workspace: Path) -> KeyRing:
    """The key ring of a workspace.

    `CITYBRAIN_MASK_KEYS`, then `key_hook`, then `key_file`, then `<state>/keys/mask.keys`, which is
    created at first use. A file that somebody named is never created: a wrong path would mask with
    a new key, and nothing would join any more.

    Args:
        state: the workspace's folder under `CITYBRAIN_HOME`.
        workspace: the folder of `workspace.toml`, for a relative `key_file`.

    Raises:
        PipelineError: `mask_key_missing`, `mask_key_mode`, `mask_key_file`, `mask_key_hook`.
    """
    source = key_source(settings, state, workspace)
    if not source.setting and source.path is not None:
        return KeyRing.create(source.path)
    return ring_of(source)


def ring_of(source: KeySource) -> KeyRing:
    """The key ring of a source; no key is made.

    Raises:
        PipelineError: as `open_ring`.
    """
    if source.hook is not None and source.version is not None:
        return KeyRing(source.version, _hook(source.hook))
    assert source.path is not None
    return KeyRing.load(source.path)


def _hook(name: str) -> Callable[[int], bytes]:
    """`module:function`, which is called with a version and returns its master key."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        problem = type(error).__name__
        raise PipelineError("mask_key_hook", hook=name, problem=problem) from None
    if not callable(found):
        raise PipelineError("mask_key_hook", hook=name, problem="not callable")
    return found  # type: ignore[no-any-return]
