"""The registry: every masking function that a model may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipelines.masking import freetext, numbers, partial
from pipelines.masking.dialect import Dialect
from pipelines.masking.function import (
    Body,
    Keeps,
    Kind,
    Level,
    LiteralValue,
    MaskFunction,
    Parameter,
)

__all__ = ["MASKS", "MaskFunction", "Parameter", "token_alphabet"]

PSEUDONYM, PSEUDONYM_SM3, TOKEN, SM4, NOISE = (
    "hmac-sha256",
    "hmac-sm3",
    "ff1-aes256",
    "sm4-siv",
    "noise-hmac-sha256",
)
PSEUDONYM_LENGTH = 32
ALPHABETS = {
    "digits": "0123456789",
    "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "alphanumeric": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
_RECEIVER = (
    Parameter("purpose", "VARCHAR", literal=True, word=True),
    Parameter("recipient", "VARCHAR", literal=True, word=True),
)
_TEXT = Parameter("x", "VARCHAR")


def token_alphabet(name: str) -> str:
    """The characters of an alphabet of `mask_token`."""
    return ALPHABETS[name]


def _pseudonym(d: Dialect) -> str:
    return f"left({d.hmac(d.text('x'), PSEUDONYM)}, {PSEUDONYM_LENGTH})"


def _noise(d: Dialect) -> str:
    return numbers.noise(d, NOISE)


def _l1_from(bound: float) -> Callable[[tuple[LiteralValue, ...]], Level]:
    """L1 when the first literal is at least `bound`, else L2."""
    return lambda literals: "L1" if float(literals[0]) >= bound else "L2"


def _l1_to(bound: float) -> Callable[[tuple[LiteralValue, ...]], Level]:
    return lambda literals: "L1" if float(literals[0]) <= bound else "L2"


def _keyed(
    name: str, kind: Kind, scheme: str, keeps: Keeps, body: Body | None = None
) -> MaskFunction:
    parameters = (Parameter("x", "ANY"), *_RECEIVER)
    return MaskFunction(name, kind, parameters, "VARCHAR", keeps, "L2", body, scheme)


def _partial(
    name: str, made_for: str, body: Body, level: Level = "L2", keeps: Keeps = "display"
) -> MaskFunction:
    return MaskFunction(name, "partial", (_TEXT,), "VARCHAR", keeps, level, body, made_for=made_for)


def _number(name: str, low: float, high: float, kind: str = "BIGINT") -> Parameter:
    return Parameter(name, kind, literal=True, low=low, high=high)


def _choice(*choices: str) -> Parameter:
    return Parameter("part", "VARCHAR", literal=True, choices=choices)


_ALL = (
    _keyed("mask_pseudonym", "token", PSEUDONYM, "join", _pseudonym),
    _keyed("mask_pseudonym_sm3", "token", PSEUDONYM_SM3, "join"),
    MaskFunction(
        "mask_token",
        "token",
        (_TEXT, Parameter("alphabet", "VARCHAR", True, tuple(ALPHABETS)), *_RECEIVER),
        "VARCHAR",
        "format",
        "L2",
        scheme=TOKEN,
    ),
    _keyed("mask_sm4", "encrypt", SM4, "reverse"),
    _partial("mask_phone", "phone", partial.phone),
    _partial("mask_id", "identity", partial.identity),
    _partial("mask_name", "person_name", partial.name),
    _partial("mask_address", "address", partial.address, "L1", "place"),
    _partial("mask_plate", "plate", partial.plate),
    _partial("mask_email", "email", partial.email),
    MaskFunction(
        "mask_text",
        "redact",
        (_TEXT,),
        "VARCHAR",
        "display",
        "L2",
        freetext.text,
        made_for="free_text",
    ),
    MaskFunction(
        "mask_age",
        "generalise",
        (Parameter("age", "BIGINT"), _number("width", 2, numbers.TOP_AGE)),
        "VARCHAR",
        "range",
        "L1",
        numbers.age,
        least="step",
        level_of=_l1_from(5),
    ),
    MaskFunction(
        "mask_date",
        "generalise",
        (Parameter("d", "DATE"), _choice("month", "quarter", "year")),
        "DATE",
        "range",
        "L1",
        numbers.month,
        family="date",
    ),
    MaskFunction(
        "mask_amount",
        "generalise",
        (Parameter("x", "DOUBLE"), _number("width", 1, numbers.NOISE_LIMIT)),
        "VARCHAR",
        "range",
        "L1",
        numbers.amount,
        least="step",
        level_of=_l1_from(100),
    ),
    MaskFunction(
        "mask_division",
        "generalise",
        (Parameter("code", "VARCHAR"), _choice("district", "city", "province")),
        "VARCHAR",
        "place",
        "L1",
        numbers.division,
        family="division",
        made_for="division",
    ),
    MaskFunction(
        "mask_round",
        "generalise",
        (
            Parameter("x", "DOUBLE"),
            Parameter("step", "DOUBLE", True, low=0.000001, high=numbers.NOISE_LIMIT, unit=True),
        ),
        "DOUBLE",
        "range",
        "L1",
        numbers.rounded,
        least="step",
        level_of=_l1_from(10),
    ),
    MaskFunction(
        "mask_coordinate",
        "generalise",
        (Parameter("x", "DOUBLE"), _number("decimals", 0, 3)),
        "DOUBLE",
        "place",
        "L1",
        numbers.coordinate,
        made_for="coordinate",
        level_of=_l1_to(2),
    ),
    MaskFunction(
        "mask_grid",
        "generalise",
        (Parameter("lon", "DOUBLE"), Parameter("lat", "DOUBLE"), _number("metres", 100, 100_000)),
        "VARCHAR",
        "place",
        "L1",
        numbers.grid,
        made_for="coordinate",
        level_of=_l1_from(500),
    ),
    MaskFunction(
        "mask_noise",
        "noise",
        (
            Parameter("x", "DOUBLE"),
            Parameter("spread", "DOUBLE", True, low=0.000001, high=numbers.NOISE_LIMIT),
            *_RECEIVER,
        ),
        "DOUBLE",
        "range",
        "L2",
        _noise,
        NOISE,
        least="noise",
    ),
    MaskFunction(
        "mask_suppress",
        "suppress",
        (Parameter("n", "BIGINT"), _number("minimum", 2, 1_000_000)),
        "BIGINT",
        "range",
        "L1",
        numbers.suppressed,
        level_of=_l1_from(3),
    ),
)
MASKS: Mapping[str, MaskFunction] = MappingProxyType({item.name: item for item in _ALL})
