"""Tests with their catalogue databases on PostgreSQL."""
