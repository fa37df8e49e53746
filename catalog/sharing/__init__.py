"""Sharing between departments: requests, their clocks, the grants that come of them, objections."""
