"""The OpenLineage schemas to judge events by, and a receiver of events: a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from catalog.openlineage import Event

SPEC = Path(__file__).parents[1] / "catalog" / "openlineage" / "data" / "spec"
RUN_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json"


@cache
def _registry() -> Registry[Any]:
    schemas = [json.loads(path.read_text("utf-8")) for path in SPEC.rglob("*.json")]
    found = [s for s in schemas if isinstance(s, dict) and "$id" in s]
    return Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in found)


_FORMATS = FormatChecker()


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return datetime.fromisoformat(str(value)).tzinfo is not None


@_FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return bool(urlparse(str(value)).scheme)


def validate(value: Any, schema: str) -> None:
    """Judge a value by a schema's URL. Nothing is fetched: an unknown URL is an error."""
    judge = Draft202012Validator({"$ref": schema}, registry=_registry(), format_checker=_FORMATS)
    judge.validate(value)


def facets_in(event: Event) -> list[tuple[str, dict[str, Any]]]:
    """Every facet of an event with its name."""
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    kinds = ("facets", "inputFacets", "outputFacets")
    return [item for holder in holders for kind in kinds for item in holder.get(kind, {}).items()]


def validate_event(event: Event) -> None:
    """Judge an event and each of its facets by the schemas that they name."""
    validate(event, RUN_EVENT)
    validate(event, event["schemaURL"])
    facets = facets_in(event)
    assert facets
    for name, facet in facets:
        file = facet["_schemaURL"].partition("#")[0]
        validate(facet, facet["_schemaURL"])
        validate({name: facet}, file)
        schema = json.loads((SPEC / "facets" / file.rpartition("/")[2]).read_text("utf-8"))
        assert name in schema["properties"]


# -- a receiver ---------------------------------------------------------------------------------------


@dataclass
class Receiver:
    """What arrived; `status` is the answer to an event of that job name, else 201."""

    url: str = ""
    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, in the order in which they arrived."""
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes events as Marquez does, on a free port."""
    got = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = got.status.get(json.loads(body)["job"]["name"], 201)
            if status == 201:
                got.bodies.append(body)
                got.headers.append(dict(self.headers))
                got.paths.add(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    got.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield got
    server.shutdown()
    server.server_close()
