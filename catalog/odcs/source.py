"""Where a collected resource comes from: files of a pattern, or a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog.contract import FILE_FORMATS, DatabaseSource, FileOptions, FileSource
from catalog.odcs.document import Document
from catalog.yamlsource import KeyPath


def read_source(document: Document, data: dict[str, Any]) -> FileSource | DatabaseSource | None:
    """The source, or None: of a model, and where it cannot be read, which is a fault."""
    servers = data.get("servers") or []
    if document.database != "raw":
        if servers:
            document.fault("model_with_servers", "servers")
        return None
    if len(servers) != 1 or servers[0].get("server") != "source":
        document.fault("contract_one_server", "servers")
        return None
    server, at = servers[0], ("servers", 0)
    if server.get("type") == "local":
        return _file_source(document, server, at)
    if server.get("type") == "custom":
        properties = document.properties(server, (*at, "customProperties"), ("database",))
        if "database" not in properties:
            document.fault("key_missing", *at, key="database")
            return None
        place, value = properties["database"]
        return document.build(DatabaseSource, place, value)
    document.fault("server_type", *at, "type", type=server.get("type"))
    return None


def _file_source(document: Document, server: dict[str, Any], at: KeyPath) -> FileSource | None:
    properties = document.properties(server, (*at, "customProperties"), ("file",))
    options = document.extension(FileOptions, properties, "file", FileOptions())
    pattern, kind = str(server.get("path") or ""), str(server.get("format") or "")
    if not pattern or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        document.fault("server_path", *at, "path", path=pattern)
        return None
    if kind not in FILE_FORMATS:
        document.fault("server_format", *at, "format", format=kind, known=", ".join(FILE_FORMATS))
        return None
    encoding = server.get("encoding")
    if encoding is not None:
        try:
            "".encode(str(encoding))
        except LookupError:
            document.fault("server_encoding", *at, "encoding", encoding=encoding)
    return FileSource(pattern, kind, encoding, options)
