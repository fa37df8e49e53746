"""Compiling, running and looking at a workspace."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.errors import Problems
from catalog.text import text
from commands.arguments import JsonOption, WaitOption, WorkspaceArgument
from commands.scheduling import run_stage
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()


class EngineName(StrEnum):
    """What `--engine` takes."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@app.command()
def check(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Compile a workspace without touching data and report every fault with file and line."""
    from pipelines.present import print_json, print_line

    try:
        plan = compiled_workspace(workspace)
    except Problems as error:
        if as_json:
            print_json({"ok": False, "problems": [p.as_dict() for p in error.problems]})
            raise typer.Exit(1) from None
        raise
    collected = sum(step.kind == "collect" for step in plan.steps.values())
    if as_json:
        print_json({"ok": True, "collected": collected, "models": len(plan.steps) - collected})
    else:
        built = len(plan.steps) - collected
        print_line(text("check_ok", name=plan.workspace.name, collected=collected, models=built))


@app.command()
def plan(
    workspace: WorkspaceArgument,
    select: Annotated[
        list[str] | None, typer.Option(help="Tables, e.g. thematic.* or +fusion.x")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run would do, in order, before it happens.

    Contracts that are not those by which their tables were published stand below, with what will
    become of the tables. Exit code: 1 when such a change is refused.
    """
    from pipelines.evolution.decide import evolutions
    from pipelines.present import plan_table, print_json, print_table
    from pipelines.present_evolution import evolution_json, print_evolutions
    from pipelines.run import select_steps

    compiled = compiled_workspace(workspace)
    chosen = select_steps(compiled, select or ())
    steps = [step for step in compiled.steps.values() if step.name in chosen]
    found = evolutions(compiled.workspace.name, steps)
    if as_json:
        print_json(
            [{**_step_json(s), "evolution": evolution_json(found.get(s.name))} for s in steps]
        )
    else:
        print_table(plan_table(steps))
        print_evolutions(list(found.values()))
    if any(item.way == "refused" for item in found.values()):
        raise typer.Exit(1)


def _step_json(step: Any) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "waits_for": list(step.waits_for),
        "optional": sorted(step.optional),
        "materialisation": step.contract.materialisation.kind,
        "in_parts": {name: list(columns) for name, columns in step.local.inputs.items()}
        if step.local
        else {},
        "rules": [
            {"id": r.id, "severity": r.severity, "dimension": r.dimension} for r in step.rules
        ],
    }


@app.command()
def run(
    workspace: WorkspaceArgument,
    select: Annotated[
        list[str] | None, typer.Option(help="Tables, e.g. thematic.* or +fusion.x")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="Folder of department files to use instead.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Recompute even what is unchanged.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], help="Make again from this day on (a backfill)."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="... up to this day, which is included."),
    ] = None,
    wait: WaitOption = 0,
    due: Annotated[
        str | None,
        typer.Option(
            help="Run what is due of one stage of 'citybrain schedule', once.", metavar="STAGE"
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="With --due: the moment that is asked for (2026-11-23T06:00+08:00)."),
    ] = None,
    engine: Annotated[
        EngineName | None,
        typer.Option(help="Which engine computes it; else that of workspace.toml."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Collect, gate, publish and build: raw, base, thematic and fusion databases.

    With --from or --to, the selected tables make that range again although nothing has changed: a
    model its periods or keys, a database resource its rows from that day on. A table that is kept
    whole is made whole.

    Exit code: 0 all published, 1 an error, 2 usage, 3 something missing, blocked or stale.
    """
    from pipelines.incremental.period import Period
    from pipelines.present import ProgressPrinter, print_json, print_run, run_json
    from pipelines.run import RunOptions, run_workspace

    chosen = engine.value if engine is not None else None
    period = None
    if since is not None or until is not None:
        period = Period(since.date() if since else None, until.date() if until else None)
    options = RunOptions(
        tuple(select or ()), source, full, cached=True, wait=wait, period=period, engine=chosen
    )
    if due is not None:
        if select or full or period:
            raise typer.BadParameter("not with --select or --full", param_hint="--due")
        run_stage(workspace, due, at, options, as_json)
    if at is not None:
        raise typer.BadParameter("belongs to --due", param_hint="--at")
    with ProgressPrinter(quiet=as_json) as progress:
        result = run_workspace(workspace, options, progress)
    if as_json:
        print_json(run_json(result))
    else:
        print_run(result, workspace)
    raise typer.Exit(result.exit_code)


@app.command()
def status(
    workspace: WorkspaceArgument,
    resource: Annotated[
        str | None, typer.Argument(help="One table, with its rules.", metavar="[RESOURCE]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show every resource: what readers see, its account, score and last error."""
    from catalog.database import CatalogStore, to_plain
    from pipelines.home import Home
    from pipelines.present import print_json
    from pipelines.present_rows import print_resource, print_status
    from pipelines.quarantine import known_resource

    loaded = read_workspace(workspace)
    if resource is not None:
        known_resource(loaded, resource)
    with CatalogStore.open(Home.of(loaded.name).database_url) as store:
        report = store.status(loaded.name)
        rules = store.rule_results(loaded.name, resource) if resource else []
    chosen = next((r for r in report.resources if r.name == resource), None)
    if chosen is None and as_json:
        print_json(to_plain(report))
    elif chosen is None:
        print_status(report)
    elif as_json:
        print_json({**to_plain(chosen), "rules": to_plain(rules)})
    else:
        print_resource(chosen, rules)
