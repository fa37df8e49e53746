"""The sandbox's service, and the programs that may sign in to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands.arguments import JsonOption, WorkspaceArgument
from commands.opening import sandbox
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()
client = typer.Typer(help="Programs of partners that may sign in to the service.")
sandbox.add_typer(client, name="client", no_args_is_help=True)


@app.command("serve")
def serve(
    workspaces: Annotated[
        list[Path], typer.Argument(help="The workspaces' folders.", metavar="WORKSPACE...")
    ],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0: a free one.", min=0, max=65535)] = 8300,
    proxy: Annotated[
        str | None,
        typer.Option(help="Address of the TLS proxy in front, whose X-Forwarded-For is believed."),
    ] = None,
) -> None:
    """Serve cities to people and programs on one port, until SIGTERM or SIGINT."""
    from portal.serving import serve_workspaces

    def ready(url: str) -> None:
        names = " ".join(str(one) for one in workspaces)
        sys.stdout.write(text("service_ready", url=url, workspace=names) + "\n")
        sys.stdout.flush()

    serve_workspaces([compiled_workspace(one) for one in workspaces], host, port, proxy, ready)


@client.command("add")
def client_add(
    workspace: WorkspaceArgument,
    partner: Annotated[str, typer.Option(help="The partner's id in its agreements.")],
    user: Annotated[str, typer.Option(help="For which of its users the program asks.")],
    as_json: JsonOption = False,
) -> None:
    """Let a program sign in; its secret is shown only now."""
    from pipelines.present import print_json
    from portal.clients import add_client

    made, secret = add_client(read_workspace(workspace), partner, user)
    if as_json:
        print_json({"client_id": made.id, "client_secret": secret})
    else:
        sys.stdout.write(text("client_added", id=made.id, secret=secret) + "\n")


@client.command("list")
def client_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show the programs that may sign in, and those that may no more."""
    from pipelines.present import print_json, print_table
    from portal.clients import client_json, client_table, list_clients

    found = list_clients(read_workspace(workspace))
    if as_json:
        print_json([client_json(one) for one in found])
    else:
        print_table(client_table(found))


@client.command("revoke")
def client_revoke(
    workspace: WorkspaceArgument,
    client: Annotated[str, typer.Argument(help="The program's id.", metavar="CLIENT")],
) -> None:
    """Let a program sign in no more, at once."""
    from portal.clients import revoke_client

    sys.stdout.write(f"{revoke_client(read_workspace(workspace), client).id}\n")
