"""The sandbox's walk-through is carried out again: the same comes out, but for noise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate_walkthrough import PAGE, Part, carried_out, commands, parts_of

HEX = re.compile(r"\b[0-9a-f]{16,}\b")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
SPACES = re.compile(r"[ \t]+")


def shape(output: str) -> str:
    """What must be the same in every run."""
    return SPACES.sub(" ", NUMBER.sub("#", HEX.sub("#", output)))


def numbers(output: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(output)]


def apart(one: str, other: str) -> float:
    """The largest difference of two numbers of two outputs, relative to the first."""
    pairs = zip(numbers(one), numbers(other), strict=True)
    return max(abs(a - b) / max(abs(a), 1e-9) for a, b in pairs)


def compare(shown: Part, now: Part) -> None:
    """Fail where a block does not give what the page shows."""
    was, came = shown.output or "", now.output or ""
    assert shape(was) == shape(came), shown.text
    if "exact" in shown.more:
        assert was == came, shown.text
    near = re.search(r"near=(\d+)%", shown.more)
    if near:
        assert apart(was, came) <= float(near[1]) / 100, f"{shown.text}\n{was}\n{came}"


@pytest.mark.slow
def test_the_page_comes_out_again(
    tmp_path: Path, program: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text("utf-8")
    shown = list(parts_of(page))
    for was, now in zip(shown, carried_out(page, tmp_path, program), strict=True):
        compare(was, now)
    assert sum(part.language == "console" for part in shown) >= 8
    assert sum(part.language == "python" for part in shown) >= 14


def test_a_page_is_the_sum_of_its_parts() -> None:
    page = PAGE.read_text("utf-8")
    assert "".join(map(str, parts_of(page))) == page


def test_the_page_is_called_synthetic_and_shows_no_fault() -> None:
    page = PAGE.read_text("utf-8")
    assert "**synthetic**" in page
    shown = "".join(part.output or "" for part in parts_of(page))
    for fault in ("Traceback", "page_unknown", "internal", "engine_failed"):
        assert fault not in shown


def test_the_page_shows_every_step_of_an_opening() -> None:
    page = "".join(part.text for part in parts_of(PAGE.read_text("utf-8")))
    lines = [line for part in parts_of(PAGE.read_text("utf-8")) for line in commands(part.text)]
    for words in ("agreement key", "agreement sign", "agreement import", "agreement revoke",
                  "sandbox client add", "serve", "sandbox audit"):  # fmt: skip
        assert any(line.startswith(f"citybrain {words} ") for line in lines), words
    for call in ("views()", "quote(", "query(", "accuracy=", "budget()", "record(", "EXPLAIN"):
        assert call in page, call


@pytest.mark.parametrize(
    ("was", "came", "more"),
    [
        ("n 10\n", "m 10\n", ""),
        ("n 10\n", "n 10 11\n", ""),
        ("n 10\n", "n 11\n", " exact"),
        ("n 100.0\n", "n 131\n", " near=30%"),
        ("n -5\n", "n 5\n", " near=30%"),
    ],
)
def test_a_difference_is_seen(was: str, came: str, more: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        compare(Part("", "python", more, output=was), Part("", "python", more, output=came))


def test_noise_is_no_difference() -> None:
    compare(
        Part("", "python", " near=30%", output="east  1,000  0.5\n"),
        Part("", "python", " near=30%", output="east 1,290 0.4\n"),
    )
