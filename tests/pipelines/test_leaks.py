"""Every way we know to let a sensitive column out is refused, and no lawful model is.

The corpus is `tests/golden/leaks`; `tests/support/leaks.py` says how to read it. That a refused case
deserves it is proved by running it: over two cities that differ only in their secrets its answer must
differ. An accepted case that neither masks nor justifies anything must give the same answer over both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.errors import CityBrainError
from pipelines.masking import KeyRing, KeyUse, install_duckdb
from tests.support.city import City
from tests.support.leaks import GOLDEN, Case, cases, write_case, write_city
from tests.support.leaks_city import VARIANTS, fill

REFUSED, ACCEPTED = cases("refused"), cases("accepted")
SCHEMES = ("hmac-sha256", "hmac-sm3", "ff1-aes256", "sm4-siv", "noise-hmac-sha256")
PURPOSES = ("study", "joined", "linked", "places", "twice", "granted")
USES = [
    KeyUse(purpose, who, scheme)
    for purpose in PURPOSES
    for who in ("university", "insurer")
    for scheme in SCHEMES
]
CODES = frozenset(code for case in REFUSED for code in case.codes)
Columns = dict[str, list[tuple[str, str]]]
Answer = list[str]


def named(case: Case) -> str:
    return case.name


# -- running the cases ------------------------------------------------------------------------------


def prepared(variant: str = "") -> duckdb.DuckDBPyConnection:
    """A filled city, with the masking functions and a synthetic key."""
    con = duckdb.connect(":memory:")
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET threads = 1")
    install_duckdb(con, KeyRing.of({1: b"synthetic key of the leak corpus"}), USES)
    fill(con, VARIANTS[variant] if variant else None)
    return con


def answer(con: duckdb.DuckDBPyConnection, case: Case) -> Answer:
    """The rows of the release in no particular order, or that it fails."""
    try:
        for name, sql in case.models[:-1]:
            con.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")
        return sorted(map(repr, con.execute(case.models[-1][1]).fetchall()))
    except duckdb.Error as error:
        return [f"fails: {type(error).__name__}"]


def columns(con: duckdb.DuckDBPyConnection, case: Case) -> Columns:
    """What every model of a case produces."""
    found: Columns = {}
    for name, sql in case.models:
        found[name] = [(str(r[0]), str(r[1])) for r in con.execute(f"DESCRIBE {sql}").fetchall()]
        con.execute(f"CREATE OR REPLACE VIEW {name}_shape AS {sql}")
        con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_shape WHERE FALSE")
    return found


@pytest.fixture(scope="module")
def original() -> Iterator[duckdb.DuckDBPyConnection]:
    with prepared() as con:
        yield con


@pytest.fixture(scope="module")
def changed() -> Iterator[Mapping[str, duckdb.DuckDBPyConnection]]:
    """Cities with other secrets and the same public values."""
    cities = {variant: prepared(variant) for variant in VARIANTS}
    yield cities
    for con in cities.values():
        con.close()


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(REFUSED) >= 80
    assert len(ACCEPTED) >= 40
    for case in (*REFUSED, *ACCEPTED):
        assert case.why, f"{case.name} does not say what it is about"
        assert bool(case.codes) == (case in REFUSED), case.name


def test_no_two_cases_are_the_same() -> None:
    bodies: dict[str, str] = {}
    for kind in ("refused", "accepted"):
        for path in sorted((GOLDEN / kind).glob("*.sql")):
            lines = path.read_text("utf-8").splitlines()
            body = "\n".join(line for line in lines if ":" in line or not line.startswith("--"))
            assert body not in bodies, f"{path.name} repeats {bodies[body]}"
            bodies[body] = path.name


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_leak_leaks(
    case: Case,
    original: duckdb.DuckDBPyConnection,
    changed: Mapping[str, duckdb.DuckDBPyConnection],
) -> None:
    before = answer(original, case)
    after = [answer(con, case) for con in changed.values()]
    fails = any(rows[:1] and rows[0].startswith("fails:") for rows in (before, *after))
    assert not fails or case.differs.startswith(("error", "no")), (case.models, before)
    differs = any(rows != before for rows in after)
    assert differs != case.differs.startswith("no"), "the answer does not depend on a secret"


@pytest.mark.parametrize("case", ACCEPTED, ids=named)
def test_a_lawful_model_tells_no_secret(
    case: Case,
    original: duckdb.DuckDBPyConnection,
    changed: Mapping[str, duckdb.DuckDBPyConnection],
) -> None:
    before = answer(original, case)
    assert before, "a case without rows shows nothing"
    assert not before[0].startswith("fails:"), (case.models, before)
    if case.released.startswith("open.") and not case.masked and not case.justified:
        for variant, con in changed.items():
            assert answer(con, case) == before, variant


# -- compiling them ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdicts:
    """What the compiler reported, by model; under an empty name what belongs to no model."""

    problems: Mapping[str, list[CityBrainError]]

    def codes(self, model: str) -> set[str]:
        return {problem.code for problem in self.problems.get(model, [])}

    def refuses(self, case: Case) -> bool:
        return bool(self.codes(case.at) & set(case.codes))

    def accepts(self, case: Case) -> bool:
        return not any(self.problems.get(name) for name, _ in case.models)

    def shown(self, case: Case) -> str:
        lines = [str(p) for name, _ in case.models for p in self.problems.get(name, [])]
        return "\n".join([case.why, *(sql for _, sql in case.models), *lines])


def verdicts(root: Path, chosen: tuple[Case, ...]) -> Verdicts:
    """One workspace of all the cases, compiled once."""
    city = City(root)
    write_city(city)
    with prepared() as con:
        for case in chosen:
            write_case(city, case, columns(con, case))
    found: dict[str, list[CityBrainError]] = {}
    for problem in city.problems():
        found.setdefault(_model(problem), []).append(problem)
    return Verdicts(found)


def _model(problem: CityBrainError) -> str:
    path = problem.where.path if problem.where else None
    inside = path is not None and path.parent.parent.name == "models"
    return f"{path.parent.name}.{path.stem}" if path is not None and inside else ""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return verdicts(tmp_path_factory.mktemp("refused"), REFUSED)


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return verdicts(tmp_path_factory.mktemp("accepted"), ACCEPTED)


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_leak_is_refused(case: Case, refused: Verdicts) -> None:
    assert refused.refuses(case), refused.shown(case)
    every = {code for name, _ in case.models for code in refused.codes(name)}
    assert every <= CODES, f"refused for another reason as well: {refused.shown(case)}"


@pytest.mark.parametrize("case", ACCEPTED, ids=named)
def test_a_lawful_model_is_accepted(case: Case, accepted: Verdicts) -> None:
    assert accepted.accepts(case), accepted.shown(case)


def test_nothing_is_wrong_outside_the_cases(refused: Verdicts, accepted: Verdicts) -> None:
    assert [str(p) for p in (*refused.problems.get("", []), *accepted.problems.get("", []))] == []


def test_a_message_names_the_secret_by_its_path(refused: Verdicts) -> None:
    """A refusal that does not say which raw field is meant cannot be acted upon."""
    direct = next(case for case in REFUSED if case.name.endswith("_direct"))
    texts = " ".join(str(problem) for problem in refused.problems[direct.released])
    assert "raw.health__patient.phone" in texts


def test_both_rates(
    refused: Verdicts, accepted: Verdicts, capsys: pytest.CaptureFixture[Any]
) -> None:
    leaks = sum(refused.refuses(case) for case in REFUSED)
    lawful = sum(accepted.accepts(case) for case in ACCEPTED)
    with capsys.disabled():
        print(
            f"\nleaks refused {leaks}/{len(REFUSED)}, lawful models accepted {lawful}/{len(ACCEPTED)}"
        )
    assert (leaks, lawful) == (len(REFUSED), len(ACCEPTED))
