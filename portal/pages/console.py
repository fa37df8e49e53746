"""The sandbox console: what a partner's analyst does in the browser.

Questions go the way of `portal.questions`: the same desk, jobs, limits and fixed times; what may be
asked, by whom, is decided there and nowhere here. No question stands in an address, and no answer is
kept by the browser.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from catalog.people import Person
from portal.asking import asked_of, begun, priced
from portal.console import asking, desk
from portal.console.answers import shown
from portal.console.asking import Sent
from portal.console.download import as_csv
from portal.console.gauge import price_of
from portal.console.refusals import refused
from portal.errors import PortalError
from portal.jobs import Job
from portal.pages.faults import fault_of
from portal.pages.page import PersonDep, Visit, VisitDep, is_fragment, redirect, render, url_for
from portal.pages.timed import TimedPage
from portal.schemas import KEY, NAME
from portal.telling import stored_answer
from sandbox.pricing import Asked, explained

router = APIRouter(route_class=TimedPage, include_in_schema=False)
AgreementPath = Annotated[str, Path(min_length=1, max_length=200, pattern=NAME)]
Id = Annotated[str, Path(min_length=1, max_length=100, pattern=KEY)]
Number = Annotated[int | None, Query(ge=1, lt=2**63)]
QUICK_SECONDS = 1.0  # so long the first response waits for an answer; what takes longer is polled
ELSEWHERE = frozenset({"form_stale", "page_forbidden"})


@dataclass(frozen=True, slots=True)
class Result:
    """What stands below the editor: a price, a question at work, an answer, or why there is none."""

    kind: str
    values: dict[str, Any]


NOTHING = Result("nothing", {})


def the_form(
    purpose: Annotated[str, Form(max_length=200)] = "",
    sql: Annotated[str, Form()] = "",
    by: Annotated[asking.By, Form()] = "usual",
    epsilon: Annotated[str, Form(max_length=40)] = "",
    relative: Annotated[str, Form(max_length=40)] = "",
    rows: Annotated[str, Form(max_length=40)] = "",
    nonce: Annotated[str, Form(max_length=100)] = "",
) -> Sent:
    """The editor's form; a browser sends lines that end as no editor of questions counts them."""
    lines = sql.replace("\r\n", "\n").replace("\r", "\n")
    return Sent(purpose, lines, by, epsilon.strip(), relative.strip(), rows.strip(), nonce)


async def the_analyst(person: PersonDep, visit: VisitDep) -> Person:
    """Who asks; his requests are counted, as those of programs are.

    Raises:
        PortalError: `page_forbidden`, for an account of no partner; `too_many_requests`.
    """
    desk.partner_of(person)
    visit.site.service.requests.take(f"account {person.id}")
    return person


FormDep = Annotated[Sent, Depends(the_form)]
AnalystDep = Annotated[Person, Depends(the_analyst)]


@router.get("/console")
def console(request: Request, person: AnalystDep, visit: VisitDep) -> Response:
    """The agreements under which one may ask."""
    service, partner = visit.site.service, desk.partner_of(person)
    held = desk.held(service, partner, person.id)
    waiting = desk.unsigned(service, partner)
    return render(request, "console/agreements.html", held=held, waiting=waiting)


@router.get("/console/agreements/{agreement:path}")
def console_editor(
    request: Request,
    person: AnalystDep,
    visit: VisitDep,
    agreement: AgreementPath,
    again: Number = None,
) -> Response:
    """The editor of an agreement; `again` is the number of a call whose question is to stand in it."""
    sent = Sent()
    if again is not None:
        call = desk.call(visit.site.service, desk.partner_of(person), again)
        sent = Sent(purpose=call.purpose, sql=call.subject)
    return _editor(request, visit, person, agreement, sent)


@router.post("/console/quote/{agreement:path}")
async def console_quote(
    request: Request, person: AnalystDep, visit: VisitDep, agreement: AgreementPath, sent: FormDep
) -> Response:
    """What an answer would cost; spends nothing."""
    return await _quoted(request, visit, person, agreement, sent)


@router.post("/console/ask/{agreement:path}")
async def console_ask(
    request: Request, person: AnalystDep, visit: VisitDep, agreement: AgreementPath, sent: FormDep
) -> Response:
    """Ask. Sent again by the same page, the same question is charged once."""
    service = visit.site.service
    if explained(sent.sql) is not None:
        return await _quoted(request, visit, person, agreement, sent)
    try:
        asked = _asked(person, agreement, sent)
        job = begun(service, asked, asking.key_of(asked, sent.nonce))
    except Exception as error:
        return await _refusal(request, visit, person, agreement, sent, error)
    if not is_fragment(request):
        return redirect(request, "console_job", id=job.id)
    await _quick(visit, job)
    response = await run_in_threadpool(_job_part, request, visit, person, job)
    response.headers["HX-Replace-Url"] = url_for(request, "console_job", id=job.id)
    return response


@router.get("/console/jobs/{id}")
def console_job(request: Request, person: AnalystDep, visit: VisitDep, id: Id) -> Response:
    """How far a question is, then its answer; reloaded, the same question goes on."""
    job = visit.site.service.jobs.of(id, desk.partner_of(person))
    if is_fragment(request):
        return _job_part(request, visit, person, job)
    asked = job.asked
    return _editor(request, visit, person, asked.agreement, _sent(asked), _job(visit, person, job))


@router.post("/console/jobs/{id}/cancel")
def console_cancel(request: Request, person: AnalystDep, visit: VisitDep, id: Id) -> Response:
    """Stop a question. What was charged for it stays charged."""
    jobs = visit.site.service.jobs
    job = jobs.of(id, desk.partner_of(person))
    jobs.cancel(job)
    if is_fragment(request):
        return _job_part(request, visit, person, job)
    return redirect(request, "console_job", id=job.id)


@router.get("/console/answers/{id}")
def console_answer(request: Request, person: AnalystDep, visit: VisitDep, id: Id) -> Response:
    """An answer that was given, again, for nothing."""
    service, partner = visit.site.service, desk.partner_of(person)
    stored = service.opened.desk.answer(partner, person.id, id)
    asked = service.opened.store.asked.of_answer(service.name, stored.agreement, partner, id)
    return render(
        request,
        "console/answer.html",
        id=id,
        stored=stored,
        shown=shown(stored.table, visit.lang),
        asked=asked,
        held=_held(visit, person),
    )


@router.get("/console/answers/{id}/csv")
def console_csv(person: AnalystDep, visit: VisitDep, id: Id) -> Response:
    """The same as CSV."""
    stored = visit.site.service.opened.desk.answer(desk.partner_of(person), person.id, id)
    headers = {"Content-Disposition": 'attachment; filename="answer.csv"'}
    return Response("\ufeff" + as_csv(stored.table), media_type="text/csv", headers=headers)


@router.get("/console/answers/{id}/json")
def console_json(person: AnalystDep, visit: VisitDep, id: Id) -> Response:
    """The same as JSON, in the form in which programs get it."""
    stored = visit.site.service.opened.desk.answer(desk.partner_of(person), person.id, id)
    headers = {"Content-Disposition": 'attachment; filename="answer.json"'}
    told = stored_answer(stored).model_dump_json()
    return Response(told, media_type="application/json", headers=headers)


@router.get("/console/history")
def console_history(
    request: Request, person: AnalystDep, visit: VisitDep, before: Number = None
) -> Response:
    """What was asked, the newest first."""
    service, partner = visit.site.service, desk.partner_of(person)
    page = desk.history(service, partner, visit.lang, before)
    held = _held(visit, person)
    return render(request, "console/history.html", page=page, before=before, held=held)


# -- what they share ------------------------------------------------------------------------------


def _held(visit: Visit, person: Person) -> frozenset[str]:
    """The agreements that hold: only under these is there anything to ask again."""
    found = desk.held(visit.site.service, desk.partner_of(person), person.id)
    return frozenset(one.id for one in found)


def _asked(person: Person, agreement: str, sent: Sent) -> Asked:
    body = asking.body_of(sent, agreement)
    return asked_of(body, desk.partner_of(person), person.id)


def _sent(asked: Asked) -> Sent:
    """The form that asked a question."""
    sent = Sent(purpose=asked.purpose, sql=asked.text)
    if asked.accuracy is not None:
        wanted = asked.accuracy
        relative = f"{100 * wanted.relative:g}"
        return replace(sent, by="accuracy", relative=relative, rows=str(wanted.rows))
    return (
        sent if asked.epsilon is None else replace(sent, by="epsilon", epsilon=f"{asked.epsilon!r}")
    )


async def _quoted(
    request: Request, visit: Visit, person: Person, agreement: str, sent: Sent
) -> Response:
    service = visit.site.service
    try:
        asked = _asked(person, agreement, sent)
        behind = explained(asked.text)
        offer = await priced(service, asked if behind is None else replace(asked, text=behind))
    except Exception as error:
        return await _refusal(request, visit, person, agreement, sent, error)
    terms = await run_in_threadpool(desk.terms, service, asked.agreement)
    if terms is None:  # documents are never removed
        raise PortalError("page_unknown")
    result = Result("quote", {"price": price_of(offer, terms)})
    return await run_in_threadpool(_answer, request, visit, person, agreement, sent, result)


async def _quick(visit: Visit, job: Job) -> None:
    """Wait a moment for a question that is answered at once, until its end may be seen."""
    service = visit.site.service
    waited = asyncio.wrap_future(job.future)
    # Else the event loop would print how it ended, with words of the question.
    waited.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait([waited], timeout=QUICK_SECONDS)
    if job.visible is not None:
        await service.envelope.sleep(max(0.0, job.visible - service.now()))


async def _refusal(
    request: Request, visit: Visit, person: Person, agreement: str, sent: Sent, error: Exception
) -> Response:
    """Why there is no price or answer, below the form with what was sent.

    Raises:
        Exception: what is no affair of the question: then the whole page is the fault's.
    """
    problem, _ = fault_of(error, visit.lang)
    if problem.code in desk.NOT_THERE:
        raise PortalError("page_unknown") from None
    if problem.status >= 500 or problem.code in ELSEWHERE:
        raise error
    request.state.code = problem.code
    result = Result("refused", {"refused": refused(problem, sent.sql)})
    status = 422 if is_fragment(request) else problem.status
    return await run_in_threadpool(_answer, request, visit, person, agreement, sent, result, status)


def _answer(
    request: Request,
    visit: Visit,
    person: Person,
    agreement: str,
    sent: Sent,
    result: Result,
    status: int = 200,
) -> Response:
    """A result as the part of the page that htmx puts in, or as the page with it."""
    if not is_fragment(request):
        return _editor(request, visit, person, agreement, sent, result, status)
    return render(request, "console/result.html", status=status, result=result, part=True)


def _editor(
    request: Request,
    visit: Visit,
    person: Person,
    agreement: str,
    sent: Sent,
    result: Result = NOTHING,
    status: int = 200,
) -> Response:
    """The whole page.

    Raises:
        PortalError: `page_unknown`, for an agreement of another partner as well.
        CatalogError: `agreement_expired`, `agreement_revoked`.
    """
    service = visit.site.service
    open_ = desk.opened(service, desk.partner_of(person), person.id, agreement, visit.lang)
    return render(
        request,
        "console/editor.html",
        status=status,
        open=open_,
        sent=replace(sent, nonce=sent.nonce or asking.new_nonce()),
        result=result,
        part=False,
    )


def _job(visit: Visit, person: Person, job: Job) -> Result:
    """A question at work, or what came of it."""
    service = visit.site.service
    now = service.now()
    state = job.state(now)
    if state == "answered":
        given = job.future.result()
        told = {"given": given, "shown": shown(given.table, visit.lang)}
        return Result("answer", told | {"job": job})
    if state in ("failed", "cancelled"):
        error = job.error()
        assert error is not None
        problem, _ = fault_of(error, visit.lang)
        return Result("refused", {"refused": refused(problem, job.asked.text)})
    return Result(
        "job", {"job": job, "state": f"console_state_{state}", "progress": job.progress(now)}
    )


def _job_part(request: Request, visit: Visit, person: Person, job: Job) -> Response:
    """The same for htmx; with an answer come what is left, and the nonce of the next question."""
    result = _job(visit, person, job)
    more: dict[str, Any] = {}
    if result.kind != "job":
        agreement, partner = job.asked.agreement, desk.partner_of(person)
        more["gauges"] = desk.gauges_of(visit.site.service, partner, agreement)
    if result.kind == "answer":
        more["nonce"] = asking.new_nonce()
    return render(request, "console/result.html", result=result, part=True, **more)
