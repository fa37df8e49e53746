"""From published text to typed values, as SQL that the engine runs.

Every collected field becomes three nested expressions: the published text (after `fill_down`), the
cleaned text (NULL when blank) and the typed value. A value that is there and cannot be read sets
the field's `unreadable` bit. The statements are DuckDB's dialect and use only functions that
transpile with the same meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from catalog.contract import META_COLUMNS, Contract, ContractField
from quality import predicates
from quality.predicates import literal, quoted
from quality.rules import Rule
from quality.split import FILTER_COLUMN, MaskPlan

WHITE = " \t\r\n\x0b\x0c\u00a0\u3000\ufeff"
_WHITE_CLASS = r"[\s\x0b\x{00a0}\x{3000}\x{feff}]"
_WHITE_EDGE = f"^{_WHITE_CLASS}|{_WHITE_CLASS}$"
_SOMETHING = r"[^\s\x0b\x{00a0}\x{3000}\x{feff}]"
_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
_HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "
_WIDE = "[\uff01-\uff5e\u3000]"
_ROC = r"^(?:民國)?0?([0-9]{2,3})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,2})日?$"
_ROC_COMPACT = r"^([0-9]{2,3})([0-9]{2})([0-9]{2})$"
_ROC_MONTH = r"^(?:民國)?0?([0-9]{2,3})[Y年/.-]([0-9]{1,2})[M月]?$"
_ISO_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)
_ISO_ZONES = ("%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
MALFORMED = "malformed"
BLANK_ROW = "blank_row"


def cleaned(item: ContractField, column: str) -> str:
    """The cleaned text of a field; NULL when it is blank."""
    read = item.read
    text = column
    for name in read.clean:
        text = trimmed(text, text == column) if name == "trim" else _CLEANERS[name](text)
    for piece in read.strip:
        text = f"replace({text}, {literal(piece)}, '')"
    if read.strip:
        text = trimmed(text, False)
    text = f"nullif({text}, '')"
    if read.blank:
        blanks = ", ".join(literal(value) for value in read.blank)
        text = f"CASE WHEN {text} NOT IN ({blanks}) THEN {text} END"
    return text


def trimmed(text: str, guarded: bool) -> str:
    """Text without white space at its ends.

    Args:
        guarded: look first. Most values have no white space there, and finding that out is six
            times as fast as the engine's own trimming of characters beyond ASCII; but it repeats
            `text`, so only for a plain column.
    """
    if not guarded:
        return f"trim({text}, {literal(WHITE)})"
    has_edge = f"regexp_matches({text}, {literal(_WHITE_EDGE)})"
    return f"CASE WHEN {has_edge} THEN trim({text}, {literal(WHITE)}) ELSE {text} END"


_CLEANERS: dict[str, Callable[[str], str]] = {
    "collapse": lambda x: f"regexp_replace({x}, '{_WHITE_CLASS}+', ' ', 'g')",
    "no_space": lambda x: f"regexp_replace({x}, '{_WHITE_CLASS}+', '', 'g')",
    "no_breaks": lambda x: f"replace(replace({x}, '\r', ''), '\n', '')",
    "halfwidth": lambda x: (
        f"CASE WHEN regexp_matches({x}, {literal(_WIDE)}) "
        f"THEN translate({x}, {literal(_FULL)}, {literal(_HALF)}) ELSE {x} END"
    ),
    "tai": lambda x: f"replace({x}, '台', '臺')",
    "upper": lambda x: f"upper({x})",
    "lower": lambda x: f"lower({x})",
}


def typed(item: ContractField, text: str) -> str:
    """The typed value of a field from its cleaned text; NULL when it cannot be read."""
    read, kind = item.read, item.physical_type
    if read.extract:
        text = f"nullif(regexp_extract({text}, {literal(read.extract)}, 1), '')"
    if read.codes is not None:
        cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in read.codes.items())
        text = f"CASE {text} {cases} END"
    if kind in ("BIGINT", "INTEGER", "DOUBLE") or kind.startswith("DECIMAL"):
        return _number(item, text)
    if kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ"):
        return _date(item, text)
    if kind == "BOOLEAN":
        yes = ", ".join(literal(v) for v in _TRUE)
        no = ", ".join(literal(v) for v in _FALSE)
        low = f"lower({text})"
        return f"CASE WHEN {low} IN ({yes}) THEN TRUE WHEN {low} IN ({no}) THEN FALSE END"
    return text


def can_fail(item: ContractField) -> bool:
    """Whether a value of this field can be unreadable at all."""
    read = item.read
    return item.physical_type != "VARCHAR" or read.extract is not None or read.codes is not None


def _number(item: ContractField, text: str) -> str:
    read, kind = item.read, item.physical_type
    if read.unit:
        units = "|".join(_escaped(unit) for unit in read.unit)
        text = f"regexp_replace({text}, {literal(f'{_WHITE_CLASS}*(?:{units})$')}, '', 'g')"
    if read.thousands:
        grouped = literal("^[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:[.][0-9]+)?$")
        plain = f"replace(replace({text}, ',', ''), '，', '')"
        text = f"CASE WHEN regexp_matches({text}, {grouped}) THEN {plain} ELSE {text} END"
    # The engine's own cast is too generous: it rounds 1.5 to 2 and takes 1_000, nan and inf.
    if kind in ("BIGINT", "INTEGER"):
        cut = f"regexp_replace({text}, '[.]0+$', '')"
        return (
            f"CASE WHEN regexp_matches({text}, '^[+-]?[0-9]+$') THEN TRY_CAST({text} AS {kind}) "
            f"WHEN regexp_matches({text}, '^[+-]?[0-9]+[.]0+$') THEN TRY_CAST({cut} AS {kind}) END"
        )
    if kind.startswith("DECIMAL"):
        # Digits beyond the declared scale would be rounded away; only zeros may stand there.
        scale = kind.rstrip(")").split(",")[1]
        shape = f"'^[+-]?(?:[0-9]+(?:[.][0-9]{{0,{scale}}}0*)?|[.][0-9]{{1,{scale}}}0*)$'"
        return f"CASE WHEN regexp_matches({text}, {shape}) THEN TRY_CAST({text} AS {kind}) END"
    shape = r"'^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?$'"
    value = f"nullif(nullif(TRY_CAST({text} AS DOUBLE), 'inf'::DOUBLE), '-inf'::DOUBLE)"
    return f"CASE WHEN regexp_matches({text}, {shape}) THEN {value} END"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\.^$()[]{}*+?|" else c for c in text)


def _date(item: ContractField, text: str) -> str:
    kind = item.physical_type
    options: list[str] = []
    formats: list[str] = []

    def flush() -> None:
        if formats:
            listed = ", ".join(literal(f) for f in formats)
            # Without a digit it can only be one of the engine's words, such as 'epoch'.
            dated = f"CASE WHEN regexp_matches({text}, '[0-9]') THEN {text} END"
            options.append(f"CAST(try_strptime({dated}, [{listed}]) AS {kind})")
            formats.clear()

    for pattern in item.read.dates:
        if pattern == "iso":
            if kind == "TIMESTAMPTZ":
                flush()
                options.append(_with_zone(text))
            formats.extend(["%Y-%m-%d"] if kind == "DATE" else _ISO_TIMES)
            continue
        if pattern not in ("roc", "roc_month"):
            formats.append(pattern)
            continue
        flush()
        shapes = (_ROC, _ROC_COMPACT) if pattern == "roc" else (_ROC_MONTH,)
        options.extend(f"TRY_CAST({_roc(text, shape)} AS {kind})" for shape in shapes)
    flush()
    return options[0] if len(options) == 1 else f"coalesce({', '.join(options)})"


def _with_zone(text: str) -> str:
    """ISO 8601 with a zone; `Z` is written as an offset, which the engine reads."""
    zoned = f"regexp_replace({text}, 'Z$', '+00:00', 'g')"
    listed = ", ".join(literal(f) for f in _ISO_ZONES)
    has_zone = f"regexp_matches({text}, '(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})$')"
    return f"CASE WHEN {has_zone} THEN CAST(try_strptime({zoned}, [{listed}]) AS TIMESTAMPTZ) END"


def _roc(text: str, shape: str) -> str:
    """A date of the ROC calendar (year 1 = 1912) as ISO text; NULL when the shape does not match."""
    year, month, day = (
        f"nullif(regexp_extract({text}, {literal(shape)}, {n}), '')" for n in (1, 2, 3)
    )
    first = "'01'" if shape == _ROC_MONTH else f"lpad({day}, 2, '0')"
    iso_year = f"CAST(nullif(TRY_CAST({year} AS INTEGER), 0) + 1911 AS VARCHAR)"
    return f"({iso_year} || '-' || lpad({month}, 2, '0') || '-' || {first})"


def row_rules(contract: Contract, rules: Sequence[Rule]) -> MaskPlan:
    """The row rules that can fail, as bits; `malformed` first for a collected resource."""
    chosen = [rule for rule in rules if rule.scope == "row"]
    if contract.database == "raw":
        named = {item.name: item for item in contract.fields}
        chosen = [
            rule for rule in chosen if rule.kind != "unreadable" or can_fail(named[rule.fields[0]])
        ]
        where = contract.fields[0].where
        chosen.insert(0, Rule(MALFORMED, MALFORMED, (), "reject", "row", "conformity", where))
    return MaskPlan(tuple(chosen))


def staging_sql(contract: Contract, plan: MaskPlan, source: str, as_of: date) -> str:
    """The SELECT that turns the received text in `source` into staged rows.

    Columns of the result: every field typed, `_source_file`, `_source_line`, `_load_id`, the mask
    columns, and `_filter` (the name of the declared filter that takes the row out, or NULL).
    """
    types = {item.name: item.physical_type for item in contract.fields}
    tracked = {item.name for item in contract.fields if can_fail(item)}
    violations = {rule.id: _violation(rule, types, as_of, tracked) for rule in plan.rules}
    text = f"({published_sql(contract, source)})"
    clean = ", ".join(
        f"{cleaned(item, quoted(item.name))} AS {quoted('c_' + item.name)}"
        for item in contract.fields
    )
    meta = ", ".join(META_COLUMNS)
    values = ", ".join(
        f"{typed(item, quoted('c_' + item.name))} AS {quoted(item.name)}"
        for item in contract.fields
    )
    present = ", ".join(
        f"{quoted('c_' + item.name)} IS NOT NULL AS {quoted('p_' + item.name)}"
        for item in contract.fields
        if item.name in tracked
    )
    kept = ", ".join(quoted(item.name) for item in contract.fields)
    carried = f"{meta}, _malformed, {FILTER_COLUMN}"
    return (
        f"SELECT {kept}, {meta}, {', '.join(plan.select_list(violations))}, {FILTER_COLUMN} FROM ("
        f"SELECT {values}, {present + ', ' if present else ''}{carried} FROM ("
        f"SELECT {clean}, {carried} FROM {text} AS published) AS cleaned) AS typed"
    )


def _violation(rule: Rule, types: Mapping[str, str], as_of: date, tracked: set[str]) -> str:
    if rule.kind == MALFORMED:
        return "_malformed IS NOT NULL"
    if rule.kind == "unreadable":
        name = rule.fields[0]
        return f"{quoted('p_' + name)} AND {quoted(name)} IS NULL"
    broken = predicates.violation(rule, types, as_of)
    if rule.kind == "required":
        # A malformed row or an unreadable value has its own reason; it is not also "missing".
        there = f" AND NOT {quoted('p_' + rule.fields[0])}" if rule.fields[0] in tracked else ""
        return f"_malformed IS NULL AND {broken}{there}"
    return broken


def published_sql(contract: Contract, source: str) -> str:
    """The received text with `fill_down` applied and `_filter` set."""
    cases = [f"WHEN _blank THEN '{BLANK_ROW}'"]
    for declared in contract.filters:
        if declared.when is not None:
            cases.append(f"WHEN {declared.when} THEN '{declared.name}'")
    filled = filled_sql(contract, source)
    first = (
        f"SELECT * EXCLUDE (_blank), CASE {' '.join(cases)} END AS {FILTER_COLUMN} "
        f"FROM ({filled}) AS filled"
    )
    repeated = next((f for f in contract.filters if f.duplicates), None)
    if repeated is None:
        return first
    key = ", ".join([*(quoted(item.name) for item in contract.fields), "_malformed", "_raw"])
    return (
        f"SELECT * EXCLUDE ({FILTER_COLUMN}, _nth), CASE WHEN {FILTER_COLUMN} IS NOT NULL "
        f"THEN {FILTER_COLUMN} WHEN _nth > 1 THEN '{repeated.name}' END AS {FILTER_COLUMN} "
        f"FROM (SELECT *, row_number() OVER (PARTITION BY {FILTER_COLUMN}, {key} "
        f"ORDER BY _source_file, _source_line) AS _nth FROM ({first}) AS flagged) AS numbered"
    )


def filled_sql(contract: Contract, source: str) -> str:
    """Cells filled from above; whether a row is blank is judged before that."""
    cells = [quoted(item.name) for item in contract.fields if item.read.file_name is None]
    # The first cell that holds something settles it, so nearly every row is settled at once.
    given = " ".join(f"WHEN regexp_matches({c}, {literal(_SOMETHING)}) THEN FALSE" for c in cells)
    blank = f"CASE WHEN _malformed IS NOT NULL THEN FALSE {given} ELSE TRUE END"
    flagged = f"SELECT *, {blank if cells else 'FALSE'} AS _blank FROM {source}"
    filled = [quoted(item.name) for item in contract.fields if item.read.fill_down]
    if not filled:
        return flagged
    replaced = ", ".join(
        f"last_value(nullif(trim({name}, {literal(WHITE)}), '') IGNORE NULLS) OVER "
        f"(PARTITION BY _source_file ORDER BY _source_line "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS {name}"
        for name in filled
    )
    return f"SELECT * REPLACE ({replaced}) FROM ({flagged}) AS flagged_blank"
