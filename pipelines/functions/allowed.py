"""The allow-list, which is made from the parity tests, and what to write instead of the rest."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from catalog.errors import Location
from pipelines.errors import PipelineError
from pipelines.functions.uses import uses
from pipelines.masking.functions import MASKS

FILE = Path(__file__).parent / "allowed.toml"

# What a model can say instead, where we know it.
INSTEAD = {
    "ILIKE": "lower(x) LIKE 'pattern'",
    "NOT ILIKE": "lower(x) NOT LIKE 'pattern'",
    "GLOB": "LIKE or regexp_matches",
    "SIMILAR TO": "regexp_full_match",
    "strftime": "extract(...) with lpad and ||",
    "strptime": "a contract that reads the date, or CAST of a text like 2026-01-31",
    "try_strptime": "a contract that reads the date, or TRY_CAST of a text like 2026-01-31",
    "date_sub": "date_diff, which counts boundaries",
    "datesub": "date_diff, which counts boundaries",
    "age": "date_diff",
    "first": "first(x ORDER BY y), min_by or row_number()",
    "last": "last(x ORDER BY y), max_by or row_number()",
    "any_value": "min or max",
    "arbitrary": "min or max",
    "mode": "count(*) and row_number()",
    "hash": "md5 or sha256",
    "md5_number": "md5",
    "approx_count_distinct": "count(DISTINCT x)",
    "approx_quantile": "quantile_cont(x, 0.5)",
    "reservoir_quantile": "quantile_cont(x, 0.5)",
    "quantile": "quantile_cont(x, 0.5)",
    "quantile_disc": "quantile_cont(x, 0.5)",
    "list_sort": "list(x ORDER BY x)",
    "list_aggregate": "unnest and an aggregate",
    "list_distinct": "unnest and DISTINCT",
    "string_to_array": "string_split",
    "regexp_split_to_array": "regexp_replace and string_split",
    "regexp_extract_all": "regexp_extract for each group",
    "jaro_winkler_similarity": "a key that is compared exactly",
    "levenshtein": "a key that is compared exactly",
    "reverse": "left, right and substring",
    "PIVOT": "CASE in aggregates, one for each column",
    "ASOF INNER JOIN": "a join, and QUALIFY row_number() OVER (...) = 1",
    "ASOF LEFT JOIN": "a join, and QUALIFY row_number() OVER (...) = 1",
    "POSITIONAL INNER JOIN": "a join by key",
    "COLUMNS": "the names of the columns",
    "printf": "|| and lpad",
    "format": "|| and lpad",
    "epoch": "date_diff('second', TIMESTAMP '1970-01-01', x)",
    "log": "ln",
    "cbrt": "power(x, 1.0 / 3)",
    "now": "the watermark or date of the data",
}


@lru_cache(maxsize=1)
def allowed_uses() -> frozenset[str]:
    """The names of functions and forms that have a parity test."""
    with FILE.open("rb") as file:
        return frozenset(tomllib.load(file)["uses"])


def not_portable(sql: str, path: Path) -> list[PipelineError]:
    """What a model uses that no parity test covers, each once."""
    found = uses(sql)
    if found is None:
        problem = "the engine's parser does not say what it is made of"
        where = Location(path, 1)
        return [PipelineError("sql_not_portable", where=where, part="SELECT", problem=problem)]
    known = allowed_uses() | set(MASKS)
    missing: dict[str, int] = {}
    for use in sorted(found):
        if use.name not in known:
            missing.setdefault(use.name, use.line)
    return [_refused(name, Location(path, line or 1)) for name, line in missing.items()]


def _refused(name: str, where: Location) -> PipelineError:
    instead = INSTEAD.get(name) or INSTEAD.get(name.removesuffix(" OVER"))
    if instead is None:
        return PipelineError("function_not_portable", where=where, function=name)
    return PipelineError(
        "function_not_portable_instead", where=where, function=name, instead=instead
    )
