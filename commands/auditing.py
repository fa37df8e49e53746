"""The audit log: looked at, verified, anchored, exported, proved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.errors import CityBrainError
from catalog.text import text
from commands.arguments import JsonOption, WorkspaceArgument, moment
from commands.workspaces import read_workspace

if TYPE_CHECKING:
    from catalog.database import CatalogStore
    from pipelines.workspace import Workspace

app = typer.Typer()
audit = typer.Typer(
    help="The log of what was given, refused, decided and published.", no_args_is_help=True
)
app.add_typer(audit, name="audit")

WhoOption = Annotated[str, typer.Option(help="Who looks, for the log; looks are recorded.")]


@contextmanager
def _opened(workspace: Path) -> Iterator[tuple[CatalogStore, Workspace]]:
    from catalog.database import CatalogStore
    from pipelines.home import Home

    loaded = read_workspace(workspace)
    with CatalogStore.open(Home.of(loaded.name).database_url) as store:
        yield store, loaded


@audit.command("list")
def audit_list(
    workspace: WorkspaceArgument,
    actor: Annotated[str | None, typer.Option(help="Only of this one, as account:<name>.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this: publish, exchange, ...")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only about this: a table, a request.")
    ] = None,
    under: Annotated[str | None, typer.Option(help="Only under this grant or agreement.")] = None,
    since: Annotated[str | None, typer.Option(help="Written at or after this ISO time.")] = None,
    until: Annotated[str | None, typer.Option(help="Written before this ISO time.")] = None,
    before: Annotated[int | None, typer.Option(help="Only records with lower numbers.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Records, the newest first."""
    from catalog.audit.record import ACTIONS
    from pipelines.auditing import looked
    from pipelines.present import print_json
    from pipelines.present_audit import print_records, record_json

    chosen = next((one for one in ACTIONS if one == action), None)
    if action is not None and chosen is None:
        raise typer.BadParameter(", ".join(ACTIONS), param_hint="--action")
    with _opened(workspace) as (store, loaded):
        found = store.audit.newest(
            loaded.name,
            actor=actor,
            action=chosen,
            subject=subject,
            under=under,
            since=None if since is None else moment(since, "--since"),
            until=None if until is None else moment(until, "--until"),
            before=before,
            limit=limit,
        )
        looked(store, loaded, who, "list")
    if as_json:
        print_json([record_json(one) for one in found])
    else:
        print_records(found, limit)


@audit.command("verify")
def audit_verify(
    workspace: WorkspaceArgument,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="A public key that was kept elsewhere, instead of the workspace's."),
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Checkpoints that were kept elsewhere, to compare with.")
    ] = None,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Follow the whole log; ends with 1 and the numbers of what was changed, removed or inserted."""
    from pipelines.auditing import checked, note_verified
    from pipelines.present import print_json
    from pipelines.present_audit import print_verified, verify_json

    def told(done: int, size: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done:,} / {size:,}" + ("\n" if done == size else ""))

    with _opened(workspace) as (store, loaded):
        found, stamps = checked(store, loaded, keys=key or (), kept=checkpoints, told=told)
        note_verified(store, loaded, who, found)
        late = store.audit.overdue(loaded.name)
    if as_json:
        print_json(verify_json(found, stamps, late))
    else:
        print_verified(found, stamps, late)
    if found.count:
        raise typer.Exit(1)


@audit.command("checkpoint")
def audit_checkpoint(
    workspace: WorkspaceArgument,
    to: Annotated[
        Path | None, typer.Option(help="Append all checkpoints that it lacks to this file.")
    ] = None,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Sign what no checkpoint covers yet, get it a timestamp, and show it for others to keep."""
    from pipelines.anchoring import anchor
    from pipelines.auditing import looked, send_checkpoints
    from pipelines.present import print_json, print_line
    from pipelines.timestamping import stamp

    with _opened(workspace) as (store, loaded):
        looked(store, loaded, who, "checkpoint")
        made = anchor(store, loaded)
        assert made is not None  # there is at least the record of this
        sent = 0 if to is None else send_checkpoints(store.checkpoints.all(loaded.name), to)
        at, failed = None, None
        try:
            at = stamp(store, loaded)
        except CityBrainError as error:  # the checkpoint is there all the same
            failed = error
    if failed is not None:
        sys.stderr.write(f"{failed}\n")
    if as_json:
        print_json(made.plain())
        return
    size = f"{made.size:,}"
    print_line(text("audit_checkpoint_made", number=made.number, size=size, root=made.root))
    if at is not None:
        told = at.isoformat(" ", "seconds")
        print_line(text("audit_checkpoint_stamped", number=made.number, moment=told))
    if to is not None:
        print_line(text("audit_checkpoints_sent", count=sent, file=str(to)))


@audit.command("export")
def audit_export(
    workspace: WorkspaceArgument,
    to: Annotated[Path, typer.Option(help="The file to write, JSON Lines.")],
    verifier: Annotated[
        bool, typer.Option(help="Write the offline verifier and the public key beside it.")
    ] = True,
    who: WhoOption = "system",
) -> None:
    """Write the whole log, with its checkpoints, for somebody else to verify."""
    from pipelines.anchoring import anchor
    from pipelines.auditing import export_log, looked

    with _opened(workspace) as (store, loaded):
        looked(store, loaded, who, "export")
        anchor(store, loaded)
        for path in export_log(store, loaded, to, verifier=verifier):
            sys.stdout.write(f"{path}\n")


@audit.command("prove")
def audit_prove(
    workspace: WorkspaceArgument,
    sequence: Annotated[int, typer.Argument(help="The record's number.", metavar="NUMBER", min=1)],
    to: Annotated[Path | None, typer.Option(help="The file to write; default: print it.")] = None,
    who: WhoOption = "system",
) -> None:
    """Prove that one record is in the log, without the others; the offline verifier checks it."""
    import json

    from pipelines.auditing import looked

    with _opened(workspace) as (store, loaded):
        looked(store, loaded, who, f"proof {sequence}")
        proof = store.checkpoints.proof(loaded.name, sequence)
    line = json.dumps(proof, ensure_ascii=False) + "\n"
    if to is None:
        sys.stdout.write(line)
    else:
        to.write_text(line, "utf-8")
