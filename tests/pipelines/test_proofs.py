"""With a cache a compile says the same as without, whatever was changed; and it looks at less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import plan as plan_module
from pipelines.binding import Binder
from pipelines.levels.releases import ReleaseCheck
from tests.support.edits import (
    A_YEAR_LATER,
    ALL_EDITS,
    BASE,
    EDITS,
    RENAMED,
    Compiled,
    compiled,
    write,
)

# Edits after which the city still compiles.
HARMLESS = {
    "a condition",
    "only a line",
    "a comment",
    "a column more",
    "a column less",
    "a setting",
    "a justification that ends today",
    "a model's level raised",
    "a level raised",
    "a level lowered",
    "another channel",
    "no release",
    "another purpose",
    "a title",
    "a department's name",
    "nothing uses a mask",
    "a mask in a rule",
    "a rule that warns",
    "a rule of the source",
    RENAMED,
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The city, and a home for its cache."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    write(tmp_path / "city")
    return tmp_path / "city"


def compare(root: Path, *edits: str) -> Compiled:
    """Compile the city after some edits with what is cached, and from nothing."""
    write(root, edits)
    fresh = compiled(root, edits, cached=False)
    assert compiled(root, edits, cached=True) == fresh
    return fresh


def test_every_edit_changes_something() -> None:
    for name, replacements in EDITS.items():
        for path, old, new in replacements:
            assert old in BASE[path] and old != new, name


@pytest.mark.slow
@pytest.mark.parametrize("edit", ALL_EDITS)
def test_an_edit_is_seen_and_its_undoing_too(root: Path, edit: str) -> None:
    before, changed = compare(root), compare(root, edit)
    assert before.problems == []
    assert (changed.problems == []) == (edit in HARMLESS), changed.codes
    for edits, expected in (((edit,), changed), ((), before), ((edit,), changed)):
        write(root, edits)
        assert compiled(root, edits, cached=True) == expected


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sets(st.sampled_from(ALL_EDITS), max_size=3), min_size=2, max_size=5))
def test_edits_in_any_order_give_what_they_give_from_nothing(
    root: Path, states: list[set[str]]
) -> None:
    for edits in states:
        compare(root, *sorted(edits))


def test_a_rule_may_use_masks_only_while_a_model_does(root: Path) -> None:
    compare(root, "a mask in a rule")
    changed = compare(root, "a mask in a rule", "nothing uses a mask")
    assert changed.codes == {"rule_expression"}


def test_two_places_of_a_workspace_do_not_mix(root: Path, tmp_path: Path) -> None:
    compare(root)
    other = tmp_path / "elsewhere"
    found = compare(other)
    assert all(step.contract.path.is_relative_to(other) for step in found.steps)


# -- it looks at less ---------------------------------------------------------------------------------


class Looked:
    """What a compile did for which table."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed: list[str] = []
        self.bound: list[str] = []
        self.levels: list[str] = []
        self.judged: list[str] = []
        parse, levels = plan_module.parse_query, plan_module.derived_levels
        bind, judge = Binder.check, ReleaseCheck.problems

        def parse_query(sql: str, path: Path) -> Any:
            self.parsed.append(f"{path.parent.name}.{path.stem}")
            return parse(sql, path)

        def derived_levels(contract: Any, *more: Any) -> Any:
            self.levels.append(contract.name)
            return levels(contract, *more)

        def check(binder: Binder, contract: Any, *more: Any) -> Any:
            self.bound.append(contract.name)
            return bind(binder, contract, *more)

        def problems(checker: ReleaseCheck, contract: Any) -> Any:
            self.judged.append(contract.name)
            return judge(checker, contract)

        monkeypatch.setattr(plan_module, "parse_query", parse_query)
        monkeypatch.setattr(plan_module, "derived_levels", derived_levels)
        monkeypatch.setattr(Binder, "check", check)
        monkeypatch.setattr(ReleaseCheck, "problems", problems)

    def after(self, root: Path, *edits: str) -> tuple[set[str], set[str], set[str], set[str]]:
        """What was looked at in a compile after some edits."""
        write(root, edits)
        for names in (self.parsed, self.bound, self.levels, self.judged):
            names.clear()
        compiled(root, edits, cached=True)
        return set(self.parsed), set(self.bound), set(self.levels), set(self.judged)


@pytest.fixture
def looked(root: Path, monkeypatch: pytest.MonkeyPatch) -> Looked:
    """A watch on the compiler, with a warm cache."""
    compiled(root, cached=True)
    return Looked(monkeypatch)


def test_nothing_is_looked_at_again_when_nothing_has_changed(looked: Looked, root: Path) -> None:
    assert looked.after(root) == (set(), set(), set(), set())


@pytest.mark.parametrize("edit", ["a condition", "a comment"])
def test_a_model_that_tells_the_same_concerns_nobody_else(
    looked: Looked, root: Path, edit: str
) -> None:
    parsed, bound, levels, judged = looked.after(root, edit)
    (name,) = parsed
    assert bound == {name}
    assert len(levels) == len(judged) <= 3  # itself, and what is made of it when its lineage moves
    if edit == "a comment":
        assert levels == judged == set()


def test_a_level_concerns_what_is_made_of_it(looked: Looked, root: Path) -> None:
    parsed, bound, levels, judged = looked.after(root, "the level of a row")
    assert (parsed, bound) == (set(), {"raw.civil__visit"})
    assert levels == judged == {"base.visit", "thematic.person", "fusion.shared", "open.visits"}


def test_a_column_concerns_who_reads_the_table(looked: Looked, root: Path) -> None:
    parsed, bound, _, _ = looked.after(root, "a column more")
    assert parsed == {"base.visit", "open.visits"}
    assert bound == {"raw.civil__visit", "base.visit", "open.visits"}


def test_a_rule_concerns_the_tables_that_it_may_mean(looked: Looked, root: Path) -> None:
    _, bound, _, _ = looked.after(root, "a column less")
    assert "thematic.person" in bound


def test_a_ceiling_concerns_the_judgement_alone(looked: Looked, root: Path) -> None:
    parsed, bound, levels, judged = looked.after(root, "a ceiling")
    assert (parsed, bound, levels) == (set(), set(), set())
    assert "fusion.shared" in judged


def test_a_day_concerns_what_it_ends(looked: Looked, root: Path) -> None:
    assert looked.after(root, A_YEAR_LATER) == (set(), set(), set(), {"fusion.shared"})


def test_what_has_a_fault_is_looked_at_every_time(looked: Looked, root: Path) -> None:
    once = looked.after(root, "an unknown column")
    assert looked.after(root, "an unknown column") == once
    assert once[1] == {"base.person"}
