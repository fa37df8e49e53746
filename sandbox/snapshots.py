"""Where the sandbox finds data: published snapshots, and nothing else."""

from __future__ import annotations

from typing import Protocol

from pipelines.lake import Snapshot


class Snapshots(Protocol):
    """What is needed of `pipelines.lake.Lake`."""

    def current(self, name: str) -> Snapshot | None:
        """The last good snapshot of a view."""

    def snapshot(self, name: str, snapshot_id: int) -> Snapshot:
        """One that was the last good one before."""
