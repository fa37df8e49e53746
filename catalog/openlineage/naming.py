"""Names and ids of OpenLineage: the same thing has the same name in every event.

The naming rules (https://openlineage.io/docs/spec/naming) want `scheme://authority` of the data
source as namespace and its own name for the table below it. A lake that is named by the place of
its files would put a machine's paths into every event and change its name when it moves, so a
workspace is the authority.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from catalog.openlineage.client import load_client

RUN_JOB = "run"
"""The name of the job that is a whole `citybrain run`."""

_RUN_TIME = "%Y%m%dT%H%M%S"


def namespace_of(workspace: str) -> str:
    """The namespace of a workspace's jobs and of the tables of its lake."""
    return f"citybrain://{workspace}"


def source_name(department: str, resource: str) -> str:
    """The name of what a department hands over, be it a file or a database table.

    Three parts, so that it is never the name of a lake table, which has two. A file's path and a
    database's address stay out: they are machine paths and secrets.
    """
    return f"source.{department}.{resource}"


def run_uuid(workspace: str, run_id: str, step: str | None = None) -> UUID:
    """The UUID (version 7) of a run or step: always the same one for the same three.

    An event that is built again, after a crash or to be sent once more, thus tells of the same
    run. The time in it is that of the run id, so that UUIDs sort as runs do.
    """
    load_client()
    from openlineage.client.uuid import generate_static_uuid

    told = "\0".join((workspace, run_id, step or ""))
    return generate_static_uuid(_time_of(run_id), told.encode())


def _time_of(run_id: str) -> datetime:
    try:
        return datetime.strptime(run_id.partition("-")[0], _RUN_TIME).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
