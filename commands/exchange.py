"""The exchange between departments: their programs, and the notices that they are sent."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from catalog.text import text
from commands.arguments import JsonOption, WorkspaceArgument
from commands.workspaces import read_workspace

app = typer.Typer()
exchange = typer.Typer(help="What departments read of each other through the service.")
client = typer.Typer(help="Programs of departments that may sign in to the service.")
webhooks = typer.Typer(help="Notices of new snapshots to departments that have subscribed.")
app.add_typer(exchange, name="exchange", no_args_is_help=True)
exchange.add_typer(client, name="client", no_args_is_help=True)
exchange.add_typer(webhooks, name="webhooks", no_args_is_help=True)


@client.command("add")
def client_add(
    workspace: WorkspaceArgument,
    department: Annotated[str, typer.Option(help="The department's id in departments.yaml.")],
    user: Annotated[str, typer.Option(help="For which of its users the program reads.")],
    as_json: JsonOption = False,
) -> None:
    """Let a program sign in; its secret is shown only now."""
    from pipelines.present import print_json
    from portal.exchange_upkeep import add_department_client

    made, secret = add_department_client(read_workspace(workspace), department, user)
    if as_json:
        print_json({"client_id": made.id, "client_secret": secret})
    else:
        sys.stdout.write(text("client_added", id=made.id, secret=secret) + "\n")


@client.command("list")
def client_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show the programs that may sign in, and those that may no more."""
    from pipelines.present import print_json, print_table
    from portal.clients import client_json
    from portal.exchange_upkeep import department_client_table, list_department_clients

    found = list_department_clients(read_workspace(workspace))
    if as_json:
        print_json([{**client_json(one), "department": one.department} for one in found])
    else:
        print_table(department_client_table(found))


@client.command("revoke")
def client_revoke(
    workspace: WorkspaceArgument,
    client: Annotated[str, typer.Argument(help="The program's id.", metavar="CLIENT")],
) -> None:
    """Let a program sign in no more, at once."""
    from portal.exchange_upkeep import revoke_department_client

    sys.stdout.write(f"{revoke_department_client(read_workspace(workspace), client).id}\n")


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
) -> None:
    """Have a notice sent once more; the running service does it."""
    from portal.exchange_upkeep import replay_notice

    sys.stdout.write(f"{replay_notice(read_workspace(workspace), notice).id}\n")
