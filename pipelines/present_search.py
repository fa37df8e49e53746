"""How results of a search in the catalogue are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from catalog.search.highlight import Segment, highlight
from catalog.search.query import Answer, Query
from catalog.text import text
from pipelines.finding import Built
from pipelines.present import make_table, print_line, print_table

_VALUES = 5  # of a facet


def print_answer(answer: Answer, query: Query) -> None:
    """How many were found, the page's results, and by what they can be narrowed."""
    key = "search_relaxed" if answer.relaxed else "search_found"
    print_line(text(key, total=f"{answer.total:,}", query=query.text))
    if not answer.hits:
        return
    table = make_table(
        "search_id",
        "entry_name",
        "entry_provider",
        "entry_level",
        "entry_share_type",
        "entry_score",
    )
    for hit in answer.hits:
        table.add_row(
            escape(hit["id"]),
            _marked(highlight(hit["name"], answer.terms)),
            escape(hit["provider"] or "-"),
            hit["level"] or "-",
            str(hit["share_type"] or "-"),
            "-" if hit["quality"] is None else f"{100 * hit['quality']:.1f}",
        )
    print_table(table)
    for name, values in answer.facets.items():
        said = [(value, count) for value, count in values if value]
        if len(said) > 1:
            counts = ", ".join(f"{value} {count:,}" for value, count in said[:_VALUES])
            print_line(f"{name}: {counts}")


def _marked(segments: Sequence[Segment]) -> str:
    return "".join(
        f"[bold]{escape(part)}[/bold]" if hit else escape(part) for part, hit in segments
    )


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer for machines."""
    return {
        "total": answer.total,
        "relaxed": answer.relaxed,
        "hits": list(answer.hits),
        "facets": {name: dict(values) for name, values in answer.facets.items()},
    }


def print_built(built: Built) -> None:
    """Whether the index had to be made, and what it holds."""
    state = text("search_made" if built.made else "search_kept")
    entries, terms = f"{built.index.size:,}", f"{len(built.index.terms):,}"
    print_line(text("search_built", entries=entries, terms=terms, state=state))
