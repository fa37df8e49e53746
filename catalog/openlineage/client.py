"""Loading the OpenLineage client: late, because it takes 0.4 s, and by one thread at a time."""

from __future__ import annotations

from threading import Lock

_LOADING = Lock()


def load_client() -> None:
    """Import the client's modules; call this before importing any of them.

    They import each other in a circle. Two threads that enter it at different places, one that
    builds an event and one that sends, can end in the interpreter's `_DeadlockError`.
    """
    with _LOADING:
        import openlineage.client
        import openlineage.client.event_v2
        import openlineage.client.facet_v2
        import openlineage.client.serde
        import openlineage.client.uuid  # noqa: F401
