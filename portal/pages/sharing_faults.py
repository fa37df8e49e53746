"""The statuses of errors of sharing, on pages."""

from __future__ import annotations

NOT_FOUND = ("request_unknown", "grant_unknown", "objection_unknown", "task_unknown")
NOT_YOURS = (
    "share_role",
    "share_not_yours",
    "share_not_owner",
    "share_party",
    "objection_not_asked",
)
TOO_LATE = (
    "share_illegal",
    "grant_ended",
    "grant_differs",
    "grant_too_late",
    "share_outdated",
    "dispute_nothing",
    "dispute_unknown",
    "objection_snapshot",
)
WRONG = (
    "share_nothing",
    "share_own",
    "share_field_unknown",
    "share_not_shared",
    "share_closed",
    "share_private",
    "share_mask",
    "share_mask_needed",
    "share_manner",
    "share_term",
    "share_day",
    "share_text",
    "share_department",
    "share_region",
    "share_reason",
    "decision_fields",
    "objection_key",
    "objection_field",
    "objection_no_grant",
)
SHARING = {
    **dict.fromkeys(NOT_FOUND, 404),
    **dict.fromkeys(NOT_YOURS, 403),
    **dict.fromkeys(TOO_LATE, 409),
    **dict.fromkeys(WRONG, 422),
}
