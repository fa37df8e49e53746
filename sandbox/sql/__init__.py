"""The SQL that partners may write, read into a small tree of our own."""

from sandbox.sql.questions import read_question

__all__ = ["read_question"]
