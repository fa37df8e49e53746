"""Sample people, documents and requests in an example city."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands.arguments import JsonOption
from commands.workspaces import compiled_workspace

app = typer.Typer()


@app.command("samples")
def samples(
    workspaces: Annotated[
        list[Path], typer.Argument(help="The example cities' folders.", metavar="WORKSPACE...")
    ],
    as_json: JsonOption = False,
) -> None:
    """Make the sample accounts, documents and requests of example cities (synthetic); show sign-ins."""
    from pipelines.present import print_json, print_table
    from portal.present_samples import sign_in_json, sign_in_table
    from portal.samples import make_samples

    made = {plan.workspace.name: make_samples(plan) for plan in map(compiled_workspace, workspaces)}
    if as_json:
        print_json([sign_in_json(city, one) for city, found in made.items() for one in found])
        return
    for city, found in made.items():
        print_table(sign_in_table(city, found))
    sys.stdout.write(text("samples_made") + "\n")
