"""DuckDB's functions, each as the Spark text that gives the same value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlglot import exp

from pipelines.spark import aggregates, dates
from pipelines.spark.casts import half_away
from pipelines.spark.expressions import Expressions, Handler, branches
from pipelines.spark.patterns import groups, java_pattern, java_replacement
from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast, let, name, string
from pipelines.spark.types import FLOATS, INTEGERS, spark_type, struct_fields

_EXACT = "4503599627370496D"


# -- text -------------------------------------------------------------------------------------------


def _text(to: Expressions, node: Any) -> str:
    if to.type(node) not in ("VARCHAR", '"NULL"'):
        raise Refusal("text", f"{to.type(node)} is no text: cast it", node)
    return to.sql(node)


def _length(to: Expressions, node: Any) -> str:
    if to.type(node.this).endswith("[]"):
        return cast(f"array_size({to.sql(node.this)})", "BIGINT")
    return cast(f"length({_text(to, node.this)})", "BIGINT")


@lru_cache(maxsize=2)
def case_table(function: str) -> tuple[str, str]:
    """The letters that DuckDB's `upper` or `lower` changes, and what it makes of each: one for one,
    whereas Java's may make two letters of one or look at the neighbours."""
    from pipelines.spark.typing import _engine

    rows = (
        _engine()
        .cursor()
        .execute(
            f"SELECT chr(c::INTEGER), {function}(chr(c::INTEGER)) FROM range(1, 1114112) AS t(c) "
            f"WHERE c NOT BETWEEN 55296 AND 57343 AND {function}(chr(c::INTEGER)) <> chr(c::INTEGER) "
            "ORDER BY c"
        )
        .fetchall()
    )
    return "".join(row[0] for row in rows), "".join(row[1] for row in rows)


def _cased(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        letters, others = case_table(function)
        return f"translate({_text(to, node.this)}, {string(letters)}, {string(others)})"

    return write


@lru_cache(maxsize=1)
def spaces() -> str:
    """What DuckDB's `trim` takes away when no characters are named."""
    from pipelines.spark.typing import _engine

    rows = (
        _engine()
        .cursor()
        .execute(
            "SELECT chr(c::INTEGER) FROM range(1, 65536) AS t(c) WHERE c NOT BETWEEN 55296 AND 57343 "
            "AND trim(chr(c::INTEGER)) = '' ORDER BY c"
        )
        .fetchall()
    )
    return "".join(row[0] for row in rows)


def _trim(to: Expressions, node: Any) -> str:
    side = str(node.args.get("position") or "BOTH").upper()
    chosen = node.expression
    if chosen is not None and not isinstance(chosen, exp.Literal):
        raise Refusal("trim", "the characters must be written", node)
    letters = spaces() if chosen is None else to.written(chosen)
    return f"trim({side} {string(letters)} FROM {_text(to, node.this)})"


def _replace(to: Expressions, node: Any) -> str:
    if not to.written(node.expression):
        raise Refusal("replace", "of an empty text", node)
    by = node.args.get("replacement")
    if by is None:
        raise Refusal("replace", "with three arguments", node)
    return f"replace({_text(to, node.this)}, {_text(to, node.expression)}, {_text(to, by)})"


def _translate(to: Expressions, node: Any) -> str:
    letters = to.written(node.args["from_"])
    if len(set(letters)) != len(letters):
        raise Refusal("translate", "a letter stands twice", node)
    others = to.written(node.args["to"])
    return f"translate({_text(to, node.this)}, {string(letters)}, {string(others)})"


def _substring(to: Expressions, node: Any) -> str:
    """DuckDB counts places below 1 as well, and from the end those below 0."""
    text, start, length = _text(to, node.this), node.args["start"], node.args.get("length")
    from_ = to.sql(start)
    if length is not None:
        count = to.whole(length) if isinstance(length, exp.Literal) else None
        long = str(count) if count is not None else to.sql(length)
    if isinstance(start, exp.Literal) and to.whole(start) >= 1:
        if length is None:
            return f"substring({text}, {from_})"
        if count is not None:
            return f"substring({text}, {from_}, {long})"
    for item in (start, length):
        if item is not None and to.type(item) not in INTEGERS[:4]:
            raise Refusal("substring", "places are integers", node)
    if length is None:
        return let(
            from_,
            "CASE WHEN {v} IS NULL THEN NULL WHEN {v} >= 1 THEN substring(@text, CAST({v} AS INT)) "
            "WHEN {v} = 0 THEN @text ELSE right(@text, CAST(-{v} AS INT)) END",
        ).replace("@text", text)
    inner = let(
        long,
        "CASE WHEN {v} IS NULL OR @from IS NULL THEN NULL "
        "WHEN @from < 0 OR {v} < 0 THEN raise_error('substring: a place or length below 0') "
        "WHEN @from = 0 THEN substring(@text, 1, CAST(greatest({v} - 1, 0) AS INT)) "
        "ELSE substring(@text, CAST(@from AS INT), CAST({v} AS INT)) END",
    )
    return let(from_, inner.replace("@from", "{v}")).replace("@text", text)


def _side(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        return f"{function}({_text(to, node.this)}, {to.whole(node.expression)})"

    return write


def _pad(to: Expressions, node: Any) -> str:
    function = "lpad" if node.args.get("is_left") else "rpad"
    fill = to.written(node.args["fill_pattern"])
    if not fill:
        raise Refusal(function, "an empty text to fill with", node)
    length = to.whole(node.expression)
    return f"{function}({_text(to, node.this)}, {length}, {string(fill)})"


def _position(to: Expressions, node: Any) -> str:
    if node.args.get("position") or node.args.get("occurrence"):
        raise Refusal("strpos", "with two arguments", node)
    return cast(f"instr({_text(to, node.this)}, {_text(to, node.args['substr'])})", "BIGINT")


def _concat(to: Expressions, node: Any) -> str:
    parts = [f"coalesce({to.texts(item)}, '')" for item in node.expressions]
    return f"concat({', '.join(parts)})"


def _concat_ws(to: Expressions, node: Any) -> str:
    return f"concat_ws({', '.join(to.texts(item) for item in node.expressions)})"


def _digest(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        text = _text(to, node.this)
        return f"md5({text})" if function == "md5" else f"sha2({text}, 256)"

    return write


def _starts(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        one, two = (
            (node.this, node.expression)
            if not isinstance(node, exp.Anonymous)
            else node.expressions
        )
        return f"{function}({_text(to, one)}, {_text(to, two)})"

    return write


def _reverse(to: Expressions, node: Any) -> str:
    raise Refusal("reverse", "DuckDB turns letters with their accents, Spark does not", node)


# -- regular expressions ----------------------------------------------------------------------------


def _matches(to: Expressions, node: Any) -> str:
    if node.args.get("flag"):
        raise Refusal("regexp_matches", "without options", node)
    pattern = java_pattern(to.written(node.expression))
    if node.args.get("full_match"):
        pattern = rf"\A(?:{pattern})\z"
    return f"({_text(to, node.this)} RLIKE {string(pattern)})"


def _full_match(to: Expressions, node: Any) -> str:
    text, pattern = (
        node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.expression)
    )
    whole = rf"\A(?:{java_pattern(to.written(pattern))})\z"
    return f"({_text(to, text)} RLIKE {string(whole)})"


def _regexp_replace(to: Expressions, node: Any) -> str:
    """Without 'g' DuckDB replaces the first match: a pattern that also takes what stands before it
    from the start of the text finds no second one."""
    written = to.written(node.expression)
    pattern, by = java_pattern(written), to.written(node.args["replacement"])
    options = node.args.get("modifiers")
    if any(node.args.get(key) for key in ("position", "occurrence")):
        raise Refusal("regexp_replace", "with options 'g' or none", node)
    if options is not None and to.written(options) not in ("g", ""):
        raise Refusal("regexp_replace", "with options 'g' or none", node)
    if options is not None and to.written(options) == "g":
        new = java_replacement(by, written)
    else:
        pattern = rf"\A([\s\S]*?)(?:{pattern})"
        new = "$1" + java_replacement(by, written, 1)
        if by[:1].isdigit() and groups(written) > 8:
            raise Refusal("regexp_replace", "a digit stands behind a group", node)
    return f"regexp_replace({_text(to, node.this)}, {string(pattern)}, {string(new)})"


def _regexp_extract(to: Expressions, node: Any) -> str:
    written = to.written(node.expression)
    group = node.args.get("group")
    number = to.whole(group) if group is not None else 0
    if node.args.get("parameters") or number > groups(written):
        raise Refusal("regexp_extract", "a group of the pattern, without options", node)
    return f"regexp_extract({_text(to, node.this)}, {string(java_pattern(written))}, {number})"


# -- numbers ----------------------------------------------------------------------------------------


def _round(to: Expressions, node: Any) -> str:
    kind, result = to.type(node.this), to.type(node)
    places = node.args.get("decimals")
    digits = to.whole(places) if places is not None else 0
    if kind in INTEGERS:
        return to.as_type(to.sql(node.this), node)
    if kind.startswith("DECIMAL"):
        return cast(f"round({to.sql(node.this)}, {digits})", spark_type(result))
    if kind != "DOUBLE":
        raise Refusal("round", f"of {kind}", node)
    if digits == 0:
        return half_away(to.sql(node.this))
    if digits > 15:
        raise Refusal("round", "to at most 15 places", node)
    value = to.sql(node.this)
    rounded = half_away(f"({value} * 1E{digits}D)")
    # What is too large to be scaled stays as it is.
    return let(
        f"({rounded} / 1E{digits}D)",
        "CASE WHEN isnan({v}) OR abs({v}) = CAST('Infinity' AS DOUBLE) THEN @x ELSE {v} END",
    ).replace("@x", value)


def _whole_of(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        kind, value = to.type(node.this), to.sql(node.this)
        if node.args.get("decimals") is not None or node.args.get("to") is not None:
            raise Refusal(function, "with one argument", node)
        if kind in INTEGERS or kind.startswith("DECIMAL"):
            return to.as_type(f"{function}({value})", node)
        return let(
            to.number(node.this, "DOUBLE"),
            f"CASE WHEN abs({{v}}) < {_EXACT} THEN CAST({function}({{v}}) AS DOUBLE) ELSE {{v}} END",
        )

    return write


def _abs(to: Expressions, node: Any) -> str:
    return to.as_type(f"abs({to.sql(node.this)})", node)


def _sign(to: Expressions, node: Any) -> str:
    if to.type(node.this) not in FLOATS:
        return to.as_type(f"signum({to.sql(node.this)})", node)
    return let(
        to.sql(node.this),
        "CAST(CASE WHEN isnan({v}) THEN 0 WHEN {v} > 0D THEN 1 WHEN {v} < 0D THEN -1 "
        "WHEN {v} = 0D THEN 0 END AS TINYINT)",
    )


def _real(function: str) -> Handler:
    """A function of a DOUBLE that both engines take from the same library of C or of Java."""

    def write(to: Expressions, node: Any) -> str:
        return f"{function}({to.number(node.this, 'DOUBLE')})"

    return write


def _ln(to: Expressions, node: Any) -> str:
    return let(
        to.number(node.this, "DOUBLE"),
        "CASE WHEN {v} > 0D THEN ln({v}) WHEN {v} = 0D THEN CAST('-Infinity' AS DOUBLE) "
        "WHEN {v} < 0D THEN CAST('NaN' AS DOUBLE) END",
    )


def _power(to: Expressions, node: Any) -> str:
    return f"power({to.number(node.this, 'DOUBLE')}, {to.number(node.expression, 'DOUBLE')})"


# -- choosing ---------------------------------------------------------------------------------------


def _first_of(function: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        values = branches(to, node, [node.this, *node.expressions])
        return f"{function}({', '.join(values)})" if len(values) > 1 else values[0]

    return write


def _nullif(to: Expressions, node: Any) -> str:
    left, right = to.compared(node.this, node.expression)
    return f"nullif({left}, {right})"


def _if(to: Expressions, node: Any) -> str:
    values = branches(to, node, [node.args["true"], node.args.get("false") or exp.Null()])
    return f"CASE WHEN {to.boolean(node.this)} THEN {values[0]} ELSE {values[1]} END"


# -- lists and structs ------------------------------------------------------------------------------


def _split(to: Expressions, node: Any) -> str:
    mark = to.written(node.expression)
    if not mark:
        raise Refusal("string_split", "by an empty text", node)
    return f"split({_text(to, node.this)}, {string(_quoted(mark))}, -1)"


def _quoted(mark: str) -> str:
    return "".join(
        letter if letter.isalnum() or ord(letter) > 127 else f"\\{letter}" for letter in mark
    )


def _split_part(to: Expressions, node: Any) -> str:
    mark = to.written(node.args["delimiter"])
    number = to.whole(node.args["part_index"], 1)
    if not mark:
        raise Refusal("split_part", "by an empty text", node)
    return f"split_part({_text(to, node.this)}, {string(mark)}, {number})"


def _list(to: Expressions, node: Any) -> str:
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Comprehension):
        return _comprehension(to, node.expressions[0])
    kind = to.type(node).removesuffix("[]")
    values = [
        to.sql(v) if to.type(v) == kind else cast(to.sql(v), spark_type(kind))
        for v in node.expressions
    ]
    return f"array({', '.join(values)})"


def _comprehension(to: Expressions, node: Any) -> str:
    variable = node.expression.name if node.expression is not None else ""
    source = node.args["iterator"]
    element = to.type(source).removesuffix("[]")
    text = to.sql(source)
    if node.args.get("condition") is not None:
        test = to.with_parameters([variable], [element], node.args["condition"])
        # A condition that is NULL takes a value out on both engines.
        text = f"filter({text}, {name(variable)} -> {test})"
    body = to.with_parameters([variable], [element], node.this)
    return f"transform({text}, {name(variable)} -> {body})"


def _transform(to: Expressions, node: Any) -> str:
    body = node.expression
    if not isinstance(body, exp.Lambda) or len(body.expressions) != 1:
        raise Refusal("list_transform", "with a lambda of one parameter", node)
    variable = body.expressions[0].name
    element = to.type(node.this).removesuffix("[]")
    inner = to.with_parameters([variable], [element], body.this)
    return f"transform({to.sql(node.this)}, {name(variable)} -> {inner})"


def _contains(to: Expressions, node: Any) -> str:
    items, value = node.this, node.expression
    if to.type(items) != f"{to.type(value)}[]":
        raise Refusal("list_contains", "a value of the list's type", node)
    return let(
        to.sql(items),
        "CASE WHEN {v} IS NOT NULL AND @x IS NOT NULL "
        "THEN coalesce(array_contains({v}, @x), FALSE) END",
    ).replace("@x", to.sql(value))


def _element(to: Expressions, node: Any) -> str:
    kind = to.type(node.this)
    if not kind.endswith("[]") or len(node.expressions) != 1:
        raise Refusal("[...]", "one element of a list", node)
    place = to.whole(node.expressions[0]) + 1  # the parser counts from 0
    return f"try_element_at({to.sql(node.this)}, {place})"


def _struct(to: Expressions, node: Any) -> str:
    parts = []
    for item in node.expressions:
        if not isinstance(item, exp.PropertyEQ):
            raise Refusal("struct", "with a name for each field", node)
        parts += [string(item.this.name), to.sql(item.expression)]
    return f"named_struct({', '.join(parts)})"


def _field(to: Expressions, node: Any) -> str:
    kind = to.type(node.this)
    if not kind.startswith("STRUCT(") or node.expression.name not in dict(struct_fields(kind)):
        raise Refusal(".", "a field of a struct", node)
    return f"{to.sql(node.this)}.{name(node.expression.name)}"


BY_CLASS: dict[type[Any], Handler] = {
    exp.Length: _length,
    exp.Upper: _cased("upper"),
    exp.Lower: _cased("lower"),
    exp.Trim: _trim,
    exp.Replace: _replace,
    exp.Translate: _translate,
    exp.Substring: _substring,
    exp.Left: _side("left"),
    exp.Right: _side("right"),
    exp.Pad: _pad,
    exp.StrPosition: _position,
    exp.Concat: _concat,
    exp.ConcatWs: _concat_ws,
    exp.MD5: _digest("md5"),
    exp.SHA2: _digest("sha256"),
    exp.StartsWith: _starts("startswith"),
    exp.EndsWith: _starts("endswith"),
    exp.Contains: _starts("contains"),
    exp.RegexpLike: _matches,
    exp.RegexpFullMatch: _full_match,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: _regexp_extract,
    exp.Round: _round,
    exp.Floor: _whole_of("floor"),
    exp.Ceil: _whole_of("ceil"),
    exp.Abs: _abs,
    exp.Sign: _sign,
    exp.Sqrt: _real("sqrt"),
    exp.Exp: _real("exp"),
    exp.Sin: _real("sin"),
    exp.Cos: _real("cos"),
    exp.Radians: _real("radians"),
    exp.Ln: _ln,
    exp.Pow: _power,
    exp.Coalesce: _first_of("coalesce"),
    exp.Greatest: _first_of("greatest"),
    exp.Least: _first_of("least"),
    exp.Nullif: _nullif,
    exp.If: _if,
    exp.Split: _split,
    exp.SplitPart: _split_part,
    exp.Array: _list,
    exp.Transform: _transform,
    exp.ArrayContains: _contains,
    exp.Bracket: _element,
    exp.Struct: _struct,
    exp.Dot: _field,
    **dates.BY_CLASS,
    **aggregates.BY_CLASS,
}
BY_NAME: dict[str, Handler] = {
    "regexp_full_match": _full_match,
    **dates.BY_NAME,
    **aggregates.BY_NAME,
}
