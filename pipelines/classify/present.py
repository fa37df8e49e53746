"""A classification for readers: text, JSON, and a piece of YAML for a contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.text import text
from pipelines.classify.masks import declared_for
from pipelines.classify.result import OPEN, Classification, Evidence, FieldFinding

__all__ = ["classification_json", "classification_text", "proposal_yaml"]


def classification_text(found: Classification, *, everything: bool = False) -> str:
    """What was found, one block a field; a `!` marks fields that declare less than is proposed.

    Args:
        everything: also the fields in which nothing was found.
    """
    shown = [f for f in found.fields if everything or f.kind != "none" or f.disagrees]
    width = max((len(f.name) for f in shown), default=0)
    lines = [_head(found)]
    for field in shown:
        lines.append(_line(field, width))
        lines += [f"    {_evidence(evidence)}" for evidence in field.evidence]
    return "\n".join(lines)


def classification_json(found: Classification) -> dict[str, Any]:
    """The same for machines; counts, never a value."""
    return {
        "resource": found.resource,
        "rows_sampled": found.rows_sampled,
        "disagreements": [field.name for field in found.disagreements],
        "fields": [_field_json(field) for field in found.fields],
    }


def proposal_yaml(found: Classification) -> str:
    """The contract's `properties` with a `classification` each and the reason as a comment.

    A level that the contract declares is never lowered.
    """
    lines = [f"# {_head(found)}", "properties:"]
    for field in found.fields:
        lines += [f"  # {_evidence(evidence)}" for evidence in field.evidence]
        if field.mask:
            lines.append(f"  # {text('classify_mask', mask=field.mask)}")
        lines.append(f"  - name: {field.name}")
        lines.append(f"    classification: {max(field.level, field.declared or OPEN)}")
        holds = declared_for(field.mask)
        if holds:
            prop = f"{{property: {holds[0]}, value: {holds[1]}}}"
            lines.append(f"    customProperties: [{prop}]")
    return "\n".join(lines) + "\n"


def _head(found: Classification) -> str:
    more = sum(field.level > OPEN for field in found.fields)
    fields: dict[str, Any] = {"rows": found.rows_sampled, "found": more, "of": len(found.fields)}
    head = text("classify_head", resource=found.resource, **fields)
    count = len(found.disagreements)
    return f"{head} {text('classify_disagreements', count=count)}" if count else head


def _line(field: FieldFinding, width: int) -> str:
    return " ".join(_cells(field, width)).rstrip()


def _cells(field: FieldFinding, width: int) -> Iterator[str]:
    yield "!" if field.disagrees else " "
    yield field.name.ljust(width)
    yield field.level
    if field.declared and field.declared != field.level:
        yield text("classify_declared", level=field.declared)
    if field.kind == "none":
        return
    yield f"{_kind(field.kind)} ({field.confidence:.2f})"
    yield field.mask or text("classify_no_mask")


def _kind(kind: str) -> str:
    return text(f"scaffold_kind_{kind}")


def _evidence(evidence: Evidence) -> str:
    fields: dict[str, Any] = {"count": evidence.count, "of": evidence.of}
    return text(f"classify_by_{evidence.how}", kind=_kind(evidence.kind), **fields)


def _field_json(field: FieldFinding) -> dict[str, Any]:
    return {
        "name": field.name,
        "published_names": list(field.published_names),
        "kind": field.kind,
        "level": field.level,
        "declared": field.declared,
        "mask": field.mask,
        "confidence": field.confidence,
        "evidence": [
            {"kind": e.kind, "sign": e.how, "level": e.level, "count": e.count, "of": e.of or None}
            for e in field.evidence
        ],
    }
