"""Write the next migration: `python -m catalog.database.migrations 0002 "what changes"`.

Compares the tables in code with a new database at the present head; read what it writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from catalog.database.connect import make_engine, parse_url
from catalog.database.migrate import alembic_config, migrate


def main(revision: str, message: str) -> None:
    """Add `versions/r<revision>_<message>.py`; then set `migrate.HEAD` to it."""
    with TemporaryDirectory() as folder:
        url = parse_url(f"sqlite:///{Path(folder) / 'head.db'}")
        migrate(url)
        with make_engine(url).connect() as connection:
            config = alembic_config(connection)
            command.revision(config, message, autogenerate=True, rev_id=revision)


if __name__ == "__main__":
    main(*sys.argv[1:])
