"""Regular expressions: what RE2 (DuckDB) and Java (Spark) read alike, and the rest rewritten.

Java's classes, `.` and `$` mean more than RE2's: they are spelled out. What cannot be spelled out
is refused.
"""

from __future__ import annotations

import re

from pipelines.spark.refusal import Refusal

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_POSIX = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "space": "\\t\\n\\x0B\\f\\r ",
    "punct": "!-/:-@\\[-`{-~",
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS = "ntrf"


def java_pattern(pattern: str) -> str:
    """A pattern of RE2 as Java's.

    Raises:
        Refusal: it has a part that only one of the two knows, or that they read differently.
    """
    found: list[str] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            text, at = _escape(pattern, at, inside=False)
            found.append(text)
        elif letter == "[":
            text, at = _class(pattern, at)
            found.append(text)
        elif letter == "(":
            if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
                raise _refused(pattern, pattern[at : at + 4])
            found.append(letter)
            at += 1
        elif letter in "*+?}" and pattern[at + 1 : at + 2] == "+":
            raise _refused(pattern, pattern[at : at + 2])  # possessive in Java, an error in RE2
        else:
            found.append({".": "[^\\n]", "$": "\\z"}.get(letter, letter))
            at += 1
    return "".join(found)


def groups(pattern: str) -> int:
    """How many groups a pattern has."""
    return re.compile(re.sub(r"\\x\{[0-9A-Fa-f]+\}", "x", pattern)).groups


def java_replacement(text: str, pattern: str, shift: int = 0) -> str:
    r"""A replacement of RE2 (`\1`) as Java's (`$1`).

    Args:
        shift: how many groups stand before those of the pattern.
    """
    highest = groups(pattern)
    found: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            following = text[at + 1 : at + 2]
            if following.isdigit() and int(following) <= highest:
                if highest + shift > 9 or (following == "0" and shift):
                    raise Refusal("regexp_replace", "its groups cannot be numbered alike")
                found.append(f"${int(following) + shift}")
                if text[at + 2 : at + 3].isdigit() and highest + shift > 9:
                    raise Refusal("regexp_replace", "a digit stands behind a group")
            elif following == "\\":
                found.append("\\\\")
            else:
                raise Refusal("regexp_replace", f"{text!r} is no replacement for both engines")
            at += 2
            continue
        found.append("\\$" if letter == "$" else letter)
        at += 1
    return "".join(found)


def _class(pattern: str, start: int) -> tuple[str, int]:
    """`[...]`: in Java a bracket or `&&` inside has a meaning of its own."""
    found = ["["]
    at = start + 1
    if pattern[at : at + 1] == "^":
        found.append("^")
        at += 1
    first = True
    while at < len(pattern):
        letter = pattern[at]
        if letter == "]" and not first:
            return "".join(found) + "]", at + 1
        if letter == "[" and pattern.startswith("[:", at):
            end = pattern.index(":]", at)
            word = pattern[at + 2 : end]
            if word not in _POSIX:
                raise _refused(pattern, word)
            found.append(_POSIX[word])
            at = end + 2
        elif letter == "\\":
            text, at = _escape(pattern, at, inside=True)
            found.append(text)
        else:
            found.append("\\" + letter if letter in "[]&^~#" else letter)
            at += 1
        first = False
    raise _refused(pattern, "[")


def _escape(pattern: str, at: int, *, inside: bool) -> tuple[str, int]:
    following = pattern[at + 1 : at + 2]
    if following in _CLASSES:
        listed = _CLASSES[following]
        return (listed if inside else f"[{listed}]"), at + 2
    if following and following.lower() in _CLASSES and not inside:
        return f"[^{_CLASSES[following.lower()]}]", at + 2
    if following == "x" and (
        found := re.match(r"\\x(\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{2})", pattern[at:])
    ):
        return found[0], at + len(found[0])
    if following == "z" and not inside:
        return "\\z", at + 2
    if following == "A" and not inside:
        return "\\A", at + 2
    if following in _CONTROLS or (following and not following.isalnum() and following.isascii()):
        return pattern[at : at + 2], at + 2
    raise _refused(pattern, pattern[at : at + 2])


def _refused(pattern: str, part: str) -> Refusal:
    return Refusal(
        "regular expression", f"{part!r} in {pattern!r} is not read alike by both engines"
    )
