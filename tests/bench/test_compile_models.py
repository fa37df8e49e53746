"""The workspace that compiling is measured on stays one that compiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.compile_models import AREAS, LAYERS, write_workspace
from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace

pytestmark = pytest.mark.slow


def test_the_synthetic_workspace_compiles(tmp_path: Path) -> None:
    models = AREAS * LAYERS
    collected = write_workspace(tmp_path, models)
    plan = compile_workspace(load_workspace(tmp_path, cached=False))
    assert len(plan.steps) == collected + models
    assert sum(step.contract.release is not None for step in plan.steps.values()) == AREAS
