"""The resource catalogue: what resources there are, and all that is known of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalog.text import text
from commands.arguments import JsonOption, WhoOption, WorkspaceArgument
from commands.workspaces import compiled_workspace, read_workspace

app = typer.Typer()
catalogue = typer.Typer(help="The catalogue of the city's resources.", no_args_is_help=True)
app.add_typer(catalogue, name="catalogue")

EntryArgument = Annotated[
    str,
    typer.Argument(
        help="A table, <database>.<resource>, or an entry of an imported list, <list>/<key>.",
        metavar="RESOURCE",
    ),
]


@catalogue.command("list")
def catalogue_list(
    workspace: WorkspaceArgument,
    of: Annotated[
        str | None, typer.Option("--of", help="An imported list instead of the workspace.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The entry of every resource, as its contract, its lineage and the catalogue database make it."""
    from pipelines.entries import workspace_entries
    from pipelines.listings import listed_entries
    from pipelines.present import print_json
    from pipelines.present_entries import print_entries

    if of is None:
        entries = workspace_entries(compiled_workspace(workspace))
    else:
        entries = listed_entries(read_workspace(workspace), of)
    if as_json:
        print_json([item.document() for item in entries])
    else:
        print_entries(entries)


@catalogue.command("show")
def catalogue_show(
    workspace: WorkspaceArgument, resource: EntryArgument, as_json: JsonOption = False
) -> None:
    """One resource: its entry, its fields, its quality and freshness, and how often it was asked."""
    from pipelines.entries import catalogue_of
    from pipelines.listings import listed_entry
    from pipelines.present import print_json
    from pipelines.present_entries import entry_json, print_entry
    from pipelines.usage import count_usage

    if "/" in resource:
        entry, live = listed_entry(read_workspace(workspace), *resource.split("/", 1)), None
    else:
        plan = compiled_workspace(workspace)
        count_usage(plan.workspace)
        found = catalogue_of(plan)
        entry, live = found.entry(resource), found.live.get(resource)
    if as_json:
        print_json(entry_json(entry, live))
    else:
        print_entry(entry, live)


@catalogue.command("import")
def catalogue_import(
    workspace: WorkspaceArgument,
    file: Annotated[Path, typer.Argument(help="The list, a CSV file.", metavar="FILE")],
    mapping: Annotated[
        str,
        typer.Option(help="How it is read: taipei, taoyuan, national, normalised or a TOML file."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the list here; the mapping's by default.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="CSV file for rows and values that did not fit.")
    ] = None,
    who: WhoOption = "system",
    as_json: JsonOption = False,
) -> None:
    """Import another catalogue's list of resources; contacts of persons are left out."""
    from pipelines.listings import import_list
    from pipelines.present import print_json
    from pipelines.present_entries import import_json, print_import

    done = import_list(read_workspace(workspace), file, mapping, name, report, who)
    if as_json:
        print_json(import_json(done))
    else:
        print_import(done)


@catalogue.command("search")
def catalogue_search(
    workspace: WorkspaceArgument,
    query: Annotated[str, typer.Argument(help="Words, Chinese or English.", metavar="QUERY")],
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="FACET=VALUE; one facet several times: any of the values."),
    ] = None,
    sort: Annotated[str, typer.Option(help="relevance, name, newest or quality.")] = "relevance",
    page: Annotated[int, typer.Option(min=1, help="Page of the results.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=100, help="Results on a page.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Search the city's resources and the imported lists; what is found narrows by its facets."""
    from catalog.search.query import parse_filters, query_of
    from pipelines.finding import find
    from pipelines.present import print_json
    from pipelines.present_search import answer_json, print_answer

    asked = query_of(query, parse_filters(filters or []), sort, page, size)
    answer = find(compiled_workspace(workspace), asked)
    if as_json:
        print_json(answer_json(answer))
    else:
        print_answer(answer, asked)


@catalogue.command("build")
def catalogue_build(workspace: WorkspaceArgument) -> None:
    """Make the search index, if entries have changed since it was made; searching does it, too."""
    from pipelines.entries import workspace_entries
    from pipelines.finding import search_index
    from pipelines.present_search import print_built

    plan = compiled_workspace(workspace)
    print_built(search_index(plan.workspace.name, workspace_entries(plan)))


@catalogue.command("export")
def catalogue_export(
    workspace: WorkspaceArgument,
    output: Annotated[
        Path, typer.Argument(help="Where to write: .jsonld, .ttl or .rdf.", metavar="FILE")
    ],
    url: Annotated[
        str | None, typer.Option(help="The portal's public address; `[open] url` by default.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="With what is not public; for the city's own people.")
    ] = False,
) -> None:
    """Write the catalogue as DCAT-AP 3, and say what the profile wants and nothing declares."""
    from catalog.exports.dcat import SUFFIXES
    from pipelines.opendata import export_catalogue

    form = SUFFIXES.get(output.suffix.removeprefix("."))
    if form is None:
        raise typer.BadParameter(f"the name has to end in .{', .'.join(SUFFIXES)}")
    found = export_catalogue(compiled_workspace(workspace), form, url, everything)
    output.write_bytes(found.document)
    sys.stdout.write(f"{output}\n")
    for resource, name in found.undeclared:
        sys.stderr.write(text("dcat_undeclared", resource=resource, property=name) + "\n")
