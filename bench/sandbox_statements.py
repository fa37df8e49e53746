"""How much of another system's SQL the sandbox answers: the test statements of SmartNoise SQL.

    python -m bench.sandbox_statements

Tables with a private id are registered as views, with the bounds of their metadata. A statement is

- answered: it is read and planned;
- refused lawfully: it asks for rows instead of statistics, names or groups by single units, needs what
  is not registered (a table without a private id, a column, bounds), or is no SQL by SmartNoise's own
  account;
- unsupported: it could be answered with differential privacy, and is not here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import sqlglot
import yaml
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sandbox.errors import Refusal
from sandbox.plan import plan_of
from sandbox.sql import read_question
from sandbox.terms import ColumnTerms, Kind, ViewTerms

FOLDER = Path(__file__).parent / "smartnoise"
_KINDS: dict[str, Kind] = {
    "int": "number",
    "float": "number",
    "string": "text",
    "boolean": "boolean",
    "datetime": "date",
}
_AGGREGATES = {"VAR", "STDEV", "MEAN"}
Class = Literal["answered", "refused lawfully", "unsupported"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement and what became of it.

    Attributes:
        why: for what reason it is refused; "" for an answered one.
        code: of the refusal.
    """

    file: str
    text: str
    found: Class
    why: str = ""
    code: str = ""


def statements() -> Iterator[tuple[str, str]]:
    """File and text of every statement; those that are commented out are none."""
    for path in sorted(FOLDER.glob("*/*.sql")):
        lines = path.read_text("utf-8").splitlines()
        whole = "\n".join(line for line in lines if not line.startswith("--"))
        for text in re.split(r";[ \t]*(?=\n|$|SELECT)", whole):
            if text.strip():
                yield f"{path.parent.name}/{path.name}", text.strip()


def views() -> dict[str, ViewTerms]:
    """The tables that say whose their rows are."""
    found = {}
    for name in ("TestDB.yaml", "PUMS_pid.yaml"):
        for schemas in yaml.safe_load((FOLDER / name).read_text("utf-8")).values():
            for schema, tables in schemas.items():
                for table, columns in tables.items():
                    full = f"{schema}.{table}".strip(".").lower()
                    view = _view(full, columns)
                    if view is not None:
                        found[full] = view
    return found


def _view(name: str, columns: Mapping[str, Any]) -> ViewTerms | None:
    typed = {k.lower(): v for k, v in columns.items() if isinstance(v, dict)}
    units = [column for column, terms in typed.items() if terms.get("private_id")]
    if not units:
        return None
    listed = {k: _column(k, v) for k, v in typed.items() if k not in units}
    return ViewTerms(name, "person", units[0], max_rows=1, max_groups=1, columns=listed)


def _column(name: str, terms: Mapping[str, Any]) -> ColumnTerms:
    bounds = None
    if "lower" in terms:
        bounds = Decimal(str(terms["lower"])), Decimal(str(terms["upper"]))
    scale = 2 if terms["type"] == "float" else 0
    return ColumnTerms(name, _KINDS[terms["type"]], bounds, scale)


def judged(file: str, text: str, known: Mapping[str, ViewTerms]) -> Judged:
    """What becomes of a statement."""
    try:
        plan_of(read_question(text, known), known)
    except Refusal as error:
        why = _lawful(file, text, known, error)
        if why is not None:
            return Judged(file, text, "refused lawfully", why, error.code)
        return Judged(file, text, "unsupported", _missing(error), error.code)
    return Judged(file, text, "answered")


def _lawful(file: str, text: str, known: Mapping[str, ViewTerms], error: Refusal) -> str | None:
    """Why answering it would be wrong; None when it would not."""
    tree = _parsed(text)
    if tree is None:
        # By the name of the file, it is to fail in SmartNoise's own parser too.
        return "no SQL" if file.startswith("parse/") and "_fail" in file else None
    if not _statistics(tree):
        return "rows instead of statistics"
    tables = {_name(table) for table in tree.find_all(exp.Table)}
    if not tables <= set(known):
        return "a table that is not registered"
    if error.fields.get("what") == "COLUMN" and error.fields.get("instead") in ("rows", "grouped"):
        return "rows beside statistics"
    return {
        "unit_used": "single units",
        "unknown_name": "a column that is not registered",
        "bounds_needed": "bounds that are not registered",
    }.get(error.code)


def _parsed(text: str) -> exp.Expression | None:
    for dialect in ("tsql", "postgres", "mysql"):
        try:
            found = sqlglot.parse(text, read=dialect)
        except SqlglotError:
            continue
        if len(found) == 1 and isinstance(found[0], exp.Select):
            return found[0]
    return None


def _name(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts).lower()


def _statistics(select: exp.Expression) -> bool:
    """Whether it makes statistics, or at least groups, anywhere."""
    calls = (node for node in select.walk() if isinstance(node, exp.AggFunc | exp.Anonymous))
    made = any(isinstance(one, exp.AggFunc) or one.name.upper() in _AGGREGATES for one in calls)
    return made or select.find(exp.Group) is not None


def _missing(error: Refusal) -> str:
    if error.code == "not_offered":
        return str(error.fields["what"])
    return {"question_syntax": "another dialect's words"}.get(error.code, error.code)


def report() -> list[Judged]:
    """Every statement, judged."""
    known = views()
    return [judged(file, text, known) for file, text in statements()]


def table(found: list[Judged]) -> str:
    """The report as `docs/sandbox.md` shows it."""
    counts = Counter(one.found for one in found)
    reasons = Counter(
        (one.found, one.why) for one in found if one.why and one.found != "unsupported"
    )
    lines = ["| | statements |", "|---|---:|", f"| answered | {counts['answered']} |"]
    lines.append(f"| refused lawfully | {counts['refused lawfully']} |")
    lines += [
        f"| - {why} | {n} |" for (_, why), n in sorted(reasons.items(), key=lambda i: (-i[1], i[0]))
    ]
    lines.append(f"| unsupported | {counts['unsupported']} |")
    return "\n".join([*lines, f"| all | {len(found)} |"])


if __name__ == "__main__":
    everything = report()
    for one in everything:
        print(f"{one.found:17} {one.code:20} {one.why:32} {' '.join(one.text.split())[:110]}")
    print(table(everything))
