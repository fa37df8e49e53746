"""Why there is no answer, in the person's language, with the place in the question."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.text import catalogue, language
from portal.problems import Problem

_AROUND = 80  # characters of a line that are shown on either side of a place


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a question something is wrong.

    Attributes:
        line, column: counted from 1.
        before, word, after: the line around it, for people who see it.
    """

    line: int
    column: int
    before: str
    word: str
    after: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What happened and what to do next."""

    code: str
    what: str
    next: str
    place: Place | None = None


def refused(problem: Problem, question: str) -> Refused:
    """A problem as the service tells it, with the line of the question that it is about."""
    where = problem.where
    place = None if where is None else place_of(question, where.line, where.column)
    return Refused(problem.code, problem.detail, problem.next, place)


def place_of(question: str, line: int, column: int) -> Place | None:
    """A place in a question; None where the question has none such."""
    lines = question.split("\n")
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1].rstrip("\r")
    start = min(max(column - 1, 0), len(text))
    end = start
    # Some places are the first character of a word, some (of what could not be parsed) the last.
    while start > 0 and start < len(text) and _in_word(text[start]) and _in_word(text[start - 1]):
        start -= 1
    while end < len(text) and _in_word(text[end]):
        end += 1
    end = max(end, min(start + 1, len(text)))
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return Place(line, column, before, text[start:end], after)


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _Gone(str):
    """A field that is not known any more, however the text wants it written."""

    def __format__(self, _spec: str) -> str:
        return "…"


class _Known(dict[str, object]):
    def __missing__(self, _name: str) -> str:
        return _Gone()


def remembered(code: str, lang: str | None = None, **fields: object) -> tuple[str, str]:
    """The text of an error of which only the code was written down, and some of its fields."""
    entry = catalogue(lang or language())["errors"].get(code)
    if entry is None:
        return code, ""
    known = _Known(fields)
    return entry["what"].format_map(known), entry["next"].format_map(known)
