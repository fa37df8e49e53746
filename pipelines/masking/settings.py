"""Where a workspace's masking keys come from."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
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
    named = os.environ.get(KEYS_VARIABLE)
    if named:
        return KeyRing.load(Path(named))
    if settings.key_hook and settings.key_version is not None:
        return KeyRing(settings.key_version, _hook(settings.key_hook))
    if settings.key_file:
        return KeyRing.load(workspace / settings.key_file)
    return KeyRing.create(state / "keys" / "mask.keys")


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
