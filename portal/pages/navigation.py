"""What the header leads to: the name of a page and the key of what it is called there.

A visitor sees those that he may use.
"""

from __future__ import annotations

# One line each, in the order of the header.
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("home", "nav_home"),
    ("catalogue", "nav_catalogue"),
    ("open_list", "nav_open"),
    ("basket", "nav_basket"),
    ("my_requests", "nav_requests"),
    ("inbox", "nav_inbox"),
    ("notices", "nav_notices"),
    ("grants", "nav_grants"),
    ("objections", "nav_objections"),
    ("agreements", "nav_agreements"),
    ("console", "console_title"),
    ("openings", "openings_title"),
    ("runs", "nav_runs"),
    ("quarantine", "nav_quarantine"),
    ("audit_log", "nav_audit_log"),
    ("incidents", "nav_incidents"),
    ("accounts", "nav_accounts"),
)
