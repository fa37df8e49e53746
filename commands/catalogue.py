"""The resource catalogue: what resources there are, and all that is known of one."""

from __future__ import annotations

import typer

from commands.arguments import JsonOption, ResourceArgument, WorkspaceArgument
from commands.workspaces import compiled_workspace

app = typer.Typer()
catalogue = typer.Typer(help="The catalogue of the city's resources.", no_args_is_help=True)
app.add_typer(catalogue, name="catalogue")


@catalogue.command("list")
def catalogue_list(workspace: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """The entry of every resource, as its contract, its lineage and the catalogue database make it."""
    from pipelines.entries import catalogue_of
    from pipelines.present import print_json
    from pipelines.present_entries import print_entries

    found = catalogue_of(compiled_workspace(workspace))
    if as_json:
        print_json([item.document() for item in found.entries])
    else:
        print_entries(found.entries)


@catalogue.command("show")
def catalogue_show(
    workspace: WorkspaceArgument, resource: ResourceArgument, as_json: JsonOption = False
) -> None:
    """One resource: its entry, its fields, its quality and freshness, and how often it was asked."""
    from pipelines.entries import catalogue_of
    from pipelines.present import print_json
    from pipelines.present_entries import entry_json, print_entry

    found = catalogue_of(compiled_workspace(workspace))
    entry = found.entry(resource)
    if as_json:
        print_json(entry_json(entry, found.live.get(resource)))
    else:
        print_entry(entry, found.live.get(resource))
