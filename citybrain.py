"""The command line: the commands put together, and what becomes of their errors."""

from __future__ import annotations

import logging
import os
import sys
import warnings

import typer

from catalog.errors import CityBrainError, Problems
from catalog.text import text
from commands import (
    accounts,
    auditing,
    catalogue,
    exchange,
    machinery,
    opening,
    protection,
    published,
    running,
    samples,
    scheduling,
    serving,
    sharing,
    writing,
)

app = typer.Typer(
    name="citybrain",
    help="Run a city's data: contracts in, certified base, thematic and fusion databases out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (
    running,
    published,
    catalogue,
    scheduling,
    writing,
    protection,
    opening,
    sharing,
    serving,
    accounts,
    samples,
    auditing,
    exchange,
    machinery,
):
    app.add_typer(part.app)


def main() -> None:
    """The entry point: errors of ours become one clear message and exit code 1."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    code = 1
    try:
        code = app(standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n" + text("interrupted") + "\n")
        code = 130
    except CityBrainError as error:
        sys.stderr.write(f"{error}\n")
        if isinstance(error, Problems):
            sys.stderr.write(error.text() + "\n")
    except Exception as error:
        code = _usage_or_fault(error)
    sys.stdout.flush()
    sys.stderr.flush()
    # DuckDB's bindings report "leaked" objects of libraries at interpreter exit; nothing is left
    # to clean up here, so the process ends without that noise.
    os._exit(code)


def _usage_or_fault(error: Exception) -> int:
    # Typer carries its own Click, whose exceptions have no public name.
    show, exit_code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(exit_code, int):
        show()
        return exit_code
    if os.environ.get("CITYBRAIN_DEBUG"):
        raise error
    from pipelines.errors import PipelineError

    sys.stderr.write(f"{PipelineError('internal', problem=f'{type(error).__name__}: {error}')}\n")
    return 1


if __name__ == "__main__":
    main()
