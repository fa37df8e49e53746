"""Collecting: a department's files and databases, as published text in batches.

`find_files` -> `Landing.keep` -> `read_files`, or `fetch_database` -> `read_files`.
"""

from typing import TYPE_CHECKING, Any

from pipelines.collect.files import SourceFile, find_files
from pipelines.collect.landing import Landed, Landing

if TYPE_CHECKING:
    from pipelines.collect.databases import DatabaseLoad, fetch_database
    from pipelines.collect.received import Received, read_files

__all__ = [
    "DatabaseLoad",
    "Landed",
    "Landing",
    "Received",
    "SourceFile",
    "fetch_database",
    "find_files",
    "read_files",
]

_LAZY = {
    "DatabaseLoad": "databases",
    "Received": "received",
    "fetch_database": "databases",
    "read_files": "received",
}


def __getattr__(name: str) -> Any:
    """Arrow and the database drivers are imported when they are first needed."""
    from importlib import import_module

    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
