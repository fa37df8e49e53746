"""Levels only rise along lineage, and only a mask lowers one: on random plans."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.lineage import Edge, MaskUse
from pipelines.levels import views
from pipelines.levels.views import WHOLE, composed, conflict, level_behind
from tests.support.levels import LEVELS, MASKS, Table, World, direct, indirect, row

FAST = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
_HOW = ("identity", "transformation", "aggregation")
_INDIRECT = ("filter", "join", "case", "count")
_LEVEL = st.sampled_from(LEVELS)
_MASKS = st.lists(st.sampled_from(sorted(MASKS)), max_size=2)


@st.composite
def edges(draw: Any, sources: list[tuple[str, str]], most: int = 3) -> tuple[Edge, ...]:
    """Edges to some of the sources."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        source, masks = draw(st.sampled_from(sources)), draw(_MASKS)
        if draw(st.booleans()) or draw(st.booleans()):
            found.append(direct(source, *masks, how=draw(st.sampled_from(_HOW))))
        else:
            found.append(indirect(source, *masks, how=draw(st.sampled_from(_INDIRECT))))
    return tuple(found)


@st.composite
def worlds(draw: Any) -> World:
    """Two collected tables and up to five models above them."""
    tables = [
        Table(
            f"raw.d__{name}", {c: draw(st.none() | _LEVEL) for c in "abc"}, row_level=draw(_LEVEL)
        )
        for name in "xy"
    ]
    for number in range(draw(st.integers(1, 5))):
        sources = [(t.name, c) for t in tables for c in t.declared]
        columns = "abc"[: draw(st.integers(1, 3))]
        read = tuple(row(t.name) for t in tables if draw(st.booleans()))
        tables.append(
            Table(
                f"base.m{number}",
                {c: draw(st.none() | st.none() | _LEVEL) for c in columns},
                {c: draw(edges(sources)) for c in columns},
                (*read, *(e for e in draw(edges(sources, 1)) if not e.direct)),
            )
        )
    return World(tuple(tables))


def _known(world: World) -> dict[tuple[str, ...], str]:
    """Every level, and the level of every influence."""
    levels = world.levels()
    found: dict[tuple[str, ...], str] = {}
    for column in world.columns():
        found[column] = levels.of(column)
        for origin, level in levels.influences(column).items():
            found[(*column, *origin)] = level
    return found


def _not_lower(before: World, after: World) -> None:
    old, new = _known(before), _known(after)
    lower = {key: (level, new.get(key)) for key, level in old.items() if new.get(key, "") < level}
    assert lower == {}


def _derived(world: World, data: Any) -> Table:
    table: Table = data.draw(st.sampled_from([t for t in world.tables if not t.raw]))
    return table


# -- what may never lower a level ----------------------------------------------------------------


@FAST
@given(worlds(), st.data())
def test_one_more_edge_never_lowers_a_level(world: World, data: Any) -> None:
    table = _derived(world, data)
    place = world.tables.index(table)
    sources = [(t.name, c) for t in world.tables[:place] for c in t.declared]
    more = data.draw(edges(sources))
    column = data.draw(st.sampled_from(sorted(table.declared)))
    changed = {**table.edges, column: (*table.edges[column], *more)}
    _not_lower(world, world.changed(replace(table, edges=changed)))


@FAST
@given(worlds(), st.data())
def test_one_more_edge_never_lowers_a_level_among_many_ways(world: World, data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "LIMIT", 2)
        test_one_more_edge_never_lowers_a_level.hypothesis.inner_test(world, data)  # type: ignore[attr-defined]


@FAST
@given(worlds(), st.data())
def test_one_more_influence_on_the_rows_never_lowers_a_level(world: World, data: Any) -> None:
    table = _derived(world, data)
    place = world.tables.index(table)
    sources = [(t.name, c) for t in world.tables[:place] for c in t.declared]
    more = indirect(data.draw(st.sampled_from(sources)), *data.draw(_MASKS))
    _not_lower(world, world.changed(replace(table, rows=(*table.rows, more))))


@FAST
@given(worlds(), st.data())
def test_one_more_source_never_lowers_a_level(world: World, data: Any) -> None:
    raw = world.tables[0]
    wider = world.changed(replace(raw, declared={**raw.declared, "d": data.draw(_LEVEL)}))
    _not_lower(world, wider)
    table = _derived(world, data)
    column = data.draw(st.sampled_from(sorted(table.declared)))
    more = direct((raw.name, "d"), *data.draw(_MASKS))
    changed = {**table.edges, column: (*table.edges[column], more)}
    _not_lower(world, wider.changed(replace(table, edges=changed)))


@FAST
@given(worlds(), st.data())
def test_one_more_model_never_lowers_a_level(world: World, data: Any) -> None:
    sources = list(world.columns())
    model = Table(
        "fusion.z", {"a": data.draw(st.none() | _LEVEL)}, {"a": data.draw(edges(sources))}
    )
    _not_lower(world, World((*world.tables, model)))


@FAST
@given(worlds(), st.data())
def test_a_higher_level_of_a_source_never_lowers_another(world: World, data: Any) -> None:
    table = data.draw(st.sampled_from(world.tables))
    column = data.draw(st.sampled_from(sorted(table.declared)))
    before = table.declared[column] or ("L4" if table.raw else "L1")
    higher = data.draw(st.sampled_from([level for level in LEVELS if level >= before]))
    _not_lower(world, world.changed(replace(table, declared={**table.declared, column: higher})))


@FAST
@given(worlds(), st.data())
def test_a_more_sensitive_row_never_lowers_a_level(world: World, data: Any) -> None:
    table = data.draw(st.sampled_from(world.tables))
    higher = data.draw(st.sampled_from([level for level in LEVELS if level >= table.row_level]))
    _not_lower(world, world.changed(replace(table, row_level=higher)))


# -- what a level is -----------------------------------------------------------------------------


def _unmasked(world: World) -> World:
    """The same plan without a mask."""
    for table in world.tables:
        bare = {c: tuple(e._replace(masks=()) for e in own) for c, own in table.edges.items()}
        rows = tuple(edge._replace(masks=()) for edge in table.rows)
        world = world.changed(replace(table, edges=bare, rows=rows))
    return world


@FAST
@given(worlds())
def test_without_masks_a_level_is_the_highest_that_is_carried(world: World) -> None:
    bare = _unmasked(world)
    levels = bare.levels()
    expected: dict[tuple[str, str], str] = {}
    for table in bare.tables:
        for column, declared in table.declared.items():
            carried = [expected[e.table, e.column] for e in table.edges.get(column, ()) if e.direct]
            own = declared or ("L4" if table.raw else "L1")
            expected[table.name, column] = max([own, *carried])
    assert {c: levels.of(c) for c in bare.columns()} == expected


@FAST
@given(worlds())
def test_no_mask_raises_a_level_above_what_it_is_without_any(world: World) -> None:
    masked, bare = _known(world), _known(_unmasked(world))
    assert {key: (level, bare.get(key)) for key, level in masked.items() if level > bare[key]} == {}


@FAST
@given(worlds())
def test_a_level_is_never_below_the_declared_and_the_inferred(world: World) -> None:
    levels = world.levels()
    for column in world.columns():
        known = levels.column(column)
        assert known is not None
        assert known.level == max(known.inferred, known.declared or "L1")
        assert known.level <= "L4"


@FAST
@given(worlds())
def test_a_level_above_every_source_comes_from_the_contract(world: World) -> None:
    levels = world.levels()
    for table in world.tables:
        for name in table.declared:
            known = levels.column((table.name, name))
            assert known is not None
            if known.level > known.inferred:
                assert known.origins[table.name, name] == frozenset({WHOLE})
            elif not table.raw:
                assert (table.name, name) not in known.origins


@FAST
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_columns_and_edges_does_not_matter(world: World, mixer: random.Random) -> None:
    mixed = world
    for table in world.tables:
        names = mixer.sample(sorted(table.declared), len(table.declared))
        own = {c: tuple(mixer.sample(e, len(e))) for c, e in table.edges.items()}
        rows = tuple(mixer.sample(table.rows, len(table.rows)))
        declared = {name: table.declared[name] for name in names}
        mixed = mixed.changed(replace(table, declared=declared, edges=own, rows=rows))
    assert _known(mixed) == _known(world)


@FAST
@given(_LEVEL, st.lists(_MASKS, max_size=4))
def test_on_one_way_the_first_mask_counts_and_what_hides_anything(
    level: str, steps: list[list[str]]
) -> None:
    """Behind a mask the value may have been made larger: only a token, a cipher or a coarser mask of
    the same family lowers it further."""
    tables = [Table("raw.d__x", {"a": level})]
    for number, masks in enumerate(steps):
        edge = direct((tables[-1].name, "a"), *masks)
        tables.append(Table(f"base.m{number}", {"a": None}, {"a": (edge,)}))
    unsuited = {"name", "address", "text"}  # the columns are declared to hold telephones
    applied = [
        MASKS[mask]._replace(leads_to="L4") if mask in unsuited else MASKS[mask]
        for masks in steps
        for mask in masks
    ]
    kept = [m for i, m in enumerate(applied) if m.kind != "partial" or i == 0]
    counted = [
        mask
        for i, mask in enumerate(kept)
        if i == 0
        or mask.kind in ("token", "encrypt")
        or (mask.kind == "generalise" and mask.family and mask.family == kept[i - 1].family)
    ]
    expected = min([level, *(mask.leads_to for mask in counted)])
    assert World(tuple(tables)).levels().of((tables[-1].name, "a")) == expected


@pytest.mark.parametrize("mask", sorted(MASKS))
@pytest.mark.parametrize("level", LEVELS)
def test_a_mask_twice_is_a_mask_once(mask: str, level: str) -> None:
    raw = Table("raw.d__x", {"a": level})
    once = Table("base.m0", {"a": None}, {"a": (direct(("raw.d__x", "a"), mask),)})
    twice = Table("base.m1", {"a": None}, {"a": (direct(("base.m0", "a"), mask),)})
    levels = World((raw, once, twice)).levels()
    assert levels.of(("base.m1", "a")) == levels.of(("base.m0", "a")) <= level


def test_a_raised_column_is_the_origin_of_what_is_made_of_it() -> None:
    world = World(
        (
            Table("raw.d__x", {"a": "L1"}),
            Table("base.m", {"a": "L3"}, {"a": (direct(("raw.d__x", "a")),)}),
            Table("fusion.f", {"a": None}, {"a": (direct(("base.m", "a")),)}),
        )
    )
    levels = world.levels()
    known = levels.column(("fusion.f", "a"))
    assert known is not None and known.level == "L3"
    assert {o for o in known.origins if levels.of(o) == "L3"} == {("base.m", "a")}


# -- splitting a model ---------------------------------------------------------------------------


def _through(first: dict[str, Edge], second: dict[str, tuple[Edge, ...]]) -> World:
    """An L4 field, a model of changed values, a model of masked ones."""
    return World(
        (
            Table("raw.d__x", {"a": "L4"}),
            Table("base.m", dict.fromkeys(first), {c: (e,) for c, e in first.items()}),
            Table("fusion.f", dict.fromkeys(second), second),
        )
    )


def test_a_partial_mask_of_a_value_that_an_earlier_model_changed_lowers_nothing() -> None:
    """In one model `mask_phone(reverse(x))` is not lowered: it may show any part of the value."""
    changed = direct(("raw.d__x", "a"), how="transformation")
    world = _through({"half": changed}, {"a": (direct(("base.m", "half"), "phone"),)})
    assert world.levels().of(("fusion.f", "a")) == "L4"


def test_a_partial_mask_of_a_masked_value_lowers_no_further_than_in_one_model() -> None:
    """In one model `mask_address(mask_phone(x))` stays what the first mask made of it."""
    masked = direct(("raw.d__x", "a"), "phone")
    world = _through({"half": masked}, {"a": (direct(("base.m", "half"), "address"),)})
    assert world.levels().of(("fusion.f", "a")) == "L2"


@pytest.mark.parametrize("mask", ["phone", "month", "noise", "text"])
def test_one_mask_of_two_changes_of_a_value_shows_more_than_one(mask: str) -> None:
    """`substr(x, 1, 7)` and `substr(x, 5, 7)` of an earlier model are two values, not one."""
    changed = direct(("raw.d__x", "a"), how="transformation")
    both = (direct(("base.m", "left"), mask), direct(("base.m", "right"), mask))
    world = _through({"left": changed, "right": changed}, {"a": both})
    assert world.levels().of(("fusion.f", "a")) == "L4"


# -- views ---------------------------------------------------------------------------------------

_USES = st.sampled_from([*MASKS.values(), MaskUse("", argument="t.a"), MaskUse("", argument="t.b")])
_VIEWS = st.lists(st.lists(_USES, max_size=3).map(tuple), max_size=5)


@FAST
@given(_VIEWS, st.randoms(use_true_random=False))
def test_views_conflict_in_whatever_order(held: list[views.View], mixer: random.Random) -> None:
    mixed = mixer.sample(held, len(held))
    assert conflict(held) == conflict(mixed)
    for one, other in permutations(held, 2):
        assert (conflict([one, other]) is None) == (conflict([other, one]) is None)
        assert conflict([one, one]) is None


@FAST
@given(_VIEWS, _VIEWS)
def test_more_views_never_show_less(held: list[views.View], more: list[views.View]) -> None:
    for level in LEVELS:
        assert level_behind(level, [*held, *more]) >= level_behind(level, held)
    assert conflict(held) is None or conflict([*held, *more]) is not None


@FAST
@given(_VIEWS)
def test_what_views_show_rises_with_the_level(held: list[views.View]) -> None:
    shown = [level_behind(level, held) for level in LEVELS]
    assert shown == sorted(shown)
    assert all(one <= level for one, level in zip(shown, LEVELS, strict=True))


@FAST
@given(worlds())
def test_following_fewer_ways_never_gives_a_lower_level(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "LIMIT", 10_000)
        every = _known(world)
        for limit in (1, 2, 4):
            patch.setattr(views, "LIMIT", limit)
            few = _known(world)
            assert {c: (v, few[c]) for c, v in every.items() if few[c] < v} == {}


def test_too_many_ways_stay_too_many_behind_a_mask() -> None:
    """More changes of one value than are followed, then one mask over each of them."""
    many = frozenset((MaskUse("", argument=f"t.c{i}"),) for i in range(views.LIMIT + 1))
    step = Edge("base.m", "a", True, "masking", (MASKS["phone"],))
    collapsed = composed(many, Edge("t", "a", True, "identity"), "t.a")
    assert level_behind("L4", composed(collapsed, step, "base.m.a")) == "L4"


def test_every_pair_of_masks_is_judged_the_same_both_ways() -> None:
    for one, other in product(MASKS.values(), repeat=2):
        assert (conflict([(one,), (other,)]) is None) == (conflict([(other,), (one,)]) is None)
