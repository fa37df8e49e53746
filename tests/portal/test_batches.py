"""What waits is done together, and each is told its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from portal.batches import MOST, Batches


class Worker:
    """Work that waits for a sign; `seen` is what it was given."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, asked: Sequence[int]) -> list[int | Exception]:
        self.seen.append(list(asked))
        assert self.go.wait(10)
        if 1313 in asked:
            raise RuntimeError("unlucky")
        return [ValueError(one) if one < 0 else 10 * one for one in asked]


def run(work: Callable[[Batches[int, int], Worker], Awaitable[None]]) -> Worker:
    worker = Worker()
    batches: Batches[int, int] = Batches(worker)

    async def both() -> None:
        try:
            await asyncio.wait_for(work(batches, worker), 20)
        finally:
            worker.go.set()

    asyncio.run(both())
    batches.close()
    return worker


async def begun(worker: Worker) -> None:
    while not worker.seen:
        await asyncio.sleep(0.001)


def test_what_waits_is_done_together() -> None:
    async def ask(batches: Batches[int, int], worker: Worker) -> None:
        first = asyncio.create_task(batches.found(0))
        await begun(worker)
        others = [asyncio.create_task(batches.found(n)) for n in range(1, MOST + 5)]
        await asyncio.sleep(0)
        worker.go.set()
        assert await asyncio.gather(first, *others) == [10 * n for n in range(MOST + 5)]
        assert await batches.found(5) == 50

    worker = run(ask)
    assert worker.seen == [[0], list(range(1, MOST + 1)), list(range(MOST + 1, MOST + 5)), [5]]


def test_an_error_reaches_only_whom_it_concerns() -> None:
    async def ask(batches: Batches[int, int], worker: Worker) -> None:
        worker.go.set()
        asked = [asyncio.create_task(batches.found(n)) for n in (1, -2, 3)]
        one, two, three = await asyncio.gather(*asked, return_exceptions=True)
        assert (one, three) == (10, 30) and isinstance(two, ValueError)

    run(ask)


def test_work_that_fails_fails_for_all_of_a_batch_and_not_for_the_next() -> None:
    async def ask(batches: Batches[int, int], worker: Worker) -> None:
        first = asyncio.create_task(batches.found(1))
        await begun(worker)
        unlucky = [asyncio.create_task(batches.found(n)) for n in (2, 1313)]
        await asyncio.sleep(0)
        worker.go.set()
        assert await first == 10
        for one in unlucky:
            with pytest.raises(RuntimeError):
                await one
        assert await batches.found(4) == 40

    run(ask)


def test_who_has_gone_is_not_told() -> None:
    async def ask(batches: Batches[int, int], worker: Worker) -> None:
        first = asyncio.create_task(batches.found(1))
        await begun(worker)
        gone, other = (asyncio.create_task(batches.found(n)) for n in (2, 3))
        await asyncio.sleep(0)
        gone.cancel()
        worker.go.set()
        assert (await first, await other) == (10, 30)
        assert gone.cancelled()

    run(ask)
