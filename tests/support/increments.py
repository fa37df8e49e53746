"""A city whose tables are kept up to date in parts, and deliveries in any order, repeated and mended.

Every value is invented. What the city holds must be what a city that gets all files at once holds.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.city import City, csv

SHOPS = ("a", "b", "c", "d", "雨")
FIRST = date(2024, 1, 1)
TIME, KEY = "incremental_by_time", "merge_by_key"
ACCOUNTED = ("raw.trade__sale", "thematic.by_month", "thematic.sale", "thematic.by_shop")
TABLES = (
    *ACCOUNTED,
    "thematic.rolling",
    "thematic.price",
    "quarantine.raw__trade__sale",
    "quarantine.thematic__by_month",
    "quarantine.thematic__by_shop",
)
_FILES = "- {property: collect, value: {mode: incremental}}\n"
_GATE = "- {property: gate, value: {max_quarantined_percent: 100}}\n"


def kept(**value: Any) -> str:
    """The custom properties of a model that is kept in some way."""
    listed = ", ".join(f"{key}: {str(item).lower()}" for key, item in value.items())
    return _GATE + f"- {{property: materialisation, value: {{{listed}}}}}"


def build(city: City) -> City:
    """Sales by files, prices by files, and models of every materialisation over them."""
    city.settings()
    city.departments("trade")
    city.collected(
        "trade/sale",
        """
        - {name: id, logicalType: integer, primaryKey: true, classification: L1}
        - {name: shop, logicalType: string, required: true, classification: L1}
        - {name: day, logicalType: date, required: true, classification: L1}
        - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}, classification: L1}
        """,
        path="sale/*.csv",
        custom=_FILES + _GATE + "- {property: filters, value: [{name: test, when: shop = 'test'}]}",
    )
    city.collected(
        "trade/shop",
        """
        - {name: shop, logicalType: string, primaryKey: true, classification: L1}
        - {name: street, logicalType: string, classification: L1}
        """,
        path="shop.csv",
    )
    city.collected(
        "trade/price",
        """
        - {name: item, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, classification: L1}
        - {name: since, logicalType: date, primaryKey: true, primaryKeyPosition: 2, classification: L1}
        - {name: price, logicalType: integer, classification: L1}
        """,
        path="price/*.csv",
        custom=_FILES + _GATE,
    )
    city.model(
        "thematic.by_month",
        "SELECT CAST(date_trunc('month', s.day) AS DATE) AS month, s.shop, d.street, count(*) AS n, "
        "CAST(sum(s.amount) AS BIGINT) AS amount FROM raw.trade__sale AS s "
        "LEFT JOIN raw.trade__shop AS d ON d.shop = s.shop GROUP BY ALL",
        """
        - {name: month, logicalType: date, primaryKey: true, primaryKeyPosition: 1}
        - {name: shop, logicalType: string, primaryKey: true, primaryKeyPosition: 2}
        - {name: street, logicalType: string}
        - {name: n, logicalType: integer, logicalTypeOptions: {maximum: 6}}
        - {name: amount, logicalType: integer}
        """,
        custom=kept(kind=TIME, time="month"),
    )
    city.model(
        "thematic.sale",
        "SELECT s.id, s.day, s.shop, m.n FROM raw.trade__sale AS s JOIN thematic.by_month AS m "
        "ON m.shop = s.shop AND m.month = date_trunc('month', s.day)",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: day, logicalType: date}
        - {name: shop, logicalType: string}
        - {name: n, logicalType: integer}
        """,
        custom=kept(kind=TIME, time="day"),
    )
    city.model(
        "thematic.rolling",
        "SELECT id, day, CAST(sum(amount) OVER (PARTITION BY shop ORDER BY day RANGE BETWEEN "
        "INTERVAL 3 DAY PRECEDING AND CURRENT ROW) AS BIGINT) AS lately FROM raw.trade__sale",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: day, logicalType: date}
        - {name: lately, logicalType: integer}
        """,
        custom=kept(kind=TIME, time="day", grain="day", lookback=3),
    )
    city.model(
        "thematic.by_shop",
        "SELECT s.shop, count(*) AS n, CAST(sum(s.amount) AS BIGINT) AS amount, min(s.day) AS first "
        "FROM raw.trade__sale AS s GROUP BY s.shop",
        """
        - {name: shop, logicalType: string, primaryKey: true}
        - {name: n, logicalType: integer}
        - {name: amount, logicalType: integer, logicalTypeOptions: {maximum: 150}}
        - {name: first, logicalType: date}
        """,
        custom=kept(kind=KEY, time="first"),
    )
    city.model(
        "thematic.price",
        "SELECT item, since AS valid_from, price FROM raw.trade__price",
        """
        - {name: item, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
        - {name: valid_from, logicalType: date, primaryKey: true, primaryKeyPosition: 2}
        - {name: price, logicalType: integer}
        - {name: valid_to, logicalType: date}
        """,
        custom=kept(kind="snapshot", dated=True),
    )
    city.model(
        "fusion.shop_state",
        "SELECT shop, n, amount FROM thematic.by_shop",
        """
        - {name: shop, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
        - {name: n, logicalType: integer}
        - {name: amount, logicalType: integer}
        - {name: valid_from, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 2}
        - {name: valid_to, logicalType: timestamp}
        """,
        custom=kept(kind="snapshot"),
    )
    return city


@dataclass
class Deliveries:
    """Files as they come: new ones in no order, mended, repeated under another name, taken back."""

    city: City
    chance: random.Random
    files: dict[str, list[str]] = field(default_factory=dict)

    def start(self) -> None:
        """What every state has."""
        self.city.source("shop.csv", csv("shop,street", *(f"{s},street {s}" for s in SHOPS)))
        self.city.source(
            "price/000.csv", csv("item,since,price", *(f"{n},2023-12-31,{n}" for n in range(30)))
        )
        self._add()

    def next(self) -> None:
        """A few changes at once."""
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(
                (
                    self._add,
                    self._add,
                    self._mend,
                    self._repeat,
                    self._remove,
                    self._price,
                    self._price,
                )
            )()
        if self.chance.random() < 0.1:
            self.city.source("shop.csv", csv("shop,street", *(f"{s},new {s}" for s in SHOPS)))

    def _rows(self) -> list[str]:
        return [self._row() for _ in range(self.chance.randint(0, 6))]

    def _row(self) -> str:
        pick = self.chance
        day = str(FIRST + timedelta(days=pick.randrange(120)))
        day = "soon" if pick.random() < 0.05 else day
        amount = -1 if pick.random() < 0.05 else pick.randrange(40)
        shop = "test" if pick.random() < 0.05 else pick.choice(SHOPS)
        return f"{pick.randrange(60)},{shop},{day},{amount}"

    def _write(self, name: str, rows: list[str]) -> None:
        self.files[name] = rows
        self.city.source(f"sale/{name}.csv", csv("id,shop,day,amount", *rows))

    def _add(self) -> None:
        self._write(f"{self.chance.randrange(1000):03d}", self._rows())

    def _mend(self) -> None:
        name = self.chance.choice(sorted(self.files))
        rows = [row for row in self.files[name] if self.chance.random() < 0.7]
        self._write(name, rows + self._rows()[:2])

    def _repeat(self) -> None:
        self._write(
            f"{self.chance.randrange(1000):03d}", self.files[self.chance.choice(sorted(self.files))]
        )

    def _remove(self) -> None:
        if len(self.files) > 1:
            name = self.chance.choice(sorted(self.files))
            del self.files[name]
            (self.city.root / f"source/sale/{name}.csv").unlink()

    def _price(self) -> None:
        """Prices say what they are by item and day, so that one that comes again is the same."""
        rows = []
        for _ in range(self.chance.randint(1, 2)):
            item, day = self.chance.randrange(60), self.chance.randrange(40)
            rows.append(f"{item},{FIRST + timedelta(days=day)},{item * 100 + day // 2}")
        name = f"price/{self.chance.randrange(100_000):05d}.csv"
        self.city.source(name, csv("item,since,price", *rows))


@contextmanager
def another_home(folder: Path) -> Iterator[None]:
    """The same workspace, with nothing published yet."""
    before = os.environ["CITYBRAIN_HOME"]
    os.environ["CITYBRAIN_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ["CITYBRAIN_HOME"] = before


def seen(city: City) -> dict[str, Any]:
    """What readers see of every table, and what the accounts say."""
    found: dict[str, Any] = {}
    for table in TABLES:
        held = "_source_file, _source_line, _load_id, _reasons, _original"
        found[table] = city.rows(table, held if table.startswith("quarantine.") else "*")
    status = city.status()
    for name in ACCOUNTED:
        item = status[name]
        found[f"account of {name}"] = (
            item.received,
            item.published,
            item.quarantined,
            item.filtered,
        )
        assert item.reconciles
        assert item.rows == len(found[name])
    return found


def rebuilt(city: City, folder: Path) -> dict[str, Any]:
    """What a city without a past makes of the same files."""
    with another_home(folder):
        result = city.run()
        assert result.exit_code == 0, {
            n: str(o.error) for n, o in result.outcomes.items() if o.error
        }
        return seen(city)
