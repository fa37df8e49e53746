"""Questions that are valid, and what comes of statements when they are cut, mixed and stuffed with nonsense.

Everything is drawn from one `random.Random`, so that a seed gives the same statements again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

CORPUS = [
    line
    for line in (Path(__file__).parent / "data" / "identity.sql").read_text("utf-8").splitlines()
    if line and not line.startswith("--")
]
NUMBERS = {"open.firm": ["amount"], "open.visit": ["score"]}
TEXTS = {"open.firm": ["name", "district"], "open.visit": ["kind", "place"]}
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|\s+|.", re.DOTALL)
_NAMES = [
    "amount",
    "score",
    "kind",
    "place",
    "name",
    "district",
    "opened",
    "active",
    "uscc",
    "unbounded",
    "caller",
    "secret",
    "_unit",
    "k0",
    "p0",
    "t0",
]
_PLACES = [
    "open.firm",
    "open.visit",
    "open.ticket",
    "raw.firm",
    "information_schema.tables",
    "duckdb_tables()",
    "pg_catalog.pg_class",
]
_NASTY = [
    "error('x')", "CAST(name AS INTEGER)", "name::int", "1/0", "1 // 0", "1 % 0", "exp(1000)", "9" * 400,
    "1e308 * 1e308", "1e400", "NaN", "'nan'::float8", "0x7f", "1_000", "E'\\x41'", "U&'\\0041'", "$$a$$", "$1",
    "?", ":x", "@x", "%s", "{{x}}", "NULL", "DEFAULT", "*", "t.*", "COLUMNS('.*')", "ROW(1, 2)", "[1, 2]",
    "{'a': 1}", "x -> x", "(SELECT 1)", "(SELECT MAX(uscc) FROM open.firm)", "EXISTS (SELECT 1)",
    "read_csv('/etc/passwd')", "query('SELECT 1')", "getenv('HOME')", "current_setting('x')", "random()", "now()",
    "list(name)", "first(name)", "string_agg(name, ',')", "arg_max(name, amount)", "any_value(name)",
    "histogram(amount)", "approx_quantile(amount, 0.5)", "COUNT(*) OVER ()", "SUM(amount) FILTER (WHERE active)",
    "INTERVAL '1' DAY", "DATE '9999-99-99'", "DATE 'infinity'", "TIMESTAMP '2020-01-01'", "ARRAY[1]",
    "GROUPING(district)", "uscc", "firm.uscc", "rowid", "ctid", "tableoid", "$1 OR 1 = 1", "'\\' OR 1=1 --'",
]  # fmt: skip
_TAILS = [
    "; SELECT 1", "; DROP TABLE firm", " -- x", " /* x */", " UNION SELECT 1", " INTERSECT SELECT 1", " OFFSET 1",
    " FOR UPDATE", " WINDOW w AS ()", " QUALIFY 1 = 1", " TABLESAMPLE (1)", " LIMIT ALL", " FETCH FIRST 1 ROWS ONLY",
    " INTO x", " USING SAMPLE 10%", " GROUP BY ALL", " ORDER BY ALL", " SETTINGS x = 1", " WITH TIES", ";", " )",
]  # fmt: skip
_HEADS = [
    "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t) ", "WITH t AS (SELECT 1) ", "EXPLAIN ", "EXPLAIN ANALYZE ",
    "CREATE TABLE x AS ", "CREATE MACRO f() AS ", "COPY (", "SUMMARIZE ", "DESCRIBE ", "PREPARE p AS ", "EXECUTE ",
    "SET x = (", "SET VARIABLE x = ", "PRAGMA ", "CALL ", "ATTACH ", "INSTALL ", "LOAD ", "FROM open.firm ", "(", "( (",
    "VALUES (1) ", "TABLE ", "SHOW ", "USE ", "PIVOT ", "CHECKPOINT ", "EXPORT DATABASE ", "BEGIN; ", "/*", "--", "\ufeff",
]  # fmt: skip
_SIGNS = "\x00\x01\t\n\r\x0b\x1b\x7f\x85\xa0´`’“”«»＇；，（）＊／－。\u200b\u200e\u202e\u2028\ud800\udfffßİıſﬀ𝒔😀é\u0301検१٣²½∞"


class Grammar:
    """Writes valid questions of the language that `docs/sandbox.md` describes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def question(self) -> str:
        """A question that is answered."""
        joined = self.rng.random() < 0.2
        views = (
            ["open.firm", "open.visit"]
            if joined
            else [self.rng.choice(["open.firm", "open.visit"])]
        )
        self.numbers = [name for view in views for name in NUMBERS[view]]
        self.texts = [name for view in views for name in TEXTS[view]]
        self.firm = "open.firm" in views
        keys = self._keys()
        items = [f"{key} AS k{place}" for place, key in enumerate(keys)]
        chosen = [self.aggregate() for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]
        named = [f"a{place}" for place, _ in enumerate(chosen)]
        items += [f"{one} AS {name}" for one, name in zip(chosen, named, strict=True)]
        self.rng.shuffle(items)
        text = f"SELECT {', '.join(items)} FROM {self._source(views)}"
        if self.rng.random() < 0.6:
            text += f" WHERE {self.condition(self.rng.choice([0, 0, 1, 2]))}"
        if keys:
            text += " GROUP BY " + ", ".join(f"k{place}" for place, _ in enumerate(keys))
        if self.rng.random() < 0.2:
            text += f" HAVING {self.rng.choice(named)} {self._compared()} {self.number_literal()}"
        if self.rng.random() < 0.2:
            text += f" ORDER BY {self.rng.choice(named)} {self.rng.choice(['', 'ASC', 'DESC'])}"
        return text + (f" LIMIT {self.rng.randint(0, 20)}" if self.rng.random() < 0.2 else "")

    def _source(self, views: list[str]) -> str:
        parts = []
        for view in views:
            name = view.split(".")[1]
            if self.rng.random() < 0.2:
                columns = ", ".join(["uscc", *NUMBERS[view], *TEXTS[view]])
                more = ", active, opened" if name == "firm" else ""
                parts.append(f"(SELECT {columns}{more} FROM {view}) AS {name}")
            else:
                parts.append(self.rng.choice([view, f"{view} AS {name}", f"{view} {name}"]))
        on = self.rng.choice(["USING (uscc)", "ON firm.uscc = visit.uscc"])
        return parts[0] if len(parts) == 1 else f"{parts[0]} JOIN {parts[1]} {on}"

    def _keys(self) -> list[str]:
        found = []
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            number = self.rng.choice(self.numbers)
            options = [
                *self.texts,
                f"WIDTH_BUCKET({number}, 0, 100, {self.rng.randint(1, 9)})",
                f"CASE WHEN {self.condition(1)} THEN 'yes' ELSE 'no' END",
                *(["active"] if self.firm else []),
            ]
            found.append(self.rng.choice(options))
        return list(dict.fromkeys(found))

    def aggregate(self) -> str:
        """A statistic."""
        clamped = f"CLAMP({self.number(self.rng.choice([0, 0, 1, 1, 2]))}, {self.rng.randint(-9, 0)}, {self.rng.randint(1, 99)})"
        options = [
            "COUNT(*)", "COUNT(DISTINCT uscc)" if len(self.numbers) == 1 else "COUNT(*)",
            f"COUNT({self.rng.choice([*self.texts, clamped])})",
            f"PERCENTILE_CONT(0.{self.rng.randint(1, 9)}) WITHIN GROUP (ORDER BY {clamped})",
            *(f"{name}({clamped})" for name in ["SUM", "AVG", "VARIANCE", "STDDEV", "MEDIAN", "MIN", "MAX"]),
        ]  # fmt: skip
        return self.rng.choice(options)

    def number(self, depth: int) -> str:
        """A number of a row."""
        if depth == 0 or self.rng.random() < 0.3:
            return self.rng.choice([*self.numbers, self.number_literal()])
        one, other = self.number(depth - 1), self.number(depth - 1)
        return self.rng.choice(
            [
                f"({one} {self.rng.choice('+-*/')} {other})",
                f"- {one}",
                f"CASE WHEN {self.condition(depth - 1)} THEN {one} ELSE {other} END",
                f"CASE {one} WHEN {self.number_literal()} THEN {other} END",
                f"CLAMP({one}, 1, 5.5)",
                f"WIDTH_BUCKET({one}, 0, 10, 5)",
            ]
        )

    def condition(self, depth: int) -> str:
        """A condition on a row."""
        if depth > 0 and self.rng.random() < 0.5:
            one, other = self.condition(depth - 1), self.condition(depth - 1)
            return self.rng.choice([f"({one} AND {other})", f"({one} OR {other})", f"NOT ({one})"])
        text, number = self.rng.choice(self.texts), self.number(min(depth, 1))
        options = [
            f"{number} {self._compared()} {self.number(min(depth, 1))}",
            f"{number} BETWEEN {self.number_literal()} AND {self.number_literal()}",
            f"{text} {self._compared()} 'n''x'",
            f"{text} {self.rng.choice(['', 'NOT '])}IN ('a', 'it''s', '検')",
            f"{text} IS {self.rng.choice(['', 'NOT '])}NULL",
            "1 = 1",
        ]
        if self.firm:
            options += [
                "active",
                "active = FALSE",
                "name LIKE 'a%_b'",
                "opened >= DATE '2020-02-29'",
            ]
        return self.rng.choice(options)

    def number_literal(self) -> str:
        """A number."""
        return self.rng.choice(
            ["0", "1", "-1", "2.50", "1e3", "0.000001", "-7.25", "123456789", "1e17"]
        )

    def _compared(self) -> str:
        return self.rng.choice(["=", "<>", "!=", "<", "<=", ">", ">="])


class Mutator:
    """Breaks statements.

    Args:
        functions: names to call in the place of others.
    """

    def __init__(self, rng: random.Random, functions: Sequence[str]) -> None:
        self.rng = rng
        self.functions = functions
        self.grammar = Grammar(rng)

    def statement(self) -> str:
        """A statement after some mutations; now and then none."""
        text = self._seed()
        for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3, 6])):
            text = self.rng.choice(_MUTATIONS)(self, text)
        return text

    def _seed(self) -> str:
        if self.rng.random() < 0.7:
            return self.grammar.question()
        text = self.rng.choice(CORPUS)
        # As a whole, or as a value or a source of a question.
        shapes = [
            "{}",
            "SELECT SUM({}) FROM open.firm",
            "SELECT COUNT(*) FROM open.firm WHERE {}",
            "SELECT COUNT(*) FROM ({}) AS t",
        ]
        return self.rng.choice(shapes).replace("{}", text)

    def _tokens(self, text: str) -> list[str]:
        return _TOKEN.findall(text) or [""]

    def _place(self, tokens: Sequence[str]) -> int:
        return self.rng.randrange(len(tokens))

    def swap(self, text: str) -> str:
        tokens = self._tokens(text)
        one, other = self._place(tokens), self._place(tokens)
        tokens[one], tokens[other] = tokens[other], tokens[one]
        return "".join(tokens)

    def delete(self, text: str) -> str:
        tokens = self._tokens(text)
        place = self._place(tokens)
        return "".join(tokens[:place] + tokens[place + self.rng.randint(1, 4) :])

    def double(self, text: str) -> str:
        tokens = self._tokens(text)
        place = self._place(tokens)
        return "".join(tokens[: place + self.rng.randint(1, 6)] + tokens[place:])

    def splice(self, text: str) -> str:
        tokens, others = self._tokens(text), self._tokens(self._seed())
        return "".join(tokens[: self._place(tokens)] + others[self._place(others) :])

    def insert(self, text: str) -> str:
        tokens = self._tokens(text)
        tokens.insert(self._place(tokens), f" {self.rng.choice(_NASTY)} ")
        return "".join(tokens)

    def rename(self, text: str) -> str:
        tokens = self._tokens(text)
        words = [place for place, token in enumerate(tokens) if token.isidentifier()]
        if words:
            names = [*_NAMES, *_PLACES, *_NASTY, self.rng.choice(self.functions)]
            tokens[self.rng.choice(words)] = self.rng.choice(names)
        return "".join(tokens)

    def call(self, text: str) -> str:
        name = self.rng.choice(self.functions)
        called = self.rng.choice(["{}({})", "{}()", "{}({}, {})", "({} {})"])
        tokens = self._tokens(text)
        words = [place for place, token in enumerate(tokens) if token in _NAMES]
        if words:
            place = self.rng.choice(words)
            tokens[place] = called.replace("{}", name, 1).replace("{}", tokens[place])
        return "".join(tokens)

    def nest(self, text: str) -> str:
        tokens = self._tokens(text)
        words = [place for place, token in enumerate(tokens) if token in _NAMES]
        before, after = self.rng.choice(
            [
                ("(", ")"), ("-", ""), ("NOT (", ")"), ("CASE WHEN ", " THEN 1 END"), ("CLAMP(", ", 0, 1)"),
                ("CASE ", " WHEN 1 THEN 2 END"), ("WIDTH_BUCKET(", ", 0, 1, 2)"), ("COUNT(", ")"), ("(SELECT ", ")"),
                ("CAST(", " AS DATE)"), ("DATE(", ")"), ("ARRAY[", "]"), ("LATERAL(", ")"), ("CASE WHEN ", " BETWEEN 1 AND 2 THEN 1 END"),
            ]
        )  # fmt: skip
        if words:
            place, times = self.rng.choice(words), self.rng.choice([1, 2, 5, 25, 200])
            tokens[place] = before * times + tokens[place] + after * times
        return "".join(tokens)

    def chain(self, text: str) -> str:
        times = self.rng.choice([2, 10, 70, 500, 2000])
        return (
            text
            + self.rng.choice(
                [
                    " AND 1 = 1",
                    " + 1",
                    ", 1",
                    " OR name = 'a'",
                    " JOIN open.visit",
                    " UNION SELECT 1",
                    ")",
                    "(",
                ]
            )
            * times
        )

    def noise(self, text: str) -> str:
        signs = list(text)
        for _ in range(self.rng.randint(1, 4)):
            sign = self.rng.choice(
                [
                    self.rng.choice(_SIGNS),
                    chr(self.rng.randrange(128)),
                    chr(self.rng.randrange(0x110000)),
                ]
            )
            signs.insert(self.rng.randrange(len(signs) + 1), sign)
        return "".join(signs)

    def drop(self, text: str) -> str:
        place = self.rng.randrange(len(text) + 1)
        return text[:place] + text[place + 1 :]

    def literal(self, text: str) -> str:
        long = self.rng.choice([1, 20, 35, 300, 12_000])
        value = self.rng.choice(
            [
                "9" * long,
                "-" + "0" * long + "1",
                f"0.{'3' * long}",
                f"1e{'9' * (long % 9)}",
                f"'{'x' * long}'",
                f"'{'%_' * long}'",
            ]
        )
        return re.sub(r"\b\d+\b|'[^']*'", lambda _: value, text, count=1)

    def tail(self, text: str) -> str:
        return text + self.rng.choice(_TAILS)

    def head(self, text: str) -> str:
        return self.rng.choice(_HEADS) + text

    def comment(self, text: str) -> str:
        tokens = self._tokens(text)
        tokens.insert(
            self._place(tokens),
            self.rng.choice(["--", "/*", "*/", "/**/", "#", "//", "/*+ hint */", "--\n"]),
        )
        return "".join(tokens)

    def case(self, text: str) -> str:
        return self.rng.choice([text.upper(), text.lower(), text.swapcase(), text.title()])


_MUTATIONS: list[Callable[[Mutator, str], str]] = [
    Mutator.swap, Mutator.delete, Mutator.double, Mutator.splice, Mutator.insert, Mutator.rename, Mutator.call,
    Mutator.nest, Mutator.chain, Mutator.noise, Mutator.drop, Mutator.literal, Mutator.tail, Mutator.head,
    Mutator.comment, Mutator.case,
]  # fmt: skip
