"""From a workspace to published databases: compile, run, query, and what happens between runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from pipelines.errors import PipelineError
    from pipelines.maintain import clean, replay_quarantine, rollback
    from pipelines.plan import Plan, compile_workspace
    from pipelines.query import open_query
    from pipelines.run import RunOptions, RunResult, run_workspace
    from pipelines.workspace import Workspace, load_workspace

__all__ = [
    "PipelineError",
    "Plan",
    "RunOptions",
    "RunResult",
    "Workspace",
    "clean",
    "compile_workspace",
    "load_workspace",
    "open_query",
    "replay_quarantine",
    "rollback",
    "run_workspace",
]

_HOMES = {
    "PipelineError": "pipelines.errors",
    "Plan": "pipelines.plan",
    "RunOptions": "pipelines.run",
    "RunResult": "pipelines.run",
    "Workspace": "pipelines.workspace",
    "clean": "pipelines.maintain",
    "compile_workspace": "pipelines.plan",
    "load_workspace": "pipelines.workspace",
    "open_query": "pipelines.query",
    "replay_quarantine": "pipelines.maintain",
    "rollback": "pipelines.maintain",
    "run_workspace": "pipelines.run",
}


__getattr__ = lazy_names(__name__, _HOMES)
