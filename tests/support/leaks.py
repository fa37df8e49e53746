"""The corpus `tests/golden/leaks`: reading its files, and the tiny synthetic city they are about.

A case is one SQL file. Comment lines at its head are prose or directives:

    -- refused by: <code>, <code>         codes of which the compiler must report one (refused cases)
    -- at: base.step                      where it must report it; else at the released model
    -- release: {kind: records, ...}      the custom property of the released model's contract
    -- release open.step: {...}           the same of another model, that is released besides
    -- justification: raw.x.a, raw.x.b    the columns that the release justifies
    -- justification base.step: raw.x.a   the same in the contract of another model
    -- level base.step.column: L1         a `classification` written in a contract
    -- rule base.step: {rule: row, ...}   a rejecting rule of our own in a contract, by its body
    -- field base.step.column: required: true, ...    more keys of a field in a contract
    -- differs: no (reason)               the answer does not show the secret by itself
    -- differs: error                     running it may fail, and that is what shows it
    -- model base.step                    begins the SQL of a model; the last one is the release

Without a `-- model` line the whole SQL is `open.answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.city import City
from tests.support.leaks_city import NATURES, RAW

GOLDEN = Path(__file__).parents[1] / "golden" / "leaks"
_DIRECTIVE = re.compile(
    r"^-- (refused by|at|release|differs|model|justification|level|rule|field)"
    r"(?: ([a-z][\w.]*))?(?:: (.*))?$"
)
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One file of the corpus, its models renamed so that all cases fit into one workspace.

    Attributes:
        name: the file's name without its ending, after an `r` (refused) or `a` (accepted).
        why: the prose of the header.
        models: full name and SQL of every model, each after those that it reads; the last one is
            the release.
        codes: the codes of which one must be reported; empty for an accepted case.
        at: the model that it must be reported at.
        releases: by model, the release property as YAML.
        justified: by model, the columns that its contract justifies.
        levels: by model and column, the level that its contract declares.
        rules: by model, the bodies of its contract's rules, as YAML.
        keys: by model and column, more keys of the field, as YAML.
        differs: the directive; empty when the answer must differ with the secrets.
    """

    name: str
    why: str
    models: tuple[tuple[str, str], ...]
    codes: tuple[str, ...]
    at: str
    releases: dict[str, str]
    justified: dict[str, tuple[str, ...]]
    levels: dict[tuple[str, str], str]
    rules: dict[str, list[str]]
    keys: dict[tuple[str, str], str]
    differs: str

    @property
    def released(self) -> str:
        """The full name of the released model."""
        return self.models[-1][0]

    @property
    def masked(self) -> bool:
        """Whether any of its models calls a masking function."""
        return any(re.search(r"\bmask_[a-z0-9_]+\s*\(", sql) for _, sql in self.models)


def cases(kind: str) -> tuple[Case, ...]:
    """The cases of `refused` or `accepted`, by file name."""
    return tuple(_case(path, kind[0]) for path in sorted((GOLDEN / kind).glob("*.sql")))


@dataclass
class _Header:
    """What the comment lines of a file say, before names are made unique."""

    why: list[str] = field(default_factory=list)
    single: dict[str, str] = field(default_factory=dict)
    justified: dict[str, tuple[str, ...]] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)
    levels: dict[tuple[str, str], str] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)


def _case(path: Path, letter: str) -> Case:
    header = _read(path)
    name = letter + path.stem
    sections = header.sections
    unique = {old: _unique(old, name, old == sections[-1][0]) for old, _ in sections}

    def renamed(text: str) -> str:
        return re.sub(
            r"\b(?:base|thematic|fusion|open)\.\w+", lambda m: unique.get(m[0], m[0]), text
        )

    released = sections[-1][0]
    return Case(
        name=name,
        why=" ".join(header.why),
        models=tuple(
            (unique[old], renamed("\n".join(sql).strip()) + "\n") for old, sql in sections
        ),
        codes=tuple(c.strip() for c in header.single.get("refused by", "").split(",") if c.strip()),
        at=unique[header.single.get("at", released)],
        releases={unique[k or released]: v for k, v in header.releases.items()},
        justified={unique[k or released]: v for k, v in header.justified.items()},
        levels={(unique[table], column): v for (table, column), v in header.levels.items()},
        rules={unique[k or released]: [renamed(r) for r in v] for k, v in header.rules.items()},
        keys={(unique[table], column): v for (table, column), v in header.keys.items()},
        differs=header.single.get("differs", ""),
    )


def _read(path: Path) -> _Header:
    header = _Header()
    for line in path.read_text("utf-8").splitlines():
        found = _DIRECTIVE.match(line)
        if found:
            _directive(header, found[1], found[2] or "", found[3] or "")
        elif line.startswith("--") and not header.sections:
            header.why.append(line.removeprefix("--").strip())
        else:
            if not header.sections:
                header.sections.append(("open.answer", []))
            header.sections[-1][1].append(line)
    return header


def _directive(header: _Header, key: str, about: str, value: str) -> None:
    if key == "model":
        header.sections.append((about, []))
    elif key == "justification":
        header.justified[about] = tuple(value.split(", "))
    elif key == "rule":
        header.rules.setdefault(about, []).append(value)
    elif key == "release":
        header.releases[about] = value
    elif key in ("level", "field"):
        table, _, column = about.rpartition(".")
        (header.levels if key == "level" else header.keys)[table, column] = value
    else:
        header.single[key] = value


def _unique(old: str, case: str, last: bool) -> str:
    database, table = old.split(".")
    return f"{database}.{case}" if last else f"{database}.{case}_{table}"


def write_city(city: City) -> None:
    """The departments and the collected tables that the cases read."""
    city.settings()
    city.departments(*dict.fromkeys(name.split("__")[0] for name in RAW))
    for name, table in RAW.items():
        custom = f"- {{property: row_level, value: {table.row_level}}}" if table.row_level else ""
        natures = NATURES.get(name, {})
        fields = (
            _field(c.name, c.type, c.level, key=bool(c.role), more=_nature(natures.get(c.name)))
            for c in table.columns
        )
        city.collected(name.replace("__", "/"), "\n".join(fields), custom=custom)


def _nature(text: str | None) -> str:
    if text is None:
        return ""
    key, value = text.split(": ")
    return f"customProperties: [{{property: {key}, value: {value}}}]"


def write_case(city: City, case: Case, columns: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """The models of a case with their contracts.

    Args:
        columns: by model, name and DuckDB type of every column that it produces.
    """
    for name, sql in case.models:
        fields = (
            _field(c, kind, case.levels.get((name, c), ""), more=case.keys.get((name, c), ""))
            for c, kind in columns[name]
        )
        custom = []
        if name in case.releases:
            custom.append(f"- {{property: release, value: {case.releases[name]}}}")
        if name in case.justified:
            listed = ", ".join(f"'{column}'" for column in case.justified[name])
            entry = (
                f"{{from: [{listed}], level: L4, who: health bureau, why: a synthetic case, "
                "until: 2099-12-31}"
            )
            custom.append(f"- {{property: justification, value: [{entry}]}}")
        rules = (
            f"- {{type: custom, engine: citybrain, name: rule_{i}, implementation: {body}}}"
            for i, body in enumerate(case.rules.get(name, []))
        )
        text = "\n".join(fields)
        city.model(name, sql, text, custom="\n".join(custom), quality="\n".join(rules))


def _field(name: str, kind: str, level: str, *, key: bool = False, more: str = "") -> str:
    kind = kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
    logical = "array" if kind.endswith("[]") else _TYPES.get(kind.split("(")[0], "")
    if kind.startswith("DECIMAL"):
        logical = "number"
    assert logical, f"no contract can declare a column of type {kind}: cast {name}"
    also = f", classification: {level}" if level else ""
    also += ", primaryKey: true" if key else ""
    also += f", {more}" if more else ""
    return f"- {{name: {name}, logicalType: {logical}, physicalType: '{kind}'{also}}}"
