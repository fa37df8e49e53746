"""Arguments and options that several commands take."""

from __future__ import annotations

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
