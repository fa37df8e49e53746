"""The people who may sign in to the portal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from catalog.people import Person, Role
from catalog.text import text
from commands.arguments import JsonOption, WhoOption, WorkspaceArgument
from commands.workspaces import read_workspace

app = typer.Typer()
account = typer.Typer(help="People who may sign in to the portal.")
app.add_typer(account, name="account", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The name to sign in with.", metavar="NAME")]
StdinOption = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from standard input; else one is made."
    ),
]


@account.command("add")
def account_add(
    workspace: WorkspaceArgument,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What he does.")],
    called: Annotated[str, typer.Option("--name", help="How he is called on pages.")] = "",
    department: Annotated[str | None, typer.Option(help="Of an officer.")] = None,
    partner: Annotated[str | None, typer.Option(help="Of a partner's analyst.")] = None,
    password_stdin: StdinOption = False,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Add an account; a password that was made is shown only now."""
    from portal.accounts import add_account, note_change, open_store

    read = read_workspace(workspace)
    person = Person(name, called or name, role, department, partner)
    with open_store(read) as store:
        made, password = add_account(read, store, person, _password(password_stdin))
        note_change(store, read, made, "added", who)
    _tell(name, None if password_stdin else password, as_json)


@account.command("list")
def account_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show the accounts, closed ones too."""
    from pipelines.present import print_json, print_table
    from portal.accounts import account_json, account_table, open_store

    read = read_workspace(workspace)
    with open_store(read) as store:
        found = store.accounts.list(read.name)
    if as_json:
        print_json([account_json(one) for one in found])
    else:
        print_table(account_table(found))


@account.command("password")
def account_password(
    workspace: WorkspaceArgument,
    name: NameArgument,
    password_stdin: StdinOption = False,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Give an account a new password; its sessions end."""
    from portal.accounts import note_change, open_store, reset_password

    read = read_workspace(workspace)
    with open_store(read) as store:
        changed, password = reset_password(read, store, name, _password(password_stdin))
        note_change(store, read, changed, "password", who)
    _tell(name, None if password_stdin else password, as_json)


@account.command("close")
def account_close(
    workspace: WorkspaceArgument, name: NameArgument, who: WhoOption = "system"
) -> None:
    """Let nobody sign in to an account any more; its sessions end."""
    from portal.accounts import note_change, open_store

    read = read_workspace(workspace)
    with open_store(read) as store:
        closed = store.accounts.close(read.name, name)
        note_change(store, read, closed, "closed", who)
    sys.stdout.write(f"{closed.person.id}\n")


def _password(from_stdin: bool) -> str | None:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else None


def _tell(name: str, made: str | None, as_json: bool) -> None:
    from pipelines.present import print_json

    if as_json:
        print_json({"name": name} | ({} if made is None else {"password": made}))
    elif made is None:
        sys.stdout.write(f"{name}\n")
    else:
        sys.stdout.write(text("account_given", name=name, password=made) + "\n")
