"""Random SELECTs over the schema of `tests.support.interference`, with a liking for name clashes.

Not every query binds: a bare name may be ambiguous, an alias may stand for another type. Whoever
uses them asks the engine first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.support.sqlforms import (
    AGGREGATES,
    ALIASES,
    FORMS,
    JOINS,
    LITERALS,
    SOURCES,
    TABLES,
    WINDOWS,
    Columns,
)


@dataclass
class Scope:
    """What an expression sees: sources with their columns, aliases, variables, what is around."""

    sources: list[tuple[str, Columns]] = field(default_factory=list)
    aliases: Columns = field(default_factory=list)
    variables: Columns = field(default_factory=list)
    outer: Scope | None = None
    ctes: list[tuple[str, Columns]] = field(default_factory=list)
    plain: bool = False  # no subqueries here: inside a lambda, an aggregate, a join's ON


class RandomSql:
    """Writes queries; the same seed gives the same queries."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def query(self) -> str:
        """One model's SELECT."""
        text, _ = self._query(Scope(), 3)
        return text

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    # -- expressions ----------------------------------------------------------------------------

    def _column(self, kind: str, scope: Scope) -> str | None:
        found = [name for name, k in (*scope.aliases, *scope.variables) if k == kind]
        bare: list[str] = []
        for alias, columns in scope.sources:
            found += [f"{alias}.{name}" for name, k in columns if k == kind] * 2
            bare += [name for name, k in columns if k == kind]
            if kind == "n":
                found += [f"{alias}.{name}.f" for name, k in columns if k == "s"]
        found += bare if len(scope.sources) == 1 else self.random.sample(bare, len(bare) // 3)
        if scope.outer is not None and (not found or self._chance(0.25)):
            return self._column(kind, scope.outer) or (found and self.random.choice(found)) or None
        return self.random.choice(found) if found else None

    def expression(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of a kind."""
        if depth <= 0 or self._chance(0.35):
            column = self._column(kind, scope) if self._chance(0.92) else None
            return column or self.random.choice(LITERALS[kind])
        if not scope.plain and self._chance(0.12):
            return self._subquery(kind, scope)
        return self._filled(self.random.choice(FORMS[kind]), scope, depth - 1)

    def _filled(self, form: str, scope: Scope, depth: int) -> str:
        inside = replace(scope, variables=[*scope.variables, ("x", "n")], plain=True)
        parts: dict[str, _Part] = {k: _Part(self, k, scope, depth) for k in LITERALS}
        parts["V"] = _Part(self, "n", inside, min(depth, 1))
        parts["P"] = _Part(self, "p", inside, min(depth, 1))
        parts["k"] = _Part(self, "n", Scope(), 0)
        parts["w"] = _Part(self, "w", scope, depth)
        return form.format(**parts)

    def window(self, scope: Scope) -> str:
        """What a window is over."""
        text = ""
        if self._chance(0.6):
            text = f"PARTITION BY {self.expression(self._kind('nt'), scope, 1)} "
        return f"{text}ORDER BY {self.expression('n', scope, 1)}, {self.expression('t', scope, 0)}"

    def _subquery(self, kind: str, scope: Scope) -> str:
        inner = Scope(outer=scope, ctes=scope.ctes)
        tables = self._from(inner, 1)
        where = f" WHERE {self.expression('p', replace(inner, plain=True), 2)}"
        if kind == "p":
            wanted = self._kind("nt")
            item = self.expression(wanted, replace(inner, plain=True), 1)
            head = self.random.choice(
                ["EXISTS", "NOT EXISTS", f"{self.expression(wanted, scope, 0)} IN"]
            )
            alias = f" AS {self.random.choice(ALIASES)}" if self._chance(0.3) else ""
            return f"{head} (SELECT {item}{alias} FROM {tables}{where})"
        aggregate = self._filled(
            self.random.choice(AGGREGATES[kind]), replace(inner, plain=True), 1
        )
        return f"(SELECT {aggregate} FROM {tables}{where})"

    def _kind(self, kinds: str = "nnnttdpls") -> str:
        return self.random.choice(kinds)

    # -- FROM -----------------------------------------------------------------------------------

    def _from(self, scope: Scope, depth: int) -> str:
        text = self._item(scope, depth)
        while self._chance(0.35) and len(scope.sources) < 3:
            text += self._join(scope, depth)
        return text

    def _item(self, scope: Scope, depth: int, shift: int = 0) -> str:
        taken = {name for name, _ in scope.sources}
        free = [name for name in SOURCES if name not in taken]
        alias = self.random.choice(free)
        if depth > 0 and self._chance(0.35):
            inner = Scope(ctes=scope.ctes, outer=replace(scope) if self._chance(0.3) else None)
            text, columns = self._query(inner, depth - 1)
            text = f"({text})"
        elif scope.ctes and self._chance(0.6):
            text, columns = self.random.choice(scope.ctes)
        else:
            text = self.random.choice(list(TABLES))
            columns = TABLES[text]
            if text[4:] in free and self._chance(0.4):
                scope.sources.append((text[4:], columns))
                return text
        names = ""
        if self._chance(0.12):
            fresh = self.random.sample(ALIASES, len(columns))
            names = f"({', '.join(fresh)})"
            columns = [(n, kind) for n, (_, kind) in zip(fresh, columns, strict=True)]
        scope.sources.append((alias, columns))
        return f"{text} AS {alias}{names}"

    def _join(self, scope: Scope, depth: int) -> str:
        if self._chance(0.15):
            values = self.expression("l", replace(scope, plain=True), 1)
            alias = f"e{len(scope.sources)}"
            scope.sources.append((alias, [("item", "n")]))
            return f", unnest({values}) AS {alias}(item)"
        if self._chance(0.1):
            return f", {self._item(scope, depth)}"
        kind = self.random.choice(JOINS)
        left = {n for _, columns in scope.sources for n, _ in columns}
        item = self._item(scope, depth)
        right = {n for n, _ in scope.sources[-1][1]}
        shared = sorted(left & right)
        if shared and self._chance(0.3):
            text = f" {kind} {item} USING ({self.random.choice(shared)})"
        elif shared and self._chance(0.1):
            text = f" NATURAL {kind} {item}"
        else:
            on = self.expression("p", replace(scope, plain=True), 2)
            text = f" {kind} {item} ON {on}"
        if kind in ("SEMI JOIN", "ANTI JOIN"):
            scope.sources.pop()
        return text

    # -- queries --------------------------------------------------------------------------------

    def _query(self, scope: Scope, depth: int) -> tuple[str, Columns]:
        head = ""
        if depth > 1 and self._chance(0.35):
            head = self._with(scope, depth)
        text, columns = self._select(scope, depth)
        if self._chance(0.15):
            text, columns = self._set(text, columns, scope, depth)
        return head + text, columns

    def _with(self, scope: Scope, depth: int) -> str:
        parts = []
        recursive = " RECURSIVE" if self._chance(0.2) else ""
        for name in self.random.sample(("k", "m", "t", "u"), self.random.randint(1, 2)):
            text, columns = self._query(Scope(ctes=list(scope.ctes)), depth - 2)
            parts.append(f"{name} AS ({text})")
            scope.ctes = [*(c for c in scope.ctes if c[0] != name), (name, columns)]
        return f"WITH{recursive} {', '.join(parts)} "

    def _set(self, text: str, columns: Columns, scope: Scope, depth: int) -> tuple[str, Columns]:
        word = self.random.choice(("UNION ALL", "UNION", "EXCEPT", "INTERSECT", "UNION BY NAME"))
        other = Scope(ctes=scope.ctes, outer=scope.outer)
        tables = self._from(other, depth - 1)
        items = []
        for name, kind in columns:
            item = self.expression(kind, replace(other, plain=True), 1)
            items.append(f"{item} AS {name}" if "NAME" in word or self._chance(0.2) else item)
        left = f"({text})" if " LIMIT " in text or self._chance(0.2) else text
        return f"{left} {word} SELECT {', '.join(items)} FROM {tables}", columns

    def _select(self, scope: Scope, depth: int) -> tuple[str, Columns]:
        tables = self._from(scope, depth)
        grouped = self._chance(0.3)
        if grouped:
            items, columns, tail = self._grouped(scope)
        else:
            items, columns, tail = self._plain(scope)
        where = f" WHERE {self.expression('p', scope, 2)}" if self._chance(0.35) else ""
        word = "DISTINCT " if self._chance(0.1) else ""
        order = "" if word else self._order(columns, scope, grouped)
        if order and " OVER (" in items + tables:
            # A window leaves its rows in its own order: among ties, that would choose.
            places = ", ".join(str(i) for i in range(1, len(columns) + 1))
            order = order.replace(" ALL LIMIT", f" {places} LIMIT").replace(
                " LIMIT", f", {places} LIMIT"
            )
        return f"SELECT {word}{items} FROM {tables}{where}{tail}{order}", columns

    def _order(self, columns: Columns, scope: Scope, grouped: bool) -> str:
        if not self._chance(0.25):
            return ""
        keys = [n for n, _ in columns] + [str(i) for i in range(1, len(columns) + 1)]
        if self._chance(0.1):
            chosen = ["ALL"]
        elif grouped or self._chance(0.6):
            chosen = self.random.sample(keys, min(2, len(keys)))
        else:
            chosen = [self.expression(self._kind("ntd"), replace(scope, plain=True), 1)]
        return f" ORDER BY {', '.join(chosen)} LIMIT {self.random.randint(1, 4)}"

    def _plain(self, scope: Scope) -> tuple[str, Columns, str]:
        items: list[str] = []
        columns: Columns = []
        seen = replace(scope, aliases=[])
        if len(scope.sources) < 3 and self._chance(0.15):
            items.append(self._star(scope, columns))
        for _ in range(self.random.randint(0 if items else 1, 3)):
            kind = self._kind()
            if kind == "n" and self._chance(0.15):
                text = self._filled(self.random.choice(WINDOWS), replace(seen, plain=True), 1)
            elif kind == "n" and self._chance(0.06):
                text = f"unnest({self.expression('l', replace(seen, plain=True), 1)})"
            else:
                text = self.expression(kind, seen, 2)
            self._named(text, kind, items, columns)
            if self._chance(0.5):
                seen.aliases.append(columns[-1])
        tail = ""
        if self._chance(0.08):
            tail = f" QUALIFY {self._filled(WINDOWS[0], replace(scope, plain=True), 1)} <= 2"
        return ", ".join(items), columns, tail

    def _star(self, scope: Scope, columns: Columns) -> str:
        """A star over all sources with something left out, changed or renamed."""
        alias, own = self.random.choice(scope.sources)
        kept = list(own)
        text = f"{alias}.*"
        if len(kept) > 1 and self._chance(0.6):
            gone = self.random.choice(kept)
            kept.remove(gone)
            text += f" EXCLUDE ({gone[0]})"
        if self._chance(0.4):
            place = self.random.randrange(len(kept))
            name, kind = kept[place]
            text += f" REPLACE ({self.expression(kind, scope, 1)} AS {name})"
        elif self._chance(0.4):
            place = self.random.randrange(len(kept))
            new = self.random.choice([n for n in ALIASES if n not in {k for k, _ in kept}])
            text += f" RENAME ({kept[place][0]} AS {new})"
            kept[place] = (new, kept[place][1])
        columns += kept
        return text

    def _named(self, text: str, kind: str, items: list[str], columns: Columns) -> None:
        """The item under a name that is not taken yet."""
        free = [n for n in ALIASES if n not in {name for name, _ in columns}]
        name = self.random.choice(free)
        items.append(f"{text} AS {name}")
        columns.append((name, kind))

    def _grouped(self, scope: Scope) -> tuple[str, Columns, str]:
        items: list[str] = []
        columns: Columns = []
        keys: list[str] = []
        for _ in range(self.random.randint(0, 2)):
            kind = self._kind("nttd")
            keys.append(self.expression(kind, replace(scope, plain=self._chance(0.8)), 1))
            self._named(keys[-1], kind, items, columns)
        for _ in range(self.random.randint(1, 2)):
            kind = self._kind()
            form = self.random.choice(AGGREGATES[kind])
            self._named(self._filled(form, replace(scope, plain=True), 1), kind, items, columns)
        tail = self._group_by(keys, columns)
        if self._chance(0.2):
            having = self._filled(
                self.random.choice(AGGREGATES["n"]), replace(scope, plain=True), 1
            )
            tail += f" HAVING {having} > {self.random.randint(0, 2)}"
        return ", ".join(items), columns, tail

    def _group_by(self, keys: Sequence[str], columns: Columns) -> str:
        if not keys:
            return ""
        places = ", ".join(str(i + 1) for i in range(len(keys)))
        names = ", ".join(name for name, _ in columns[: len(keys)])
        written = ", ".join(keys)
        ways = [
            "ALL",
            places,
            written,
            names,
            f"ROLLUP ({written})",
            f"GROUPING SETS (({written}), ())",
        ]
        return f" GROUP BY {self.random.choice(ways)}"


class _Part:
    """A hole of a form, filled anew each time that it is formatted."""

    def __init__(self, maker: RandomSql, kind: str, scope: Scope, depth: int) -> None:
        self._made = (maker, kind, scope, depth)

    def __format__(self, spec: str) -> str:
        maker, kind, scope, depth = self._made
        if kind == "w":
            return maker.window(scope)
        text = maker.expression(kind, scope, depth)
        return text if text.replace("_", "").replace(".", "").isalnum() else f"({text})"
