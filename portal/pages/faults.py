"""What people read of an error on a page."""

from __future__ import annotations

from catalog.errors import CityBrainError
from portal.errors import PortalError
from portal.pages.sharing_faults import SHARING
from portal.problems import Problem, problem_of

STATUS = {
    "page_missing": 404,
    "page_forbidden": 403,
    "form_stale": 403,
    "sign_in_wrong": 422,
    "sign_in_locked": 429,
    "page_failed": 500,
    "oidc_unreachable": 503,
    "oidc_refused": 403,
    "oidc_role": 403,
    "search_query": 422,
    "listing_unknown": 404,
    "entry_unknown": 404,
    "audit_overdue": 503,
    "audit_stamp_overdue": 503,
    "unknown_table": 404,
    "locked": 409,
    "replay_model": 409,
    "replay_nothing": 409,
    "replay_columns": 409,
    "hold_nothing": 409,
    "hold_decided": 409,
    "release_unsound": 409,
    "decision_words": 422,
    "account_name": 422,
    "account_role": 422,
    "account_exists": 409,
    "account_missing": 404,
    "account_closed": 409,
    "account_elsewhere": 409,
    "account_department": 422,
    "account_partner": 422,
    "dataset_unknown": 404,
    "document_unknown": 404,
    "document_large": 413,
    "document_file_missing": 422,
    "reason_missing": 422,
    "moment_unreadable": 422,
    "countersignature_missing": 422,
    "signature_unknown": 422,
    "signature_invalid": 422,
    "signature_missing": 422,
    "instrument_syntax": 422,
    "yaml_syntax": 422,
    "yaml_duplicate_key": 422,
    "file_encoding": 422,
    "instrument_unknown": 404,
    "instrument_differs": 409,
    "instrument_older": 409,
    "password_length": 422,
    "password_differs": 422,
    "account_own": 409,
    "incident_words": 422,
    "incident_severity": 422,
    "incident_day": 422,
    "incident_resource": 422,
    "incident_unknown": 404,
    "incident_closed": 409,
    "audit_no_record": 404,
    "audit_not_anchored": 409,
    "audit_broken": 500,
    "audit_key": 500,
    **SHARING,
}
"""The statuses of errors that only people on pages meet; those of programs are in `portal.problems`."""


def fault_of(error: Exception, lang: str) -> tuple[Problem, dict[str, str]]:
    """The problem, and headers that go with it. What is not listed has a reference and no more."""
    problem, headers = problem_of(error, lang, STATUS)
    told: CityBrainError | None = None
    if problem.code == "page_unknown":
        told = PortalError("page_missing")
    elif problem.code == "service_failed":
        told = PortalError("page_failed", reference=problem.instance)
    if told is not None:
        problem, _ = problem_of(told, lang, STATUS)
    headers.pop("WWW-Authenticate", None)
    return problem, headers
