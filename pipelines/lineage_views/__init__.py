"""What people see of lineage: where a column comes from, where it goes, what a change would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from pipelines.lineage_views.effects import impact, impact_json, impact_text
    from pipelines.lineage_views.formats import FORMATS, render
    from pipelines.lineage_views.graph import lineage_view, parse_target
    from pipelines.lineage_views.reasons import explain, explain_json, explain_text

__all__ = [
    "FORMATS",
    "explain",
    "explain_json",
    "explain_text",
    "impact",
    "impact_json",
    "impact_text",
    "lineage_view",
    "parse_target",
    "render",
]

_HOMES = {
    "reasons": ("explain", "explain_json", "explain_text"),
    "graph": ("lineage_view", "parse_target"),
    "effects": ("impact", "impact_json", "impact_text"),
    "formats": ("FORMATS", "render"),
}

__getattr__ = lazy_names(
    __name__,
    {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names},
)
