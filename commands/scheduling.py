"""When what runs: the compiled schedule, what is due, who is late."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.text import text
from commands.arguments import (
    JsonOption,
    ResourceArgument,
    WaitOption,
    WorkspaceArgument,
    moment,
)
from commands.workspaces import compiled_workspace, read_workspace

if TYPE_CHECKING:
    from catalog.database.ledger_records import Decision
    from pipelines.run import RunOptions

app = typer.Typer()
AtOption = Annotated[
    str | None, typer.Option(help="A moment (2026-11-23T06:00+08:00); now by default.")
]


@app.command()
def schedule(
    workspace: WorkspaceArgument,
    write: Annotated[
        bool, typer.Option("--write", help="Write it where the orchestrator looks for it.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show when what runs: the DAGs that Airflow makes of the workspace."""
    from pipelines.present import print_json, print_line, print_table
    from pipelines.present_schedule import schedule_table
    from pipelines.schedule.compiled import compile_schedule, write_schedule

    found = compile_schedule(compiled_workspace(workspace))
    if write or output is not None:
        print_line(text("schedule_written", path=write_schedule(found, output)))
    elif as_json:
        print_json(found.as_dict())
    else:
        print_table(schedule_table(found))


@app.command()
def due(
    workspace: WorkspaceArgument,
    stage: Annotated[
        str | None, typer.Argument(help="One stage of 'citybrain schedule'.", metavar="[STAGE]")
    ] = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which tables a stage would run now, and why; nothing is run."""
    from pipelines.present import print_json
    from pipelines.present_schedule import due_json, print_due
    from pipelines.schedule.asking import due_stages

    when = None if at is None else moment(at, "--at")
    found = due_stages(compiled_workspace(workspace), stage, when)
    if as_json:
        print_json([due_json(item) for item in found])
    else:
        print_due(found)


@app.command()
def late(workspace: WorkspaceArgument, at: AtOption = None, as_json: JsonOption = False) -> None:
    """Name the departments whose data is late, and record it; exit code 3 when there are any."""
    from pipelines.present import print_json
    from pipelines.present_schedule import late_json, print_late
    from pipelines.schedule.asking import note_late_now

    plan = compiled_workspace(workspace)
    found = note_late_now(plan, None if at is None else moment(at, "--at"))
    if as_json:
        print_json([late_json(plan.workspace, row) for row in found])
    else:
        print_late(plan.workspace, found)
    raise typer.Exit(3 if found else 0)


def run_stage(
    workspace: Path, stage: str, at: str | None, options: RunOptions, as_json: bool
) -> None:
    """`citybrain run --due`; ends the command."""
    from pipelines.present import ProgressPrinter, print_json
    from pipelines.present_schedule import due_result_json, print_due_result
    from pipelines.schedule.duerun import run_due

    when = None if at is None else moment(at, "--at")
    with ProgressPrinter(quiet=as_json) as progress:
        result = run_due(workspace, stage, when, options, progress)
    if as_json:
        print_json(due_result_json(result))
    else:
        print_due_result(result)
    raise typer.Exit(result.exit_code)


@app.command()
def backup(
    workspace: WorkspaceArgument,
    to: Annotated[
        Path | None, typer.Option(help="Folder of backups; else 'backup' in the workspace's home.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="So many backups stay.")] = 14,
    wait: WaitOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Copy the catalogue database and the lake's catalogue, as they are at one moment."""
    from pipelines.backup import back_up
    from pipelines.present import print_json
    from pipelines.present_upkeep import backup_json, print_backup

    done = back_up(read_workspace(workspace), to, keep, wait)
    if as_json:
        print_json(backup_json(done))
    else:
        print_backup(done)


@app.command()
def indicators(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Quality, availability, quarantine, late deliveries and waiting publishes, in a few numbers."""
    from pipelines.indicators import indicators as found
    from pipelines.present import print_json
    from pipelines.present_upkeep import indicators_json, print_indicators

    now = found(read_workspace(workspace))
    if as_json:
        print_json(indicators_json(now))
    else:
        print_indicators(now)


gate = typer.Typer(help="Publishes that wait for a person, and his decision.")
app.add_typer(gate, name="gate", no_args_is_help=True)
WhoOption = Annotated[str, typer.Option(help="Who decides.")]
WhyOption = Annotated[str, typer.Option(help="Why.")]
ResultOption = Annotated[
    str | None,
    typer.Option(help="The fingerprint, or its beginning, of the result that is decided about."),
]


@gate.command("list")
def gate_list(
    workspace: WorkspaceArgument,
    everything: Annotated[bool, typer.Option("--all", help="Those decided about, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Publishes that wait for a person, over their warn threshold."""
    from pipelines.decisions import every_hold, waiting
    from pipelines.present import print_json
    from pipelines.present_schedule import hold_json, print_holds

    loaded = read_workspace(workspace)
    found = every_hold(loaded) if everything else waiting(loaded)
    if as_json:
        print_json([hold_json(hold) for hold in found])
    else:
        print_holds(found)


def _gate_command(decision: Decision, help: str) -> None:
    """Add the command that decides so about a waiting publish."""

    @gate.command(decision, help=help)
    def gate_decide(
        workspace: WorkspaceArgument,
        resource: ResourceArgument,
        who: WhoOption,
        why: WhyOption,
        result: ResultOption = None,
        as_json: JsonOption = False,
    ) -> None:
        from pipelines.decisions import decide
        from pipelines.present import print_json, print_line
        from pipelines.present_schedule import hold_json

        hold = decide(read_workspace(workspace), resource, decision, who, why, result)
        if as_json:
            print_json(hold_json(hold))
        else:
            print_line(text(f"decided_{decision}", table=resource, who=hold.who))


_gate_command(
    "approve",
    "Let the next run publish the result as it was staged; covers exactly this result.",
)
_gate_command(
    "reject",
    "Never publish this result; readers keep the last good snapshot until something changes.",
)
_gate_command(
    "release",
    "Let the next run publish the rows that break no rule; those with warnings are quarantined.",
)
