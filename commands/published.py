"""Published data and what was kept from it: queries, the quarantine, snapshots."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands.arguments import (
    JsonOption,
    ResourceArgument,
    WaitOption,
    WhoOption,
    WorkspaceArgument,
    moment,
)
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()
quarantine = typer.Typer(help="Look at rejected rows and replay them.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")


@app.command()
def query(
    workspace: WorkspaceArgument,
    sql: Annotated[str, typer.Argument(help="One SELECT.", metavar="SQL")],
    as_of: Annotated[
        str | None, typer.Option(help="A moment (2026-11-23T12:00) or a snapshot id.")
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", help="table, csv, json or parquet.")
    ] = "table",
    output: Annotated[Path | None, typer.Option(help="File to write (needed for parquet).")] = None,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Ask one read-only SELECT over the published tables; the look is recorded."""
    from pipelines.looking import looked_up
    from pipelines.present_rows import print_result

    kind = "json" if as_json else output_format
    if kind not in ("table", "csv", "json", "parquet") or (kind == "parquet" and output is None):
        raise typer.BadParameter(
            "table, csv, json, or parquet with --output", param_hint="--format"
        )
    loaded = read_workspace(workspace)
    with looked_up(loaded, sql, moment_or_snapshot(as_of), who) as result:
        print_result(result, kind, output)


@quarantine.command("list")
def quarantine_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Resources with rejected rows, and why."""
    from pipelines.present import print_json
    from pipelines.present_rows import print_quarantine_list
    from pipelines.quarantine import summaries

    found = summaries(read_workspace(workspace))
    if as_json:
        print_json([{"resource": s.resource, "rows": s.rows, "reasons": s.reasons} for s in found])
    else:
        print_quarantine_list(found)


@quarantine.command("show")
def quarantine_show(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    reason: Annotated[str | None, typer.Option(help="Only rows with this reason code.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Rejected rows of one resource: file, line, reasons and original text; the look is recorded."""
    from dataclasses import asdict

    from pipelines.present import print_json
    from pipelines.present_rows import print_quarantined
    from pipelines.quarantine import known_resource, looked_at

    loaded = read_workspace(workspace)
    rows = looked_at(loaded, resource, who, reason, limit)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_quarantined(known_resource(loaded, resource), rows)


@quarantine.command("replay")
def quarantine_replay(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Judge rejected rows again under the contract as it is now; those that pass are published."""
    from pipelines.maintain import replay_quarantine
    from pipelines.present import outcome_json, print_json
    from pipelines.present_rows import print_replay

    outcome = replay_quarantine(workspace, resource, cached=True, who=who)
    if as_json:
        print_json(outcome_json(outcome))
    else:
        print_replay(outcome)
    raise typer.Exit(0 if outcome.status in ("published", "unchanged") else 3)


@quarantine.command("ageing")
def quarantine_ageing(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """How long rejected rows have been waiting, the oldest first."""
    from pipelines.ageing import ageing
    from pipelines.present import print_json
    from pipelines.present_upkeep import ageing_json, print_ageing

    found = ageing(read_workspace(workspace))
    if as_json:
        print_json([ageing_json(item) for item in found])
    else:
        print_ageing(found)


@app.command()
def snapshots(
    workspace: WorkspaceArgument, resource: ResourceArgument, as_json: JsonOption = False
) -> None:
    """The published states of a resource that can still be read or rolled back to."""
    from pipelines.maintain import snapshots_of
    from pipelines.present import print_json
    from pipelines.present_rows import print_snapshots, snapshot_json

    found = snapshots_of(read_workspace(workspace), resource)
    if as_json:
        print_json([snapshot_json(s) for s in found])
    else:
        print_snapshots(found)


@app.command()
def diff(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    from_: Annotated[
        int | None,
        typer.Option("--from", help="A snapshot id; else the one published before --to."),
    ] = None,
    to: Annotated[
        int | None, typer.Option("--to", help="A snapshot id; else what readers see now.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many rows of each kind.")] = 20,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Rows added, removed and changed between two snapshots of a resource; the look is recorded."""
    from pipelines.looking import compared
    from pipelines.present import print_json
    from pipelines.present_diff import diff_json, print_diff

    plan = compiled_workspace(workspace)
    found = compared(plan.workspace, resource, (from_, to), limit, who)
    if as_json:
        print_json(diff_json(found))
    else:
        print_diff(found, plan.levels)


@app.command()
def rollback(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    to: Annotated[int, typer.Option(help="The snapshot id, from 'citybrain snapshots'.")],
    who: WhoOption = "system",
) -> None:
    """Make an earlier snapshot of a resource current again."""
    from pipelines.maintain import rollback as roll_back
    from pipelines.present import print_line

    found = roll_back(workspace, resource, to, who)
    print_line(text("rollback_done", table=resource, snapshot=to, rows=f"{found.rows:,}"))


@app.command()
def clean(
    workspace: WorkspaceArgument,
    retired: Annotated[
        bool, typer.Option("--retired", help="Remove tables that no contract names any more.")
    ] = False,
    wait: WaitOption = 0,
    who: WhoOption = "system",
) -> None:
    """Expire old snapshots and delete data files that nothing refers to."""
    from pipelines.maintain import clean as clean_up
    from pipelines.present import print_line

    done = clean_up(workspace, retired=retired, wait=wait, who=who)
    gone = sum(done.snapshots.values())
    size = f"{done.bytes / 1e6:,.1f}"
    print_line(text("clean_done", snapshots=gone, files=done.files, megabytes=size))


def moment_or_snapshot(value: str | None) -> datetime | int | None:
    """`--as-of`: a snapshot's id or a moment."""
    if value is None or value.isdigit():
        return int(value) if value else None
    return moment(value, "--as-of", "an ISO time or a snapshot id")
