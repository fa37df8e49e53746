"""The page about the service says what the service does."""

from __future__ import annotations

import re
from pathlib import Path

from portal.jobs import CLOSE_SECONDS
from portal.problems import STATUS
from portal.serving import END_SECONDS
from tests.portal.inside import Inside

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sandbox-service.md").read_text("utf-8")
SUBJECTS = ("sandbox-service", "exchange", "open-data")
PAGES = "\n".join((DOCS / f"{one}.md").read_text("utf-8") for one in SUBJECTS)


def test_the_tables_of_errors_are_that_of_the_service() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", PAGES, flags=re.MULTILINE)
    told = {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert told == STATUS


def test_every_request_is_on_the_page(portal: Inside) -> None:
    told = set(re.findall(r"^\| `([A-Z]+) (/[^`?]*)", PAGES, flags=re.MULTILINE))
    paths = portal.http.get("/openapi.json").json()["paths"]
    assert told == {(method.upper(), path) for path, of in paths.items() for method in of}


def test_how_long_the_end_takes() -> None:
    assert f"at most {END_SECONDS} seconds" in PAGE
    unit = (Path(__file__).parents[2] / "infra/sandbox/citybrain-sandbox.service").read_text()
    stop = re.search(r"^TimeoutStopSec=(\d+)$", unit, flags=re.MULTILINE)
    assert f"{CLOSE_SECONDS} seconds more" in PAGE
    assert stop is not None and int(stop[1]) > END_SECONDS + CLOSE_SECONDS
