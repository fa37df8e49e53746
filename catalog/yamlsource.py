"""YAML with positions: every error can name the file and the line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from catalog.errors import CatalogError, Location

KeyPath = tuple[str | int, ...]
# What libyaml and PyYAML do not read alike: tabs, marks of byte order, rare line ends, tags.
_READ_APART = re.compile("[\t\ufeff\u2028\u2029\x85!?]")
MAX_VALUES = 100_000  # a few aliases of aliases can stand for more values than memory holds


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A parsed document and where each of its values stands."""

    path: Path
    data: Any
    marks: dict[KeyPath, tuple[int, int]]

    def where(self, *keys: str | int) -> Location:
        """The location of a value, or of its nearest enclosing value that has one."""
        path: KeyPath = keys
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (1, 1))
        return Location(self.path, line, column)


class _Constructor(yaml.SafeLoader):
    """Safe loading of one document that is already composed."""


class _Fast(Composer, CParser, SafeConstructor, Resolver):
    """The same with libyaml's parser, four times as fast. Nodes are composed in Python, which
    notices when they stand too deep in each other; libyaml's own composer overruns its stack."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)


def load_yaml(path: Path) -> YamlDocument:
    """Read one YAML document.

    Raises:
        CatalogError: `file_missing`, `file_encoding`, `yaml_syntax`, `yaml_tab` or
            `yaml_duplicate_key`.
    """
    return parse_yaml(read_text(path), path)


def read_text(path: Path) -> str:
    """The text of a workspace file, which is always UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CatalogError("file_missing", where=Location(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CatalogError("file_encoding", where=Location(path, line)) from error


def parse_yaml(text: str, path: Path) -> YamlDocument:
    """Parse YAML text that came from `path`; see `load_yaml` for the errors."""
    if _READ_APART.search(text) is None:
        try:
            return _document(_Fast(text), path)
        except (yaml.YAMLError, RecursionError, ValueError, TypeError, AttributeError):
            pass  # read again for the error, whose words are PyYAML's
    try:
        loader = _Constructor(text)
    except yaml.YAMLError as error:
        problem = str(error).split("\n")[0]
        raise CatalogError("yaml_syntax", where=Location(path), problem=problem) from error
    try:
        return _document(loader, path)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
        code = "yaml_tab" if "'\\t'" in str(error.problem) else "yaml_syntax"
        raise CatalogError(code, where=where, problem=error.problem or error.context) from error
    except RecursionError as error:
        problem = "nested too deeply"
        raise CatalogError("yaml_syntax", where=Location(path), problem=problem) from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        # PyYAML lets impossible dates and odd tags out as Python's own errors.
        problem = str(error).split("\n")[0]
        raise CatalogError("yaml_syntax", where=Location(path), problem=problem) from error
    finally:
        loader.dispose()


def _document(loader: _Fast | _Constructor, path: Path) -> YamlDocument:
    node = loader.get_single_node()
    if node is None:
        return YamlDocument(path, None, {})
    marks: dict[KeyPath, tuple[int, int]] = {}
    _mark(node, (), marks, path)
    return YamlDocument(path, loader.construct_document(node), marks)


def _mark(node: yaml.Node, at: KeyPath, marks: dict[KeyPath, tuple[int, int]], path: Path) -> None:
    if len(marks) > MAX_VALUES:
        raise CatalogError("yaml_syntax", where=Location(path), problem="too many values")
    marks.setdefault(at, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _mark(item, (*at, index), marks, path)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if name in seen:
                raise CatalogError(
                    "yaml_duplicate_key", where=Location(path, line, column), key=name
                )
            seen.add(name)
            marks[(*at, name)] = (line, column)
            _mark(value, (*at, name), marks, path)
