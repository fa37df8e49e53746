"""The message catalogues: every code that is raised can be told, in both languages, and none is idle."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from catalog.text import LANGUAGES, catalogue

ROOT = Path(__file__).parents[1]
CODE = [
    path
    for folder in ("catalog", "quality", "pipelines", "sandbox", "portal", "commands")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
TEMPLATES = [path.read_text("utf-8") for path in sorted((ROOT / "portal").rglob("*.html"))]
MADE_IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([a-z][a-z0-9_]*_)["']\s*~""")
IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([a-z][a-z0-9_]*)["']""")
TREES = [ast.parse(path.read_text("utf-8")) for path in (*CODE, ROOT / "citybrain.py")]


def _constants(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: a constant, or either branch of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def first_arguments(*suffixes: str) -> set[str]:
    """Constant first arguments of calls to names with one of these endings."""
    found = set()
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                if name.endswith(suffixes):
                    found |= set(_constants(node.args[0]))
    return found


def all_texts() -> set[str]:
    """Every text constant of the code, and what templates ask for by `t(...)`."""
    return in_templates() | {
        node.value
        for tree in TREES
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def in_templates() -> set[str]:
    """The keys that the portal's templates ask for."""
    found = {key for template in TEMPLATES for key in IN_TEMPLATE.findall(template)}
    return {key for key in found if not key.endswith("_")}


def interface_keys() -> set[str]:
    """Constant arguments of `text`, in the modules that import it from the catalogue."""
    found = in_templates()
    for tree in TREES:
        nodes = list(ast.walk(tree))
        ours = any(isinstance(n, ast.ImportFrom) and n.module == "catalog.text" for n in nodes)
        for node in nodes if ours else ():
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "text"
            ):
                found |= set(_constants(node.args[0]))
    return found


@cache
def made_keys() -> tuple[str, ...]:
    """How keys begin that the code (`status_{...}`) or a template (`"status_" ~ ...`) puts together."""
    joined = [
        n.values[0] for t in TREES for n in ast.walk(t) if isinstance(n, ast.JoinedStr) and n.values
    ]
    in_code = [
        str(part.value)
        for part in joined
        if isinstance(part, ast.Constant)
        and str(part.value).endswith("_")
        and len(str(part.value)) > 3
    ]
    in_pages = [key for template in TEMPLATES for key in MADE_IN_TEMPLATE.findall(template)]
    return (*in_code, *in_pages)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def raised() -> set[str]:
    """The error codes of the code: snake_case first arguments of errors of ours."""
    found = first_arguments(
        "CatalogError", "PipelineError", "QualityError", "CityBrainError", "fault"
    )
    return {code for code in found if code.replace("_", "").isalpha() and code.islower()}


def test_codes_are_found_at_all() -> None:
    assert {"yaml_syntax", "unknown_key", "gate_blocked", "locked", "disk_full"} <= raised()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_that_is_raised_has_a_text(lang: str) -> None:
    assert raised() - set(catalogue(lang)["errors"]) == set()


def test_every_text_of_an_error_is_used() -> None:
    assert set(catalogue("en")["errors"]) - all_texts() == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_of_the_interface_exists(lang: str) -> None:
    assert interface_keys() - set(catalogue(lang)["ui"]) == set()


def test_every_text_of_the_interface_is_used() -> None:
    idle = set(catalogue("en")["ui"]) - all_texts()
    assert {key for key in idle if not key.startswith(made_keys())} == set()


@pytest.mark.parametrize("part", ["errors", "ui"])
def test_both_languages_have_the_same_keys(part: str) -> None:
    assert set(catalogue("en")[part]) == set(catalogue("zh")[part])


def test_both_languages_fill_in_the_same_fields() -> None:
    differing: list[Any] = []
    for code, entry in catalogue("en")["errors"].items():
        other = catalogue("zh")["errors"][code]
        ours = placeholders(entry["what"]) | placeholders(entry["next"])
        theirs = placeholders(other["what"]) | placeholders(other["next"])
        if ours != theirs:
            differing.append((code, ours ^ theirs))
    for key, text in catalogue("en")["ui"].items():
        if placeholders(text) != placeholders(catalogue("zh")["ui"][key]):
            differing.append((key, placeholders(text)))
    assert differing == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_error_says_what_happened_and_what_to_do_next(lang: str) -> None:
    for code, entry in catalogue(lang)["errors"].items():
        assert set(entry) == {"what", "next"}, code
        assert entry["what"].rstrip()[-1] in ".。}", code
        assert entry["next"].rstrip()[-1] in ".。}", code


def test_every_raise_gives_the_fields_that_the_text_needs() -> None:
    """Calls with keyword arguments alone; those that pass `**fields` are not judged."""
    lacking = []
    for path, tree in zip((*CODE, ROOT / "citybrain.py"), TREES, strict=True):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            if not name.endswith(("CatalogError", "PipelineError", "QualityError", "fault")):
                continue
            if any(keyword.arg is None for keyword in node.keywords):
                continue
            given = {keyword.arg for keyword in node.keywords}
            for code in _constants(node.args[0]):
                entry = catalogue("en")["errors"].get(code)
                if entry is not None:
                    needed = placeholders(entry["what"]) | placeholders(entry["next"])
                    if needed - given:
                        lacking.append((path.name, node.lineno, code, needed - given))
    assert lacking == []
