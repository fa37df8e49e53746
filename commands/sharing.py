"""Sharing between departments: requests, decisions, grants, returned data, objections."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import JsonOption, ResourceArgument, WorkspaceArgument
from commands.workspaces import compiled_workspace

if TYPE_CHECKING:
    from catalog.people import Person
    from catalog.sharing.request import Request
    from pipelines.sharing.desk import SharingDesk

app = typer.Typer()
share = typer.Typer(help="Requests between departments, and what they may read of each other.")
app.add_typer(share, name="share", no_args_is_help=True)


@contextmanager
def _acting(
    workspace: Path, department: str | None, user: str, *, granting: bool = False
) -> Iterator[tuple[SharingDesk, Person]]:
    """The desk of a workspace, and for whom a command acts at it; of no department, the data bureau.

    Args:
        granting: see `open_sharing`.
    """
    from pipelines.sharing.opening import open_sharing, person_for
    from pipelines.sharing.settings import bureau_of

    plan = compiled_workspace(workspace)
    with open_sharing(plan, granting=granting) as desk:
        yield desk, person_for(plan, department or bureau_of(plan.workspace), user)


DepartmentOption = Annotated[
    str, typer.Option(help="For which department; the operator's acts as the data bureau.")
]
UserOption = Annotated[str, typer.Option(help="For whom there; the log names him.")]
RequestArgument = Annotated[str, typer.Argument(help="The request's id.", metavar="REQUEST")]
TaskArgument = Annotated[int, typer.Argument(help="The task's number in it.", metavar="TASK")]
FirstOption = Annotated[str, typer.Option("--from", help="The first day, 2026-12-01.")]
LastOption = Annotated[str, typer.Option("--to", help="The last day.")]
BasisOption = Annotated[str, typer.Option(help="The law or duty on which it rests.")]
PurposeOption = Annotated[str, typer.Option(help="What for; nothing else is allowed.")]
MannerOption = Annotated[str, typer.Option(help="interface, download or subscription.")]
WhyOption = Annotated[str, typer.Option(help="Why.")]


@share.command("request")
def share_request(
    workspace: WorkspaceArgument,
    department: DepartmentOption,
    user: UserOption,
    field: Annotated[
        list[str], typer.Option(help="<database>.<resource>.<field>; may be repeated.")
    ],
    basis: BasisOption,
    scenario: Annotated[str, typer.Option(help="The business in which it is used.")],
    purpose: PurposeOption,
    first: FirstOption,
    last: LastOption,
    manner: MannerOption = "interface",
    as_json: JsonOption = False,
) -> None:
    """Ask for fields of resources."""
    from pipelines.sharing.wishes import Wish

    wants: dict[str, list[str]] = {}
    for name in field:
        resource, _, column = name.rpartition(".")
        wants.setdefault(resource, []).append(column)
    days = _day(first, "--from"), _day(last, "--to")
    wish = Wish(wants, basis, scenario, purpose, manner, *days)
    with _acting(workspace, department, user) as (desk, person):
        _print(desk.submit(person, wish), as_json)


@share.command("list")
def share_list(
    workspace: WorkspaceArgument,
    department: DepartmentOption,
    user: UserOption = "-",
    as_json: JsonOption = False,
) -> None:
    """Show what a department has asked for and is asked for, and its grants."""
    from pipelines.present import print_json, print_table
    from pipelines.sharing.present import grant_table, plain, request_table

    with _acting(workspace, department, user) as (desk, person):
        if person.role == "steward":
            found = desk.everything(person)
        else:
            mine = desk.mine(person)
            found = [*mine, *(one for one in desk.received(person) if one not in mine)]
        grants, now = desk.grants(person), desk.clock()
    if as_json:
        print_json({"requests": list(map(plain, found)), "grants": list(map(plain, grants))})
        return
    print_table(request_table(found))
    print_table(grant_table(grants, now))


@share.command("show")
def share_show(
    workspace: WorkspaceArgument,
    request: RequestArgument,
    department: DepartmentOption,
    user: UserOption = "-",
    as_json: JsonOption = False,
) -> None:
    """Show a request, its tasks, and all that was done."""
    with _acting(workspace, department, user) as (desk, person):
        _print(desk.get(person, request), as_json)


@share.command("check")
def share_check(
    workspace: WorkspaceArgument,
    request: RequestArgument,
    user: UserOption,
    give_back: Annotated[
        str | None, typer.Option(help="Return it for this reason, instead of sending it on.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The platform's check: send a request to the owners, or return it."""
    with _acting(workspace, None, user, granting=True) as (desk, steward):
        if desk.get(steward, request).state == "submitted":
            desk.check(steward, request)
        if give_back is None:
            found = desk.dispatch(steward, request)
        else:
            found = desk.give_back(steward, request, give_back)
    _print(found, as_json)


@share.command("decide")
def share_decide(
    workspace: WorkspaceArgument,
    request: RequestArgument,
    task: TaskArgument,
    department: DepartmentOption,
    user: UserOption,
    approve: Annotated[
        list[str] | None,
        typer.Option(help="FIELD, or FIELD=MASK such as name=mask_name(name); may be repeated."),
    ] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="FIELD=REASON; may be repeated.")] = None,
    condition: Annotated[str, typer.Option(help="What the reader has to keep to.")] = "",
    legal_basis: Annotated[
        str, typer.Option(help="The law that lets sensitive fields be given without a mask.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Decide about every field of a task; what is approved can be read at once."""
    from catalog.sharing.request import FieldDecision

    said = {}
    for one in approve or ():
        name, _, mask = one.partition("=")
        said[name] = FieldDecision("approved", mask, condition, legal_basis=legal_basis)
    for one in refuse or ():
        name, _, reason = one.partition("=")
        said[name] = FieldDecision("refused", reason=reason)
    with _acting(workspace, department, user, granting=True) as (desk, person):
        _print(desk.decide(person, request, task, said), as_json)


@share.command("withdraw")
def share_withdraw(
    workspace: WorkspaceArgument,
    request: RequestArgument,
    department: DepartmentOption,
    user: UserOption,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a request back, before the platform has looked at it."""
    with _acting(workspace, department, user) as (desk, person):
        _print(desk.withdraw(person, request, why), as_json)


@share.command("revoke")
def share_revoke(
    workspace: WorkspaceArgument,
    grant: Annotated[str, typer.Argument(help="The grant's id.", metavar="GRANT")],
    department: DepartmentOption,
    user: UserOption,
    why: WhyOption,
) -> None:
    """Let a grant hold no more, from this second on."""
    with _acting(workspace, department, user) as (desk, person):
        ended = desk.revoke(person, grant, why)
    sys.stdout.write(f"{ended.id}\n")


@share.command("return")
def share_return(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    district: Annotated[str, typer.Option(help="The department that gets the data.")],
    field: Annotated[list[str], typer.Option(help="A field; may be repeated.")],
    rows: Annotated[
        list[str], typer.Option(help="FIELD=VALUE: the rows that are the district's; repeatable.")
    ],
    user: UserOption,
    basis: BasisOption,
    purpose: PurposeOption,
    first: FirstOption,
    last: LastOption,
    mask: Annotated[
        list[str] | None, typer.Option(help="FIELD=MASK such as name=mask_name(name).")
    ] = None,
    manner: MannerOption = "interface",
) -> None:
    """Return data (回流) to a district: its own rows, for a term."""
    from pipelines.sharing.returning import Return

    pairs = [one.partition("=") for one in rows]
    names = {name for name, _, _ in pairs}
    if len(names) != 1:
        raise typer.BadParameter("FIELD=VALUE, always of one field", param_hint="--rows")
    given = Return(
        department=district,
        resource=resource,
        fields=tuple(field),
        region_field=names.pop(),
        regions=tuple(value for _, _, value in pairs),
        purpose=purpose,
        basis=basis,
        first=_day(first, "--from"),
        last=_day(last, "--to"),
        manner=manner,
        masks=tuple((name, call) for name, _, call in (one.partition("=") for one in mask or ())),
    )
    with _acting(workspace, None, user, granting=True) as (desk, steward):
        grant = desk.give_return(steward, given)
    sys.stdout.write(f"{grant.id}\n")


@share.command("object")
def share_object(
    workspace: WorkspaceArgument,
    resource: ResourceArgument,
    key: Annotated[list[str], typer.Option(help="FIELD=VALUE of the record's key; repeatable.")],
    field: Annotated[str, typer.Option(help="The field whose value is wrong.")],
    wrong: Annotated[str, typer.Option(help="What is wrong.")],
    evidence: Annotated[str, typer.Option(help="What shows that.")],
    department: DepartmentOption,
    user: UserOption,
) -> None:
    """Object to a value of a record (异议); it goes to the departments from which it comes."""
    from pipelines.sharing.objecting import ObjectionDesk

    record = {name: value for name, _, value in (one.partition("=") for one in key)}
    with _acting(workspace, department, user) as (desk, person):
        made = ObjectionDesk(desk).raise_(person, resource, record, field, wrong, evidence)
    routed = ", ".join(route.department for route in made.routes)
    sys.stdout.write(f"{made.id} -> {routed}\n")


@share.command("tick")
def share_tick(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """Do what is due: reminders, supervision, escalation, supply that failed, expiry."""
    from pipelines.present import print_json
    from pipelines.sharing.opening import open_sharing
    from pipelines.sharing.present import print_ticked
    from pipelines.sharing.ticking import tick

    with open_sharing(compiled_workspace(workspace), granting=True) as desk:
        done = tick(desk)
    if as_json:
        print_json({"done": dict(done.done), "failed": done.failed})
    else:
        print_ticked(done)


def _day(value: str, option: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter("a day such as 2026-12-01", param_hint=option) from error


def _print(request: Request, as_json: bool) -> None:
    from pipelines.present import print_json
    from pipelines.sharing.present import plain, print_request

    if as_json:
        print_json(plain(request))
    else:
        print_request(request)
