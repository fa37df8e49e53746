"""The errors of the quality room."""

from catalog.errors import CityBrainError


class QualityError(CityBrainError):
    """A rule cannot be understood, compiled or certified."""
