"""Airflow's connections, handed to our program as the environment variables that it reads.

A contract names a connection; Airflow knows it as `citybrain_<name>`. What the environment already says
wins, and a connection that Airflow does not know is left out: the program then says which is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

# Airflow's names of what SQLAlchemy calls otherwise; any other type is taken as it is.
_DRIVERS = {"postgres": "postgresql", "mysql": "mysql+pymysql"}


def connection_environment(names: Iterable[str]) -> dict[str, str]:
    """The variables of those connections that only Airflow knows."""
    found = {}
    for name in names:
        variable = f"CITYBRAIN_CONNECTION_{name.upper()}"
        if os.environ.get(variable):
            continue
        try:
            connection = Connection.get(f"citybrain_{name}")
        except AirflowNotFoundException:
            continue
        found[variable] = url_of(connection)
        # Airflow hides the password; inside a URL it is written otherwise.
        mask_secret(found[variable])
        if connection.password:
            mask_secret(_quoted(connection.password))
    return found


def url_of(connection: Any) -> str:
    """A connection as SQLAlchemy writes it. Plain values of its extra are the URL's options."""
    kind = (connection.conn_type or "").lower()
    if kind == "sqlite":
        return f"sqlite:///{connection.host or connection.schema or ''}"
    user = _quoted(connection.login or "")
    if connection.password:
        user += ":" + _quoted(connection.password)
    host = connection.host or ""
    place = f"[{host}]" if ":" in host else host
    if connection.port:
        place += f":{connection.port}"
    extra = connection.extra_dejson
    options = urlencode({k: v for k, v in extra.items() if isinstance(v, str | int | float)})
    url = f"{_DRIVERS.get(kind, kind)}://{user}{'@' if user else ''}{place}"
    return f"{url}/{connection.schema or ''}" + (f"?{options}" if options else "")


def _quoted(text: str) -> str:
    return quote(text, safe="")
