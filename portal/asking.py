"""How a question comes from a request to the desk: the same for programs and for people on pages."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from portal.jobs import Job
from portal.schemas import QuestionBody
from portal.service import Service
from sandbox.answers import Offer
from sandbox.pricing import Accuracy, Asked


def asked_of(body: QuestionBody, partner: str, user: str) -> Asked:
    """A question that was sent, with who asks it."""
    wanted = body.accuracy
    return Asked(
        partner,
        user,
        body.purpose,
        body.agreement,
        body.sql,
        body.epsilon,
        None if wanted is None else Accuracy(wanted.relative, wanted.rows),
    )


async def priced(service: Service, asked: Asked) -> Offer:
    """What an answer would cost; spends nothing.

    Raises:
        CityBrainError: as `sandbox.desk.Desk.quote`.
    """
    return await run_in_threadpool(service.opened.desk.quote, asked)


def begun(service: Service, asked: Asked, key: str) -> Job:
    """A question at work; under the same key it is charged once.

    Raises:
        PortalError: `service_busy`.
    """
    return service.jobs.start(asked, key, service.now())
