"""Changing a raw field from L2 to L4 makes `check` fail for exactly the releases that carry it.

Which column is made of which is written here by hand, beside the SQL; who carries a field is
computed from that table alone.
"""

from __future__ import annotations

from datetime import date

import pytest

from catalog.errors import Problems
from pipelines.plan import compile_workspace
from tests.support.city import City

TODAY = date(2026, 7, 1)
RAW = {
    "civil/person": {"id": "L1", "district": "L1", "age": "L2", "income": "L2", "school": "L2"},
    "trade/visit": {"id": "L1", "person": "L1", "shop": "L2", "spent": "L2"},
    "civil/flat": {"id": "L1", "owner": "L1", "area": "L2"},
}
TEXTS = {"district", "school", "shop", "who", "grade"}
FIELDS = [
    (f"raw.{name.replace('/', '__')}", column)
    for name, columns in RAW.items()
    for column, level in columns.items()
    if level == "L2"
]
# SQL; what each column carries; what the rows and columns depend on besides.
Model = tuple[str, dict[str, str], str]
MODELS: dict[str, Model] = {
    "base.person": (
        "SELECT id, upper(district) AS district, age, income, trim(school) AS school FROM raw.civil__person",
        {c: f"raw.civil__person.{c}" for c in ("id", "district", "age", "income", "school")},
        "",
    ),
    "base.visit": (
        "SELECT person, shop, spent * 100 AS cents FROM raw.trade__visit",
        {"person": "raw.trade__visit.person", "shop": "raw.trade__visit.shop", "cents": "raw.trade__visit.spent"},
        "",
    ),
    "base.flat": (
        "SELECT * EXCLUDE (id, _source_file, _source_line, _load_id) FROM raw.civil__flat",
        {"owner": "raw.civil__flat.owner", "area": "raw.civil__flat.area"},
        "",
    ),
    "fusion.profile": (
        "SELECT p.id, p.district, p.age, p.income + f.area AS wealth FROM base.person AS p "
        "LEFT JOIN base.flat AS f ON f.owner = p.id",
        {"id": "base.person.id", "district": "base.person.district", "age": "base.person.age",
         "wealth": "base.person.income base.flat.area"},
        "base.flat.owner base.person.id",
    ),
    "fusion.spending": (
        "SELECT person, sum(cents)::BIGINT AS total, count(*) AS shops FROM base.visit WHERE shop <> '' GROUP BY person",
        {"person": "base.visit.person", "total": "base.visit.cents", "shops": ""},
        "base.visit.shop base.visit.person",
    ),
    "fusion.pupil": (
        "WITH young AS (SELECT * FROM base.person WHERE age < 18) SELECT id, school FROM young",
        {"id": "base.person.id", "school": "base.person.school"},
        "base.person.age",
    ),
}  # fmt: skip
RELEASES: dict[str, Model] = {
    "thematic.ages": ("SELECT id, age FROM base.person", {"id": "base.person.id", "age": "base.person.age"}, ""),
    "thematic.places": ("SELECT id, district FROM base.person", {"id": "base.person.id", "district": "base.person.district"}, ""),
    "thematic.incomes": ("SELECT id, coalesce(income, 0) AS income FROM base.person", {"id": "base.person.id", "income": "base.person.income"}, ""),
    "thematic.wealth": ("SELECT id, max(wealth) AS wealth FROM fusion.profile GROUP BY ALL", {"id": "fusion.profile.id", "wealth": "fusion.profile.wealth"}, ""),
    "thematic.totals": ("SELECT person, total FROM fusion.spending", {"person": "fusion.spending.person", "total": "fusion.spending.total"}, ""),
    "thematic.visits": ("SELECT person, shops FROM fusion.spending", {"person": "fusion.spending.person", "shops": "fusion.spending.shops"}, ""),
    "thematic.schools": ("SELECT DISTINCT school FROM fusion.pupil", {"school": "fusion.pupil.school"}, ""),
    "thematic.pupils": ("SELECT id FROM fusion.pupil", {"id": "fusion.pupil.id"}, ""),
    "thematic.habits": (
        "SELECT p.age, s.total FROM fusion.profile AS p JOIN fusion.spending AS s ON s.person = p.id",
        {"age": "fusion.profile.age", "total": "fusion.spending.total"},
        "fusion.spending.person fusion.profile.id",
    ),
    "thematic.hidden": ("SELECT id, mask_pseudonym(school, 'study', 'lab') AS who FROM base.person", {"id": "base.person.id", "who": ""}, ""),
    "thematic.large": ("SELECT owner, area FROM base.flat WHERE area > 50", {"owner": "base.flat.owner", "area": "base.flat.area"}, "base.flat.area"),
    "thematic.grades": (
        "SELECT id, CASE WHEN income > 5 THEN 'a' ELSE district END AS grade FROM base.person",
        {"id": "base.person.id", "grade": "base.person.district"},
        "base.person.income",
    ),
    "thematic.shops": ("SELECT person, shop FROM base.visit", {"person": "base.visit.person", "shop": "base.visit.shop"}, ""),
    "thematic.numbers": (
        "SELECT age FROM base.person UNION ALL SELECT cents FROM base.visit",
        {"age": "base.person.age base.visit.cents"},
        "",
    ),
}  # fmt: skip
ALL = {**MODELS, **RELEASES}


def _carried(column: str) -> set[str]:
    """The raw fields that a column is made of."""
    if column.startswith("raw."):
        return {column}
    table, _, name = column.rpartition(".")
    return {f for source in ALL[table][1][name].split() for f in _carried(source)}


def _behind(table: str) -> set[str]:
    """The raw fields that the rows of a table depend on, and its tables' in turn."""
    sql, columns, rows = ALL[table]
    own = {f for source in rows.split() for f in _carried(source)}
    read = {s.rpartition(".")[0] for c in (*columns.values(), rows) for s in c.split()}
    read |= {name for name in ALL if f" {name}" in sql}
    return own | {f for other in read if not other.startswith("raw.") for f in _behind(other)}


def carriers(field: str) -> set[str]:
    """The releases that carry a field."""
    return {
        r
        for r, (_, columns, _) in RELEASES.items()
        if any(field in _carried(f"{r}.{c}") for c in columns)
    }


def dependents(field: str) -> set[str]:
    """The releases that depend on a field without need to carry it; a DISTINCT of it counts."""
    return {
        r
        for r in RELEASES
        if field in _behind(r) or ("DISTINCT" in RELEASES[r][0] and r in carriers(field))
    }


def _entry(name: str, level: str = "") -> str:
    kind = "string" if name in TEXTS else "integer"
    return f"- {{name: {name}, logicalType: {kind}{', classification: ' + level if level else ''}}}"


def build(city: City, levels: dict[str, dict[str, str]], justify: str) -> None:
    """The workspace with these levels, and justifications of every field up to a level."""
    for name, columns in levels.items():
        city.collected(name, "\n".join(_entry(c, level) for c, level in columns.items()))
    for number, (name, (sql, columns, _)) in enumerate(ALL.items()):
        custom = ""
        if name in RELEASES:
            channel = ("sandbox", "share", "extract")[number % 3]
            declared = f"{{channel: {channel}, quasi_identifiers: []}}"
            custom = f"- {{property: release, value: {declared}}}\n"
        if name in RELEASES and justify:
            custom += "- property: justification\n  value:\n" + "".join(
                f"    - {{from: {table}.{c}, level: {justify}, who: Officer, why: Law 7, until: 2030-01-01}}\n"
                for table, c in FIELDS
            )
        city.model(name, sql + "\n", "\n".join(_entry(c) for c in columns), custom=custom)


def refused(city: City) -> dict[str, set[str]]:
    """Releases by the code of the problem that names them."""
    found: dict[str, set[str]] = {}
    try:
        compile_workspace(city.load(), today=TODAY)
    except Problems as error:
        for problem in error.problems:
            assert problem.where is not None
            path = problem.where.path.relative_to(city.root / "models")
            found.setdefault(problem.code, set()).add(f"{path.parent}.{path.stem}")
    return found


def _with(table: str, column: str, level: str) -> dict[str, dict[str, str]]:
    name = table.removeprefix("raw.").replace("__", "/")
    return {**RAW, name: {**RAW[name], column: level}}


@pytest.mark.parametrize("justify", ["", "L2"], ids=["plain", "justified"])
def test_nothing_is_refused_as_long_as_every_field_is_l2(city: City, justify: str) -> None:
    build(city, RAW, justify)
    assert refused(city) == {}


@pytest.mark.parametrize(("table", "column"), FIELDS, ids=[c for _, c in FIELDS])
def test_a_field_raised_to_l4_is_refused_in_exactly_the_releases_that_carry_it(
    city: City, table: str, column: str
) -> None:
    field = f"{table}.{column}"
    assert carriers(field), "a field that nothing carries proves nothing"
    build(city, _with(table, column, "L4"), justify="L4")
    assert refused(city) == {"release_ceiling": carriers(field)}


@pytest.mark.parametrize(("table", "column"), FIELDS, ids=[c for _, c in FIELDS])
def test_what_only_depends_on_a_raised_field_is_refused_without_a_justification(
    city: City, table: str, column: str
) -> None:
    field = f"{table}.{column}"
    build(city, _with(table, column, "L4"), justify="")
    expected = {"release_ceiling": carriers(field), "release_indirect": dependents(field)}
    assert refused(city) == {code: names for code, names in expected.items() if names}


@pytest.mark.parametrize(("table", "column"), FIELDS, ids=[c for _, c in FIELDS])
def test_a_justification_for_l2_does_not_cover_the_field_at_l4(
    city: City, table: str, column: str
) -> None:
    field = f"{table}.{column}"
    build(city, _with(table, column, "L4"), justify="L2")
    expected = {"release_ceiling": carriers(field), "justification_level": dependents(field)}
    assert refused(city) == {code: names for code, names in expected.items() if names}


def test_a_field_raised_to_l3_is_refused_only_where_l3_is_too_much(city: City) -> None:
    for table, column in FIELDS:
        build(city, _with(table, column, "L3"), justify="L4")
        shared = {name for n, name in enumerate(ALL) if name in RELEASES and n % 3 == 1}
        expected = carriers(f"{table}.{column}") - shared
        assert refused(city) == ({"release_ceiling": expected} if expected else {}), column


def test_a_field_lowered_to_l1_is_refused_nowhere(city: City) -> None:
    for table, column in FIELDS:
        build(city, _with(table, column, "L1"), justify="")
        assert refused(city) == {}, column
