"""When what runs: cadences and calendars, the compiled schedule, the ledger of what is due."""
