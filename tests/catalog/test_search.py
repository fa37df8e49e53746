"""The search index: what is found, in which order, with which counts; and what its file withstands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.resources.entry import Entry, EntryField
from catalog.resources.listing import read_listing
from catalog.resources.mapping import read_mapping
from catalog.search.build import build, fingerprint_of
from catalog.search.document import FACETS, Document
from catalog.search.highlight import excerpt, highlight
from catalog.search.index import Index, load, save
from catalog.search.query import Known, Query, parse_filters, search
from catalog.search.tokens import query_terms

LISTS = Path(__file__).parent / "lists"
SIMPLE, TRADITIONAL = opencc.OpenCC("tw2s"), opencc.OpenCC("s2tw")
EVERY = 1_000


def listed() -> list[Document]:
    """The entries of the sample lists, and three of a workspace."""
    found = [
        Document(entry, name)
        for name in ("taipei", "taoyuan", "national")
        for entry in read_listing(LISTS / f"{name}.csv", read_mapping(name)).entries
    ]
    return [*own(), *found]


def own() -> list[Document]:
    fields = (
        EntryField("code", "證券代碼 / code", share_type=1),
        EntryField("owner", "所有人", share_type=3),
    )
    return [
        Document(Entry("base.security", "here", "Listed securities", "Exchange", fields=fields,
                       share_type=2, level="L2", published=date(2024, 1, 2))),
        Document(Entry("open.security", "here", "證券代碼", level="L1", open_type="unconditional")),
        Document(Entry("sandbox.firm", "here", "Tax of firms", "Revenue", tags=("tax", "firm"))),
    ]  # fmt: skip


INDEX = build(listed(), "f")
DOCUMENTS = {document.id: document for document in listed()}


def ids(text: str, index: Index = INDEX, **more: Any) -> list[str]:
    answer = search(index, Query(text, size=100, **more))
    return [hit["id"] for hit in answer.hits]


@st.composite
def parts_of_names(draw: st.DrawFn) -> tuple[str, str]:
    """An entry's id and a part of its name, at least two Chinese characters of it neighbours."""
    document = draw(st.sampled_from(list(DOCUMENTS.values())))
    name = document.entry.name
    start = draw(st.integers(0, max(0, len(name) - 2)))
    end = draw(st.integers(start + 2, max(start + 2, len(name))))
    return document.id, name[start:end]


@given(parts_of_names(), st.sampled_from([str, SIMPLE.convert, TRADITIONAL.convert]))
@settings(max_examples=400)
def test_every_part_of_a_name_finds_its_entry_in_either_script(
    found: tuple[str, str], script: Any
) -> None:
    name, part = found
    runs = [c for c in part if "\u4e00" <= c <= "\u9fff"]
    if len(runs) < 2 or " " in part:
        return
    answer = search(INDEX, Query(script(part), size=100))
    assert name in [hit["id"] for hit in answer.hits]
    assert not answer.relaxed


def test_the_issue_s_example() -> None:
    assert {"base.security", "open.security"} <= set(ids("代碼"))
    assert ids("代码") == ids("代碼")
    assert ids("證券代碼")[0] == "open.security"  # a name before a field


@st.composite
def filtered(draw: st.DrawFn) -> Query:
    text = draw(st.sampled_from(["", "資料", "市", "tax", "臺北", "环境", "security xyz"]))
    facets = draw(st.lists(st.sampled_from(FACETS), max_size=3, unique=True))
    filters = {}
    for facet in facets:
        values = INDEX.facets[facet].values
        filters[facet] = frozenset(draw(st.lists(st.sampled_from(values), min_size=1, max_size=2)))
    sort = draw(st.sampled_from(["relevance", "name", "newest", "quality"]))
    return Query(text, filters, sort, size=100, facet_size=EVERY)


def brute(query: Query) -> set[str]:
    """What filters leave, found one entry at a time."""
    matched = set(ids(query.text)) if query.text else set(DOCUMENTS)
    return {
        name
        for name in matched
        if all(set(DOCUMENTS[name].values()[f]) & v for f, v in query.filters.items())
    }


@given(filtered())
@settings(max_examples=200)
def test_a_filter_leaves_what_has_the_value_and_nothing_else(query: Query) -> None:
    answer = search(INDEX, query)
    assert {hit["id"] for hit in answer.hits} == brute(query)
    assert answer.total == len(answer.hits)


@given(filtered())
@settings(max_examples=100)
def test_counts_of_a_facet_are_those_under_the_other_filters(query: Query) -> None:
    answer = search(INDEX, query)
    for facet in FACETS:
        others = {name: values for name, values in query.filters.items() if name != facet}
        found = brute(replace(query, filters=others))
        counts = dict(answer.facets[facet])
        for value, count in counts.items():
            assert count == sum(value in DOCUMENTS[name].values()[facet] for name in found)
        if facet not in ("tag", "share_type", "open_type"):  # of which an entry may have several
            assert sum(counts.values()) == len(found)


@given(filtered(), st.integers(1, 9))
@settings(max_examples=50)
def test_pages_are_parts_of_one_order(query: Query, size: int) -> None:
    whole = [hit["id"] for hit in search(INDEX, query).hits]
    pages = [
        hit["id"]
        for page in range(1, len(whole) // size + 2)
        for hit in search(INDEX, replace(query, page=page, size=size)).hits
    ]
    assert pages == whole


def test_all_terms_are_required_unless_nothing_has_them() -> None:
    answer = search(INDEX, Query("tax firms"))
    assert (answer.total, answer.relaxed) == (1, False)
    answer = search(INDEX, Query("tax unheardof"))
    assert (answer.total, answer.relaxed) == (1, True)
    assert search(INDEX, Query("unheardof")).total == 0


def test_words_are_found_by_their_beginning_without_case_or_accents() -> None:
    assert ids("SECUR")[:1] == ["base.security"] or "base.security" in ids("SECUR")
    assert ids("ｔáx") == ["sandbox.firm"]


def test_names_rank_before_what_only_mentions_them() -> None:
    documents = [
        Document(Entry("raw.a", "c", "Other", abstract="of air quality")),
        Document(Entry("raw.b", "c", "Air quality of districts")),
        Document(Entry("raw.c", "c", "Air quality")),
        Document(Entry("raw.d", "c", "Measured", fields=(EntryField("q", "air quality"),))),
    ]
    assert ids("air quality", build(documents, "")) == ["raw.c", "raw.b", "raw.d", "raw.a"]


def test_a_resource_is_found_by_its_key_and_code() -> None:
    documents = [
        Document(Entry("base.legal_entity", "c", "Firms", code="102001/24")),
        Document(Entry("base.legal_entity_name", "c", "Names of firms", code="102001/22")),
    ]
    index = build(documents, "")
    assert ids("base.legal_entity", index)[0] == "base.legal_entity"
    assert ids("102001/22", index) == ["base.legal_entity_name"]


def test_popularity_decides_between_equals_only() -> None:
    documents = [
        Document(Entry("raw.a", "c", "Tax", counts={"views": 3})),
        Document(Entry("raw.b", "c", "Tax", counts={"views": 9_000})),
        Document(Entry("raw.c", "c", "Sums", abstract="tax", counts={"views": 10**9})),
    ]
    index = build(documents, "")
    assert ids("tax", index) == ["raw.b", "raw.a", "raw.c"]
    known = Known(used={"raw.a": 10**6})
    assert search(index, Query("tax"), known).hits[0]["id"] == "raw.a"


def test_sorts() -> None:
    known = Known(quality={"open.security": 0.5, "base.security": 0.9})
    answer = search(INDEX, Query(sort="quality"), known)
    assert [hit["id"] for hit in answer.hits[:2]] == ["base.security", "open.security"]
    dates = [hit["published"] for hit in search(INDEX, Query(sort="newest", size=100)).hits]
    said = [day for day in dates if day]
    assert said == sorted(said, reverse=True) and not any(dates[len(said) :])


def test_who_may_find_what() -> None:
    staff, partner, public = (
        set(ids("", audience=audience)) for audience in ("staff", "partner", "public")
    )
    assert staff - partner == {"base.security"} and partner - public == {"sandbox.firm"}
    assert "open.security" in public
    counts = dict(search(INDEX, Query(audience="public", facet_size=EVERY)).facets["list"])
    assert counts[""] == 1


def test_highlights_are_the_text_in_segments() -> None:
    assert highlight("證券代碼表", query_terms("代码")) == [
        ("證券", False),
        ("代碼", True),
        ("表", False),
    ]
    assert highlight("The Taxes", query_terms("tax")) == [("The ", False), ("Taxes", True)]
    assert excerpt("x" * 300 + " tax", query_terms("tax"), 20)[0] == ("…", False)


@given(st.text(max_size=60), st.text(max_size=12))
def test_highlighting_loses_nothing(text: str, query: str) -> None:
    assert "".join(part for part, _ in highlight(text, query_terms(query))) == text


@given(st.text(max_size=40))
def test_any_text_can_be_asked(text: str) -> None:
    assert search(INDEX, Query(text)).total >= 0


@pytest.mark.parametrize(
    "query",
    [Query("x" * 201), Query(page=0), Query(size=101), Query(filters={"x": frozenset({"y"})}),
     Query(sort="best")],  # type: ignore[arg-type]
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(query: Query) -> None:
    with pytest.raises(CatalogError, match="search"):
        search(INDEX, query)


def test_filters_as_they_are_typed() -> None:
    assert parse_filters(["city=a", "city=b", "tag=x=y"]) == {
        "city": frozenset({"a", "b"}),
        "tag": frozenset({"x=y"}),
    }
    with pytest.raises(CatalogError):
        parse_filters(["city"])


def test_a_file_gives_the_same_answers(tmp_path: Path) -> None:
    path = tmp_path / "search.idx"
    save(INDEX, path)
    again = load(path, "f")
    assert again is not None
    for text in ("", "代碼", "tax", "年"):
        assert search(again, Query(text)) == search(INDEX, Query(text))
    assert [item.name for item in tmp_path.iterdir()] == ["search.idx"]


def test_an_index_of_nothing_can_be_kept(tmp_path: Path) -> None:
    save(build([], "f"), tmp_path / "i")
    again = load(tmp_path / "i", "f")
    assert again is not None
    assert (search(again, Query("x")).total, search(again, Query()).total) == (0, 0)


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_damaged_file_is_none(tmp_path: Path, where: float) -> None:
    path = tmp_path / "search.idx"
    save(INDEX, path)
    content = bytearray(path.read_bytes())
    place = int(where * (len(content) - 64))
    content[place : place + 64] = bytes(byte ^ 0xFF for byte in content[place : place + 64])
    path.write_bytes(content)
    assert load(path, "f") is None
    path.write_bytes(bytes(content[: len(content) // 2]))
    assert load(path, "f") is None
    assert load(tmp_path / "gone", "f") is None


def test_an_index_of_other_entries_is_none(tmp_path: Path) -> None:
    save(INDEX, tmp_path / "i")
    assert load(tmp_path / "i", "g") is None


def test_the_fingerprint_is_of_entries_and_lists() -> None:
    entries = [document.entry for document in own()]
    said = fingerprint_of(entries, [("a", "1")])
    assert said == fingerprint_of(entries, [("a", "1")])
    assert said != fingerprint_of(entries[1:], [("a", "1")])
    assert said != fingerprint_of(entries, [("a", "2")])
