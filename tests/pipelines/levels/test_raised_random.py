"""On random workspaces: a raw field raised from L2 to L4 makes exactly the releases fail that carry it.

The models are drawn as specifications, from which SQL is written. Who carries a field and who only
depends on it is computed from the specifications alone, by walking them; no SQL is read for that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from catalog.errors import Problems
from pipelines.plan import compile_workspace
from tests.support.city import City
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow
SEEDS = 8
TODAY = date(2026, 7, 1)
RAW = ("raw.civil__one", "raw.trade__two")
FIELDS = [f"{table}.{name}" for table in RAW for name in "abc"]
CHANNELS = {"share": "L3", "sandbox": "L2", "extract": "L2"}
# How a column is made of one or two others; all of them are texts.
CARRYING = {
    1: ("{0}", "upper({0})", "trim({0}) || 'x'", "substr({0}, 2)", "coalesce({0}, '-')"),
    2: ("{0} || {1}", "coalesce({0}, {1})", "CASE WHEN true THEN {0} ELSE {1} END"),
}
# Each field has a purpose of its own: pseudonyms of a raised field beside those of another, made for
# one purpose, would be looked up in one release (`release_lookup`), which other tests are about.
MASKED = "mask_pseudonym({{0}}, '{0}', 'lab')"
Source = tuple[str, str]


@dataclass(frozen=True)
class Output:
    """A column: what it is made of, how, and the column that a CASE around it asks for."""

    sources: tuple[Source, ...]
    template: str
    asked: Source | None
    masked: bool = False


@dataclass(frozen=True)
class Model:
    """A model: its columns, and the column that its WHERE asks for."""

    name: str
    inputs: tuple[str, ...]
    columns: dict[str, Output]
    filtered: Source | None
    channel: str

    def sql(self) -> str:
        """The SELECT."""

        def shown(source: Source) -> str:
            return f"t{self.inputs.index(source[0])}.{source[1]}"

        items = []
        for name, output in self.columns.items():
            value = output.template.format(*map(shown, output.sources))
            if output.asked:
                value = f"CASE WHEN {shown(output.asked)} > 'k' THEN {value} END"
            items.append(f"{value} AS {name}")
        tables = " CROSS JOIN ".join(f"{table} AS t{i}" for i, table in enumerate(self.inputs))
        where = f" WHERE {shown(self.filtered)} <> ''" if self.filtered else ""
        return f"SELECT {', '.join(items)} FROM {tables}{where}\n"


def drawn(seed: int) -> dict[str, Model]:
    """Nine models, each on one or two tables before it; every second one is a release."""
    dice = random.Random(seed)
    columns = {table: list("abc") for table in RAW}
    models: dict[str, Model] = {}
    for number in range(9):
        inputs = tuple(dice.sample(sorted(columns), dice.choice((1, 1, 2))))
        known = [(table, column) for table in inputs for column in columns[table]]
        name = f"fusion.m{number}" if number < 5 else f"thematic.m{number}"
        outputs = {letter: _output(dice, known) for letter in "pqr"[: dice.choice((1, 2, 3))]}
        filtered = dice.choice(known) if dice.random() < 0.4 else None
        channel = dice.choice(list(CHANNELS)) if number % 2 or number > 6 else ""
        models[name] = Model(name, inputs, outputs, filtered, channel)
        columns[name] = list(outputs)
    return models


def _output(dice: random.Random, known: list[Source]) -> Output:
    asked = dice.choice(known) if dice.random() < 0.4 else None
    collected = [source for source in known if source[0] in RAW]
    # One mask of every field, so that no two of them show it together.
    if collected and dice.random() < 0.3:
        source = dice.choice(collected)
        return Output((source,), MASKED.format(".".join(source)), asked, masked=True)
    count = dice.choice((1, 1, 2))
    sources = tuple(dice.choice(known) for _ in range(count))
    return Output(sources, dice.choice(CARRYING[count]), asked)


def carried(models: dict[str, Model], source: Source) -> set[str]:
    """The raw fields whose values a column shows."""
    table, column = source
    if table not in models:
        return {f"{table}.{column}"}
    output = models[table].columns[column]
    if output.masked:
        return set()
    return {field for one in output.sources for field in carried(models, one)}


def told(models: dict[str, Model], source: Source) -> set[str]:
    """The raw fields that a column depends on, its table's rows included."""
    table, column = source
    if table not in models:
        return set()
    output = models[table].columns[column]
    found = rows(models, table)
    for one in (*output.sources, *([output.asked] if output.asked else [])):
        found |= told(models, one)
    return found | (carried(models, output.asked) if output.asked else set())


def rows(models: dict[str, Model], table: str) -> set[str]:
    """The raw fields that decide which rows a table has."""
    if table not in models:
        return set()
    model = models[table]
    found = {field for other in model.inputs for field in rows(models, other)}
    if model.filtered:
        found |= carried(models, model.filtered) | told(models, model.filtered)
    return found


Shown = Callable[[dict[str, Model], Source], set[str]]  # what of the raw fields a column shows


def releases(models: dict[str, Model], level: str) -> dict[str, Model]:
    """The releases whose channel does not let a level out."""
    return {n: m for n, m in models.items() if m.channel and CHANNELS[m.channel] < level}


def carriers(models: dict[str, Model], field: str, level: str) -> set[str]:
    """The releases that show a field which is too sensitive for them."""
    return {n for n, m in releases(models, level).items() if shows(models, m, field, carried)}


def dependents(models: dict[str, Model], field: str, level: str) -> set[str]:
    """The releases that depend on such a field."""
    return {n for n, m in releases(models, level).items() if shows(models, m, field, told)}


def pseudonyms(models: dict[str, Model], source: Source) -> set[str]:
    """The raw fields whose pseudonyms a column shows."""
    table, column = source
    if table not in models:
        return set()
    output = models[table].columns[column]
    if output.masked:
        return {".".join(source) for source in output.sources}
    return {field for one in output.sources for field in pseudonyms(models, one)}


def looked_up(models: dict[str, Model], field: str, level: str) -> set[str]:
    """The releases whose pseudonyms of a field another release shows beside the field itself."""
    giving = {n for n, m in models.items() if m.channel and shows(models, m, field, pseudonyms)}
    refused = giving & set(releases(models, level))
    dictionaries = {n for n in giving - refused if shows(models, models[n], field, carried)}
    return refused if dictionaries else set()


def shows(models: dict[str, Model], model: Model, field: str, what: Shown) -> bool:
    """Whether a column of a model shows a field, as what is asked about."""
    return any(field in what(models, (model.name, column)) for column in model.columns)


def _field(name: str, level: str = "") -> str:
    classification = f", classification: {level}" if level else ""
    return f"- {{name: {name}, logicalType: string{classification}}}"


def _build(city: City, models: dict[str, Model], raised: str, level: str, given: str) -> None:
    for table in RAW:
        fields = (_field(n, level if f"{table}.{n}" == raised else "L2") for n in "abc")
        city.collected(table.removeprefix("raw.").replace("__", "/"), "\n".join(fields))
    for model in models.values():
        custom = ""
        if model.channel:
            declared = f"{{channel: {model.channel}, quasi_identifiers: []}}"
            custom = f"- {{property: release, value: {declared}}}\n"
        if model.channel and given:
            named = ", ".join(FIELDS)
            custom += (
                f"- {{property: justification, value: [{{from: [{named}], level: {given}, "
                "who: Officer, why: Law 7, until: 2030-01-01}]}\n"
            )
        fields = (_field(name) for name in model.columns)
        city.model(model.name, model.sql(), "\n".join(fields), custom=custom)


def _refused(city: City) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    try:
        compile_workspace(city.load(), today=TODAY)
    except Problems as error:
        for problem in error.problems:
            assert problem.where is not None, problem
            path: Path = problem.where.path.relative_to(city.root / "models")
            found.setdefault(problem.code, set()).add(f"{path.parent}.{path.stem}")
    return found


@pytest.mark.parametrize("seed", seeds(3, SEEDS))
def test_exactly_the_releases_fail_that_carry_the_raised_field(city: City, seed: int) -> None:
    models = drawn(seed)
    _build(city, models, "", "L2", "")
    assert _refused(city) == {}
    for field in FIELDS:
        for level, given in (("L4", "L4"), ("L4", ""), ("L4", "L2"), ("L3", "L3")):
            _build(city, models, field, level, given)
            showing, hanging = carriers(models, field, level), dependents(models, field, level)
            code = "justification_level" if given else "release_indirect"
            expected = {
                "release_ceiling": showing,
                code: hanging if given < level else set(),
                "release_lookup_elsewhere": looked_up(models, field, level),
            }
            assert _refused(city) == {c: names for c, names in expected.items() if names}, (
                field,
                level,
                given,
            )


def test_the_random_workspaces_carry_mask_and_depend() -> None:
    """The property would hold of workspaces in which nothing is carried, too."""
    shown = hung = silent = found = 0
    for seed in range(SEEDS):
        models = drawn(seed)
        for field in FIELDS:
            showing, hanging = carriers(models, field, "L4"), dependents(models, field, "L4")
            shown, hung = shown + bool(showing), hung + bool(hanging - showing)
            found += bool(looked_up(models, field, "L3"))
            silent += len(releases(models, "L4")) > len(showing | hanging)
    assert min(shown, hung, silent) > 8, (shown, hung, silent)
    assert found
