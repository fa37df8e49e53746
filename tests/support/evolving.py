"""A contract that changes again and again while files come, and models over it that follow.

Every value is invented. After every change the city must hold what a city without a past holds.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.collect import Landing
from pipelines.evolution.decide import evolution_of
from tests.support.city import City, csv
from tests.support.increments import another_home

TABLE = "raw.trade__car"
TABLES = (TABLE, "base.car", "thematic.colours")
_GATE = "- {property: gate, value: {max_quarantined_percent: 100}}\n"
_INCREMENTAL = "- {property: collect, value: {mode: incremental}}\n"
_WORDS = ("red", "blue", "雨", "grey", "")


@dataclass(frozen=True)
class Field:
    """A field of the contract: the published column that it is read from never changes its name."""

    name: str
    column: str
    type: str
    former: tuple[str, ...] = ()

    def text(self) -> str:
        """Its line in the contract."""
        logical = {"VARCHAR": "string", "INTEGER": "integer", "BIGINT": "integer"}
        read = f"{{property: read, value: {{from: {self.column}, optional: true}}}}"
        custom = [read]
        if self.former:
            custom.append(f"{{property: renamed_from, value: [{', '.join(self.former)}]}}")
        return (
            f"- {{name: {self.name}, logicalType: {logical.get(self.type, 'number')}, "
            f"physicalType: '{self.type}', customProperties: [{', '.join(custom)}]}}\n"
        )


@dataclass
class Evolving:
    """The city, and what its contract says now."""

    city: City
    chance: random.Random
    fields: list[Field] = field(default_factory=list)
    version: list[int] = field(default_factory=lambda: [1, 0, 0])
    files: int = 0
    names: int = 0
    title: str = "Cars"
    ways: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Three columns and a first file."""
        self.city.settings()
        self.city.departments("trade")
        for kind in ("VARCHAR", "INTEGER", "DECIMAL(6,2)"):
            self.fields.append(self._new(kind))
        self.write()
        self.arrive()

    def next(self) -> None:
        """One to three changes."""
        breaks = False
        for _ in range(self.chance.randint(1, 3)):
            change = self.chance.choice(
                (self.add, self.widen, self.rename, self.drop, self.arrive, self.describe)
            )
            breaks = bool(change()) or breaks
        self.version = (
            [self.version[0] + 1, 0, 0] if breaks else [self.version[0], self.version[1] + 1, 0]
        )
        self.write()
        self.note()

    def note(self) -> None:
        """Which way the tables will take."""
        for step in self.city.plan().steps.values():
            landing = Landing(self.city.home.landing)
            found = evolution_of(step, self.city.lake(), landing)
            if found is not None:
                self.ways[f"{found.way} {found.reason or ''}".strip()] += 1

    # -- changes --------------------------------------------------------------------------------

    def _new(self, kind: str) -> Field:
        self.names += 1
        return Field(f"f{self.names}", f"c{self.names}", kind)

    def add(self) -> bool:
        kind = self.chance.choice(("VARCHAR", "INTEGER", "DECIMAL(6,2)"))
        self.fields.insert(self.chance.randint(0, len(self.fields)), self._new(kind))
        return False

    def widen(self) -> bool:
        wider = {"INTEGER": "BIGINT", "DECIMAL(6,2)": "DECIMAL(12,2)"}
        for n, item in enumerate(self.fields):
            if item.type in wider and self.chance.random() < 0.6:
                self.fields[n] = replace(item, type=wider[item.type])
        return False

    def rename(self) -> bool:
        n = self.chance.randrange(len(self.fields))
        item = self.fields[n]
        self.names += 1
        former = (item.name, *item.former)
        # Older names may be forgotten: the table knows them.
        kept = former[: self.chance.randint(1, len(former))]
        self.fields[n] = replace(item, name=f"f{self.names}", former=kept)
        return True

    def drop(self) -> bool:
        if len(self.fields) > 2:
            del self.fields[self.chance.randrange(len(self.fields))]
        return True

    def describe(self) -> bool:
        self.title = f"Cars, told {self.chance.randrange(1000)}"
        return False

    def arrive(self) -> bool:
        """A file with the columns of now, in any order; some values cannot be read."""
        self.files += 1
        columns = self.chance.sample(self.fields, len(self.fields))
        rows = [
            ",".join([str(self.files * 100 + n), *(self._value(item) for item in columns)])
            for n in range(self.chance.randint(1, 4))
        ]
        text = csv(",".join(["id", *(item.column for item in columns)]), *rows)
        self.city.source(f"car/{self.files:03d}.csv", text)
        return False

    def _value(self, item: Field) -> str:
        if self.chance.random() < 0.03:
            return "x" if item.type != "VARCHAR" else ""
        if item.type == "VARCHAR":
            return self.chance.choice(_WORDS)
        large = item.type in ("BIGINT", "DECIMAL(12,2)") and self.chance.random() < 0.3
        return str(self.chance.randrange(5_000_000_000) if large else self.chance.randrange(1000))

    # -- the workspace --------------------------------------------------------------------------

    def write(self) -> None:
        """The contracts and models as they are now."""
        version = ".".join(map(str, self.version))
        key = "- {name: id, logicalType: integer, primaryKey: true, required: true}\n"
        path = self.city.collected(
            "trade/car",
            key + "".join(item.text() for item in self.fields),
            path="car/*.csv",
            file="{extra_columns: warn}",
            custom=_GATE + _INCREMENTAL,
            version=version,
        )
        own = "".join(self._model_field(item) for item in self.fields)
        listed = ", ".join(["c.id", *(f"c.{item.name}" for item in self.fields)])
        model = self.city.model(
            "base.car",
            f"WITH c AS (SELECT * FROM {TABLE}) SELECT {listed} FROM c WHERE c.id > 0",
            key + own,
            custom=_GATE,
            version=version,
        )
        first = self.fields[0]
        self.city.model(
            "thematic.colours",
            f"SELECT CAST({first.name} AS VARCHAR) AS value, count(*) AS n FROM base.car GROUP BY ALL",
            "- {name: value, logicalType: string}\n- {name: n, logicalType: integer}\n",
        )
        for file in (path, model.with_suffix(".yaml")):
            told = f"description: {{purpose: '{self.title}'}}\nstatus:"
            file.write_text(file.read_text("utf-8").replace("status:", told))

    def _model_field(self, item: Field) -> str:
        logical = {"VARCHAR": "string", "INTEGER": "integer", "BIGINT": "integer"}
        custom = ""
        if item.former:
            custom = f", customProperties: [{{property: renamed_from, value: [{', '.join(item.former)}]}}]"
        kind = logical.get(item.type, "number")
        return (
            f"- {{name: {item.name}, logicalType: {kind}, physicalType: '{item.type}'{custom}}}\n"
        )


def seen(city: City) -> dict[str, Any]:
    """What readers see, and what the accounts say."""
    found: dict[str, Any] = {}
    status = city.status()
    for name in TABLES:
        snapshot = city.current(name)
        assert snapshot is not None
        found[name] = [(c.name, c.type) for c in snapshot.columns], city.rows(name, "*")
        item = status[name]
        found[f"account of {name}"] = (item.received, item.published, item.quarantined)
        assert item.reconciles
        held = city.rejected(name)
        names = {c.name for c in snapshot.columns}
        found[f"quarantine of {name}"] = sorted(
            (row.source_file or "", row.source_line or 0, row.reasons, _told(row.original, names))
            for row in held
        )
    return found


def _told(original: Any, names: set[str]) -> str:
    """The values that a row in quarantine gives for the columns of now."""
    values = original if isinstance(original, dict) else json.loads(original or "{}")
    given = {name: value for name, value in values.items() if name in names and value is not None}
    return json.dumps(given, sort_keys=True, ensure_ascii=False)


def rebuilt(city: City, folder: Path) -> dict[str, Any]:
    """What a city without a past makes of the same contracts and files."""
    with another_home(folder):
        assert city.run().exit_code == 0
        return seen(city)
