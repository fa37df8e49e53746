"""The database servers of tests."""

from __future__ import annotations

from tests.servers import postgres

__all__ = ["postgres"]
