"""A question as a form sends it."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from catalog.canonical import canonical_json
from portal.errors import PortalError
from portal.schemas import QuestionBody
from sandbox.errors import SandboxError
from sandbox.pricing import Asked
from sandbox.sql.size import MOST_CHARACTERS, too_large

By = Literal["usual", "epsilon", "accuracy"]
MOST_ROWS = 10**12  # as `portal.schemas.AccuracyBody` has it
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Sent:
    """What stands in the form.

    Attributes:
        by: whether the question names its price, the accuracy that is wanted, or neither.
        epsilon, relative, rows: as they were typed; `relative` is in percent.
        nonce: of the page; with what is asked it makes the key under which it is charged once.
    """

    purpose: str = ""
    sql: str = ""
    by: By = "usual"
    epsilon: str = ""
    relative: str = "5"
    rows: str = "1000"
    nonce: str = ""


def new_nonce() -> str:
    """Of a page that is shown; nobody can guess it."""
    return secrets.token_urlsafe(18)


def body_of(sent: Sent, agreement: str) -> QuestionBody:
    """The question that a form asks, held against what the service takes from programs.

    Raises:
        Refusal: `question_size`.
        SandboxError: `bad_epsilon`, `bad_accuracy`.
        RequestValidationError: it is not such a question for another reason.
    """
    if len(sent.sql) > MOST_CHARACTERS:
        raise too_large()
    said: dict[str, Any] = {"sql": sent.sql, "agreement": agreement, "purpose": sent.purpose}
    if sent.by == "epsilon":
        said["epsilon"] = _number(sent.epsilon, "bad_epsilon")
    elif sent.by == "accuracy":
        relative, rows = (_number(one, "bad_accuracy") for one in (sent.relative, sent.rows))
        if not (0 < relative <= 100 and 1 <= rows <= MOST_ROWS and rows.is_integer()):
            raise SandboxError("bad_accuracy")
        said["accuracy"] = {"relative": relative / 100, "rows": rows}
    try:
        return QuestionBody.model_validate(said)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def _number(typed: str, code: str) -> float:
    try:
        number = float(typed)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SandboxError(code)
    return number


def key_of(asked: Asked, nonce: str) -> str:
    """Under which a question of a page is charged: the same, however often the page sends it; another
    one for another question.

    Raises:
        PortalError: `form_stale`, if the page did not make the nonce.
    """
    if not _NONCE.fullmatch(nonce):
        raise PortalError("form_stale")
    wanted = asked.accuracy
    said = [asked.user, asked.purpose, asked.agreement, asked.text, repr(asked.epsilon)]
    said.append("" if wanted is None else f"{wanted.relative!r} {wanted.rows!r}")
    digest = hashlib.sha256(canonical_json(said)).hexdigest()[:16]
    return f"console-{nonce}-{digest}"
