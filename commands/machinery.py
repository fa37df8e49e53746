"""What runs leave beside the data: keys of the masks, lineage events."""

from __future__ import annotations

import typer

from catalog.text import text
from commands.arguments import JsonOption, WhoOption, WorkspaceArgument
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()
keys = typer.Typer(help="Look at the keys of the masking functions, and rotate them.")
events = typer.Typer(help="Lineage events of runs, in OpenLineage's form.")
app.add_typer(keys, name="keys", no_args_is_help=True)
app.add_typer(events, name="events", no_args_is_help=True)


@keys.command("show")
def keys_show(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Where the masking keys come from, their versions, and which models use which; never a key."""
    from pipelines.home import Home
    from pipelines.masking.inventory import inventory
    from pipelines.present import print_json
    from pipelines.present_keys import inventory_json, print_inventory

    compiled = compiled_workspace(workspace)
    found = inventory(compiled, Home.of(compiled.workspace.name))
    if as_json:
        print_json(inventory_json(found))
    else:
        print_inventory(found)


@keys.command("rotate")
def keys_rotate(
    workspace: WorkspaceArgument, who: WhoOption = "system", as_json: JsonOption = False
) -> None:
    """Mask with a new version of the key; the next run makes the tables that it masks anew."""
    from pipelines.home import Home
    from pipelines.masking.inventory import rotate
    from pipelines.present import print_json
    from pipelines.present_keys import print_rotation, rotation_json

    compiled = compiled_workspace(workspace)
    done = rotate(compiled, Home.of(compiled.workspace.name), who)
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

    sent, left = resend(Home.of(read_workspace(workspace).name).lineage)
    if as_json:
        print_json({"sent": sent, "warnings": [warning.as_dict() for warning in left]})
    else:
        print_line(text("events_sent", count=sent))
        for warning in left:
            print_line(str(warning))
    raise typer.Exit(1 if left else 0)
