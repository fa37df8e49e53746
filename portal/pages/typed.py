"""What somebody typed into a form that was refused: it is shown again, with the fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData

from catalog.errors import CityBrainError
from portal.pages.faults import fault_of
from portal.problems import Problem

AGAIN = (409, 422)  # what a person can put right, or has to know before he goes on
MASKED = ("share_mask", "share_mask_needed")
UNSHARED = ("share_not_shared", "share_closed", "share_field_unknown")
FIXED = {
    "incident_day": "found_on",
    "incident_resource": "resources",
    "incident_words": "what",
    "incident_severity": "severity",
    "share_term": "last",
    "share_manner": "manner",
    "share_department": "owner",
    "share_region": "rows",
    "share_nothing": "fields",
    "objection_field": "field",
    "objection_no_grant": "field",
}
"""The control of a form that an error is about, by the error's code."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that was refused.

    Attributes:
        form: which of the page's forms.
        values: what was typed, by the names of its controls.
        problem: why it was refused.
        at: the name of the control that it is about; empty: the whole form.
    """

    form: str
    values: Mapping[str, str]
    problem: Problem
    at: str

    @property
    def texts(self) -> list[str]:
        """What was written, for a form that is not on the page any more."""
        hidden = ("csrf", "seen", "resource")
        return [one for name, one in self.values.items() if one.strip() and name not in hidden]


def typed_of(name: str, form: FormData, error: CityBrainError, lang: str) -> Typed:
    """A refused form, to be shown again.

    Raises:
        CityBrainError: the error itself, when showing the form again is of no use.
    """
    problem = fault_of(error, lang)[0]
    if problem.status not in AGAIN:
        raise error
    values = {key: one for key, one in form.items() if isinstance(one, str)}
    return Typed(name, values, problem, control_of(error, values))


def control_of(error: CityBrainError, values: Mapping[str, str]) -> str:
    """The name of the control that an error is about; empty: none of them."""
    said = {name: str(one) for name, one in error.fields.items()}
    if error.code in MASKED:
        return f"mask.{said['field']}"
    if error.code in UNSHARED or error.code == "decision_fields":
        first = said.get("field") or said["fields"].split(",")[0]
        return f"outcome.{first}"
    if error.code in ("share_text", "share_day"):
        return said["name"] if said["name"] in values else _text_control(values)
    if error.code == "share_reason":
        return _without_reason(values)
    if error.code == "objection_key":
        return next(
            (key for key, one in values.items() if key[:4] == "key." and not one.strip()), ""
        )
    return FIXED.get(error.code, "")


def _text_control(values: Mapping[str, str]) -> str:
    return "text" if "text" in values else "reason"


def _without_reason(values: Mapping[str, str]) -> str:
    """The reason that is missing: of a field that is refused, or of the whole."""
    for key, one in values.items():
        kind, _, name = key.partition(".")
        if kind == "outcome" and one == "refused" and not values.get(f"reason.{name}", "").strip():
            return f"reason.{name}"
    return _text_control(values)
