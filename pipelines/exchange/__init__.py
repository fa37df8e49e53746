"""The exchange: rows of published tables, as grants allow them, in pages, exports and changes."""
