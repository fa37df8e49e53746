"""Schema evolution: what a new version of a contract does to the table that is published."""
