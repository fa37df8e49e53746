"""Opening data to partners: letters, agreements and consents, and questions under a budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.text import text
from commands.arguments import JsonOption, WhoOption, WorkspaceArgument, moment
from commands.workspaces import compiled_workspace, read_workspace

if TYPE_CHECKING:
    from sandbox.pricing import Asked

app = typer.Typer()
agreement = typer.Typer(help="Letters, agreements and consents: signed files, kept for good.")
sandbox = typer.Typer(help="Questions under differential privacy, and their budget.")
app.add_typer(agreement, name="agreement", no_args_is_help=True)
app.add_typer(sandbox, name="sandbox", no_args_is_help=True)

SqlArgument = Annotated[str, typer.Argument(help="One SELECT; see docs/sandbox.md.", metavar="SQL")]
AgreementOption = Annotated[str, typer.Option(help="The id of the agreement.")]
UserOption = Annotated[str, typer.Option(help="Who asks; the agreement names him.")]
PurposeOption = Annotated[str, typer.Option(help="What for; the agreement names it.")]
EpsilonOption = Annotated[
    float | None, typer.Option(help="What the answer may cost; a tenth of the budget by default.")
]
AccuracyOption = Annotated[
    tuple[float, int] | None,
    typer.Option(
        help="Instead of a price: 0.05 1000 is plus or minus 5 % on groups of 1,000 rows.",
        metavar="SHARE ROWS",
    ),
]


@agreement.command("key")
def agreement_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.", metavar="SIGNER")],
    folder: Annotated[Path, typer.Option(help="Where to write SIGNER.key and SIGNER.pub.")],
) -> None:
    """Make a pair of keys; the public one belongs into agreements/keys/ of the workspace."""
    from sandbox.keyfiles import write_keys

    private, public = write_keys(folder, name)
    sys.stdout.write(f"{private}\n{public}\n")


@agreement.command("sign")
def agreement_sign(
    file: Annotated[Path, typer.Argument(help="The document.", metavar="FILE")],
    key: Annotated[Path, typer.Option(help="The private key of the signer.")],
    signer: Annotated[str, typer.Option(help="Who signs: a department, 'centre', ...")],
    output: Annotated[Path | None, typer.Option(help="Where to write it; FILE by default.")] = None,
) -> None:
    """Sign a letter, an agreement or a consent."""
    from sandbox.keyfiles import sign_file

    sys.stdout.write(f"{sign_file(file, key, signer, output or file)}\n")


@agreement.command("import")
def agreement_import(
    workspace: WorkspaceArgument,
    files: Annotated[list[Path], typer.Argument(help="Signed documents.", metavar="FILE...")],
    who: Annotated[str, typer.Option(help="Who imports them, for the audit log.")] = "system",
) -> None:
    """Take over signed documents, and further signatures of known ones; from then on they hold."""
    from sandbox.keyfiles import import_files

    for one in import_files(read_workspace(workspace), files, who):
        sys.stdout.write(f"{one.name}\n")


@agreement.command("list")
def agreement_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Show all versions of all documents, and which of them hold now."""
    from pipelines.present import print_json, print_table
    from sandbox.keyfiles import all_instruments
    from sandbox.present import instrument_json, instrument_table

    found = all_instruments(read_workspace(workspace))
    if as_json:
        print_json([instrument_json(*one) for one in found])
    else:
        print_table(instrument_table(found))


@agreement.command("odrl")
def agreement_odrl(
    workspace: WorkspaceArgument,
    kind: Annotated[
        Literal["letter", "agreement", "consent", "grant"],
        typer.Argument(help="What kind of document, or a grant between departments."),
    ],
    document: Annotated[str, typer.Argument(help="Its id.", metavar="ID")],
    version: Annotated[int | None, typer.Option(help="The newest by default.", min=1)] = None,
) -> None:
    """Print a letter, an agreement, a consent or a grant as ODRL 2.2 (JSON-LD)."""
    from pipelines.present import print_json
    from sandbox.policies import policy

    print_json(policy(read_workspace(workspace), kind, document, version))


@agreement.command("revoke")
def agreement_revoke(
    workspace: WorkspaceArgument,
    kind: Annotated[
        Literal["letter", "agreement", "consent"], typer.Argument(help="What kind of document.")
    ],
    document: Annotated[str, typer.Argument(help="Its id.", metavar="ID")],
    who: Annotated[str, typer.Option(help="Who revokes it.")],
    why: Annotated[str, typer.Option(help="Why.")],
    at: Annotated[str | None, typer.Option(help="From when on; now by default.")] = None,
) -> None:
    """Say that a document holds no more."""
    from sandbox.keyfiles import revoke

    since = None if at is None else moment(at, "--at")
    sys.stdout.write(f"{revoke(read_workspace(workspace), kind, document, who, why, since).name}\n")


@sandbox.command("quote")
def sandbox_quote(
    workspace: WorkspaceArgument,
    sql: SqlArgument,
    agreement: AgreementOption,
    user: UserOption,
    purpose: PurposeOption,
    epsilon: EpsilonOption = None,
    accuracy: AccuracyOption = None,
    as_json: JsonOption = False,
) -> None:
    """What an answer would cost and how exact it could be; spends nothing."""
    from pipelines.present import print_json
    from sandbox.opening import open_desk
    from sandbox.present import offer_json, print_offer

    with open_desk(compiled_workspace(workspace)) as opened:
        asked = _asked(sql, agreement, user, purpose, epsilon, accuracy)
        offer = opened.desk.quote(asked)
    if as_json:
        print_json(offer_json(offer))
    else:
        print_offer(offer)


@sandbox.command("query")
def sandbox_query(
    workspace: WorkspaceArgument,
    sql: SqlArgument,
    agreement: AgreementOption,
    user: UserOption,
    purpose: PurposeOption,
    key: Annotated[
        str, typer.Option(help="Your own name for this request; under it, it is paid once.")
    ],
    epsilon: EpsilonOption = None,
    accuracy: AccuracyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask: the answer has noise, and its price is taken from the agreement's budget.

    EXPLAIN PRIVACY before the SELECT tells the price instead, as `quote` does.
    """
    from pipelines.present import print_json
    from sandbox.opening import open_desk
    from sandbox.present import given_json, print_given
    from sandbox.pricing import explained

    question = explained(sql)
    if question is not None:
        sandbox_quote(workspace, question, agreement, user, purpose, epsilon, accuracy, as_json)
        return
    with open_desk(compiled_workspace(workspace)) as opened:
        asked = _asked(sql, agreement, user, purpose, epsilon, accuracy)
        given = opened.desk.ask(asked, key)
    if as_json:
        print_json(given_json(given))
    else:
        print_given(given)


def _asked(
    sql: str,
    agreement: str,
    user: str,
    purpose: str,
    epsilon: float | None,
    accuracy: tuple[float, int] | None,
) -> Asked:
    from sandbox.pricing import Accuracy, Asked

    wanted = None if accuracy is None else Accuracy(*accuracy)
    return Asked(None, user, purpose, agreement, sql, epsilon, wanted)


@sandbox.command("budget")
def sandbox_budget(
    workspace: WorkspaceArgument,
    agreement: AgreementOption,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """What an agreement has spent and what it has left, by kind of unit."""
    from pipelines.auditing import looked
    from pipelines.present import print_json, print_table
    from sandbox.opening import open_desk
    from sandbox.present import balance_json, balance_table

    plan = compiled_workspace(workspace)
    with open_desk(plan) as opened:
        found = opened.desk.balances(agreement)
        looked(opened.store, plan.workspace, who, "budget", agreement=agreement)
    if as_json:
        print_json({unit: balance_json(one) for unit, one in found.items()})
    else:
        print_table(balance_table(found))


@sandbox.command("log")
def sandbox_log(
    workspace: WorkspaceArgument,
    agreement: Annotated[str | None, typer.Option(help="Calls under this agreement only.")] = None,
    limit: Annotated[int, typer.Option(help="So many of the last calls.", min=1)] = 50,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """What partners asked for, what was given and what refused; the newest call first."""
    from pipelines.auditing import looked
    from pipelines.present import print_json, print_table
    from sandbox.opening import open_desk
    from sandbox.present import call_json, call_table

    plan = compiled_workspace(workspace)
    with open_desk(plan) as opened:
        name = plan.workspace.name
        found = opened.store.openings.newest(name, agreement=agreement, limit=limit)
        said = {} if agreement is None else {"agreement": agreement}
        looked(opened.store, plan.workspace, who, "openings", **said)
    if as_json:
        print_json([call_json(one) for one in found])
    else:
        print_table(call_table(found))


@sandbox.command("audit")
def sandbox_audit(
    workspace: WorkspaceArgument, who: WhoOption = "system", as_json: JsonOption = False
) -> None:
    """Replay every charge: its hash, its place, and every bound at every moment."""
    from pipelines.auditing import looked
    from pipelines.present import print_json
    from sandbox.opening import open_desk
    from sandbox.present import audit_json

    plan = compiled_workspace(workspace)
    with open_desk(plan) as opened:
        looked(opened.store, plan.workspace, who, "charges")
        found = opened.desk.audit()
    if as_json:
        print_json(audit_json(found))
    for unit, (charges, faults) in found.items() if not as_json else ():
        sys.stdout.write(text("sandbox_audited", unit=unit, charges=charges) + "\n")
        for fault in faults:
            line = text("sandbox_fault", number=fault.number, kind=fault.kind)
            sys.stdout.write(f"  {line}\n")
    raise typer.Exit(3 if any(faults for _, faults in found.values()) else 0)
