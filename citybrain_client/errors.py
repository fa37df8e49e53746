"""What a sandbox says instead of an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the question, counted from 1."""

    line: int
    column: int


class SandboxRefused(Exception):
    """The service does not do what was asked.

    Attributes:
        code: of the error; the service's documentation lists them.
        title, detail: what happened.
        next: what to do next.
        where: the place in the question, if there is one.
        status: of HTTP.
    """

    def __init__(
        self,
        code: str,
        title: str,
        detail: str,
        next: str = "",
        where: Where | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.detail = detail
        self.next = next
        self.where = where
        self.status = status

    def __str__(self) -> str:
        place = f" (line {self.where.line}, column {self.where.column})" if self.where else ""
        return f"[{self.code}] {self.detail}{place} {self.next}".rstrip()


class SandboxUnreachable(Exception):
    """The service did not answer, however often it was tried.

    A question that was sent under a key may have been charged; sent again under the same key it is
    answered and not charged again.

    Attributes:
        key: under which it was sent.
    """

    def __init__(self, problem: str, key: str | None) -> None:
        super().__init__(problem)
        self.key = key
