"""A contract's draft as YAML text, with a comment wherever somebody has to decide."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.contract import FileOptions, FileSource, Read
from catalog.text import text
from pipelines.collect.header import one_line, plain
from pipelines.scaffold_key import Key
from pipelines.scaffold_look import Look
from pipelines.scaffold_personal import Evidence
from pipelines.scaffold_profile import Draft

MARK = "REVIEW"
_SEVERITY = 'severity: "warn"'


def contract_yaml(
    look: Look,
    drafts: Sequence[Draft],
    key: Key,
    *,
    tenant: str,
    department: str,
    resource: str,
    filters: Sequence[dict[str, str]],
    extra_columns: bool,
    notes: Sequence[str],
) -> str:
    """The whole document. `notes` go to its head, one comment each."""
    table = f"{department}__{resource}"
    lines = [*(f"# {note}" for note in notes)]
    lines += [
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {quoted(f'citybrain:{tenant}:raw.{table}')}",
        f"name: {quoted(resource.replace('_', ' '))}  # {MARK} {text('scaffold_title')}",
        "version: 0.1.0",
        "status: draft",
        f"tenant: {tenant}",
        f"domain: {department}",
        "description:",
        f'  purpose: ""  # {MARK} {text("scaffold_purpose")}',
        f'  limitations: ""  # {MARK} {text("scaffold_limitations")}',
        "servers:",
        *_server(look, extra_columns),
        "schema:",
        f"  - name: {table}",
        "    physicalType: table",
        "    properties:",
    ]
    for draft in drafts:
        lines += _field(draft, key, look)
    lines += [
        "    quality:",
        "      - {type: library, metric: rowCount, mustBeGreaterThan: 0, severity: block}",
        f"# {MARK} {text('scaffold_frequency')}",
        "# slaProperties:",
        "#   - {property: frequency, value: 1, unit: m}",
    ]
    return "\n".join([*lines, *_filters(filters)]) + "\n"


def _server(look: Look, extra_columns: bool) -> Iterator[str]:
    source = look.source
    yield "  - server: source"
    if not isinstance(source, FileSource):
        parts: dict[str, Any] = {"connection": source.connection, "table": source.table}
        if source.db_schema:
            parts["schema"] = source.db_schema
        yield "    type: custom"
        yield "    customProperties:"
        yield "      - property: database"
        yield f"        value: {flow(parts)}"
        return
    yield "    type: local"
    yield f"    path: {quoted(source.pattern)}"
    yield f"    format: {source.format}"
    if source.encoding:
        yield f"    encoding: {source.encoding}  # {text('scaffold_encoding')}"
    options = _options(source.options, extra_columns)
    if options:
        yield "    customProperties:"
        yield "      - property: file"
        yield f"        value: {flow(options)}"


def _options(options: FileOptions, extra_columns: bool) -> dict[str, Any]:
    found = {k: v for k, v in options.model_dump().items() if v != getattr(FileOptions(), k)}
    return {**found, **({"extra_columns": "warn"} if extra_columns else {})}


def _filters(filters: Sequence[dict[str, str]]) -> Iterator[str]:
    if filters:
        yield "customProperties:"
        yield "  - property: filters"
        yield "    value:"
        for entry in filters:
            yield f"      - {flow(entry)}"


# -- fields -------------------------------------------------------------------------------------


def _field(draft: Draft, key: Key, look: Look) -> Iterator[str]:
    item = draft.field
    for comment in _comments(draft, key):
        yield f"      # {comment}"
    yield f"      - name: {item.name}"
    if draft.header:
        yield f"        businessName: {quoted(one_line(draft.header))}"
    yield f"        logicalType: {item.logical_type}"
    if item.physical_type not in ("VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"):
        yield f"        physicalType: {quoted(item.physical_type)}"
    if draft.always_given:
        yield "        required: true"
    if item.name in key.fields:
        yield "        primaryKey: true"
        yield f"        primaryKeyPosition: {key.fields.index(item.name) + 1}"
    yield f"        classification: {draft.level}"
    if draft.natural:
        low, high = draft.natural
        yield f"        logicalTypeOptions: {{minimum: {low}, maximum: {high}}}"
    if draft.codes:
        codes = ", ".join(map(quoted, draft.codes))
        yield "        quality:"
        yield (
            "          - {type: library, metric: invalidValues, arguments: {validValues: "
            f"[{codes}]}}, mustBe: 0, {_SEVERITY}}}"
        )
    read = _read(draft, look)
    if read:
        yield "        customProperties:"
        yield f"          - {{property: read, value: {flow(read)}}}"


def _read(draft: Draft, look: Look) -> dict[str, Any]:
    """What differs from the defaults, in the order of the reference."""
    read = draft.field.read
    changed = {
        name: getattr(read, name)
        for name in ("clean", "strip", "blank", "codes", "thousands", "unit", "dates")
        if getattr(read, name) != getattr(Read(), name)
    }
    by_name = look.heading is None or look.heading.mode != "none"
    named = by_name and plain(draft.header) != draft.field.name
    return {**({"from": one_line(draft.header)} if named else {}), **changed}


def _comments(draft: Draft, key: Key) -> Iterator[str]:
    item = draft.field
    if not draft.known_name:
        yield f"{MARK} {text('scaffold_name')}"
    for evidence in draft.evidence:
        yield _evidence(evidence)
    for name, values in draft.notes:
        yield text(name, **values)
    if not draft.given:
        yield f"{MARK} {text('scaffold_empty')}"
    if draft.unreadable:
        fields: dict[str, Any] = {
            "count": draft.unreadable,
            "of": draft.given,
            "type": item.logical_type,
        }
        yield f"{MARK} {text('scaffold_unreadable', **fields)}"
    if item.name == key.serial:
        yield f"{MARK} {text('scaffold_serial')}"
    if item.name in key.fields:
        yield f"{MARK} {text('scaffold_key')}"
    if draft.codes:
        yield text("scaffold_codes", count=len(draft.codes))


def _evidence(evidence: Evidence) -> str:
    kind = text(f"scaffold_kind_{evidence.kind}")
    if evidence.count is None:
        return f"{MARK} {text('scaffold_by_header', kind=kind)}"
    fields: dict[str, Any] = {"kind": kind, "count": evidence.count, "of": evidence.of}
    return f"{MARK} {text('scaffold_by_content', **fields)}"


def reasons_text(reasons: Counter[str]) -> str:
    """Reason codes with their counts, the most frequent first."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} × {count}" for name, count in ordered)


# -- scalars ------------------------------------------------------------------------------------


def quoted(value: str) -> str:
    """A text as a YAML scalar in double quotes; what cannot be printed is escaped."""
    body = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in body)


def flow(value: Any) -> str:
    """A value in YAML's one-line style."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return str(value) if isinstance(value, int | float) else quoted(str(value))


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else quoted(name)
