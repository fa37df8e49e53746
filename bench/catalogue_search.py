"""How fast the catalogue is searched, against LIKE over SQLite in the same run.

    python -m bench.catalogue_search [--list FILE MAPPING]... [--entries 40000] [--queries 1000]

Entries are those of the lists that are given, filled up with synthetic ones (or cut) to the number
asked for; without a list all are synthetic. Queries are parts of their names, half of them turned into
simplified Chinese, some with a second word, a filter or another order; each asks for the first page, the
total and the counts of all ten facets. The baseline asks SQLite for the same of the same texts: once for
page and total alone, once with a GROUP BY for each facet.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import opencc

from catalog.resources.entry import Entry, EntryField
from catalog.resources.listing import read_listing
from catalog.resources.mapping import read_mapping
from catalog.search.build import build
from catalog.search.document import FACETS, Document
from catalog.search.index import Index, load, save
from catalog.search.query import Query, search
from catalog.search.tokens import query_terms

SEED = 20260101
GOAL = 0.050  # seconds, p95
_PLACES = [
    "中正",
    "大同",
    "松山",
    "信義",
    "內湖",
    "南港",
    "士林",
    "北投",
    "文山",
    "萬華",
    "中壢",
    "八德",
    "楊梅",
    "蘆竹",
    "龜山",
    "安平",
    "永康",
    "新營",
    "善化",
    "麻豆",
]
_THINGS = [
    "公司",
    "工廠",
    "農地",
    "學校",
    "醫院",
    "公園",
    "道路",
    "橋樑",
    "停車場",
    "路燈",
    "垃圾車",
    "空氣品質",
    "水質",
    "噪音",
    "登革熱",
    "疫苗",
    "戶籍",
    "地籍",
    "稅籍",
    "公車",
    "捷運",
    "古蹟",
]
_ASPECTS = [
    "登記",
    "統計",
    "名冊",
    "位置",
    "清單",
    "檢測結果",
    "裁罰紀錄",
    "補助金額",
    "使用率",
    "異動",
    "代碼表",
    "年報",
    "月報",
    "分布圖",
    "評鑑",
    "收支",
    "預算",
    "決算",
]
_FIELDS = [
    "名稱",
    "地址",
    "電話",
    "編號",
    "日期",
    "金額",
    "數量",
    "經度",
    "緯度",
    "行政區",
    "里別",
    "類別",
    "狀態",
    "備註",
    "統一編號",
    "負責人",
]


def synthetic(count: int, rng: random.Random) -> list[Document]:
    """Entries with made-up names (synthetic)."""
    found = []
    for number in range(count):
        year = rng.randint(90, 114)
        place, thing, aspect = rng.choice(_PLACES), rng.choice(_THINGS), rng.choice(_ASPECTS)
        fields = tuple(EntryField(f"c{i}", name) for i, name in enumerate(rng.sample(_FIELDS, 8)))
        entry = Entry(
            key=f"s{number}",
            city=f"city-{number % 5}",
            name=f"{year}年{place}區{thing}{aspect}",
            provider=f"{rng.choice(_PLACES)}區公所",
            abstract=f"{place}區{thing}之{aspect}，含{rng.choice(_FIELDS)}與{rng.choice(_FIELDS)}。",
            fields=fields,
            kind=rng.choice((1, 2, 3)),
            share_type=rng.choice((1, 2, 3, None)),
            open_type=rng.choice(("unconditional", "conditional", None)),
            level=rng.choice(("L1", "L2", None)),
            format=rng.choice((2, 3, 6)),
            update_cycle=rng.choice(("daily", "monthly", "yearly")),
            tags=tuple(rng.sample(_THINGS, 2)),
            counts={"views": int(rng.paretovariate(1))},
        )
        found.append(Document(entry, "synthetic"))
    return found


def documents_of(lists: Sequence[tuple[str, str]], count: int) -> list[Document]:
    """So many entries: those of the lists first."""
    found: list[Document] = []
    for file, mapping in lists:
        name = Path(mapping).stem
        entries = read_listing(Path(file), read_mapping(mapping)).entries
        found += (Document(entry, name) for entry in entries)
    found = found[:count]
    return found + synthetic(count - len(found), random.Random(SEED))


def queries_of(documents: Sequence[Document], index: Index, count: int) -> list[Query]:
    """Parts of names, as people ask for them."""
    rng, simple = random.Random(SEED + 1), opencc.OpenCC("tw2s")
    found: list[Query] = []
    while len(found) < count:
        name = rng.choice(documents).entry.name
        start = rng.randrange(max(1, len(name) - 1))
        text = name[start : start + rng.randint(2, 6)].strip()
        if not query_terms(text):
            continue
        if rng.random() < 0.25:
            text += " " + rng.choice(_THINGS)
        if rng.random() < 0.5:
            text = simple.convert(text)
        filters = {}
        if rng.random() < 0.3:
            facet = rng.choice(FACETS)
            filters[facet] = frozenset({rng.choice(index.facets[facet].values)})
        sort = rng.choice(("relevance", "relevance", "relevance", "name", "newest"))
        found.append(Query(text, filters, sort))  # type: ignore[arg-type]
    return found


class Like:
    """The baseline: one table, and LIKE over its texts."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.con = sqlite3.connect(":memory:")
        texts = ", ".join(documents[0].parts())
        self.con.execute(f"CREATE TABLE e ({texts}, {', '.join(f'f_{f}' for f in FACETS)})")
        rows = [
            (*item.parts().values(), *(item.values()[facet][0] for facet in FACETS))
            for item in documents
        ]
        marks = ", ".join("?" * len(rows[0]))
        self.con.executemany(f"INSERT INTO e VALUES ({marks})", rows)
        self.all = " || ' ' || ".join(documents[0].parts())

    def ask(self, query: Query, facets: bool) -> int:
        """Page and total, and the counts of every facet; the total."""
        wanted = [f"%{word}%" for word in query.text.split()]
        where = " AND ".join(f"({self.all}) LIKE ?" for _ in wanted)
        for facet, values in query.filters.items():
            marks = ", ".join("?" * len(values))
            where += f" AND f_{facet} IN ({marks})"
        bound = [*wanted, *chain.from_iterable(query.filters.values())]
        order = "name" if query.sort == "name" else "rowid"
        page = f"SELECT * FROM e WHERE {where} ORDER BY {order} LIMIT {query.size}"
        self.con.execute(page, bound).fetchall()
        total = self.con.execute(f"SELECT count(*) FROM e WHERE {where}", bound).fetchone()[0]
        for facet in FACETS if facets else ():
            counts = f"SELECT f_{facet}, count(*) FROM e WHERE {where} GROUP BY 1"
            self.con.execute(counts, bound).fetchall()
        return int(total)


def timed(ask: Callable[[Query], object], queries: Sequence[Query]) -> list[float]:
    """Seconds of each."""
    found = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        found.append(time.perf_counter() - started)
    return found


def line(name: str, seconds: Sequence[float], against: Sequence[float]) -> str:
    """Median, p95 and the slowest in milliseconds, and how often slower than another's p95."""
    p95 = quantile(seconds)
    ratio = p95 / quantile(against)
    return (
        f"{name:34} {1000 * statistics.median(seconds):8.1f} {1000 * p95:8.1f}"
        f" {1000 * max(seconds):8.1f} {ratio:8.1f}"
    )


def quantile(seconds: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(seconds, n=20)[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", nargs=2, action="append", default=[], metavar=("FILE", "MAPPING"))
    parser.add_argument("--entries", type=int, default=40_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--baseline", type=int, default=50, help="queries that SQLite is asked")
    said = parser.parse_args()
    documents = documents_of(said.list, said.entries)
    made_up = sum(item.listing == "synthetic" for item in documents)
    print(f"{len(documents):,} entries, {made_up:,} of them synthetic")
    started = time.perf_counter()
    index = build(documents, "bench")
    built = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.idx"
        save(index, path)
        started = time.perf_counter()
        again = load(path, "bench")
        loaded, size = time.perf_counter() - started, path.stat().st_size
    assert again is not None
    print(
        f"index: made in {built:.1f} s, read in {1000 * loaded:.0f} ms, {size / 1e6:.0f} MB,"
        f" {len(index.terms):,} terms, {len(index.documents):,} postings"
    )
    queries = queries_of(documents, index, said.queries)
    search(again, queries[0])
    ours = timed(lambda query: search(again, query), queries)
    few = queries[: said.baseline]
    like = Like(documents)
    page = timed(lambda query: like.ask(query, False), few)
    full = timed(lambda query: like.ask(query, True), few)
    print(f"{'milliseconds':34} {'median':>8} {'p95':>8} {'slowest':>8} {'/ ours':>8}")
    print(line(f"index ({len(queries):,} queries)", ours, ours))
    print(line(f"LIKE, page and total ({len(few)})", page, ours))
    print(line(f"LIKE, and facets ({len(few)})", full, ours))
    found = [(search(again, query), like.ask(query, False)) for query in few]
    print(
        f"of {len(few)} queries found with all their terms: index"
        f" {sum(a.total > 0 and not a.relaxed for a, _ in found)}, LIKE {sum(n > 0 for _, n in found)}"
    )
    print(f"goal p95 <= {1000 * GOAL:.0f} ms: {'met' if quantile(ours) <= GOAL else 'MISSED'}")


if __name__ == "__main__":
    main()
