"""The sandbox's service, and the programs that may sign in to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands import clients
from commands.opening import sandbox
from commands.workspaces import compiled_workspace

app = typer.Typer()
sandbox.add_typer(clients.partners, name="client", no_args_is_help=True)


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
