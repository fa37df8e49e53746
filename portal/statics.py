"""Static files, under an address with their version: a browser keeps them for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

router = APIRouter(include_in_schema=False)
FOR_EVER = "public, max-age=31536000, immutable"
MIMES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
UNSHRINKING = (".png", ".ico")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent; `packed` with gzip."""

    content: bytes
    packed: bytes
    kind: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file by its path under `portal/static/`; other paths lead nowhere."""
    return {path: _read(path, file) for path, file in _below(files("portal") / "static", "")}


@cache
def version() -> str:
    """Of all files together: what it names never changes."""
    digest = hashlib.sha256()
    for path, file in sorted(static_files().items()):
        digest.update(path.encode() + b"\0" + hashlib.sha256(file.content).digest())
    return digest.hexdigest()[:12]


@router.get("/static/{named}/{path:path}")
async def static(named: str, path: str, request: Request) -> Response:
    """A file; under the name of another version it is not kept."""
    file = static_files().get(path)
    if file is None:
        raise HTTPException(404)
    headers = {"Vary": "Accept-Encoding"}
    if named == version():
        headers["Cache-Control"] = FOR_EVER
    content = file.content
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = file.packed, "gzip"
    return Response(content, media_type=file.kind, headers=headers)


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _below(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item


def _read(path: str, file: Traversable) -> StaticFile:
    content = file.read_bytes()
    end = "." + path.rpartition(".")[2]
    kind = MIMES.get(end) or mimetypes.guess_type(path)[0] or "text/plain"
    return StaticFile(
        content, b"" if end in UNSHRINKING else gzip.compress(content, 6, mtime=0), kind
    )
