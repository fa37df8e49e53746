"""The documentation is checked against the code: what is generated, named or linked must be true."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from urllib.parse import unquote

import pytest

from catalog.text import LANGUAGES, catalogue
from docs import generate

ROOT = generate.ROOT
SKIPPED = {"var", "node_modules", "build", "dist"}
HELP = "Run 'make docs' and commit the result."


def markdown_files() -> list[Path]:
    """Every Markdown file of the repository, but not of its environments and caches."""
    found = []
    for path in ROOT.rglob("*.md"):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(part.startswith(".") or part in SKIPPED for part in folders):
            found.append(path)
    return sorted(found)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# -- generated pages ------------------------------------------------------------------------------


PAGES = ("commands.md", "errors.md", "configuration.md", "functions.md", "sandbox-views.md")


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_current(name: str) -> None:
    assert (generate.DOCS / name).read_text("utf-8") == generate.pages()[name], HELP


def test_every_generated_page_is_tested_and_says_that_it_is_generated() -> None:
    pages = generate.pages()
    assert set(pages) == set(PAGES)
    assert all(page.startswith(generate.NOTICE) for page in pages.values())


def test_the_allow_list_is_that_of_the_parity_cases() -> None:
    from docs.generate_functions import ALLOWED, allow_list

    assert ALLOWED.read_text("utf-8") == allow_list(), HELP


def test_every_command_and_option_has_help() -> None:
    silent = [name for name, command in generate.commands().items() if not command.help]
    for name, command in generate.commands().items():
        for items in generate.parameters(command):
            silent += [f"{name} {i.opts[0]}" for i in items if not i.help and i.name != "as_json"]
    assert silent == []


def test_every_command_has_a_section() -> None:
    page = (generate.DOCS / "commands.md").read_text("utf-8")
    lacking = [name for name in generate.commands() if f"## `citybrain {name}`\n" not in page]
    assert lacking == [], HELP


def test_every_environment_variable_is_documented() -> None:
    assert generate.variables_in_code() == set(generate.VARIABLES)


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(item for extra in extras for item in extra)]
    wanted += [item for item in project["dependency-groups"]["dev"] if isinstance(item, str)]
    names = {re.split(r"[\[<>=~! ]", item)[0] for item in wanted} - {project["project"]["name"]}
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## Dependencies")[1]
    assert set(re.findall(r"`([^`]+)`", page)) == names


def test_every_setting_is_explained() -> None:
    from pipelines.settings import Settings

    assert {key for key, _, _ in generate.settings(Settings)} == set(generate.SETTINGS)


# -- errors ---------------------------------------------------------------------------------------


@cache
def raised() -> list[tuple[str, str, frozenset[str], bool]]:
    """Where an error is made with a literal code: place, code, fields, whether fields are unpacked."""
    found = []
    for room in (*generate.SOURCES, "citybrain.py"):
        folder = ROOT / room
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                code = _error_code(node)
                if code is not None and isinstance(node, ast.Call):
                    fields = frozenset(k.arg for k in node.keywords if k.arg)
                    unpacked = any(k.arg is None for k in node.keywords)
                    found.append((f"{relative(path)}:{node.lineno}", code, fields, unpacked))
    return found


def _error_code(node: ast.AST) -> str | None:
    if not (isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name)):
        return None
    first = node.args[0]
    if not re.fullmatch(r"[A-Z]\w*Error", node.func.id) or not isinstance(first, ast.Constant):
        return None
    text = first.value
    return text if isinstance(text, str) and re.fullmatch(r"[a-z][a-z0-9_]+", text) else None


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_error_code_has_a_text_and_is_documented() -> None:
    page = (generate.DOCS / "errors.md").read_text("utf-8")
    known = catalogue("en")["errors"]
    lacking = {
        f"{place} {code}"
        for place, code, _, _ in raised()
        if code not in known or f"## `{code}`\n" not in page
    }
    assert lacking == set(), "\n".join(sorted(lacking))


def test_every_error_gives_what_its_text_shows() -> None:
    wrong = []
    for place, code, fields, unpacked in raised():
        for lang in LANGUAGES:
            entry = catalogue(lang)["errors"].get(code)
            wanted = placeholders(entry["what"] + entry["next"]) if entry else set()
            if not unpacked and not wanted <= fields:
                wrong.append(f"{place} {code} ({lang}) lacks {sorted(wanted - fields)}")
    assert wrong == [], "\n".join(wrong)


def messages_of(lang: str) -> list[str]:
    """The files with one language's messages."""
    folder = ROOT / "catalog" / "messages"
    files = (folder / f"{lang}.toml", *sorted((folder / lang).glob("*.toml")))
    return [file.read_text("utf-8") for file in files]


@pytest.mark.parametrize("part", ["errors", "ui"])
def test_both_languages_have_the_same_messages(part: str) -> None:
    english, chinese = catalogue("en")[part], catalogue("zh")[part]
    assert set(english) == set(chinese)
    for key, entry in english.items():
        for name in entry if isinstance(entry, dict) else ("",):
            one, other = (e[name] if name else e for e in (entry, chinese[key]))
            assert placeholders(one) == placeholders(other), f"{part}.{key}"


def test_the_message_catalogues_have_no_other_parts() -> None:
    for lang in LANGUAGES:
        for text in messages_of(lang):
            assert set(tomllib.loads(text)) <= {"errors", "ui"}


# -- links ----------------------------------------------------------------------------------------


def links(path: Path) -> Iterator[str]:
    """Targets of links and images in a Markdown file, outside of code."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`", "`", text)
    yield from re.findall(r"\]\(<?([^)\s>]+)>?\)", text)
    yield from re.findall(r"(?:src|href)=\"([^\"]+)\"", text)


@cache
def anchors(path: Path) -> frozenset[str]:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#{1,6} +(.+?) *#*$", text, flags=re.MULTILINE)
    return frozenset(generate.slug(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", h)) for h in headings)


@pytest.mark.parametrize("path", markdown_files(), ids=relative)
def test_relative_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in links(path):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        goal = (path.parent / file).resolve() if file else path
        missing = not goal.exists() or not goal.is_relative_to(ROOT)
        if missing or (anchor and goal.suffix == ".md" and anchor not in anchors(goal)):
            broken.append(target)
    assert broken == []


# -- commands named in prose ----------------------------------------------------------------------


def code_of(path: Path) -> str:
    """The code blocks and code spans of a Markdown file."""
    text = path.read_text("utf-8")
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", rest)])


def unknown_commands(text: str) -> list[str]:
    """`citybrain X` where there is no command X."""
    known = generate.commands()
    groups = {name.split()[0] for name in known if " " in name}
    known |= {" ".join(name.split()[:2]): known[name] for name in known}
    wrong = []
    for first, second in re.findall(r"\bcitybrain ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", text):
        if first not in known and (
            first not in groups or (second and f"{first} {second}" not in known)
        ):
            wrong.append(f"citybrain {first} {second}".strip())
    return wrong


def unknown_options(text: str) -> list[str]:
    """Options of `citybrain` lines that no command has."""
    known = {"--help"}
    for command in generate.commands().values():
        known |= {opt for items in generate.parameters(command) for i in items for opt in i.opts}
    lines = [line for line in text.splitlines() if re.search(r"\bcitybrain [a-z]", line)]
    used = {opt for line in lines for opt in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)}
    return sorted(used - known)


@pytest.mark.parametrize("path", markdown_files(), ids=relative)
def test_commands_in_documents_exist(path: Path) -> None:
    text = code_of(path)
    assert unknown_commands(text) == []
    assert unknown_options(text) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_commands_in_messages_exist(lang: str) -> None:
    assert unknown_commands("\n".join(messages_of(lang))) == []


def test_make_targets_in_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    for path in markdown_files():
        named = set(re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", code_of(path), flags=re.MULTILINE))
        assert named <= targets, relative(path)
