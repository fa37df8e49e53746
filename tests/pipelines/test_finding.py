"""The workspace's search index: made when entries change, by one writer, and again when it is damaged."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.errors import CatalogError
from catalog.search.query import Query
from citybrain import app
from pipelines import finding
from pipelines.entries import workspace_entries
from pipelines.finding import Finder, find, search_index
from pipelines.listings import import_list
from tests.support.city import NAME, City

LIST = Path(__file__).parents[1] / "catalog" / "lists" / "taipei.csv"
ID = "- {name: id, logicalType: integer, businessName: 證券代碼}"


def ids(city: City, text: str) -> list[str]:
    return [hit["id"] for hit in find(city.plan(), Query(text)).hits]


def built(city: City) -> bool:
    return search_index(NAME, workspace_entries(city.plan())).made


def test_own_entries_and_lists_are_found_together(city: City) -> None:
    city.collected("trade/shop", ID)
    import_list(city.load(), LIST, "taipei", None, None)
    assert ids(city, "代码") == ["raw.trade__shop"]
    assert "taipei/2" in ids(city, "市场行情")


def test_the_index_is_made_when_entries_change_and_only_then(city: City) -> None:
    city.collected("trade/shop", ID)
    assert [built(city), built(city)] == [True, False]
    import_list(city.load(), LIST, "taipei", None, None)
    assert [built(city), built(city)] == [True, False]
    import_list(city.load(), LIST, "taipei", None, None)
    assert not built(city)
    city.collected("trade/market", ID)
    assert built(city)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x00" * 5_000])
def test_a_damaged_file_is_made_anew(city: City, content: bytes) -> None:
    city.collected("trade/shop", ID)
    assert built(city)
    city.home.search_index.write_bytes(content)
    assert ids(city, "代碼") == ["raw.trade__shop"]
    assert not built(city)


def test_many_at_once_make_it_once(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city.collected("trade/shop", ID)
    entries = workspace_entries(city.plan())
    made: list[bool] = []
    calls: list[int] = []
    build = finding.build
    monkeypatch.setattr(finding, "build", lambda *a: (calls.append(1), build(*a))[1])
    threads = [
        threading.Thread(target=lambda: made.append(search_index(NAME, entries).made))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), sum(made), len(calls)) == (8, 1, 1)
    left = {item.name for item in city.home.root.iterdir() if "search" in item.name}
    assert left <= {"search.idx", "search.lock"}


def test_a_finder_sees_changes_after_a_while(city: City) -> None:
    city.collected("trade/shop", ID)
    now = [0.0]
    finder = Finder(city.plan(), lambda: now[0])
    assert finder.search(Query("市場行情")).total == 0
    import_list(city.load(), LIST, "taipei", None, None)
    assert finder.search(Query("市場行情")).total == 0
    now[0] = 60.0
    assert finder.search(Query("市場行情")).total > 0


def test_quality_and_use_come_from_what_is_known_now(small: City) -> None:
    small.run()
    answer = find(small.plan(), Query(sort="quality"))
    scores = [hit["quality"] for hit in answer.hits if hit["quality"] is not None]
    assert scores and scores == sorted(scores, reverse=True)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["catalogue", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands(city: City) -> None:
    city.collected("trade/shop", ID)
    root = str(city.root)
    assert "made now" in run("build", root)
    assert "nothing has changed" in run("build", root)
    assert "raw.trade__shop" in run("search", root, "代码")
    assert "Nothing has all of" in run("search", root, "代码 unheard")
    said = json.loads(run("search", root, "代碼", "--filter", "level=L4", "--json"))
    assert (said["total"], said["hits"][0]["id"]) == (1, "raw.trade__shop")
    assert json.loads(run("search", root, "代碼", "--filter", "level=L1", "--json"))["total"] == 0


def test_a_filter_of_no_facet_is_refused(city: City) -> None:
    city.collected("trade/shop", ID)
    with pytest.raises(CatalogError, match="searched"):
        find(city.plan(), Query("x", {"colour": frozenset({"red"})}))
