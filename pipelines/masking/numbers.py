"""Bodies of the masks over dates, amounts, codes and places.

Numbers are DOUBLE and rounding is `floor(x / step + 0.5) * step`: the same bits on both engines,
which disagree about `round`, decimals and `//`. What is no finite number becomes NULL.
"""

from __future__ import annotations

from pipelines.masking import patterns as p
from pipelines.masking.dialect import Dialect, double

TOP_AGE = 90
AMOUNT_LIMIT = 9_000_000_000_000_000
NOISE_LIMIT = 1_000_000_000_000
METRES_A_DEGREE = 111_320


def age(d: Dialect) -> str:
    """`30-34`; 90 and more is one band, because the very old are few."""
    low = "(age - age % width)"
    high = f"least({low} + width - 1, {TOP_AGE - 1})"
    band = d.concat(d.text(low), "'-'", d.text(high))
    return f"CASE WHEN age >= {TOP_AGE} THEN '{TOP_AGE}+' WHEN age >= 0 THEN {band} END"


def month(d: Dialect) -> str:
    """The first day of the month, quarter or year."""
    return d.month("d", "part")


def amount(d: Dialect) -> str:
    """`[10000,20000)`: the lower bound is in, the upper is not."""
    band = "CAST(floor(x / CAST(width AS DOUBLE)) AS BIGINT)"
    text = d.concat("'['", d.text(f"{band} * width"), "','", d.text(f"({band} + 1) * width"), "')'")
    return f"CASE WHEN abs(x) < {double(AMOUNT_LIMIT)} THEN {text} END"


def rounded(d: Dialect) -> str:
    """The nearest multiple of a step, halves upwards.

    A step below one is a whole part of one and is divided by, for 0.3 rather than 3 * 0.1.
    """
    parts = f"floor({double(1)} / step + CAST(0.5 AS DOUBLE))"
    large = _nearest(d, "x / step") + " * step"
    small = f"{_nearest(d, f'x * {parts}')} / {parts}"
    value = f"CASE WHEN step >= {double(1)} THEN {large} ELSE {small} END"
    # Spark's floor is a BIGINT: what it is taken of must fit.
    limit = f"{double(AMOUNT_LIMIT)} * least({double(1)}, step)"
    return f"CASE WHEN abs(x) < {limit} THEN {value} END"


def _nearest(d: Dialect, expression: str) -> str:
    return d.floor(f"{expression} + CAST(0.5 AS DOUBLE)")


def coordinate(d: Dialect) -> str:
    """Degrees with few decimals: two are about a kilometre."""
    scale = f"CASE decimals WHEN 0 THEN {double(1)} WHEN 1 THEN {double(10)} "
    scale = f"({scale}WHEN 2 THEN {double(100)} WHEN 3 THEN {double(1000)} END)"
    return f"CASE WHEN abs(x) <= {double(180)} THEN {_nearest(d, f'x * {scale}')} / {scale} END"


def division(d: Dialect) -> str:
    """The code of the district, city or province; a coarser code stays; NULL for no such code."""
    mainland = "CASE part WHEN 'district' THEN left(code, 6) "
    mainland += (
        "WHEN 'city' THEN left(code, 4) || '00' WHEN 'province' THEN left(code, 2) || '0000' END"
    )
    arms = [f"WHEN {d.match('code', p.DIVISION_CN)} THEN {mainland}"]
    for shape, district, city in (
        (p.DIVISION_TW_CITY, 7, 2),
        (p.DIVISION_TW_COUNTY, 7, 5),
        (p.DIVISION_TW, 8, 5),
    ):
        kept = f"CASE part WHEN 'district' THEN left(code, {district}) "
        kept += f"WHEN 'city' THEN left(code, {city}) WHEN 'province' THEN left(code, {city}) END"
        arms.append(f"WHEN {d.match('code', shape)} THEN {kept}")
    return f"CASE {' '.join(arms)} END"


def grid(d: Dialect) -> str:
    """The centre of a cell of at least so many metres, as `POINT (lon lat)`.

    Rows are of equal height. A row's cells are widened by its cosine at the next whole degree
    towards the pole, in Bhaskara's form 4(8100 - x²) / (32400 + x²): no two mathematics libraries
    agree on the last bit of `cos`, and one bit moves a point to the next cell.
    """
    height = f"(CAST(metres AS DOUBLE) / {double(METRES_A_DEGREE)})"
    row = d.floor(f"lat / {height}")
    edge = f"greatest(abs({row} * {height}), abs(({row} + {double(1)}) * {height}))"
    degree = f"least({double(89)}, {d.floor(edge)} + {double(1)})"
    square = f"{degree} * {degree}"
    cosine = f"(({double(32400)} - {double(4)} * {square}) / ({double(32400)} + {square}))"
    width = f"({height} / {cosine})"
    column = d.floor(f"lon / {width}")
    half = "CAST(0.5 AS DOUBLE)"
    lon = _degrees(d, f"(({column} + {half}) * {width})")
    lat = _degrees(d, f"(({row} + {half}) * {height})")
    inside = f"abs(lon) <= {double(180)} AND abs(lat) <= {double(90)}"
    point = d.concat("'POINT ('", lon, "' '", lat, "')'")
    return f"CASE WHEN {inside} THEN {point} END"


def _degrees(d: Dialect, value: str) -> str:
    """A number of degrees as text with five decimals, from whole numbers alone."""
    units = f"CAST({_nearest(d, f'abs({value}) * {double(100000)}')} AS BIGINT)"
    sign = f"CASE WHEN {value} < {double(0)} THEN '-' ELSE '' END"
    decimals = f"lpad({d.text(f'{units} % 100000')}, 5, '0')"
    return f"{sign}, {d.text(d.quotient(units, '100000'))}, '.', {decimals}"


def noise(d: Dialect, scheme: str) -> str:
    """The value plus something between -spread and spread that the key and the value decide."""
    thousandths = f"CAST({_nearest(d, f'x * {double(1000)}')} AS BIGINT)"
    digits = f"left({d.hmac(d.text(thousandths), scheme)}, 12)"
    part = f"CAST({d.hexadecimal(digits)} AS DOUBLE) / {double(2**48)}"
    noisy = f"x + spread * ({double(2)} * ({part}) - {double(1)})"
    return f"CASE WHEN abs(x) < {double(NOISE_LIMIT)} THEN {noisy} END"


def suppressed(d: Dialect) -> str:
    """The count, unless it is small."""
    return "CASE WHEN n >= minimum THEN n END"
