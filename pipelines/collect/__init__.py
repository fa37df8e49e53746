"""Collecting: a department's files and databases, as published text in batches.

`find_files` -> `Landing.keep` -> `read_files`, or `fetch_database` -> `read_files`.
"""

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names
from pipelines.collect.files import SourceFile, find_files
from pipelines.collect.landing import Landed, Landing

if TYPE_CHECKING:
    from pipelines.collect.databases import DatabaseLoad, fetch_database, fetch_keys
    from pipelines.collect.received import Received, read_files

__all__ = [
    "DatabaseLoad",
    "Landed",
    "Landing",
    "Received",
    "SourceFile",
    "fetch_database",
    "fetch_keys",
    "find_files",
    "read_files",
]

# Arrow and the database drivers are imported when they are first needed.
_HOMES = {
    "DatabaseLoad": "pipelines.collect.databases",
    "Received": "pipelines.collect.received",
    "fetch_database": "pipelines.collect.databases",
    "fetch_keys": "pipelines.collect.databases",
    "read_files": "pipelines.collect.received",
}

__getattr__ = lazy_names(__name__, _HOMES)
