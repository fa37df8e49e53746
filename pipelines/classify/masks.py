"""Which masking function hides which kind of value."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.masking.functions import MASKS

_PARTIES = "'purpose', 'recipient'"
_CALLS = {
    "person": "mask_name({x})",
    "phone": "mask_phone({x})",
    "email": "mask_email({x})",
    "plate": "mask_plate({x})",
    "resident_id": "mask_id({x})",
    "account": f"mask_pseudonym({{x}}, {_PARTIES})",
    "pseudonym": f"mask_pseudonym({{x}}, {_PARTIES})",
    "birth": "mask_date({x}, 'year')",
    "address": "mask_address({x})",
    "free_text_with_personal": "mask_text({x})",
}


def declared_for(call: str | None) -> tuple[str, str] | None:
    """The property that a field must declare for a proposed call to hide it, and its value.

    Args:
        call: as `mask_call` gives it.
    """
    if call is None:
        return None
    name, _, rest = call.partition("(")
    function = MASKS[name]
    if function.made_for is not None:
        return "kind", function.made_for
    if function.least is not None:
        return function.least, rest.removesuffix(")").split(", ")[len(function.values)]
    return None


def mask_call(kind: str, name: str, counts: Mapping[str, float], mixed: bool) -> str | None:
    """The call that hides a field of this kind; None when only leaving it out helps, or no need.

    Args:
        mixed: names of firms stand among those of persons. `mask_name` would spoil the firms and
            leave a person's name that is part of a longer one; a pseudonym hides both.
    """
    if kind == "coordinates":
        return _coordinates(name, counts)
    if kind == "person" and mixed:
        return f"mask_pseudonym({name}, {_PARTIES})"
    call = _CALLS.get(kind)
    return call.format(x=name) if call else None


def _coordinates(name: str, counts: Mapping[str, float]) -> str | None:
    """Degrees to two decimals (1 km); plane coordinates to a thousand; a written pair to nothing."""
    if counts["point"]:
        return None
    return (
        f"mask_round({name}, 1000)" if counts["magnitude"] > 180 else f"mask_coordinate({name}, 2)"
    )
