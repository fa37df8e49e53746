"""What the header leads to: the name of a page and the key of what it is called there.

A visitor sees those that he may use.
"""

from __future__ import annotations

# One line each, in the order of the header.
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("home", "nav_home"),
    ("console", "console_title"),
    ("openings", "openings_title"),
    ("open_list", "nav_open"),
    ("catalogue", "nav_catalogue"),
    ("agreements", "nav_agreements"),
    ("runs", "nav_runs"),
    ("quarantine", "nav_quarantine"),
    ("accounts", "nav_accounts"),
)
