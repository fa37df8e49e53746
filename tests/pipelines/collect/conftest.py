"""Servers for the tests of collecting from databases."""

from tests.servers import mariadb, postgres

__all__ = ["mariadb", "postgres"]
