"""Two served cities that differ in one enterprise, and what a partner does to them (synthetic data)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.portal.bureau import ASKING, TERM, Bureau, take
from tests.support.city import City
from tests.support.instruments import agreement, letter

PLANTED = "owner of one"
COUNT = 600
FIRM_FIELDS = {
    "code": "string", "area": "string", "paid": "number", "owner": "string", "opened": "date",
    "active": "boolean", "secret": "number",
}  # fmt: skip
VISIT_FIELDS = {"code": "string", "score": "number", "kind": "string"}
GRANTED = [
    {"name": "sandbox.firm", "fields": ["area", "paid", "owner", "opened", "active"]},
    {"name": "sandbox.visit", "fields": ["score", "kind"]},
]
ANSWERABLE = {
    "area": "keys: [east, west], reason: a map",
    "paid": "bounds: [0, 100], reason: a law",
    "owner": "like: true, reason: a register",
    "opened": "reason: a register",
    "active": "reason: a register",
    "secret": "bounds: [0, 9], reason: a law",
    "score": "bounds: [-50, 50], reason: a scale",
    "kind": "reason: a form",
}
SETTINGS = """
[sandbox]
epsilon = 1000

[service]
requests_per_minute = 1000000
failures_per_minute = 1000000
token_seconds = 3600
"""
LOUD = [f"loud-{number}" for number in range(40)]  # agreements for one costly question each
_keys = itertools.count()


def _view(fields: dict[str, str], unique: str) -> str:
    lines = []
    for name, kind in fields.items():
        lines.append(f"    - name: {name}\n      logicalType: {kind}\n")
        lines.append("      primaryKey: true\n" if name == unique else "")
        if name in ANSWERABLE:
            value = f"{{property: answerable, value: {{{ANSWERABLE[name]}}}}}"
            lines.append(f"      customProperties: [{value}]\n")
    return "".join(lines)


def _collected(fields: dict[str, str]) -> str:
    return "".join(
        f"    - {{name: {name}, logicalType: {kind}, classification: L2}}\n"
        for name, kind in fields.items()
    )


def _privacy(rows: int, groups: int) -> str:
    value = f"{{unit: enterprise, column: code, rows: {rows}, groups: {groups}, reason: a rule}}"
    return f"- {{property: privacy, value: {value}}}"


def make_twin(root: Path, planted: bool) -> Bureau:
    """A city of 600 firms and their visits, with one firm more or not; `CITYBRAIN_HOME` is root/home.

    The one has a name of its own, pays most, and has visits far beyond what counts of one firm.
    """
    city = City(root / "city")
    city.settings(SETTINGS)
    city.departments("tax")
    firms = [
        f"c{i},{'east' if i % 4 else 'west'},{i % 100},o{i % 20},2010-01-{i % 28 + 1:02},{i % 2 == 0},1"
        for i in range(COUNT)
    ]
    visits = [f"c{i % COUNT},{i % 40},{'xyz'[i % 3]}" for i in range(3 * COUNT)]
    if planted:
        firms.append(f"planted,east,100,{PLANTED},2001-02-03,True,9")
        visits += ["planted,50,only"] * 200 + ["planted,-50,x"] * 100
    city.collected("tax/firm", _collected(FIRM_FIELDS))
    city.collected("tax/visit", _collected(VISIT_FIELDS))
    city.source("firm.csv", "\n".join([",".join(FIRM_FIELDS), *firms, ""]))
    city.source("visit.csv", "\n".join([",".join(VISIT_FIELDS), *visits, ""]))
    for name, fields, unique, custom in (
        ("firm", FIRM_FIELDS, "code", _privacy(1, 1)),
        ("visit", VISIT_FIELDS, "", _privacy(3, 2)),
    ):
        sql = f"SELECT {', '.join(fields)} FROM raw.tax__{name}\n"
        city.model(f"sandbox.{name}", sql, _view(fields, unique), custom=custom)
    outcomes = city.run().outcomes
    assert outcomes["sandbox.firm"].status == outcomes["sandbox.visit"].status == "published"
    bureau = Bureau(city, root / "home")
    resources = [
        {"name": "raw.tax__firm", "fields": list(FIRM_FIELDS)},
        {"name": "raw.tax__visit", "fields": list(VISIT_FIELDS)},
    ]
    terms = {"epsilon": 100, "delta": "1e-6", "renewal": "none"}
    with bureau.store() as store:
        take(store, letter(resources=resources, **TERM))
        for name in ("agreement-a", *LOUD):
            granted = {"letters": ["letter-tax"], "views": GRANTED, "budget": terms, **TERM}
            take(store, agreement(id=name, **granted))
    return bureau


@contextmanager
def served(root: Path, planted: bool) -> Iterator[Bureau]:
    """A running city."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        made = make_twin(root, planted)
        made.start()
    try:
        yield made
    finally:
        assert made.stop() == 0, made.log()


@dataclass
class Attacker:
    """A partner's program that means no good.

    Attributes:
        bureau: the city that it attacks.
        session: its token is good.
    """

    bureau: Bureau
    session: httpx.Client
    louds: Iterator[int] = field(default_factory=itertools.count)

    def ask(
        self, sql: str, epsilon: float | None = 1.0, key: str = "", **more: Any
    ) -> httpx.Response:
        """Ask, under a key that was not used before."""
        key = key or f"attack-{next(_keys)}"
        body = {"sql": sql, **ASKING, **({} if epsilon is None else {"epsilon": epsilon}), **more}
        # Written by hand, so that it may hold what no careful client would send.
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return self.session.post("/queries", content=json.dumps(body), headers=headers)

    def rows(self, sql: str, epsilon: float = 1.0) -> list[list[Any]]:
        """The rows of an answer."""
        response = self.ask(sql, epsilon)
        assert response.status_code == 200, response.text
        return list(response.json()["rows"])

    def loud(self, sql: str) -> httpx.Response:
        """Ask at a price that hides little: under an agreement of its own, for no budget has it twice."""
        return self.ask(sql, 60.0, agreement=LOUD[next(self.louds)])

    def balance(self) -> dict[str, Any]:
        """What is left, as the service tells it."""
        response = self.session.get("/budget?agreement=agreement-a")
        assert response.status_code == 200, response.text
        return dict(response.json()["budgets"])


@dataclass
class Twins:
    """The attacker of the city with the planted firm, and of the one without it."""

    there: Attacker
    absent: Attacker

    @property
    def both(self) -> tuple[Attacker, Attacker]:
        """First the one with the planted firm."""
        return self.there, self.absent

    def same(self, sql: str) -> httpx.Response:
        """Ask both; they must say the same, byte for byte, and charge nothing."""
        before = [one.balance() for one in self.both]
        responses = [one.ask(sql) for one in self.both]
        assert [one.balance() for one in self.both] == before, sql
        there, absent = responses
        assert there.status_code == absent.status_code, sql
        assert there.content == absent.content, sql
        said = [{k: v for k, v in r.headers.items() if k != "date"} for r in responses]
        assert said[0] == said[1]
        return there
