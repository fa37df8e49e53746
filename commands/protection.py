"""What is sensitive, where it goes, and what a release gives away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from commands.arguments import ColumnArgument, JsonOption, ResourceArgument, WorkspaceArgument
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()


@app.command()
def lineage(
    workspace: WorkspaceArgument,
    name: Annotated[
        str, typer.Argument(help="A table, or one field of it.", metavar="RESOURCE[.FIELD]")
    ],
    up: Annotated[
        bool | None, typer.Option("--up/--down", help="Only sources, or only uses; else both.")
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text, json, mermaid or svg.")
    ] = "text",
    depth: Annotated[int | None, typer.Option(min=1, help="So many models far.")] = None,
    direct_only: Annotated[
        bool, typer.Option("--direct-only", help="Not what is only depended on.")
    ] = False,
) -> None:
    """Show what a table or field is made of and depends on, and what is made of it."""
    from pipelines.lineage_views import FORMATS, lineage_view, render

    if output_format not in FORMATS:
        raise typer.BadParameter(", ".join(FORMATS), param_hint="--format")
    compiled = compiled_workspace(workspace)
    directions: dict[bool | None, Literal["up", "down", "both"]]
    directions = {True: "up", False: "down", None: "both"}
    view = lineage_view(compiled, name, directions[up], depth=depth, direct_only=direct_only)
    sys.stdout.write(render(view, output_format))


@app.command()
def explain(
    workspace: WorkspaceArgument, name: ColumnArgument, as_json: JsonOption = False
) -> None:
    """Why a field has its level: its way from the source, what it depends on, who answers for it."""
    from pipelines.lineage_views import explain as explained
    from pipelines.lineage_views import explain_json, explain_text
    from pipelines.present import print_json

    compiled = compiled_workspace(workspace)
    found = explained(compiled, name)
    if as_json:
        print_json(explain_json(compiled, found))
    else:
        sys.stdout.write(explain_text(compiled, found))


@app.command()
def impact(
    workspace: WorkspaceArgument,
    name: ColumnArgument,
    level: Annotated[
        str | None, typer.Option(help="Suppose this level (L1 to L4); else one higher.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What hangs on a field, and what would change level or break if it were more sensitive."""
    from catalog.contract import LEVELS
    from pipelines.lineage_views import impact as impact_of
    from pipelines.lineage_views import impact_json, impact_text
    from pipelines.present import print_json

    if level is not None and level not in LEVELS:
        raise typer.BadParameter(", ".join(LEVELS), param_hint="--level")
    compiled = compiled_workspace(workspace)
    found = impact_of(compiled, name, level)
    if as_json:
        print_json(impact_json(found))
    else:
        sys.stdout.write(impact_text(compiled, found))


@app.command()
def risk(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    quasi: Annotated[
        str | None, typer.Option(help="Fields that could single somebody out, a,b,c.")
    ] = None,
    sensitive: Annotated[
        str | None, typer.Option(help="Fields that must not be learnt of somebody, a,b.")
    ] = None,
    channel: Annotated[
        Literal["open", "share", "sandbox", "extract"] | None,
        typer.Option(help="Whose bounds hold; the contract's by default."),
    ] = None,
    suppress: Annotated[
        float, typer.Option(help="Share of rows that a proposal may leave out.", min=0, max=0.5)
    ] = 0.0,
    limit: Annotated[int, typer.Option(help="How many proposals.", min=1)] = 3,
    seconds: Annotated[float, typer.Option(help="How long to search.", min=1)] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Measure what a release of records gives away, and propose generalisations that pass."""
    from pipelines.present import print_json
    from pipelines.present_risk import print_risk, risk_json
    from pipelines.risk import RiskQuestion, assess

    question = RiskQuestion(
        channel, _names(quasi), _names(sensitive), suppress, limit=limit, seconds=seconds
    )
    answer = assess(compiled_workspace(workspace), resource, question)
    if as_json:
        print_json(risk_json(answer))
    else:
        print_risk(answer)
    raise typer.Exit(0 if answer.passed else 3)


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (listed or "").split(",") if name.strip())


@app.command()
def classify(
    target: Annotated[
        Path, typer.Argument(help="The workspace's folder, or a file.", metavar="WORKSPACE|FILE")
    ],
    resource: Annotated[
        str | None,
        typer.Argument(help="A collected table of the workspace.", metavar="[RESOURCE]"),
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="Folder of department files to use instead.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also fields without a sign.")] = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print lines for the contract.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find personal data: a level and a mask for every field of a source, with the evidence."""
    from pipelines import classify as detector
    from pipelines.present import print_json

    if resource is None:
        found = detector.classify_file(target)
    else:
        found = detector.classify_resource(read_workspace(target), resource, source)
    if as_json:
        print_json(detector.classification_json(found))
    elif as_yaml:
        sys.stdout.write(detector.proposal_yaml(found))
    else:
        sys.stdout.write(detector.classification_text(found, everything=everything))
