"""Precision and recall of `citybrain classify` on labelled fields, and its time.

    python -m bench.classify [--json FILE] [--large MB]

Two labelled sets: every field of the collected resources of both cities (`bench/labels`), and the
synthetic held-out files of `bench.classify_synthetic`. A field counts as found when the proposed
level is L3 or more; its kind counts beside that. Wrong fields are listed by name, values never.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.classify_synthetic import write_files
from pipelines.classify import Classification, classify_file, classify_resource
from pipelines.workspace import load_workspace

ROOT = Path(__file__).resolve().parents[1]
CITIES = ("chicago", "tainan")


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled field and what was proposed for it."""

    group: str
    field: str
    personal: bool
    kind: str
    said_personal: bool
    said_kind: str
    level: str


@dataclass(frozen=True, slots=True)
class Score:
    """How well one question was answered: `right` of `said`, out of `true`."""

    right: int
    said: int
    true: int

    @property
    def precision(self) -> float | None:
        """Right answers among those given; None when none was given."""
        return self.right / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """Right answers among those to be given; None when there was none to give."""
        return self.right / self.true if self.true else None


def city_fields(city: str) -> Iterator[Judged]:
    """Classify every collected resource of a city beside its labels.

    Raises:
        ValueError: labels and contracts do not name the same fields.
    """
    labels = yaml.safe_load((ROOT / "bench" / "labels" / f"{city}.yaml").read_text("utf-8"))
    workspace = load_workspace(ROOT / "workspaces" / city)
    tables = {name.removeprefix("raw."): name for name in workspace.collected}
    if set(tables) != set(labels):
        raise ValueError(f"{city}: labels and contracts differ: {set(tables) ^ set(labels)}")
    for table, name in tables.items():
        found = classify_resource(workspace, name)
        known = {
            field: (label["personal"], label["kind"]) for field, label in labels[table].items()
        }
        yield from _judged(city, table, found, known)


def synthetic_fields(folder: Path) -> Iterator[Judged]:
    """Classify the synthetic files beside their labels."""
    for path, labels in write_files(folder).items():
        found = classify_file(path)
        names = [(f.published_names[0], f.name) for f in found.fields]
        known = {
            name: (labels[header].startswith("+"), labels[header].lstrip("+"))
            for header, name in names
        }
        yield from _judged("synthetic", path.stem, found, known)


def _judged(
    group: str, table: str, found: Classification, known: dict[str, tuple[bool, str]]
) -> Iterator[Judged]:
    if {f.name for f in found.fields} != set(known):
        raise ValueError(f"{table}: labels and fields differ")
    for field in found.fields:
        personal, kind = known[field.name]
        name = f"{table}.{field.name}"
        yield Judged(group, name, personal, kind, field.personal, field.kind, field.level)


def personal_score(fields: Sequence[Judged]) -> Score:
    """Is it personal?"""
    right = sum(f.personal and f.said_personal for f in fields)
    return Score(right, sum(f.said_personal for f in fields), sum(f.personal for f in fields))


def kind_score(fields: Sequence[Judged], kind: str | None = None) -> Score:
    """Is it of this kind? Without a kind: is it of the right one, `none` left out?"""
    said = [f for f in fields if f.said_kind == kind or (kind is None and f.said_kind != "none")]
    true = [f for f in fields if f.kind == kind or (kind is None and f.kind != "none")]
    return Score(sum(f.kind == f.said_kind for f in said), len(said), len(true))


def report(fields: Sequence[Judged]) -> list[str]:
    """The scores of a set and the fields that went wrong."""
    lines = [_line("personal (L3 or more)", personal_score(fields))]
    lines.append(_line("kind, all", kind_score(fields)))
    kinds = sorted({f.kind for f in fields} | {f.said_kind for f in fields} - {"none"})
    lines += [_line(f"  {k}", kind_score(fields, k)) for k in kinds if k != "none"]
    for title, wrong in (
        ("missed", [f for f in fields if f.personal and not f.said_personal]),
        ("too much", [f for f in fields if f.said_personal and not f.personal]),
        ("other kind", [f for f in fields if f.kind != f.said_kind]),
    ):
        lines += [f"  {title}: {f.field} is {f.kind}, said {f.said_kind} {f.level}" for f in wrong]
    return lines


def _line(title: str, score: Score) -> str:
    shown = ["   - " if v is None else f"{v:5.3f}" for v in (score.precision, score.recall)]
    counts = f"({score.right}/{score.said}/{score.true})"
    return f"{title:<28} precision {shown[0]}  recall {shown[1]}  {counts}"


def large_file(folder: Path, megabytes: int) -> tuple[float, float]:
    """Classify one synthetic file of that size; megabytes and seconds."""
    path = folder / "large.csv"
    block = next(p for p in write_files(folder, 20_000) if p.stem == "service_tw").read_bytes()
    header, _, rows = block.partition(b"\n")
    with path.open("wb") as file:
        file.write(header + b"\n")
        while file.tell() < megabytes * 1_000_000:
            file.write(rows)
    began = time.perf_counter()
    classify_file(path)
    return path.stat().st_size / 1e6, time.perf_counter() - began


def measure(megabytes: int) -> dict[str, Any]:
    """Everything: the judged fields of each group, and seconds."""
    groups: dict[str, list[Judged]] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-classify-") as name:
        folder = Path(name)
        for group in (*CITIES, "synthetic"):
            began = time.perf_counter()
            made = synthetic_fields(folder) if group == "synthetic" else city_fields(group)
            groups[group] = list(made)
            seconds[group] = round(time.perf_counter() - began, 2)
        size, large = large_file(folder, megabytes)
    seconds[f"one file of {size:.0f} MB"] = round(large, 2)
    return {"groups": groups, "seconds": seconds}


def main() -> None:
    """Print the report; write it as JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--large", type=int, default=100, help="size of the large file in MB")
    options = parser.parse_args()
    found = measure(options.large)
    groups: dict[str, list[Judged]] = found["groups"]
    both = [field for city in CITIES for field in groups[city]]
    for title, fields in {"both cities": both, **groups}.items():
        print(f"\n== {title}: {len(fields)} fields, {sum(f.personal for f in fields)} personal")
        print("\n".join(report(fields)))
    print("\nseconds:", ", ".join(f"{k} {v}" for k, v in found["seconds"].items()))
    if options.json:
        plain = {k: [asdict(f) for f in fields] for k, fields in groups.items()}
        text = json.dumps({"groups": plain, "seconds": found["seconds"]}, ensure_ascii=False)
        options.json.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
