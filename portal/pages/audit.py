"""The audit log: looked through, each record with its proof, verified, taken away.

Every look is itself recorded. Administrators see who signed in, and nothing else.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path as InPath
from fastapi import Query, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from catalog.audit.offline import canonical as canonical_entry
from catalog.audit.offline import included, leaf_hash
from catalog.audit.record import ACTIONS, Action
from catalog.database.audit import Logged
from catalog.errors import CatalogError
from catalog.people import Person
from pipelines.anchoring import anchor
from pipelines.auditing import companions, export_lines
from pipelines.present_audit import fault_text, stamps_text
from portal.pages.auditing import note
from portal.pages.page import (
    PersonDep,
    VisitDep,
    is_fragment,
    page_router,
    redirect,
    render,
    url_for,
)
from portal.permissions import require
from portal.verification import Verifications

router = page_router()
PAGE = 50
MOST_FAULTS = 100
Text = Annotated[str, Query(max_length=500)]
Day = Annotated[str, Query(max_length=10)]
MOST = 2**62  # records; databases count no further than twice that
Sequence = Annotated[int, InPath(ge=0, le=MOST)]
FILTERS = ("actor", "action", "subject", "under", "since", "until")


@router.get("/audit")
def audit_log(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    under: Text = "",
    since: Day = "",
    until: Day = "",
    before: Annotated[int | None, Query(ge=1, le=MOST)] = None,
) -> Response:
    """Records, the newest first; for htmx the table alone."""
    service = visit.site.service
    given = (actor, action, subject, under, since, until)
    asked = dict(zip(FILTERS, (one.strip() for one in given), strict=True))
    found = service.opened.store.audit.newest(
        service.name,
        actor=asked["actor"] or None,
        action=_action(person, asked["action"]),
        subject=asked["subject"] or None,
        under=asked["under"] or None,
        since=_day(visit.site.zone, asked["since"]),
        until=_day(visit.site.zone, asked["until"], timedelta(days=1)),
        before=before,
        limit=PAGE + 1,
    )
    said = {name: value for name, value in asked.items() if value}
    note(request, "audit", "list", detail=said)
    older = ""
    if len(found) > PAGE:
        query = urlencode({**said, "before": found[PAGE - 1].sequence})
        older = f"{url_for(request, 'audit_log')}?{query}"
    late = service.opened.store.audit.overdue(service.name)
    return render(
        request,
        "audit/records.html" if is_fragment(request) else "audit/list.html",
        records=found[:PAGE],
        older=older,
        asked=asked,
        actions=ACTIONS if _sees_all(person) else ("sign_in",),
        state=service.opened.store.audit.state(service.name),
        last=service.opened.store.checkpoints.last(service.name),
        stamp=service.opened.store.timestamps.last(service.name),
        late=None if late is None else late.text(visit.lang),
        sees_all=_sees_all(person),
    )


@router.get("/audit/records/{sequence}")
def audit_record(
    request: Request, visit: VisitDep, person: PersonDep, sequence: Sequence
) -> Response:
    """One record, and whether it is proved to be in the log."""
    found = _one(visit, person, sequence)
    note(request, "audit", f"record {sequence}")
    try:
        proof = visit.site.service.opened.store.checkpoints.proof(visit.site.service.name, sequence)
    except CatalogError as error:
        proof = {"refused": error.code}
    return render(
        request,
        "audit/record.html",
        one=found,
        proof=proof,
        proved="path" in proof and _holds(proof),
        refused=proof.get("refused", ""),
        sees_all=_sees_all(person),
    )


@router.get("/audit/records/{sequence}/proof")
def audit_proof(
    request: Request, visit: VisitDep, person: PersonDep, sequence: Sequence
) -> Response:
    """The proof as a file for the offline verifier."""
    _one(visit, person, sequence)
    service = visit.site.service
    note(request, "audit", f"proof {sequence}")
    proof = service.opened.store.checkpoints.proof(service.name, sequence)
    content = json.dumps(proof, ensure_ascii=False) + "\n"
    headers = {"Content-Disposition": f'attachment; filename="proof-{sequence}.json"'}
    return Response(content, media_type="application/json", headers=headers)


@router.get("/audit/verification")
def audit_verification(request: Request, visit: VisitDep) -> Response:
    """How far the verification is, and what it found; for htmx that alone."""
    last = _verifications(request).last
    faults = [] if last is None else last.faults[:MOST_FAULTS]
    stamps = None if last is None else last.stamps
    return render(
        request,
        "audit/progress.html" if is_fragment(request) else "audit/verification.html",
        last=last,
        stamps="" if stamps is None else stamps_text(stamps, visit.lang),
        faults=[
            (one, fault_text(one.kind, one.sequence, one.until, one.checkpoint, visit.lang))
            for one in faults
        ],
        more=0 if last is None else last.count - len(faults),
    )


@router.post("/audit/verification")
def audit_verify(request: Request) -> Response:
    """Verify the whole log, beside everything else."""
    note(request, "audit", "verify")
    _verifications(request).start()
    return redirect(request, "audit_verification")


@router.post("/audit/export")
def audit_export(request: Request, visit: VisitDep) -> Response:
    """The whole log with the public key and the offline verifier, packed into one file."""
    service = visit.site.service
    store, workspace = service.opened.store, service.workspace.workspace
    note(request, "audit", "export")
    anchor(store, workspace)
    descriptor, path = tempfile.mkstemp(prefix="citybrain-audit-", suffix=".zip")
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            with packed.open("log.jsonl", "w", force_zip64=True) as log:
                for line in export_lines(store, workspace):
                    log.write(line.encode("utf-8"))
            for name, content in companions(workspace).items():
                packed.writestr(name, content)
    except BaseException:
        Path(path).unlink()
        raise
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"audit-{service.name}.zip",
        background=BackgroundTask(Path(path).unlink),
    )


def _sees_all(person: Person) -> bool:
    return person.role == "auditor"


def _action(person: Person, asked: str) -> Action | None:
    """What kind of records is looked for; an administrator looks for sign-ins alone."""
    if not _sees_all(person):
        require(asked in ("", "sign_in"))
        return "sign_in"
    return next((one for one in ACTIONS if one == asked), None)


def _one(visit: Any, person: Person, sequence: int) -> Logged:
    """A record that somebody may see.

    Raises:
        CatalogError: `audit_no_record`, for one that he may not see as well.
    """
    service = visit.site.service
    found: Logged | None = service.opened.store.audit.one(service.name, sequence)
    if found is None or not (_sees_all(person) or found.record.action == "sign_in"):
        raise CatalogError("audit_no_record", workspace=service.name, sequence=sequence)
    return found


def _holds(proof: dict[str, Any]) -> bool:
    """Whether a path leads to the root of its checkpoint, whose signature `verify` looks at."""
    checkpoint, entry = proof["checkpoint"], proof["record"]
    return included(
        entry["sequence"] - 1,
        checkpoint["size"],
        leaf_hash(canonical_entry(entry)),
        [bytes.fromhex(one) for one in proof["path"]],
        bytes.fromhex(checkpoint["root"]),
    )


def _day(zone: Any, said: str, more: timedelta = timedelta(0)) -> datetime | None:
    """When a day begins in the city; None for what is no day."""
    try:
        return (datetime.fromisoformat(said) + more).replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _verifications(request: Request) -> Verifications:
    found: Verifications = request.app.state.verifications
    return found
