"""Certification: Great Expectations judges the staged files against the contract's rules.

One `Certifier` serves one run. It keeps an in-memory DuckDB with a view over each resource's
Parquet files, runs the generated suite and writes Data Docs, which hold counts and never a value
of a row: steward pages are read by more people than the data.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import duckdb
from filelock import FileLock

from quality.errors import QualityError
from quality.rules import Rule
from quality.suite import ExpectationSpec, TableContext, expressible, gx_suite, specs_of

if TYPE_CHECKING:
    from quality.gx_engine import DuckDBDatasource

# Counts only. With partial_unexpected_count above 0 GX keeps sample values of failing rows.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
_MESSAGE_LENGTH = 400
# GX's pages fetch Bootstrap, jQuery, Vega and a logo from seven hosts, which a government network
# does not reach, and GX draws its index by those scripts alone: so pages are cleaned, the index ours.
_ELSEWHERE = re.compile(
    r"<script.*?</script>|<link[^>]*>|<img[^>]*>|<button.*?</button>|<footer.*?</footer>"
    r"|url\('https?:[^)]*\)",
    re.DOTALL,
)
_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2rem;max-width:75rem}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #ccc;padding:.3rem .8rem;text-align:left;vertical-align:top}"
    ".failed td:nth-child(2),.text-danger{color:#a40000;font-weight:bold}"
    '.fa-check-circle::before{content:"✓"}.fa-times::before{content:"✗"}'
    '.fa-exclamation-triangle::before{content:"!"}'
    ".card:has(.btn-group),[data-toggle=collapse],.breadcrumb li:last-child{display:none}"
    'a[href*="/expectations/"]{pointer-events:none;color:inherit;text-decoration:none}'
)
_INDEX = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}: Data Docs</title>'
    "<style>{style}</style></head><body><h1>{title}: Data Docs</h1><table><tr><th>Resource</th>"
    "<th>Result</th><th>Expectations</th><th>Failed</th><th>Certified</th></tr>{lines}</table></html>"
)
_VIEW = "staged"  # of the resource in hand; GX runs one at a time


@dataclass(frozen=True, slots=True)
class ExpectationOutcome:
    """What GX found for one rule.

    Attributes:
        passed: None when there was nothing to assess: no rows, no value, no earlier snapshot.
        observed: one short phrase for a person; never a value of a row, but for `freshness` the
            newest date.
        assessed: rows that were looked at (rows with a value, for rules on a value); 1 for a rule
            on the table as a whole (`row_count`, `freshness`, `volume_change`).
        failed: how many of them do not conform.
    """

    rule_id: str
    expectation: str
    passed: bool | None
    observed: str
    assessed: int | None
    failed: int | None
    severity: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """The decision on one resource, and every outcome that led to it."""

    decision: Literal["publish", "warn", "block"]
    outcomes: tuple[ExpectationOutcome, ...]


def decide(outcomes: Sequence[ExpectationOutcome]) -> Literal["publish", "warn", "block"]:
    """Block on a failure of severity reject or block, warn on any other; else publish."""
    failed = {outcome.severity for outcome in outcomes if outcome.passed is False}
    if failed - {"warn"}:
        return "block"
    return "warn" if failed else "publish"


class Certifier:
    """Certifies the resources of one run; safe to call from several threads (GX runs one at a time).

    Args:
        docs_dir: folder of this workspace's Data Docs: `site/` holds the pages, `results/` the
            latest result of every resource, so that the site shows all of them after each run.
        site_title: the site's name in the pages.
        settings: DuckDB's, such as `memory_limit` and `temp_directory`.
    """

    def __init__(
        self, docs_dir: Path, site_title: str, settings: Mapping[str, str] | None = None
    ) -> None:
        self._docs_dir = docs_dir
        self._site = docs_dir / "site"
        self._site_title = site_title
        self._settings = settings or {}
        self._lock = threading.RLock()
        self._importing: threading.Thread | None = None
        self._database: duckdb.DuckDBPyConnection | None = None
        self._context: Any = None
        self._source: DuckDBDatasource | None = None
        self._validated: set[str] = set()

    def warm_up(self) -> None:
        """Start importing Great Expectations in the background; returns at once."""
        if self._importing is None:
            self._importing = threading.Thread(target=_import_gx, name="import-great-expectations")
            self._importing.start()

    def certify(
        self,
        resource: str,
        rows: str,
        rules: Sequence[Rule],
        context: TableContext,
        violation_sql: Mapping[str, str],
    ) -> Certificate:
        """Judge the rows that are about to become the resource's new snapshot.

        Args:
            resource: full table name; names the view, the suite and the page.
            rows: a SELECT over the Parquet files of the snapshot.
            rules: all rules of the resource; those GX cannot judge get no outcome.
            context: `rows` and `types` are measured, whatever stands in them.
            violation_sql: see `quality.suite.specs_of`.

        Raises:
            QualityError: `certify_failed` when an expectation could not be computed: never a pass.
        """
        with self._lock, self._view(rows) as database:
            context = replace(context, **_measured(database))
            specs = specs_of(rules, context, violation_sql)
            results = self._validate(resource, specs) if specs else {}
            judged = {
                spec.rule.id: _outcome(spec, results[spec.rule.id], context, database)
                for spec in specs
            }
        outcomes = tuple(
            judged.get(rule.id) or _not_assessed(rule) for rule in rules if expressible(rule)
        )
        return Certificate(decide(outcomes), outcomes)

    def build_docs(self) -> Path | None:
        """Write the pages of what this run validated and the index over all latest results.

        Returns:
            The site's `index.html`, or None when this run validated nothing.
        """
        with self._lock:
            if not self._validated:
                return None
            with self._files():
                self._write_pages()
            return self._site / "index.html"

    def close(self) -> None:
        """Give back connections and threads; the certifier cannot be used afterwards."""
        if self._importing is not None:
            self._importing.join()
        with self._lock:
            if self._source is not None:
                self._source.get_execution_engine().close()
            if self._database is not None:
                self._database.close()
            self._source = self._context = self._database = None

    @contextmanager
    def _view(self, rows: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """The view over the rows, for as long as the block runs."""
        if self._database is None:
            self._database = duckdb.connect(config=dict(self._settings))
        self._database.execute(f"CREATE OR REPLACE VIEW {_VIEW} AS {rows}")
        try:
            yield self._database
        finally:
            self._database.execute(f"DROP VIEW IF EXISTS {_VIEW}")

    def _files(self) -> FileLock:
        """Runs of other processes write into the same folder."""
        self._docs_dir.mkdir(parents=True, exist_ok=True)
        return FileLock(self._docs_dir / ".lock")

    def _write_pages(self) -> None:
        store = self._context.validation_results_store
        latest = {key.expectation_suite_identifier.name: key for key in store.list_keys()}
        changed = [key for name, key in latest.items() if name in self._validated]
        self._context.build_data_docs(resource_identifiers=changed, build_index=False)
        lines = []
        for name, key in sorted(latest.items()):
            for page in self._site.joinpath("validations", *name.split(".")).rglob("*.html"):
                if name in self._validated:
                    page.write_text(_self_contained(page.read_text("utf-8")), "utf-8")
                place = page.relative_to(self._site).as_posix()
                lines.append(_index_line(key, place, store.get(key)))
        index = _INDEX.format(style=_STYLE, title=escape(self._site_title), lines="".join(lines))
        (self._site / "index.html").write_text(index, "utf-8")

    def _validate(self, resource: str, specs: Sequence[ExpectationSpec]) -> dict[str, Any]:
        """GX's result per rule id; kept on disk for the docs."""
        try:
            run = self._run(resource, specs)
        except Exception as error:  # GX's own, SQLAlchemy's, pydantic's: none may pass for a pass
            raise self._failed(resource, "-", specs[0].rule, str(error)) from error
        results = {r.expectation_config.meta["rule_id"]: r for r in run.results}
        for spec in specs:
            result = results.get(spec.rule.id)
            message = "no result" if result is None else _exception(result)
            if message is not None:
                raise self._failed(resource, spec.rule.id, spec.rule, message)
        self._validated.add(resource)
        return results

    def _run(self, resource: str, specs: Sequence[ExpectationSpec]) -> Any:
        _import_gx()
        from great_expectations.core.run_identifier import RunIdentifier

        run = RunIdentifier(run_name="latest", run_time=datetime.now(UTC))
        definition = self._definition(resource, specs)
        assert self._source is not None
        with self._files():
            self._forget(resource)
            try:
                return definition.run(result_format=RESULT_FORMAT, run_id=run)
            finally:
                self._source.get_execution_engine().release()

    def _failed(self, resource: str, rule_id: str, rule: Rule, message: str) -> QualityError:
        # The stored result holds GX's traceback, which may quote a value of a row.
        self._forget(resource)
        fields = {"resource": resource, "rule": rule_id, "message": message[:_MESSAGE_LENGTH]}
        return QualityError("certify_failed", where=rule.where, **fields)

    def _forget(self, resource: str) -> None:
        """Remove the resource's stored result and page; GX makes a folder of each part of a name."""
        for root in (self._docs_dir / "results", self._site / "validations"):
            shutil.rmtree(root.joinpath(*resource.split(".")), ignore_errors=True)

    def _definition(self, resource: str, specs: Sequence[ExpectationSpec]) -> Any:
        import great_expectations as gx

        context, source = self._gx()
        with suppress(LookupError):
            source.delete_asset(resource)
        asset = source.add_table_asset(name=resource, table_name=_VIEW)
        suite = context.suites.add_or_update(gx_suite(resource, specs))
        batch = asset.add_batch_definition_whole_table("all rows")
        definition = gx.ValidationDefinition(name=resource, data=batch, suite=suite)
        return context.validation_definitions.add_or_update(definition)

    def _gx(self) -> tuple[Any, DuckDBDatasource]:
        """The GX context and datasource of this run, made at first use."""
        from quality.gx_engine import DuckDBDatasource

        if self._source is None:
            assert self._database is not None
            self._context = _context(self._docs_dir)
            self._source = DuckDBDatasource.attach(self._context, "staged", self._database)
        return self._context, self._source


def _import_gx() -> None:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # GX reads it when it is imported
    # GX logs every failed metric; what matters of it is raised as `certify_failed`.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    import great_expectations  # noqa: F401

    import quality.gx_engine  # noqa: F401


def _context(docs_dir: Path) -> Any:
    """A GX context that keeps results and pages under `docs_dir` and everything else in memory."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    def folder(name: str) -> dict[str, str]:
        path = str((docs_dir / name).resolve())
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": path}

    defaults = InMemoryStoreBackendDefaults()
    defaults.stores[defaults.validation_results_store_name] = {
        "class_name": "ValidationResultsStore",
        "store_backend": folder("results"),
    }
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": folder("site"),
        "site_section_builders": {
            "validations": {"view": {"module_name": "quality.gx_engine", "class_name": "PageView"}},
            "expectations": "None",
            "profiling": "None",
        },
    }
    config = DataContextConfig(
        store_backend_defaults=defaults,
        data_docs_sites={"site": site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _measured(database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    types = {
        str(name): str(kind) for name, kind, *_ in database.execute(f"DESCRIBE {_VIEW}").fetchall()
    }
    return {"rows": _one(database, f"SELECT count(*) FROM {_VIEW}"), "types": types}


def _one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]


def _exception(result: Any) -> str | None:
    """GX's message when the expectation could not be computed; None when it could.

    GX writes one record, or one per metric, and `success=False` in either case.
    """
    info = result.exception_info or {}
    records = [info] if "raised_exception" in info else list(info.values())
    raised = (record for record in records if record.get("raised_exception"))
    return next((str(record.get("exception_message") or "no message") for record in raised), None)


def _not_assessed(rule: Rule) -> ExpectationOutcome:
    return ExpectationOutcome(rule.id, "", None, "not assessed", None, None, rule.severity)


def _outcome(
    spec: ExpectationSpec,
    result: Any,
    context: TableContext,
    database: duckdb.DuckDBPyConnection,
) -> ExpectationOutcome:
    found = result.result
    if "unexpected_count" in found:
        assessed = found["element_count"] - found.get("missing_count", 0)
        return _counted(spec, bool(result.success), assessed, found["unexpected_count"])
    if spec.counted is not None:
        failed = _one(database, f"SELECT count(*) FROM {_VIEW} WHERE {spec.counted}")
        return _counted(spec, bool(result.success), context.rows or 0, failed)
    if spec.rule.scope in ("row", "set"):
        return _counted(spec, bool(result.success), context.rows or 0, found["observed_value"])
    observed = found["observed_value"]
    if spec.rule.kind == "freshness":
        newest = spec.rule.fields[0].replace('"', '""')
        observed = _one(database, f'SELECT CAST(max("{newest}") AS DATE) FROM {_VIEW}')
    elif spec.rule.kind in ("row_count", "volume_change"):
        observed = context.rows
    if observed is None:
        return _not_assessed(spec.rule)
    success = bool(result.success)
    counts = (str(observed), 1, int(not success))
    return ExpectationOutcome(spec.rule.id, spec.expectation, success, *counts, spec.rule.severity)


def _counted(
    spec: ExpectationSpec, success: bool, assessed: int, failed: int
) -> ExpectationOutcome:
    passed = success if assessed else None
    told = f"{failed} of {assessed} not conforming" if assessed else "not assessed"
    return ExpectationOutcome(
        spec.rule.id, spec.expectation, passed, told, assessed, failed, spec.rule.severity
    )


def _self_contained(page: str) -> str:
    """A page of GX without what it fetches from other hosts, and without what then does nothing."""
    return _ELSEWHERE.sub("", page).replace("</head>", f"<style>{_STYLE}</style></head>", 1)


def _index_line(key: Any, place: str, result: Any) -> str:
    resource, done = key.expectation_suite_identifier.name, result.statistics
    grave = {r.expectation_config.meta["severity"] for r in result.results if not r.success}
    word = "failed" if grave - {"warn"} else "warned" if grave else "passed"
    when = f"{key.run_id.run_time:%Y-%m-%d %H:%M:%S %Z}"
    cells = (word, done["evaluated_expectations"], done["unsuccessful_expectations"], when)
    shown = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr class="{word}"><td><a href="{quote(place)}">{escape(resource)}</a></td>{shown}</tr>'
    )
