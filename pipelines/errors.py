"""The errors of the pipelines room."""

from catalog.errors import CityBrainError


class PipelineError(CityBrainError):
    """A workspace does not compile, or a run cannot go on."""
