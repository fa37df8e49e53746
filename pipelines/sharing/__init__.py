"""Sharing between departments: requests, decisions, grants, objections and returned data."""
