"""For authors of contracts and models: tests and first drafts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands.arguments import WorkspaceArgument
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()


@app.command("test")
def model_tests(
    workspace: WorkspaceArgument,
    select: Annotated[str | None, typer.Option(help="Only tests of this model.")] = None,
) -> None:
    """Run the unit tests of the models: given these rows, expect those rows."""
    from pipelines.modeltest import run_model_tests
    from pipelines.present_rows import print_tests

    outcomes = run_model_tests(compiled_workspace(workspace), select)
    print_tests(outcomes)
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


@app.command()
def scaffold(
    target: Annotated[
        str,
        typer.Argument(
            help="A file, CONNECTION:[SCHEMA.]TABLE, or an SQLAlchemy URL followed by #TABLE.",
            metavar="FILE|TABLE",
        ),
    ],
    workspace: Annotated[Path, typer.Option(help="The workspace that it is for.")],
    department: Annotated[str, typer.Option(help="Whose data it is, an id of departments.yaml.")],
    name: Annotated[str | None, typer.Option(help="The resource's name.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the workspace.")] = False,
) -> None:
    """Profile a source and draft its contract: types, keys, code lists, likely personal fields."""
    from pipelines.present import print_line
    from pipelines.scaffold import scaffold as draft
    from pipelines.scaffold import write_scaffold

    loaded = read_workspace(workspace)
    made = draft(target, department, name, workspace=loaded)
    if not write:
        sys.stdout.write(made.text)
        return
    path = write_scaffold(made, loaded)
    print_line(
        text(
            "scaffold_written",
            path=path,
            received=f"{made.received:,}",
            published=f"{made.published:,}",
            quarantined=f"{made.quarantined:,}",
            workspace=workspace,
        )
    )
