"""The workspace that a command is about: read, or read and compiled, each only as far as it changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.plan import Plan
    from pipelines.workspace import Workspace


def read_workspace(root: Path) -> Workspace:
    """The workspace; raises what `load_workspace` does."""
    from pipelines.workspace import load_workspace

    return load_workspace(root, cached=True)


def compiled_workspace(root: Path) -> Plan:
    """Its plan; raises what `compile_workspace` does."""
    from pipelines.plan import compile_workspace

    return compile_workspace(read_workspace(root))
