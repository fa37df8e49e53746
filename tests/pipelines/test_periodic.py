"""Work that is done again and again: it goes on after an error, ends at once, and is missed when it stops."""

from __future__ import annotations

import threading

import pytest

from catalog.errors import CatalogError
from pipelines.periodic import Periodic, Pulse

LONG = 3_600.0
WAIT = 30.0  # seconds after which a test gives up


class Steps:
    """A step that does what it is told, and says when it has been done.

    Attributes:
        errors: what the next steps end with.
        more: how often there is more to do.
    """

    def __init__(self, *errors: BaseException, more: int = 0) -> None:
        self.errors = list(errors)
        self.more = more
        self.done = threading.Semaphore(0)
        self.go = threading.Event()
        self.go.set()
        self.count = 0

    def __call__(self) -> bool:
        self.go.wait(WAIT)
        self.count += 1
        self.done.release()
        if self.errors:
            raise self.errors.pop(0)
        self.more -= 1
        return self.more >= 0

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.done.acquire(timeout=WAIT)


class Now:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_steps_follow_each_other() -> None:
    step = Steps()
    loop = Periodic("work", 0.001, step)
    assert loop.pulse() == Pulse("ok", "", 0, 0)
    loop.start()
    step.wait(3)
    loop.close()
    pulse = loop.pulse()
    assert (pulse.state, pulse.steps, pulse.failures) == ("ok", step.count, 0)


def test_a_step_with_more_to_do_is_done_again_at_once() -> None:
    step = Steps(more=4)
    loop = Periodic("work", LONG, step, at_once=True)
    loop.start()
    step.wait(5)
    loop.close()
    assert step.count == 5


def test_it_ends_at_once_whatever_it_waits_for() -> None:
    step = Steps()
    loop = Periodic("work", LONG, step)
    loop.start()
    loop.close(WAIT)
    assert step.count == 0 and not loop._thread.is_alive()


def test_a_last_step() -> None:
    step = Steps()
    loop = Periodic("work", LONG, step, last=True)
    loop.start()
    loop.close()
    assert step.count == 1


def test_one_that_was_never_begun_is_closed() -> None:
    Periodic("work", LONG, Steps()).close()


def test_an_error_is_told_and_counted_and_the_work_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    step = Steps(CatalogError("database_failed", problem="secret"), ValueError("secret"))
    loop = Periodic("work", 0.001, step, at_once=True)
    loop.start()
    step.wait(4)
    loop.close()
    pulse = loop.pulse()
    assert (pulse.state, pulse.code, pulse.failures) == ("ok", "", 2)
    assert capsys.readouterr().err == "work: database_failed\nwork: ValueError\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(CatalogError("database_failed", problem="-"), "database_failed"), (OSError(), "unexpected")],
)
def test_one_that_fails_is_not_lost(error: Exception, code: str) -> None:
    step = Steps(error)
    told: list[tuple[str, Exception]] = []
    over = threading.Event()

    def tell(name: str, why: Exception) -> None:
        told.append((name, why))
        over.set()

    loop = Periodic("work", LONG, step, at_once=True, told=tell)
    loop.start()
    assert over.wait(WAIT)
    loop.close()
    assert loop.pulse() == Pulse("failing", code, 1, 1) and not loop.pulse().lost
    assert told == [("work", error)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_is_killed_is_dead() -> None:
    """`SystemExit` ends a thread and says nothing."""
    step = Steps(SystemExit())
    loop = Periodic("work", LONG, step, at_once=True)
    loop.start()
    loop._thread.join(WAIT)
    assert loop.pulse().state == "dead" and loop.pulse().lost
    loop.close()


def test_one_that_hangs_is_overdue_until_it_comes_back() -> None:
    now, step = Now(), Steps()
    step.go.clear()
    loop = Periodic("work", 10, step, at_once=True, late=60, now=now)
    loop.start()
    now.now = 70
    assert loop.pulse().state == "ok"
    now.now = 71
    assert loop.pulse().state == "overdue" and loop.pulse().lost
    step.go.set()
    step.wait()
    loop.close()
    assert loop.pulse() == Pulse("ok", "", 1, 0)


def test_who_wakes_it_does_not_wait_for_its_time() -> None:
    steps: list[int] = []
    done = threading.Semaphore(0)

    def step() -> None:
        steps.append(len(steps))
        done.release()

    work = Periodic("work", 3_600, step)
    work.start()
    for _ in range(3):
        work.wake()
        assert done.acquire(timeout=WAIT)
    work.close(WAIT)
    assert steps == [0, 1, 2]


def test_a_failure_waits_for_its_time_however_often_it_is_woken() -> None:
    failed = threading.Event()

    def step() -> None:
        raise RuntimeError("never")

    work = Periodic("work", 3_600, step, told=lambda *_: failed.set(), at_once=True)
    work.start()
    assert failed.wait(WAIT)
    while work.pulse().steps < 1:
        pass
    work.wake()
    work.close(WAIT)
    assert (work.pulse().steps, work.pulse().failures) == (1, 1)
