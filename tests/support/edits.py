"""A small city with everything that compiling looks at, and edits of it that can be made and undone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from catalog.errors import Problems
from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace
from tests.support.city import contract_text
from tests.support.releases import PERSON, TODAY, VISIT, justified, release

LATER = date(2027, 7, 1)


def _contract(
    table: str, fields: str, quality: str = "", custom: str = "", domain: str = ""
) -> str:
    source = (
        f"- {{server: source, type: local, path: {table}.csv, format: csv}}\n" if domain else ""
    )
    return contract_text(table, fields, quality, custom, source, domain)


def _rule(inside: str) -> str:
    return f"- {{type: custom, engine: citybrain, implementation: {{{inside}}}}}\n"


BASE: dict[str, str] = {
    "workspace.toml": 'name = "testville"\ntimezone = "UTC"\n',
    "departments.yaml": "departments:\n  - {id: trade, name: Trade}\n  - {id: civil, name: Civil}\n",
    "contracts/civil/person.yaml": _contract("civil__person", PERSON, domain="civil"),
    "contracts/civil/visit.yaml": _contract("civil__visit", VISIT, domain="civil"),
    "contracts/trade/shop.yaml": _contract(
        "trade__shop",
        "- {name: district, logicalType: string, classification: L1}\n"
        "- {name: shops, logicalType: integer, classification: L2}",
        domain="trade",
    ),
    "models/base/person.sql": (
        "SELECT id, name, phone, birth, district, income, remark\nFROM raw.civil__person\n"
    ),
    "models/base/person.yaml": _contract(
        "person",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: name, logicalType: string, required: true}
        - {name: phone, logicalType: string}
        - {name: birth, logicalType: date}
        - {name: district, logicalType: string}
        - {name: income, logicalType: number, physicalType: DOUBLE}
        - {name: remark, logicalType: string}
        """,
        quality=_rule('rule: row, holds: "income > 0"').replace("- {", "- {name: earns, "),
    ),
    "models/base/visit.sql": (
        "SELECT visit, phone, day FROM raw.civil__visit WHERE day IS NOT NULL\n"
    ),
    "models/base/visit.yaml": _contract(
        "visit",
        """
        - {name: visit, logicalType: integer}
        - {name: phone, logicalType: string}
        - {name: day, logicalType: date}
        """,
        quality=_rule("rule: foreign_key, fields: [phone], references: base.person, to: [phone]"),
    ),
    "models/thematic/person.sql": textwrap.dedent("""\
        WITH last AS (SELECT phone, max(day) AS day FROM base.visit GROUP BY phone)
        SELECT p.id, p.name, p.phone, p.district AS district, p.income AS income, l.day
        FROM base.person AS p
        LEFT JOIN last AS l ON l.phone = p.phone
        """),
    "models/thematic/person.yaml": _contract(
        "person",
        """
        - {name: id, logicalType: integer}
        - {name: name, logicalType: string}
        - {name: phone, logicalType: string}
        - {name: district, logicalType: string}
        - {name: income, logicalType: number, physicalType: DOUBLE}
        - {name: day, logicalType: date}
        """,
        # It means this table, not the other one whose name is the same.
        quality='- {name: days, type: sql, query: "SELECT count(day) FROM person", mustBeGreaterThan: -1}\n',
    ),
    "models/thematic/amount.sql": (
        "SELECT district, count(*) AS people, avg(income) AS income\nFROM base.person GROUP BY ALL\n"
    ),
    "models/thematic/amount.yaml": _contract(
        "amount",
        """
        - {name: district, logicalType: string}
        - {name: people, logicalType: integer}
        - {name: income, logicalType: number, physicalType: DOUBLE}
        """,
    ),
    "models/fusion/shared.sql": textwrap.dedent("""\
        SELECT mask_pseudonym(name, 'study', 'bank') AS person, district, day
        FROM thematic.person
        WHERE phone IS NOT NULL
        """),
    "models/fusion/shared.yaml": _contract(
        "shared",
        """
        - {name: person, logicalType: string}
        - {name: district, logicalType: string}
        - {name: day, logicalType: date}
        """,
        custom=release(channel="share", quasi_identifiers="[]")
        + justified(
            "raw.civil__person.phone",
            "raw.civil__visit.phone",
            "raw.trade__shop.shops",
            "raw.civil__person.income",
            "raw.civil__person.name",
        ),
    ),
    "models/fusion/other.sql": (
        "SELECT a.district, a.people, s.shops FROM thematic.amount AS a\n"
        "LEFT JOIN raw.trade__shop AS s ON s.district = a.district\n"
    ),
    "models/fusion/other.yaml": _contract(
        "other",
        """
        - {name: district, logicalType: string}
        - {name: people, logicalType: integer}
        - {name: shops, logicalType: integer}
        """,
        custom="- {property: optional_inputs, value: [raw.trade__shop]}\n",
    ),
    # That a join repeats no row follows from the key of the other table.
    "models/open/visits.sql": (
        "SELECT v.day, count(*) AS visits FROM raw.civil__visit AS v\n"
        "LEFT JOIN raw.civil__person AS p ON p.id = v.visit GROUP BY v.day\n"
    ),
    "models/open/visits.yaml": _contract(
        "visits",
        """
        - {name: day, logicalType: date}
        - {name: visits, logicalType: integer}
        """,
        custom=release(kind="statistics", count="visits"),
    ),
}

Replacement = tuple[str, str, str]
# Name of an edit -> replacements of text by file. An empty new text of a whole file removes it.
EDITS: dict[str, tuple[Replacement, ...]] = {
    "a condition": (("models/base/visit.sql", "day IS NOT NULL", "visit > 3"),),
    "only a line": (("models/base/person.sql", "SELECT id", "SELECT\n\n  id"),),
    "a comment": (("models/thematic/amount.sql", "GROUP BY ALL", "GROUP BY ALL -- all"),),
    "other source of a column": (
        ("models/thematic/person.sql", "p.district AS", "coalesce(p.district, p.remark) AS"),
    ),
    "a secret source of a column": (
        ("models/thematic/person.sql", "p.district AS", "coalesce(p.district, p.phone) AS"),
    ),
    "SQL that cannot be parsed": (("models/base/person.sql", "FROM raw", "FORM raw"),),
    "SQL with two statements": (("models/base/visit.sql", "SELECT visit", "SELECT 1; SELECT visit"),),
    "an unknown column": (("models/base/person.sql", "income", "incom"),),
    "an unknown table": (("models/thematic/person.sql", "base.visit", "base.visits"),),
    "a table without its database": (("models/thematic/person.sql", "base.visit", "visit"),),
    "a type of a collected column": (
        ("contracts/civil/person.yaml", "birth, logicalType: date", "birth, logicalType: string"),
    ),
    "a type of a model's column": (
        ("models/base/visit.yaml", "visit, logicalType: integer", "visit, logicalType: string"),
    ),
    "a column less": (
        ("models/base/person.sql", ", remark", ""),
        ("models/base/person.yaml", "- {name: remark, logicalType: string}", ""),
    ),
    "a column less that a model reads": (
        ("models/base/person.sql", "district, income", "income"),
        ("models/base/person.yaml", "- {name: district, logicalType: string}", ""),
    ),
    "a column more": (
        (
            "contracts/civil/visit.yaml",
            "- {name: visit",
            "- {name: place, logicalType: string}\n      - {name: visit",
        ),
    ),
    "a key less": (("contracts/civil/person.yaml", "primaryKey: true, ", ""),),
    "a level raised": (("contracts/civil/person.yaml", "classification: L3}\n", "classification: L4}\n"),),
    "a level lowered": (
        ("contracts/civil/person.yaml", "phone, logicalType: string, classification: L4", "phone, logicalType: string, classification: L2"),
    ),
    "a model's level raised": (
        ("models/thematic/amount.yaml", "people, logicalType: integer", "people, logicalType: integer, classification: L4"),
    ),
    "a model's level lowered": (
        ("models/thematic/person.yaml", "income, logicalType: number", "income, classification: L1, logicalType: number"),
    ),
    "the level of a row": (
        ("contracts/civil/visit.yaml", "schema:", "customProperties: [{property: row_level, value: L4}]\nschema:"),
    ),
    "a ceiling": (("workspace.toml", 'timezone = "UTC"', 'timezone = "UTC"\n[channels]\nshare = "L1"'),),
    "a setting": (("workspace.toml", 'timezone = "UTC"', 'timezone = "UTC"\n[gate]\nmax_quarantined_percent = 3'),),
    "a setting that is none": (("workspace.toml", "timezone", "timezoned"),),
    "a justification that has ended": (("models/fusion/shared.yaml", "2026-12-31", "2026-06-30"),),
    "a justification that ends today": (("models/fusion/shared.yaml", "2026-12-31", "2026-07-01"),),
    "a justification of less": (("models/fusion/shared.yaml", "raw.civil__person.phone, ", ""),),
    "a justification of nothing": (("models/fusion/shared.yaml", "person.phone,", "person.fax,"),),
    "a justification of a low level": (("models/fusion/shared.yaml", "level: L4", "level: L2"),),
    "no release": (("models/fusion/shared.yaml", "property: release", "property: gate"), ("models/fusion/shared.yaml", "{channel: share, quasi_identifiers: []}", "{}")),
    "another channel": (("models/fusion/shared.yaml", "channel: share", "channel: sandbox"),),
    "another purpose": (("models/fusion/shared.sql", "'study'", "'other'"),),
    "no mask": (("models/fusion/shared.sql", "mask_pseudonym(name, 'study', 'bank')", "phone"),),
    "a mask's argument": (("models/fusion/shared.sql", "'study'", "district"),),
    "an unknown mask": (("models/fusion/shared.sql", "mask_pseudonym(", "mask_nothing("),),
    "a mask in a rule": (("models/base/person.yaml", "income > 0", "mask_name(name) <> ''"),),
    "a foreign key's field": (("models/base/visit.yaml", "to: [phone]", "to: [phones]"),),
    "a foreign key's table": (("models/base/visit.yaml", "base.person", "base.persons"),),
    "a rule's condition": (("models/base/person.yaml", "income > 0", "incomes > 0"),),
    "a rule's table": (("models/thematic/person.yaml", "FROM person\"", "FROM persons\""),),
    "a rule that warns": (("models/base/person.yaml", "{name: earns,", "{name: earns, severity: warn,"),),
    "a rule of the source": (("contracts/civil/person.yaml", "name, logicalType: string,", "name, logicalType: string, required: true,"),),
    "another foreign key": (("models/base/visit.yaml", "references: base.person, to: [phone]", "references: raw.civil__person, to: [remark]"),),
    "a key that is not proven": (("models/base/person.sql", "FROM raw.civil__person\n", "FROM raw.civil__person, raw.trade__shop\n"),),
    "a rule's kind": (("models/base/person.yaml", "rule: row", "rule: rows"),),
    "an optional input that is none": (("models/fusion/other.yaml", "[raw.trade__shop]", "[base.visit]"),),
    "a title": (("models/base/person.yaml", "name: person\nversion", "name: People\nversion"),),
    "a department's name": (("departments.yaml", "name: Trade", "name: Commerce"),),
    "a department less": (("departments.yaml", "  - {id: trade, name: Trade}\n", ""),),
    "another department's contract": (("contracts/trade/shop.yaml", "domain: trade", "domain: civil"),),
    "YAML that is none": (("contracts/civil/visit.yaml", "version: 1.0.0", "version: [1.0.0"),),
    "a contract's fault": (("models/base/visit.yaml", "logicalType: date", "logicalType: day"),),
    "a circle": (("models/base/person.sql", "raw.civil__person", "thematic.person"),),
    "no SQL": (("models/thematic/amount.sql", BASE["models/thematic/amount.sql"], ""),),
    "no contract": (("models/base/visit.yaml", BASE["models/base/visit.yaml"], ""),),
    "no model": (
        ("models/thematic/amount.sql", BASE["models/thematic/amount.sql"], ""),
        ("models/thematic/amount.yaml", BASE["models/thematic/amount.yaml"], ""),
    ),
    "no collected table": (("contracts/trade/shop.yaml", BASE["contracts/trade/shop.yaml"], ""),),
    "nothing uses a mask": (
        ("models/fusion/shared.sql", BASE["models/fusion/shared.sql"], ""),
        ("models/fusion/shared.yaml", BASE["models/fusion/shared.yaml"], ""),
    ),
}  # fmt: skip
RENAMED, A_YEAR_LATER = "a model renamed", "a year later"
ALL_EDITS = (*EDITS, RENAMED, A_YEAR_LATER)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compile gave: a plan or problems, both in a form that can be compared."""

    problems: list[tuple[str, dict[str, Any]]]
    steps: list[Any]
    lineage: dict[str, Any]
    levels: dict[str, Any]

    @property
    def codes(self) -> set[str]:
        """The codes of the problems."""
        return {fields["code"] for _, fields in self.problems}


def write(root: Path, edits: Iterable[str] = ()) -> None:
    """Write the city with some edits; nothing of earlier edits stays."""
    files = dict(BASE)
    chosen = set(edits)
    for edit in sorted(chosen & set(EDITS)):
        for path, old, new in EDITS[edit]:
            files[path] = files[path].replace(old, new)
    if RENAMED in chosen:
        files["models/fusion/renamed.sql"] = files.pop("models/fusion/other.sql")
        moved = files.pop("models/fusion/other.yaml")
        files["models/fusion/renamed.yaml"] = moved.replace("- name: other", "- name: renamed")
    for path in [p for p in root.rglob("*") if p.is_file()]:
        path.unlink()
    for name, text in files.items():
        if text:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")


def compiled(root: Path, edits: Iterable[str] = (), *, cached: bool) -> Compiled:
    """Compile the city on the day that the edits say."""
    today = LATER if A_YEAR_LATER in set(edits) else TODAY
    try:
        plan = compile_workspace(load_workspace(root, cached=cached), today)
    except Problems as error:
        return Compiled([(str(p), p.as_dict()) for p in error.problems], [], {}, {})
    return Compiled([], list(plan.steps.values()), dict(plan.lineage), dict(plan.levels.tables))
