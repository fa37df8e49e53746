"""From the counts of a column's signs to evidence: which of them are more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.classify.result import LIMITED, OPEN, PERSONAL, SENSITIVE, Evidence
from pipelines.classify.signs import SHAPES

Counts = Mapping[str, float]
_SERIES = 10


def shape_evidence(counts: Counts) -> Iterator[Evidence]:
    """E-mail, phones, plates, American numbers: whole values and parts of texts.

    The shapes of a kind count together: a column of phones holds mobile ones and others.
    """
    for kind in dict.fromkeys(shape.kind for shape in SHAPES):
        shapes = [shape for shape in SHAPES if shape.kind == kind]
        level = max(shape.level for shape in shapes)
        alone = sum(counts[s.name] for s in shapes if not _is_series(counts, s.name))
        sure = sum(counts[s.name] for s in shapes if not s.share)
        enough = alone >= max(shape.share for shape in shapes) * counts["given"]
        if alone and (enough or sure):
            yield _counted(kind, level, alone if enough else sure, counts, "shape")
        inside = sum(counts[f"{shape.name}_in"] for shape in shapes)
        if inside:
            yield _counted(kind, level, min(inside, counts["given"]), counts, "inside")


def number_evidence(counts: Counts) -> Iterator[Evidence]:
    """Numbers with check digits. One in ten passes by chance: most must, before it is no chance."""
    for name in ("resident", "taiwan"):
        if _mostly_valid(counts, name, 0.5):
            inside = counts[f"{name}_valid"] - counts[f"{name}_alone"]
            if counts[f"{name}_alone"]:
                yield _counted(
                    "resident_id", SENSITIVE, counts[f"{name}_alone"], counts, "check_digit"
                )
            if inside > 0:
                yield _counted("resident_id", SENSITIVE, inside, counts, "inside")
    for name, kind, level in (
        ("card", "account", SENSITIVE),
        ("uscc", "enterprise_code", OPEN),
        ("business", "enterprise_code", OPEN),
    ):
        enough = counts[f"{name}_shaped"] >= 0.5 * counts["given"] and counts[f"{name}_shaped"] >= 5
        if enough and _mostly_valid(counts, name, 0.9):
            yield _counted(kind, level, counts[f"{name}_valid"], counts, "check_digit")


def name_evidence(counts: Counts) -> Iterator[Evidence]:
    """Names of persons: a column of them, or some among names of firms."""
    given = counts["given"]
    named = counts["name_cn"] - counts["place_cn"]
    likely = counts["given_cn"] >= 0.3 * given or counts["bare_cn"] >= 0.6 * given
    if given and named >= 0.5 * given and likely:
        yield _counted("person", PERSONAL, named, counts, "names")
        return
    traders = counts["bare_cn"] + counts["trader_cn"]
    if counts["firm_cn"] >= 0.2 * given and traders >= max(3, 0.001 * given):
        yield _counted("person", PERSONAL, traders, counts, "names")
    elif given and counts["name_en"] >= 0.3 * given and counts["name_like_en"] >= 0.6 * given:
        yield _counted("person", PERSONAL, counts["name_like_en"], counts, "names")
    # Trade names in English take given names: a few of them prove nothing.
    elif counts["firm_en"] >= 0.1 * given and counts["name_en"] >= max(3, 0.02 * given):
        yield _counted("person", PERSONAL, counts["name_en"], counts, "names")


def place_evidence(counts: Counts) -> Iterator[Evidence]:
    """Addresses down to the house number, and points."""
    addresses = counts["address_cn"] + counts["address_en"]
    firms = counts["firm_cn"] + counts["firm_en"]
    # Numbers of documents, and names of firms that mention a street, are no addresses.
    if addresses and counts["document_cn"] < 0.5 * addresses and firms <= 5 * addresses:
        yield _counted("address", LIMITED, addresses, counts, "shape")
        if counts["home"] >= 0.1 * addresses:
            yield _counted("home", PERSONAL, counts["home"], counts, "shape")
    if counts["point"] >= 0.5 * max(counts["given"], 1):
        yield _counted("coordinates", LIMITED, counts["point"], counts, "shape")


def other_evidence(counts: Counts) -> Iterator[Evidence]:
    """Persons who are addressed in a text, illnesses."""
    given = max(counts["given"], 1)
    if counts["titled"]:
        yield _counted("person", PERSONAL, counts["titled"], counts, "inside")
    dotted = counts["icd_dot"] >= 0.3 * given and counts["icd"] >= 0.8 * given
    if counts["distinct"] >= _SERIES and dotted:
        yield _counted("health", SENSITIVE, counts["icd"], counts, "shape")
    if counts["illness"] >= 0.3 * given:
        yield _counted("health", SENSITIVE, counts["illness"], counts, "names")


def content_evidence(counts: Counts) -> list[Evidence]:
    """Everything that the values of a column give away, in order of kind."""
    if not counts["given"]:
        return []
    return [
        *number_evidence(counts),
        *shape_evidence(counts),
        *name_evidence(counts),
        *place_evidence(counts),
        *other_evidence(counts),
    ]


def _mostly_valid(counts: Counts, name: str, share: float) -> bool:
    shaped = counts[f"{name}_shaped"]
    return shaped > 0 and counts[f"{name}_valid"] > share * shaped


def _is_series(counts: Counts, name: str) -> bool:
    """Whether values are counted up or are the codes of a few series: true ones are scattered."""
    spread, distinct = counts.get(f"{name}_spread"), counts.get(f"{name}_distinct", 0)
    return spread is not None and distinct >= _SERIES and spread < distinct


def _counted(kind: str, level: str, count: float, counts: Counts, sign: str) -> Evidence:
    return Evidence(kind, level, int(count), int(counts["given"]), sign)
