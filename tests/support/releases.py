"""Small workspaces with releases, and what the compiler says of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from catalog.errors import CityBrainError, Problems
from pipelines.plan import Plan, compile_workspace
from tests.support.city import City

TODAY = date(2026, 7, 1)
PERSON = """
- {name: id, logicalType: integer, primaryKey: true, classification: L1}
- {name: name, logicalType: string, classification: L3, customProperties: [{property: kind, value: person_name}]}
- {name: phone, logicalType: string, classification: L4, customProperties: [{property: kind, value: phone}]}
- {name: birth, logicalType: date, classification: L3}
- {name: district, logicalType: string, classification: L1}
- {name: income, logicalType: number, physicalType: DOUBLE, classification: L3, customProperties: [{property: step, value: 100}]}
- {name: remark, logicalType: string, customProperties: [{property: kind, value: free_text}]}
"""
VISIT = """
- {name: visit, logicalType: integer, primaryKey: true, classification: L1}
- {name: phone, logicalType: string, classification: L4, customProperties: [{property: kind, value: phone}]}
- {name: day, logicalType: date, classification: L1}
"""
TEXT, DAY, COUNT, NUMBER = "string", "date", "integer", "number, physicalType: DOUBLE"


def fields(**kinds: str) -> str:
    """The YAML of fields, `name="type"`."""
    return "\n".join(f"- {{name: {name}, logicalType: {kind}}}" for name, kind in kinds.items())


def release(**options: str) -> str:
    """The YAML of a release."""
    inside = ", ".join(f"{name}: {value}" for name, value in options.items())
    return f"- {{property: release, value: {{{inside}}}}}\n"


def justified(*sources: str, until: str = "2026-12-31", level: str = "L4") -> str:
    """The YAML of a justification."""
    return (
        "- property: justification\n  value:\n"
        f"    - {{from: [{', '.join(sources)}], level: {level}, who: Data officer, why: Law 7, "
        f"until: {until}}}\n"
    )


def problems(city: City, today: date = TODAY) -> list[CityBrainError]:
    """Everything that the compiler finds on a day."""
    try:
        compile_workspace(city.load(), today=today)
    except Problems as error:
        return list(error.problems)
    return []


def plan(city: City) -> Plan:
    """The compiled workspace."""
    return compile_workspace(city.load(), today=TODAY)


def only(city: City, code: str, today: date = TODAY) -> CityBrainError:
    """The one problem that there is."""
    found = problems(city, today)
    assert [p.code for p in found] == [code], [str(p) for p in found]
    return found[0]


def at(problem: CityBrainError, root: Path) -> str:
    """`file:line` in the workspace."""
    assert problem.where is not None
    return f"{problem.where.path.relative_to(root)}:{problem.where.line}"


def line_of(path: Path, text: str) -> int:
    """The first line of a file that holds a text."""
    rows = path.read_text("utf-8").splitlines()
    return next(i for i, row in enumerate(rows, 1) if text in row)


def hops(problem: CityBrainError) -> list[list[str]]:
    """The path: a line a hop, each as its words."""
    return [row.split() for row in str(problem.fields["path"]).splitlines() if row.strip()]
