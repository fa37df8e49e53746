"""What the sandbox and the exchange begin with: one connection that is closed with them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from citybrain_client.connection import PATIENCE, Connection


class Connected:
    """A service that somebody has signed in to, for one purpose; safe for use from many threads.

    Args:
        url: of the service.
        credentials: the program's id and secret, as the city has given them.
        purpose: what is read or asked for.
        language: in which errors are told, "en" or "zh".
        timeout: seconds to wait for a response.
        patience: seconds of pauses in which a request is sent again that got no answer, or none now.
        transport: how requests are sent; by the network.
    """

    def __init__(
        self,
        url: str,
        credentials: tuple[str, str],
        *,
        purpose: str,
        language: str = "en",
        timeout: float = 300.0,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.purpose = purpose
        self._connection = Connection(url, credentials, language, timeout, patience, transport)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
