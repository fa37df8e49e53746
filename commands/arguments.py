"""Arguments and options that several commands take."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

WorkspaceArgument = Annotated[
    Path, typer.Argument(help="The workspace's folder.", metavar="WORKSPACE")
]
ResourceArgument = Annotated[
    str, typer.Argument(help="A table, <database>.<resource>.", metavar="RESOURCE")
]
ColumnArgument = Annotated[
    str, typer.Argument(help="A field, <database>.<resource>.<field>.", metavar="RESOURCE.FIELD")
]
WaitOption = Annotated[
    float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
]
WhoOption = Annotated[str, typer.Option(help="Who does this, for the audit log.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def moment(value: str, option: str, wanted: str = "an ISO time") -> datetime:
    """A moment as written; without a zone it is meant in the machine's."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter(wanted, param_hint=option) from error
    return found if found.tzinfo else found.astimezone()
