"""From a table's evidence to findings: the kind, level and mask of every field.

A field is judged by its header and values first, then beside the other fields of its table: a place
is as personal as the people who stand in the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.classify.evidence import content_evidence
from pipelines.classify.headers import (
    by_header,
    names_free_text,
    names_key_of,
    names_officials,
    names_party,
    names_penalty,
    names_persons_outright,
    names_requests,
    names_things,
)
from pipelines.classify.masks import mask_call
from pipelines.classify.result import (
    LIMITED,
    OPEN,
    PERSONAL,
    SENSITIVE,
    Evidence,
    FieldFinding,
)
from pipelines.classify.sample import Column

FREE_TEXT = "free_text_with_personal"
_PARTY = ("phone", "email", "resident_id", "birth", "plate", "health", FREE_TEXT)


@dataclass(frozen=True, slots=True)
class Judged:
    """A column on its way to a finding."""

    column: Column
    counts: Mapping[str, float]
    kind: str = "none"
    level: str = OPEN
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names that may say what the column holds."""
        return self.column.hints


def findings(columns: Sequence[tuple[Column, Mapping[str, float]]]) -> tuple[FieldFinding, ...]:
    """Judge all columns of a table.

    Args:
        columns: each with the counts of its signs.
    """
    judged = [_alone(Judged(column, counts)) for column, counts in columns]
    judged = _keys(_punished(_points(judged)))
    judged = _places(judged)
    return tuple(_finding(item) for item in judged)


def _finding(item: Judged) -> FieldFinding:
    mixed = item.counts["firm_cn"] + item.counts["firm_en"] >= 0.2 * item.counts["given"] > 0
    mask = mask_call(item.kind, item.column.name, item.counts, mixed)
    return FieldFinding(
        item.column.name,
        item.column.published,
        item.kind,
        item.level,
        item.column.declared,
        mask,
        item.evidence,
        round(item.confidence, 2),
    )


# -- a column by itself -------------------------------------------------------------------------


def _alone(item: Judged) -> Judged:
    header = by_header(*item.names)
    content = content_evidence(item.counts)
    whole = [e for e in content if e.sign != "inside" and e.kind != "home"]
    if names_things(item.names):
        whole = [e for e in whole if e.sign == "check_digit"]
    inside = [e for e in content if e.sign == "inside"]
    checked = [e for e in whole if e.sign == "check_digit"]
    if checked:
        return _as(item, checked[0].kind, [*checked, *_said(header)], 0.99)
    if header is not None and header.kind not in ("address", "home", "enterprise_code"):
        return _by_header(item, header, whole)
    place = _address(item, header, content)
    if _is_text(item, inside, header):
        return _text_finding(item, [*inside, *place])
    strong = [e for e in whole if e.kind != "address"]
    if strong and (header is None or strong[0].kind == "person"):
        best = max(strong, key=lambda e: (e.level, e.share))
        return _as(item, best.kind, strong, _sure(best))
    if place:
        sure = 0.95 if header and len(place) > 1 else max(0.4, place[0].share)
        common = [e for e in inside if (e.count or 0) >= max(3, 0.001 * e.of)]
        return _as(item, "address", [*place, *common], min(sure, 0.95))
    return _as(item, header.kind, [header], 0.6) if header else item


def _by_header(item: Judged, header: Evidence, whole: Sequence[Evidence]) -> Judged:
    """What the header says, unless the values say that it means something else."""
    counts, given = item.counts, item.counts["given"]
    agreeing = [e for e in whole if e.kind == header.kind]
    if agreeing:
        return _as(item, header.kind, [header, *agreeing], 0.97)
    if header.kind == "coordinates":
        numbers = not given or counts["numeric"] >= 0.5 * given
        return _as(item, "coordinates", [header], 0.9 if given else 0.6) if numbers else item
    if counts["hash"] >= 0.8 * given > 0:
        return _codes(item, header)
    clear = [e for e in whole if e.kind != "address" and e.share >= 0.5]
    if header.kind == "person" and clear:
        return _as(item, clear[0].kind, [*clear, header], 0.95)  # how to reach the person
    if header.kind == "person":
        return _called_person(item, header)
    flag = counts["distinct"] <= 2 and given >= 20 and counts["length"] <= 5 * given
    if flag and header.kind != "health":
        return item  # a yes or no about it; of an illness that is the datum itself
    return _as(item, header.kind, [header, *whole], 0.6 if given else 0.5)


def _called_person(item: Judged, header: Evidence) -> Judged:
    """A header for persons over names, codes or counts of persons."""
    counts, given = item.counts, item.counts["given"]
    if given and counts["numeric"] >= 0.9 * given and counts["magnitude"] < 100_000:
        return item  # how many
    unlike = counts["name_cn"] + counts["name_en"] + counts["name_like_en"] + counts["trader_cn"]
    firms = counts["firm_cn"] + counts["firm_en"]
    few = given >= 100 and counts["distinct"] <= 0.02 * given
    named = names_persons_outright(item.names)
    if few and not named and unlike < 0.2 * given and firms < 0.1 * given:
        return _codes(item, header)
    return _as(item, "person", [header], 0.7)


def _codes(item: Judged, header: Evidence) -> Judged:
    count, of = int(item.counts["distinct"]), int(item.counts["given"])
    codes = Evidence("pseudonym", PERSONAL, count, of, "codes")
    return _as(item, "pseudonym", [header, codes], 0.8)


def _address(item: Judged, header: Evidence | None, content: Sequence[Evidence]) -> list[Evidence]:
    places = [e for e in content if e.kind in ("address", "home") and e.sign != "inside"]
    return [*_said(header if header and header.kind in ("address", "home") else None), *places]


def _is_text(item: Judged, inside: Sequence[Evidence], header: Evidence | None) -> bool:
    """Whether people wrote in their own words, and personal things among them."""
    counts, given = item.counts, item.counts["given"]
    if not given or header is not None:
        return False
    announced = names_free_text(item.names)
    found = sum(e.count or 0 for e in inside)
    if announced:
        return found > 0 or counts["address_cn"] + counts["address_en"] >= 0.05 * given
    wordy = counts["length"] >= 8 * given and counts["distinct"] >= 0.3 * given
    return wordy and found >= max(2, 0.002 * given) and counts["firm_cn"] < 0.5 * given


def _text_finding(item: Judged, signs: Sequence[Evidence]) -> Judged:
    raised = [replace(e, sign="inside") for e in signs if e.count is not None]
    evidence = sorted(raised, key=lambda e: -(e.count or 0))
    rows = sum(e.count or 0 for e in evidence)
    sure = 0.9 if names_free_text(item.names) or rows >= 20 else 0.7
    return _as(item, FREE_TEXT, evidence, sure)


def _said(header: Evidence | None) -> list[Evidence]:
    return [header] if header else []


def _sure(best: Evidence) -> float:
    return min(0.95, 0.5 + best.share / 2)


def _as(item: Judged, kind: str, evidence: Sequence[Evidence], confidence: float) -> Judged:
    name = "address" if kind == "home" else kind
    level = SENSITIVE if kind == FREE_TEXT else max((e.level for e in evidence), default=OPEN)
    if name == "enterprise_code":
        level = OPEN
    unique = tuple(dict.fromkeys(evidence))
    return replace(item, kind=name, level=level, evidence=unique, confidence=confidence)


# -- a column beside the others -----------------------------------------------------------------


def _points(judged: list[Judged]) -> list[Judged]:
    """Two columns of degrees without a telling header are a point; four are the edge of a shape."""
    free = [item for item in judged if item.kind == "none" and item.counts["given"]]
    pairs = {
        sign: [item for item in free if _degrees(item, sign)] for sign in ("latitude", "longitude")
    }
    if any(len(found) != 1 for found in pairs.values()):
        return judged
    point = {id(found[0]): sign for sign, found in pairs.items()}
    return [_point(item, point[id(item)]) if id(item) in point else item for item in judged]


def _degrees(item: Judged, sign: str) -> bool:
    # A city is no wider than a few degrees, and points hardly repeat.
    counts, given = item.counts, item.counts["given"]
    narrow = counts["width"] < 5 and counts["distinct"] >= 0.1 * given
    return counts[sign] >= 0.95 * given and narrow


def _point(item: Judged, sign: str) -> Judged:
    counts = item.counts
    found = Evidence("coordinates", LIMITED, int(counts[sign]), int(counts["given"]), "shape")
    return _as(item, "coordinates", [found], 0.6)


def _punished(judged: list[Judged]) -> list[Judged]:
    """Of those who are punished some are sole traders, though all the others are firms."""
    penalties = [item for item in judged if names_penalty(item.names)]
    return [
        _as(item, "person", [Evidence("penalty", PERSONAL, sign="neighbour")], 0.6)
        if item.kind == "none" and names_party(item.names) and any(p is not item for p in penalties)
        else item
        for item in judged
    ]


def _keys(judged: list[Judged]) -> list[Judged]:
    """The number of a party beside the party's name is a stand-in for the person."""
    persons = [item for item in judged if item.kind == "person"]
    return [
        _key(item)
        if item.kind == "none"
        and any(names_key_of(item.column.published, p.column.published) for p in persons)
        else item
        for item in judged
    ]


def _key(item: Judged) -> Judged:
    evidence = Evidence("pseudonym", PERSONAL, sign="neighbour")
    return _as(item, "pseudonym", [evidence], 0.6)


def _places(judged: list[Judged]) -> list[Judged]:
    """Addresses take the level of the people in their rows, points that of the addresses."""
    people = [_beside_what(item) for item in judged if _is_party(item)]
    people += [
        Evidence("request", PERSONAL, sign="neighbour")
        for item in judged
        if names_requests(item.names)
    ]
    judged = [_beside(item, people) if item.kind == "address" else item for item in judged]
    homes = [item for item in judged if item.kind == "address" and item.level >= PERSONAL]
    return [
        _beside(item, [*map(_beside_what, homes), *people]) if item.kind == "coordinates" else item
        for item in judged
    ]


def _is_party(item: Judged) -> bool:
    """Whether a column is about those whom the row is about, not about the city's own people."""
    named = item.kind == "person" and item.level >= PERSONAL
    return (named or item.kind in _PARTY) and not names_officials(item.names)


def _beside_what(item: Judged) -> Evidence:
    return Evidence(item.kind, PERSONAL, sign="neighbour")


def _beside(item: Judged, people: Sequence[Evidence]) -> Judged:
    if not people or item.level >= PERSONAL:
        return item
    sure = min(item.confidence, 0.8)
    return _as(item, item.kind, [*item.evidence, people[0]], sure)
