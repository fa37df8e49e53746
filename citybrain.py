"""The command line: parse arguments, call one function, print."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from catalog.errors import CityBrainError, Problems
from catalog.text import text

app = typer.Typer(
    name="citybrain",
    help="Run a city's data: contracts in, certified base, thematic and fusion databases out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
quarantine = typer.Typer(help="Look at rejected rows and replay them.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")
keys = typer.Typer(help="Look at the keys of the masking functions, and rotate them.")
app.add_typer(keys, name="keys", no_args_is_help=True)
events = typer.Typer(help="Lineage events of runs, in OpenLineage's form.")
app.add_typer(events, name="events", no_args_is_help=True)

WorkspaceArgument = Annotated[
    Path, typer.Argument(help="The workspace's folder.", metavar="WORKSPACE")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ResourceArgument = Annotated[
    str, typer.Argument(help="A table, <database>.<resource>.", metavar="RESOURCE")
]

ColumnArgument = Annotated[
    str, typer.Argument(help="A field, <database>.<resource>.<field>.", metavar="RESOURCE.FIELD")
]


@app.command()
def check(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Compile a workspace without touching data and report every fault with file and line."""
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json, print_line
    from pipelines.workspace import load_workspace

    try:
        plan = compile_workspace(load_workspace(workspace, cached=True))
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
    """Show what a run would do, in order, before it happens."""
    from pipelines.plan import compile_workspace
    from pipelines.present import plan_table, print_json, print_table
    from pipelines.run import select_steps
    from pipelines.workspace import load_workspace

    compiled = compile_workspace(load_workspace(workspace, cached=True))
    chosen = select_steps(compiled, select or ())
    if as_json:
        print_json([_step_json(s) for s in compiled.steps.values() if s.name in chosen])
    else:
        print_table(plan_table([s for s in compiled.steps.values() if s.name in chosen]))


def _step_json(step: Any) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "waits_for": list(step.waits_for),
        "optional": sorted(step.optional),
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
    as_json: JsonOption = False,
) -> None:
    """Collect, gate, publish and build: raw, base, thematic and fusion databases.

    Exit code: 0 all published, 1 an error, 2 usage, 3 something missing, blocked or stale.
    """
    from pipelines.present import ProgressPrinter, print_json, print_run, run_json
    from pipelines.run import RunOptions, run_workspace

    options = RunOptions(tuple(select or ()), source, full, cached=True)
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
    from pipelines.workspace import load_workspace

    loaded = load_workspace(workspace, cached=True)
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
    as_json: JsonOption = False,
) -> None:
    """Ask one read-only SELECT over the published tables."""
    from pipelines.present_rows import print_result
    from pipelines.query import open_query
    from pipelines.workspace import load_workspace

    kind = "json" if as_json else output_format
    if kind not in ("table", "csv", "json", "parquet") or (kind == "parquet" and output is None):
        raise typer.BadParameter(
            "table, csv, json, or parquet with --output", param_hint="--format"
        )
    loaded = load_workspace(workspace, cached=True)
    with open_query(loaded, sql, _moment(as_of)) as result:
        print_result(result, kind, output)


@quarantine.command("list")
def quarantine_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Resources with rejected rows, and why."""
    from pipelines.present import print_json
    from pipelines.present_rows import print_quarantine_list
    from pipelines.quarantine import summaries
    from pipelines.workspace import load_workspace

    found = summaries(load_workspace(workspace, cached=True))
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
    as_json: JsonOption = False,
) -> None:
    """Rejected rows of one resource: file, line, reasons and original text."""
    from dataclasses import asdict

    from pipelines.present import print_json
    from pipelines.present_rows import print_quarantined
    from pipelines.quarantine import known_resource, rows_of
    from pipelines.workspace import load_workspace

    loaded = load_workspace(workspace, cached=True)
    rows = rows_of(loaded, resource, reason, limit)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_quarantined(known_resource(loaded, resource), rows)


@quarantine.command("replay")
def quarantine_replay(
    workspace: WorkspaceArgument, resource: ResourceArgument, as_json: JsonOption = False
) -> None:
    """Judge rejected rows again under the contract as it is now; those that pass are published."""
    from pipelines.maintain import replay_quarantine
    from pipelines.present import outcome_json, print_json
    from pipelines.present_rows import print_replay

    outcome = replay_quarantine(workspace, resource, cached=True)
    if as_json:
        print_json(outcome_json(outcome))
    else:
        print_replay(outcome)
    raise typer.Exit(0 if outcome.status in ("published", "unchanged") else 3)


@app.command()
def snapshots(
    workspace: WorkspaceArgument, resource: ResourceArgument, as_json: JsonOption = False
) -> None:
    """The published states of a resource that can still be read or rolled back to."""
    from pipelines.maintain import snapshots_of
    from pipelines.present import print_json
    from pipelines.present_rows import print_snapshots, snapshot_json
    from pipelines.workspace import load_workspace

    found = snapshots_of(load_workspace(workspace, cached=True), resource)
    if as_json:
        print_json([snapshot_json(s) for s in found])
    else:
        print_snapshots(found)


@app.command()
def rollback(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    to: Annotated[int, typer.Option(help="The snapshot id, from 'citybrain snapshots'.")],
) -> None:
    """Make an earlier snapshot of a resource current again."""
    from pipelines.maintain import rollback as roll_back
    from pipelines.present import print_line

    found = roll_back(workspace, resource, to)
    print_line(text("rollback_done", table=resource, snapshot=to, rows=f"{found.rows:,}"))


@app.command()
def clean(
    workspace: WorkspaceArgument,
    retired: Annotated[
        bool, typer.Option("--retired", help="Remove tables that no contract names any more.")
    ] = False,
) -> None:
    """Expire old snapshots and delete data files that nothing refers to."""
    from pipelines.maintain import clean as clean_up
    from pipelines.present import print_line

    done = clean_up(workspace, retired=retired)
    gone = sum(done.snapshots.values())
    size = f"{done.bytes / 1e6:,.1f}"
    print_line(text("clean_done", snapshots=gone, files=done.files, megabytes=size))


@app.command("test")
def model_tests(
    workspace: WorkspaceArgument,
    select: Annotated[str | None, typer.Option(help="Only tests of this model.")] = None,
) -> None:
    """Run the unit tests of the models: given these rows, expect those rows."""
    from pipelines.modeltest import run_model_tests
    from pipelines.plan import compile_workspace
    from pipelines.present_rows import print_tests
    from pipelines.workspace import load_workspace

    outcomes = run_model_tests(compile_workspace(load_workspace(workspace, cached=True)), select)
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
    from pipelines.workspace import load_workspace

    loaded = load_workspace(workspace, cached=True)
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
    from pipelines.plan import compile_workspace
    from pipelines.workspace import load_workspace

    if output_format not in FORMATS:
        raise typer.BadParameter(", ".join(FORMATS), param_hint="--format")
    compiled = compile_workspace(load_workspace(workspace, cached=True))
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
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json
    from pipelines.workspace import load_workspace

    compiled = compile_workspace(load_workspace(workspace, cached=True))
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
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json
    from pipelines.workspace import load_workspace

    if level is not None and level not in LEVELS:
        raise typer.BadParameter(", ".join(LEVELS), param_hint="--level")
    compiled = compile_workspace(load_workspace(workspace, cached=True))
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
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json
    from pipelines.present_risk import print_risk, risk_json
    from pipelines.risk import RiskQuestion, assess
    from pipelines.workspace import load_workspace

    question = RiskQuestion(
        channel, _names(quasi), _names(sensitive), suppress, limit=limit, seconds=seconds
    )
    answer = assess(compile_workspace(load_workspace(workspace, cached=True)), resource, question)
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
    from pipelines.workspace import load_workspace

    if resource is None:
        found = detector.classify_file(target)
    else:
        found = detector.classify_resource(load_workspace(target, cached=True), resource, source)
    if as_json:
        print_json(detector.classification_json(found))
    elif as_yaml:
        sys.stdout.write(detector.proposal_yaml(found))
    else:
        sys.stdout.write(detector.classification_text(found, everything=everything))


@keys.command("show")
def keys_show(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Where the masking keys come from, their versions, and which models use which; never a key."""
    from pipelines.home import Home
    from pipelines.masking.inventory import inventory
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json
    from pipelines.present_keys import inventory_json, print_inventory
    from pipelines.workspace import load_workspace

    compiled = compile_workspace(load_workspace(workspace, cached=True))
    found = inventory(compiled, Home.of(compiled.workspace.name))
    if as_json:
        print_json(inventory_json(found))
    else:
        print_inventory(found)


@keys.command("rotate")
def keys_rotate(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Mask with a new version of the key; the next run makes the tables that it masks anew."""
    from pipelines.home import Home
    from pipelines.masking.inventory import rotate
    from pipelines.plan import compile_workspace
    from pipelines.present import print_json
    from pipelines.present_keys import print_rotation, rotation_json
    from pipelines.workspace import load_workspace

    compiled = compile_workspace(load_workspace(workspace, cached=True))
    done = rotate(compiled, Home.of(compiled.workspace.name))
    if as_json:
        print_json(rotation_json(done))
    else:
        print_rotation(done)


@events.command("resend")
def events_resend(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Send the lineage events that runs could not send; exit code 1 when some are left."""
    from catalog.openlineage import resend
    from pipelines.home import Home
    from pipelines.present import print_json, print_line
    from pipelines.workspace import load_workspace

    sent, left = resend(Home.of(load_workspace(workspace, cached=True).name).lineage)
    if as_json:
        print_json({"sent": sent, "warnings": [warning.as_dict() for warning in left]})
    else:
        print_line(text("events_sent", count=sent))
        for warning in left:
            print_line(str(warning))
    raise typer.Exit(1 if left else 0)


def _moment(value: str | None) -> datetime | int | None:
    if value is None or value.isdigit():
        return int(value) if value else None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter("an ISO time or a snapshot id", param_hint="--as-of") from error
    return moment if moment.tzinfo else moment.astimezone()


def main() -> None:
    """The entry point: errors of ours become one clear message and exit code 1."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    code = 1
    try:
        code = app(standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n" + text("interrupted") + "\n")
        code = 130
    except CityBrainError as error:
        sys.stderr.write(f"{error}\n")
        if isinstance(error, Problems):
            sys.stderr.write(error.text() + "\n")
    except Exception as error:
        code = _usage_or_fault(error)
    sys.stdout.flush()
    sys.stderr.flush()
    # DuckDB's bindings report "leaked" objects of libraries at interpreter exit; nothing is left
    # to clean up here, so the process ends without that noise.
    os._exit(code)


def _usage_or_fault(error: Exception) -> int:
    # Typer carries its own Click, whose exceptions have no public name.
    show, exit_code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(exit_code, int):
        show()
        return exit_code
    if os.environ.get("CITYBRAIN_DEBUG"):
        raise error
    from pipelines.errors import PipelineError

    sys.stderr.write(f"{PipelineError('internal', problem=f'{type(error).__name__}: {error}')}\n")
    return 1


if __name__ == "__main__":
    main()
