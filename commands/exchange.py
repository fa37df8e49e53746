"""The exchange between departments: their programs, and the notices that they are sent."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from commands import clients
from commands.arguments import JsonOption, WhoOption, WorkspaceArgument
from commands.workspaces import read_workspace

app = typer.Typer()
exchange = typer.Typer(help="What departments read of each other through the service.")
webhooks = typer.Typer(help="Notices of new snapshots to departments that have subscribed.")
app.add_typer(exchange, name="exchange", no_args_is_help=True)
exchange.add_typer(clients.departments, name="client", no_args_is_help=True)
exchange.add_typer(webhooks, name="webhooks", no_args_is_help=True)


@webhooks.command("list")
def webhooks_list(
    workspace: WorkspaceArgument,
    state: Annotated[
        Literal["waiting", "sent", "dead", "dropped"] | None,
        typer.Option(help="Notices in this state only."),
    ] = None,
    limit: Annotated[int, typer.Option(help="So many of the last notices.", min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show notices: waiting, sent, dead (given up) or dropped (nobody is to be told any more)."""
    from pipelines.present import print_json, print_table
    from portal.exchange_upkeep import list_notices, notice_json, notice_table

    found = list_notices(read_workspace(workspace), state, limit)
    if as_json:
        print_json([notice_json(one) for one in found])
    else:
        print_table(notice_table(found))


@webhooks.command("replay")
def webhooks_replay(
    workspace: WorkspaceArgument,
    notice: Annotated[str, typer.Argument(help="The notice's id.", metavar="NOTICE")],
    who: WhoOption = "system",
) -> None:
    """Have a notice sent once more; the running service does it."""
    from portal.exchange_upkeep import replay_notice

    sys.stdout.write(f"{replay_notice(read_workspace(workspace), notice, who).id}\n")
