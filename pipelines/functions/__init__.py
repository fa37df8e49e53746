"""The functions and forms that models may use: those that are proven equal on every engine."""

from pipelines.functions.allowed import allowed_uses, not_portable
from pipelines.functions.uses import Use, uses

__all__ = ["Use", "allowed_uses", "not_portable", "uses"]
