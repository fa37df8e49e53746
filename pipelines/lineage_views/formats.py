"""One view of lineage in the format that was asked for."""

from __future__ import annotations

import json

from pipelines.lineage_views.graph import View

FORMATS = ("text", "json", "mermaid", "svg")


def render(view: View, output: str = "text") -> str:
    """The view as text that ends in a line break.

    Args:
        output: one of `FORMATS`.
    """
    if output == "json":
        from pipelines.lineage_views.document import lineage_json

        return json.dumps(lineage_json(view), ensure_ascii=False, indent=2) + "\n"
    if output == "mermaid":
        from pipelines.lineage_views.mermaid import mermaid

        return mermaid(view)
    if output == "svg":
        from pipelines.lineage_views.svg import svg

        return svg(view)
    from pipelines.lineage_views.tree import tree_text

    return tree_text(view)
