"""The table of `docs/masking.md`: what every masking function gives and what that is worth.

The page itself is written by hand; the part between its two marks follows from the registry.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pipelines.masking import MASKS, MaskFunction
from pipelines.masking.calls import allowed, signature
from pipelines.masking.functions import ALPHABETS
from pipelines.masking.reference import reference

PAGE = Path(__file__).resolve().parent / "masking.md"
BEGIN, END = "<!-- functions: begin (generated) -->", "<!-- functions: end -->"

KEEPS = {
    "join": "joins and counts of distinct values, for this purpose and recipient",
    "reverse": "the same, and the bureau can read the value again",
    "format": "the same, in the value's own format",
    "display": "showing it to somebody who knows the value",
    "range": "comparison by range",
    "place": "maps and counts by place",
    "nothing": "nothing",
}
# What it gives; an example as (value, ...) whose result is computed, literals included.
ABOUT: dict[str, tuple[str, tuple[Any, ...] | str]] = {
    "mask_pseudonym": (
        "HMAC-SHA256 of the text, a whole number or a date, the first 32 hexadecimal digits",
        "`A123456789` → 32 hexadecimal digits",
    ),
    "mask_pseudonym_sm3": ("the same with HMAC-SM3", "`A123456789` → 32 hexadecimal digits"),
    "mask_token": (
        "FF1 with AES-256: another text of the same length and alphabet; NULL for any other text",
        "`12345678` → eight other digits",
    ),
    "mask_sm4": (
        "SM4 with a counter from HMAC-SM3, in hexadecimal",
        "`王小明` → 50 hexadecimal digits",
    ),
    "mask_phone": ("prefix and last digits", ("13812345678",)),
    "mask_id": (
        "division of a resident's number, letter of a Taiwanese one, 8 of a credit code",
        ("110105194912310021",),
    ),
    "mask_name": ("first character of a Chinese name, initial of another", ("王小明",)),
    "mask_address": (
        "province, city and district; NULL if there is none",
        ("臺南市東區中華路1號",),
    ),
    "mask_plate": ("letters of the plate", ("ABC-1234",)),
    "mask_email": ("first character and domain", ("ann@example.com",)),
    "mask_text": ("free text with placeholders for what identifies", ("許先生 0912345678 路邊",)),
    "mask_age": ("band; 90 and more is one band", (33, 5)),
    "mask_date": ("first day of month, quarter or year", (date(2020, 5, 6), "quarter")),
    "mask_amount": ("band, lower bound in, upper bound out", (12345.5, 10000)),
    "mask_division": ("code of a coarser division", ("110105001", "city")),
    "mask_round": ("nearest multiple, halves upwards", (12345.0, 100.0)),
    "mask_coordinate": ("degrees with few decimals", (120.12345, 2)),
    "mask_grid": ("centre of a grid cell at least so wide", (120.2, 22.99, 500)),
    "mask_noise": (
        "the value and a random part that key and value decide: the same each time",
        "`100`, spread 10 → between 90 and 110",
    ),
    "mask_suppress": ("the count; NULL below the minimum", (3, 5)),
}


def masking() -> str:
    """The whole page, its table as the registry has it now."""
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def table() -> str:
    """One line a function."""
    lines = [
        "| call | gives | example | made for | level | what stays possible | result |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_line(function) for function in MASKS.values()]
    return "\n".join([*lines, "", *_bounds()]) + "\n"


def _line(function: MaskFunction) -> str:
    gives, example = ABOUT[function.name]
    call = signature(function).replace("|", "\\|")
    shown = _example(function, example)
    cells = (f"`{call}`", gives, shown, _made_for(function), _level(function))
    return f"| {' | '.join(cells)} | {KEEPS[function.keeps]} | {function.result_type} |"


def _example(function: MaskFunction, example: tuple[Any, ...] | str) -> str:
    if isinstance(example, str):
        return example
    result = reference(function.name)(*example)
    told = ", ".join(f"`{value}`" for value in example)
    return f"{told} → {'NULL' if result is None else f'`{result}`'}"


def _made_for(function: MaskFunction) -> str:
    """What the contract of a field must say, for the mask to lower its level."""
    if function.made_for is not None:
        return f"`kind`: `{function.made_for}`"
    if function.least is not None:
        return f"`{function.least}` at most the `{function.literals[0].name}`"
    return {"DATE": "a date"}.get(
        function.values[0].type, "a count" if _counts(function) else "any"
    )


def _counts(function: MaskFunction) -> bool:
    return function.kind == "suppress"


def _level(function: MaskFunction) -> str:
    """The level, and from which literal on it is another one."""
    if function.level_of is None:
        return function.level
    bound = function.literals[0]
    assert bound.low is not None
    assert bound.high is not None
    tried = sorted({bound.low, bound.high, *(float(n) for n in range(1000)), 10.0**4})
    steps = [n for n in tried if bound.low <= n <= bound.high]
    change = next(n for n in steps[1:] if function.leads_to((n,)) != function.leads_to((steps[0],)))
    first, then = function.leads_to((steps[0],)), function.leads_to((change,))
    return f"{first}; {then} from {bound.name} {change:g}"


def _bounds() -> list[str]:
    lines = ["What the written arguments may be:", ""]
    for function in MASKS.values():
        for item in function.literals:
            if item.low is not None:
                lines.append(f"- `{function.name}`: `{item.name}` {allowed(item)}")
    lines.append(f"- `purpose`, `recipient`: `{allowed(_word())}`")
    lines += [f"- alphabet `{name}`: `{letters}`" for name, letters in ALPHABETS.items()]
    return lines


def _word() -> Any:
    return next(item for item in MASKS["mask_pseudonym"].literals if item.word)
