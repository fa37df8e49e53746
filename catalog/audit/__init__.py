"""The audit log: who did what, under which agreement, and a chain that shows whether it was changed."""
