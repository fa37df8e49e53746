"""Ceilings of the channels through which data leaves the bureau."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from catalog.contract import Release

Level = Literal["L1", "L2", "L3", "L4"]


class Channels(BaseModel):
    """The highest level that may leave through each channel (`[channels]` in workspace.toml).

    L1 is open; L2 and L3 are restricted, L4 is not opened (the provincial guide that standards.md
    of the project names). Shares are granted field by field, the others are ceilings for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    open: Level = "L1"
    share: Level = "L3"
    sandbox: Level = "L2"
    extract: Level = "L2"

    def ceiling(self, release: Release) -> str:
        """The ceiling of a release."""
        return str(getattr(self, release.channel))
