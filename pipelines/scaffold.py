"""A first contract for a source: look at it, profile it, write it down, try it.

The draft is meant to be read and corrected; comments say what was seen and what to decide. It is
tried on the very source with the platform's own staging before it is handed over, so its head says
truthfully how many rows it would publish. Comments hold counts and header cells, never values of
a column that may be personal.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.contract import DatabaseSource
from catalog.errors import Location
from catalog.text import text
from pipelines.collect.files import plain_name
from pipelines.errors import PipelineError
from pipelines.scaffold_look import Look, look_at_file, look_at_table
from pipelines.scaffold_names import field_name, field_names
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.scaffold_key import Key
    from pipelines.scaffold_profile import Draft
    from pipelines.scaffold_text import Opened, PublishedText
    from pipelines.stage import Counts

PROFILED_ROWS = 1_000_000
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TABLE = re.compile(
    r"^(?P<connection>[a-z][a-z0-9_]*):(?:(?P<schema>[^.:/]+)\.)?(?P<table>[^.:/]+)$"
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A drafted contract.

    Attributes:
        resource: the table's name without its department.
        path: where the contract belongs, relative to the workspace.
        text: the YAML.
        received, published, quarantined, filtered: what the trial gave.
    """

    resource: str
    path: Path
    text: str
    received: int
    published: int
    quarantined: int
    filtered: int


def scaffold(
    target: Path | str,
    department: str,
    resource: str | None = None,
    *,
    workspace: Workspace,
    source_dir: Path | None = None,
    rows: int = PROFILED_ROWS,
) -> Scaffold:
    """Draft a contract for a file or a table; nothing is written or copied.

    Args:
        target: a file (CSV in any encoding, Excel, JSON, JSON lines, Parquet, GeoJSON, TopoJSON;
            also `.gz`, `.zst`), `<connection>:[<schema>.]<table>` for a connection of the
            environment, or `<SQLAlchemy URL>#[<schema>.]<table>`.
        department: whose data it is; one of `departments.yaml`.
        resource: the table's name; default: from the file's or table's name.
        workspace: the city that it is for.
        source_dir: the folder of department files when it is not the workspace's own.
        rows: at most so many rows are profiled.

    Raises:
        PipelineError: `scaffold_department`, `scaffold_resource`, `scaffold_format`,
            `scaffold_target`, `connection_missing`, and what reading the source raises.
    """
    if department not in workspace.departments:
        known = ", ".join(workspace.departments)
        where = Location(workspace.root / "departments.yaml")
        raise PipelineError("scaffold_department", where=where, department=department, known=known)
    with _opened(target, department, workspace, source_dir, rows) as opened:
        name = resource or _resource_name(opened.stem)
        if not _NAME.match(name):
            raise PipelineError("scaffold_resource", name=name)
        return _draft(opened, department, name, workspace.name, rows)


def write_scaffold(made: Scaffold, workspace: Workspace) -> Path:
    """Put the contract into the workspace.

    Raises:
        PipelineError: `scaffold_exists`; a contract that somebody wrote is never replaced.
    """
    path = workspace.root / made.path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError as error:
        raise PipelineError("scaffold_exists", where=Location(path)) from error
    return path


def _resource_name(stem: str) -> str:
    name, known = field_name(stem, 1)
    name = re.sub("^column_", "table_", name)
    return name if known or name != "table_1" or stem == "1" else "resource"


# -- opening ------------------------------------------------------------------------------------


@contextmanager
def _opened(
    target: Path | str, department: str, workspace: Workspace, source_dir: Path | None, rows: int
) -> Iterator[Opened]:
    from pipelines.scaffold_text import Opened

    path = Path(target)
    with tempfile.TemporaryDirectory(prefix="citybrain-scaffold-") as scratch:
        if isinstance(target, str) and ("://" in target or not path.exists()):
            url, source = _table(target, department)
            look = look_at_table(url, source)
            yield Opened(look, source.table or "", False, url, Path(scratch), rows=rows)
            return
        if not path.is_file():
            raise PipelineError("scaffold_target", target=str(target))
        root = (source_dir or workspace.source_dir).resolve()
        inside = path.resolve().is_relative_to(root)
        name = path.resolve().relative_to(root).as_posix() if inside else path.name
        pattern = re.sub(r"([*?[])", r"[\1]", plain_name(name))
        look = look_at_file(path, pattern)
        stem = Path(plain_name(path.name)).stem
        yield Opened(look, stem, not inside, scratch=Path(scratch), file=path)


def _table(target: str, department: str) -> tuple[str, DatabaseSource]:
    """The URL and the table that a text names; the URL is never shown, it may hold a password."""
    if "://" in target:
        url, _, name = target.rpartition("#")
        schema, _, table = name.rpartition(".")
        if not url or not table:
            raise PipelineError("scaffold_target", target=target.split("://")[0] + "://...")
        connection = f"{department}_db"
        return url, DatabaseSource(connection=connection, table=table, schema=schema or None)
    found = _TABLE.match(target)
    if not found:
        raise PipelineError("scaffold_target", target=target)
    variable = f"CITYBRAIN_CONNECTION_{found['connection'].upper()}"
    named = os.environ.get(variable)
    if not named:
        raise PipelineError("connection_missing", connection=found["connection"], variable=variable)
    parts = {"connection": found["connection"], "table": found["table"], "schema": found["schema"]}
    return named, DatabaseSource.model_validate(parts)


# -- drafting -----------------------------------------------------------------------------------


def _draft(opened: Opened, department: str, name: str, tenant: str, rows: int) -> Scaffold:
    import duckdb

    from pipelines.scaffold_key import Key, find_key
    from pipelines.scaffold_profile import Profiler
    from pipelines.scaffold_text import load_text
    from pipelines.scaffold_yaml import contract_yaml

    drafts, columns = _columns(opened)
    filters = _marks(opened.look, drafts)
    with duckdb.connect(str(opened.scratch / "profile.duckdb"), config={"threads": 2}) as con:
        con.execute(f"SET temp_directory = '{opened.scratch}/spill'; SET memory_limit = '1GB'")
        loaded = load_text(con, opened, drafts, columns, filters, rows)
        profiler = Profiler(con, "t")
        for draft, column in zip(drafts, columns, strict=True):
            profiler.profile(draft, column)
        key = find_key(con, "t", drafts, columns) if drafts[0].rows else Key()
    declared = tuple(d.field.name for h in opened.look.key for d in drafts if d.header == h)
    key = replace(key, fields=declared) if declared else key
    if key.repeated and key.fields and not declared:
        filters.append({"name": "repeated_row", "duplicates": "all"})
    parts = {"tenant": tenant, "department": department, "resource": name}

    def written(notes: Sequence[str]) -> str:
        return contract_yaml(
            opened.look,
            drafts,
            key,
            filters=filters,
            extra_columns=loaded.extra,
            notes=notes,
            **parts,
        )

    counts = None if loaded.sampled else _trial(opened, written(()), department, name)
    notes = _notes(opened, drafts, key, loaded, counts)
    return _result(name, department, written(notes), counts, drafts[0].rows)


def _result(name: str, department: str, made: str, counts: Counts | None, rows: int) -> Scaffold:
    path = Path("contracts") / department / f"{name}.yaml"
    if counts is None:
        return Scaffold(name, path, made, rows, 0, 0, 0)
    filtered = sum(counts.filtered.values())
    return Scaffold(
        name, path, made, counts.received, counts.published, counts.quarantined, filtered
    )


def _columns(opened: Opened) -> tuple[list[Draft], list[str]]:
    """A draft for every column that has a name or, without a header, a place."""
    from pipelines.scaffold_profile import new_draft

    look = opened.look
    by_position = look.heading is not None and look.heading.mode == "none"
    headers = [n for n in look.names if n or by_position]
    named = field_names(headers)
    drafts = [
        new_draft(name, known or not header, header, opened.stem)
        for header, (name, known) in zip(headers, named, strict=True)
    ]
    if not drafts:
        raise PipelineError("scaffold_no_columns", where=Location(Path(opened.stem)))
    return drafts, [f"c{i}" for i in range(len(drafts))]


def _marks(look: Look, drafts: Sequence[Draft]) -> list[dict[str, str]]:
    """Filters for the header rows that stand among the data."""
    from quality.predicates import literal

    if look.heading is None:
        return []
    kept = [i for i, n in enumerate(look.names) if n or look.heading.mode == "none"]
    return [
        {"name": name, "when": f"{drafts[kept.index(column)].field.name} = {literal(cell)}"}
        for name, column, cell in look.heading.marks
        if column in kept
    ]


# -- trying -------------------------------------------------------------------------------------


def _trial(opened: Opened, made: str, department: str, name: str) -> Counts:
    """Stage the source under the drafted contract, as a run would, and count."""
    from catalog.odcs import read_contract
    from pipelines.duck import Budget, connection
    from pipelines.plan import Step
    from pipelines.reading import row_rules
    from pipelines.stage import Stage
    from quality.rules import rules_of

    path = opened.scratch / f"{name}.yaml"
    path.write_text(made, "utf-8")
    contract = read_contract(path, "raw", f"{department}__{name}")
    rules, _ = rules_of(contract)
    step = Step(contract.name, "collect", contract, tuple(rules), row_rules(contract, tuple(rules)))
    with connection(Budget("1GB", 2, opened.scratch / "trial"), on_disk=True) as con:
        stage = Stage(con, step, date.today())
        received = opened.receive(contract)
        stage.fill_collected(received.reader)
        stage.judge_sets({})
        stage.write_good(opened.scratch / "good.parquet")
        stage.write_quarantine(opened.scratch / "bad.parquet")
    return stage.counts


def _notes(
    opened: Opened, drafts: Sequence[Draft], key: Key, loaded: PublishedText, counts: Counts | None
) -> list[str]:
    """The head of the file: what was looked at, what the trial gave, what has to be decided."""
    from pipelines.scaffold_yaml import MARK, reasons_text

    rows = drafts[0].rows
    notes = [text("scaffold_head", mark=MARK)]
    if counts is None:
        notes.append(f"{MARK} {text('scaffold_sampled', rows=rows)}")
    else:
        fields: dict[str, Any] = {"received": counts.received, "published": counts.published}
        filtered = sum(counts.filtered.values())
        notes.append(
            text("scaffold_trial", **fields, quarantined=counts.quarantined, filtered=filtered)
        )
        if counts.reasons:
            notes.append(f"{MARK} {text('scaffold_reasons', reasons=reasons_text(counts.reasons))}")
    if opened.outside:
        notes.append(f"{MARK} {text('scaffold_outside_source')}")
    if opened.url is not None:
        assert isinstance(opened.look.source, DatabaseSource)
        variable = f"CITYBRAIN_CONNECTION_{opened.look.source.connection.upper()}"
        notes.append(f"{MARK} {text('scaffold_connection', variable=variable)}")
    if not key.fields:
        notes.append(f"{MARK} {text('scaffold_no_key')}")
    if key.repeated:
        # Without a key nobody knows whether equal rows are one fact or two.
        code = "scaffold_repeated" if key.fields else "scaffold_repeated_kept"
        notes.append(f"{MARK} {text(code, count=key.repeated)}")
    if loaded.extra:
        notes.append(f"{MARK} {text('scaffold_extra')}")
    heading = opened.look.heading
    if heading is not None and heading.mode == "none":
        code = "scaffold_same_names" if heading.repeated else "scaffold_no_header"
        notes.append(f"{MARK} {text(code, names=', '.join(heading.repeated))}")
    return notes
