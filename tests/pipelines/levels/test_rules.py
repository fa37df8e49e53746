"""Rules of contracts decide which rows there are: what they look at is a dependence like a filter's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.city import City, csv
from tests.support.releases import justified

PATIENT = """
- {name: id, logicalType: integer, primaryKey: true, classification: L4}
- {name: name, logicalType: string, classification: L3}
- {name: village, logicalType: string, classification: L1}
- {name: diagnosis, logicalType: string, classification: L4, logicalTypeOptions: {minLength: 3}}
"""
OFFICIAL = """
- {name: name, logicalType: string, primaryKey: true, classification: L1}
- {name: office, logicalType: string, classification: L1}
"""
BASE = """
- {name: id, logicalType: integer}
- {name: village, logicalType: string}
- {name: diagnosis, logicalType: string}
"""
OPEN = "- {name: village, logicalType: string}"
SQL = "SELECT id, village, diagnosis FROM raw.health__patient"
SECRETS = ("B24", "J11", "J11", "I10"), ("J11", "J11", "B24", "I10")


def rule(body: str, severity: str = "reject") -> str:
    return (
        "- {type: custom, engine: citybrain, name: rule_of_test, "
        f"severity: {severity}, implementation: {{{body}}}}}"
    )


def city(root: Path, *, patient: str = PATIENT, quality: str = "", custom: str = "") -> City:
    """A city with a table of patients and one of officials."""
    made = City(root)
    made.settings("[gate]\nmax_quarantined_percent = 100.0\n")
    made.departments("health", "city")
    made.collected("health/patient", patient, quality=quality, custom=custom)
    made.collected("city/official", OFFICIAL)
    return made


def released(made: City, fields: str = BASE, quality: str = "", answered: str = "") -> City:
    """With a base table whose contract has the rules, and a release of its villages."""
    made.model("base.p", SQL, fields, quality=quality)
    made.model("open.p", "SELECT village FROM base.p", OPEN, custom=answered)
    return made


IN_BASE = {
    "row": (BASE, rule("rule: row, holds: \"diagnosis <> 'B24'\"")),
    "row that blocks": (
        BASE,
        rule("rule: row, holds: \"diagnosis <> 'B24' OR village <> 'north'\"", "block"),
    ),
    "row about all": (BASE, rule('rule: row, holds: "p IS NOT NULL"')),
    "pattern": (
        BASE.replace("diagnosis, logicalType: string", 'diagnosis, logicalType: string, logicalTypeOptions: {pattern: "B.*"}'),
        "",
    ),
    "unique": (BASE.replace("diagnosis, logicalType: string", "diagnosis, logicalType: string, unique: true"), ""),
    "required": (BASE.replace("diagnosis, logicalType: string", "diagnosis, logicalType: string, required: true"), ""),
    "another length": (
        BASE.replace("diagnosis, logicalType: string", "diagnosis, logicalType: string, logicalTypeOptions: {minLength: 4}"),
        "",
    ),
    "sql": (
        BASE,
        "- {type: sql, name: counted, query: \"SELECT count(*) FROM p WHERE diagnosis = 'B24' AND "
        "village = 'north'\", mustBe: 0, severity: block}",
    ),
    "sql about all": (
        BASE,
        '- {type: sql, name: counted, query: "SELECT count(DISTINCT p) FROM p", mustBe: 3, severity: block}',
    ),
    **{
        kind: (BASE, f'- {{type: sql, name: counted, query: "{query}", mustBe: 0, severity: block}}')
        for kind, query in {
            "sql with using": "SELECT count(*) FROM p JOIN (VALUES ('B24')) AS x(diagnosis) USING (diagnosis)",
            "sql with a natural join": "SELECT count(*) FROM p NATURAL JOIN (SELECT 'B24' AS diagnosis) AS x",
            "sql with other names": "SELECT count(*) FROM p AS s(id, diagnosis, village) WHERE village = 'B24'",
            "sql by place": "SELECT count(*) FROM p WHERE #3 = 'B24'",
            "sql with a label like the table": "SELECT count(*) AS p FROM p WHERE p::VARCHAR LIKE '%B24%'",
            "sql with a label like the field": "SELECT count(village) AS diagnosis FROM p WHERE diagnosis = 'B24'",
            "sql with a pivot": "SELECT count(*) FROM p PIVOT (count(*) FOR village IN ('north', 'south'))",
            "sql with a unit": "SELECT count(date_trunc(diagnosis, DATE '2026-01-01')) FROM p",
        }.items()
    },
    "share of nulls": (
        BASE.replace(
            "diagnosis, logicalType: string",
            "diagnosis, logicalType: string, quality: [{type: library, metric: nullValues, "
            "mustBeLessThan: 9, unit: percent, severity: block}]",
        ),
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", IN_BASE)
def test_a_rule_on_a_secret_is_a_dependence_of_every_release(tmp_path: Path, kind: str) -> None:
    fields, quality = IN_BASE[kind]
    made = released(city(tmp_path), fields, quality)
    problems = {p.fields["origin"]: p for p in made.problems()}
    assert {p.code for p in problems.values()} == {"release_indirect"}
    found = problems["raw.health__patient.diagnosis"]
    assert "rule  models/base/p.yaml:" in str(found.fields["path"])
    answered = justified(*problems)
    assert released(city(tmp_path), fields, quality, answered).problems() == []


@pytest.mark.parametrize(
    ("fields", "quality"),
    [
        (BASE.replace("integer}", "integer, primaryKey: true}"), ""),
        (BASE.replace("diagnosis, logicalType: string", "diagnosis, logicalType: string, logicalTypeOptions: {minLength: 3}"), ""),
        (BASE, rule("rule: row, holds: \"diagnosis <> 'B24'\"", "warn")),
        (BASE, rule("rule: row, holds: \"village <> 'north'\"")),
        (BASE, rule("rule: foreign_key, fields: [village], references: raw.city__official, to: [name]")),
        (BASE, '- {type: library, metric: rowCount, mustBeGreaterThan: 0, severity: block}'),
    ],
    ids=["key of the source", "rule of the source", "warns", "public", "public parent", "rows"],
)  # fmt: skip
def test_a_rule_that_tells_nothing_new_is_none(tmp_path: Path, fields: str, quality: str) -> None:
    assert released(city(tmp_path), fields, quality).problems() == []


def test_what_a_collected_field_may_hold_is_told_by_no_row(tmp_path: Path) -> None:
    """The level is declared for the values that the field may hold."""
    narrow = PATIENT.replace("minLength: 3", 'minLength: 3, pattern: "[A-Z].*"').replace(
        "village, ", "village, required: true, unique: true, "
    )
    assert released(city(tmp_path, patient=narrow)).problems() == []


@pytest.mark.parametrize(
    ("quality", "custom"),
    [
        (rule("rule: row, holds: \"diagnosis <> 'B24'\""), ""),
        ("", "- {property: filters, value: [{name: few, when: \"diagnosis <> 'B24'\"}]}"),
        (rule("rule: foreign_key, fields: [name], references: raw.city__official, to: [name]"), ""),
        (
            '- {type: sql, name: counted, query: "SELECT count(*) FROM health__patient WHERE '
            "diagnosis = 'B24'\", mustBe: 0, severity: block}",
            "",
        ),
    ],
    ids=["row", "filter", "foreign key", "sql"],
)
def test_conditions_and_filters_of_collected_data_are_dependences(
    tmp_path: Path, quality: str, custom: str
) -> None:
    made = released(city(tmp_path, quality=quality, custom=custom))
    (problem,) = made.problems()
    assert problem.code == "release_indirect"
    assert "rule  contracts/health/patient.yaml:" in str(problem.fields["path"])


def officials(made: City, references: str, to: str, answered: str = "") -> City:
    """With officials that are released if they stand in another table."""
    made.model(
        "base.b24",
        "SELECT name FROM raw.health__patient WHERE diagnosis = 'B24'",
        "- {name: name, logicalType: string}",
    )
    made.model(
        "open.o",
        "SELECT name, office FROM raw.city__official",
        "- {name: name, logicalType: string}\n- {name: office, logicalType: string}",
        quality=rule(f"rule: foreign_key, fields: [name], references: {references}, to: [{to}]"),
        custom=answered,
    )
    return made


def test_a_foreign_key_tells_of_the_other_table(tmp_path: Path) -> None:
    origins = {
        str(p.fields["origin"]) for p in officials(city(tmp_path), "base.b24", "name").problems()
    }
    assert origins == {"raw.health__patient.name", "raw.health__patient.diagnosis"}


def test_the_key_of_another_table_is_proven_anew_when_that_changes(tmp_path: Path) -> None:
    """The levels of a table hold only while those of its foreign keys' tables do."""
    public = PATIENT.replace("L3", "L1").replace("L4", "L1")
    made = officials(city(tmp_path, patient=public), "base.b24", "name")
    assert made.warm().levels.hints(("open.o", "office"))
    city(tmp_path)
    with pytest.raises(Exception, match="release_indirect"):
        made.warm()
    city(tmp_path, patient=public)
    made.warm()


def test_impact_and_lineage_know_rules(tmp_path: Path) -> None:
    from pipelines.lineage_views.effects import impact
    from pipelines.lineage_views.graph import lineage_view
    from pipelines.lineage_views.reasons import explain

    fields, quality = IN_BASE["row"]
    plan = released(
        city(tmp_path), fields, quality, justified("raw.health__patient.diagnosis")
    ).plan()
    seen = impact(plan, "base.p.diagnosis")
    assert ("open.p", "village") in seen.depends
    assert ("raw.health__patient", "diagnosis") in lineage_view(plan, "open.p.village", "up").nodes
    depends = explain(plan, "open.p.village").depends
    told = next(o for o in depends if o.column == ("raw.health__patient", "diagnosis"))
    assert [hop.how for hop in told.hops][:3] == ["source", "identity", "rule"]


LEAKING = ("row", "row that blocks", "pattern", "unique", "sql")


@pytest.mark.slow
@pytest.mark.parametrize("kind", LEAKING)
def test_what_is_refused_does_leak(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run with other secrets and the same public values, the release shows other rows, or none."""
    shown = []
    for number, secrets in enumerate(SECRETS):
        root = tmp_path / str(number)
        monkeypatch.setenv("CITYBRAIN_HOME", str(root / "home"))
        shown.append(_shown(root / "city", *IN_BASE[kind], secrets))
    assert shown[0] != shown[1]


def _shown(root: Path, fields: str, quality: str, secrets: tuple[str, ...]) -> object:
    answered = justified("raw.health__patient.diagnosis", "raw.health__patient.id")
    made = released(city(root), fields, quality, answered)
    villages = ("north", "south", "east", "west")
    rows = zip(range(4), "abcd", villages, secrets, strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    made.source("patient.csv", csv("id,name,village,diagnosis", *lines))
    made.source("official.csv", csv("name,office", "a,mayor"))
    outcome = made.run().outcomes["open.p"]
    return sorted(made.rows("open.p")) if outcome.snapshot else None
