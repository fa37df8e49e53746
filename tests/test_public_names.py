"""What a package hands on is there, and asking for the package alone costs nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PACKAGES = ("catalog", "quality", "pipelines")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name).__doc__


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(importlib.import_module("pipelines"), "nothing")  # noqa: B009


def test_importing_the_packages_loads_nothing_heavy() -> None:
    heavy = ("duckdb", "pyarrow", "sqlalchemy", "pyiceberg", "great_expectations", "pydantic")
    code = f"import sys, {', '.join(PACKAGES)}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
