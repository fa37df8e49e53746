"""Write what follows from the parity cases: the allow-list and its page.

`pipelines/functions/allowed.toml` names every function and form of the cases in
`tests/golden/parity`, each of which is answered alike by DuckDB and Spark
(`tests/pipelines/spark/test_parity.py`).
"""

from __future__ import annotations

from pipelines.functions.allowed import FILE as ALLOWED
from pipelines.functions.allowed import INSTEAD
from pipelines.functions.uses import uses
from pipelines.masking.functions import MASKS
from tests.support.parity import parity_cases

_HEAD = "# Made by `python -m docs.generate` from tests/golden/parity: do not edit.\n"


def tested_uses() -> dict[str, str]:
    """Every use, and the first case that shows it."""
    found: dict[str, str] = {}
    for case in parity_cases():
        used = uses(case.sql)
        if used is None:
            raise ValueError(f"the engine cannot parse the case {case.name}")
        for use in used:
            found.setdefault(use.name, case.name)
    return dict(sorted(found.items()))


def allow_list() -> str:
    """The text of `allowed.toml`."""
    listed = "\n".join(f"  {_quoted(name)}, # {case}" for name, case in tested_uses().items())
    return f"{_HEAD}uses = [\n{listed}\n]\n"


def page(notice: str) -> str:
    """The page `docs/functions.md`."""
    names = tested_uses()
    words = sorted(n for n in names if n[:1].islower())
    forms = sorted(n for n in names if not n[:1].islower())
    instead = "\n".join(f"| `{name}` | {text} |" for name, text in sorted(INSTEAD.items()))
    return (
        f"{notice}\n# Functions that models may use\n\n"
        "A workspace with `portable = true` in `[engine]` ([configuration](configuration.md)) is held "
        "to these functions and forms: for each a test shows that DuckDB and Spark give the same "
        "values, NULLs, empty texts, negatives, extreme days and letters of all sorts among them. "
        "`citybrain check` refuses any other.\n\n"
        f"## Functions\n\n{_paragraph(words)}\n\n"
        f"## Operators and forms\n\n{_paragraph(forms)}\n\n"
        "## Masking functions\n\nAll of [masking](masking.md): "
        f"{', '.join(f'`{name}`' for name in MASKS)}.\n\n"
        "## Instead of others\n\n| not allowed | write instead |\n|---|---|\n"
        f"{instead}\n"
    )


def _paragraph(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) + "."


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


__all__ = ["ALLOWED", "allow_list", "page", "tested_uses"]
