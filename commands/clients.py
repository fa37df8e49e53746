"""Programs that may sign in to the service: of partners (`sandbox`) and of departments (`exchange`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.text import text
from commands.arguments import JsonOption, WorkspaceArgument
from commands.workspaces import read_workspace

if TYPE_CHECKING:
    from portal.clients import Kind

partners = typer.Typer(help="Programs of partners that may sign in to the service.")
departments = typer.Typer(help="Programs of departments that may sign in to the service.")


@partners.command("add")
def partner_add(
    workspace: WorkspaceArgument,
    partner: Annotated[str, typer.Option(help="The partner's id in its agreements.")],
    user: Annotated[str, typer.Option(help="For which of its users the program asks.")],
    as_json: JsonOption = False,
) -> None:
    """Let a program sign in; its secret is shown only now."""
    _add(workspace, "partner", partner, user, as_json)


@departments.command("add")
def department_add(
    workspace: WorkspaceArgument,
    department: Annotated[str, typer.Option(help="The department's id in departments.yaml.")],
    user: Annotated[str, typer.Option(help="For which of its users the program reads.")],
    as_json: JsonOption = False,
) -> None:
    """Let a program sign in; its secret is shown only now."""
    _add(workspace, "department", department, user, as_json)


@partners.command("list")
def partner_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show the programs that may sign in, and those that may no more."""
    _list(workspace, "partner", as_json)


@departments.command("list")
def department_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show the programs that may sign in, and those that may no more."""
    _list(workspace, "department", as_json)


@partners.command("revoke")
@departments.command("revoke")
def revoke(
    workspace: WorkspaceArgument,
    client: Annotated[str, typer.Argument(help="The program's id.", metavar="CLIENT")],
) -> None:
    """Let a program sign in no more, at once."""
    from portal.clients import revoke_client

    sys.stdout.write(f"{revoke_client(read_workspace(workspace), client).id}\n")


def _add(workspace: Path, kind: Kind, owner: str, user: str, as_json: bool) -> None:
    from pipelines.present import print_json
    from portal.clients import add_client

    made, secret = add_client(read_workspace(workspace), kind, owner, user)
    if as_json:
        print_json({"client_id": made.id, "client_secret": secret})
    else:
        sys.stdout.write(text("client_added", id=made.id, secret=secret) + "\n")


def _list(workspace: Path, kind: Kind, as_json: bool) -> None:
    from pipelines.present import print_json, print_table
    from portal.clients import client_json, client_table, list_clients

    found = list_clients(read_workspace(workspace), kind)
    if as_json:
        print_json([client_json(one) for one in found])
    else:
        print_table(client_table(found, kind))
