"""The words that an editor completes are those that are read: no more, and none is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.pricing import explained
from sandbox.sql import read_question
from sandbox.sql.words import KEYWORDS, function_forms
from tests.sandbox.city import VIEWS

DOCUMENTED = Path(__file__).parents[3] / "docs" / "sandbox.md"
QUESTIONS = (
    "SELECT district AS d, COUNT(*) AS n FROM open.firm WHERE (amount > 1 OR NOT amount < 0) AND district IN ('a') "
    "GROUP BY district HAVING n > 1 ORDER BY n DESC, d ASC LIMIT 3",
    "SELECT COUNT(DISTINCT uscc) FROM open.firm WHERE opened >= DATE '2020-01-01' AND amount BETWEEN 1 AND 2",
    "SELECT CASE WHEN amount IS NULL THEN 'none' ELSE 'some' END AS k, COUNT(*) FROM open.firm WHERE TRUE AND NOT FALSE "
    "GROUP BY k",
    "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM open.firm INNER JOIN open.visit USING (uscc)",
    "SELECT COUNT(*) FROM open.firm JOIN open.visit ON firm.uscc = visit.uscc",
)


@pytest.mark.parametrize(("name", "form"), function_forms().items())
def test_a_function_that_is_offered_is_read(name: str, form: str) -> None:
    for word, value in {"number": "amount", "low": "0", "high": "10", "count)": "5)"}.items():
        form = form.replace(word, value)
    if name == "WIDTH_BUCKET":
        read_question(f"SELECT {form} AS k, COUNT(*) FROM open.firm GROUP BY {form}", VIEWS)
    else:
        inner = f"SUM({form})" if name == "CLAMP" else form
        read_question(f"SELECT {inner} FROM open.firm", VIEWS)


def test_a_keyword_that_is_offered_is_read() -> None:
    for question in QUESTIONS:
        read_question(question, VIEWS)
    said = " ".join(QUESTIONS)
    others = {"LIKE", "EXPLAIN PRIVACY"}  # the first only of a column that is registered for it
    assert {word for word in KEYWORDS if not re.search(rf"\b{word}\b", said)} == others
    assert explained(f"EXPLAIN PRIVACY {QUESTIONS[0]}") is not None


def test_every_word_of_the_documented_grammar_is_offered() -> None:
    text = DOCUMENTED.read_text("utf-8")
    grammar = text.split("## The language", 1)[1].split("```")[1]
    documented = set(re.findall(r"\b[A-Z][A-Z_]+\b", grammar))
    offered = {word for keyword in KEYWORDS for word in keyword.split()} | set(function_forms())
    assert documented and documented - offered == set()
