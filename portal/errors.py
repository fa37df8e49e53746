"""The errors of the portal room."""

from __future__ import annotations

from catalog.errors import CityBrainError


class PortalError(CityBrainError):
    """A request that is not taken.

    Attributes:
        retry_after: seconds after which it may be sent again; None: it does not help.
    """

    retry_after: int | None = None


def later(code: str, seconds: float) -> PortalError:
    """An error that is over after some seconds."""
    error = PortalError(code, seconds=max(1, int(seconds) + (seconds > int(seconds))))
    error.retry_after = error.fields["seconds"]
    return error
