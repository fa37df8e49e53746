"""The facets of datasets, jobs and runs, as the OpenLineage client's classes.

Imports the OpenLineage client, which is slow: import this module inside functions only. The
client knows the version of each facet's schema; the producer is set on every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

from openlineage.client import facet_v2 as of

from catalog.openlineage.columns import column_lineage
from catalog.openlineage.naming import RUN_JOB, namespace_of, run_uuid
from catalog.openlineage.values import Dataset, JobInfo, RunInfo

SOURCE = "CITYBRAIN"
_PACKAGE = "citybrain-dataops"
_Facet = TypeVar("_Facet", bound=of.BaseFacet)


@cache
def our_version() -> str:
    """The version of this package; `0` when it runs without being installed."""
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        return "0"


@cache
def producer() -> str:
    """Who tells the events: a package URL (https://github.com/package-url/purl-spec)."""
    return f"pkg:generic/{_PACKAGE}@{our_version()}"


def dataset_facets(dataset: Dataset, namespaces: Mapping[str, str]) -> dict[str, of.DatasetFacet]:
    """What holds for a dataset, read or written."""
    found: dict[str, of.DatasetFacet] = {}
    if dataset.fields:
        found["schema"] = _schema(dataset)
        found["tags"] = _tags(dataset)
    if dataset.description:
        found["documentation"] = of.documentation_dataset.DocumentationDatasetFacet(
            dataset.description, contentType="text/plain"
        )
    if dataset.department:
        owner = of.ownership_dataset.Owner(name=f"department:{dataset.department}", type="OWNER")
        found["ownership"] = of.ownership_dataset.OwnershipDatasetFacet([owner])
    if dataset.snapshot_id is not None:
        found["version"] = of.dataset_version_dataset.DatasetVersionDatasetFacet(
            dataset.snapshot_id
        )
    if dataset.catalog is not None:
        found |= _lake(dataset.catalog)
    if dataset.lineage is not None:
        found["columnLineage"] = column_lineage(dataset.lineage, namespaces, dataset.namespace)
    return _ours(found)


def input_facets(dataset: Dataset) -> dict[str, of.InputDatasetFacet]:
    """What was read of a dataset in this run."""
    found: dict[str, of.InputDatasetFacet] = {}
    if _counted(dataset):
        found["inputStatistics"] = (
            of.input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                rowCount=dataset.rows, size=dataset.size, fileCount=dataset.files
            )
        )
    return _ours(found | assertion_facets(dataset))


def output_facets(dataset: Dataset) -> dict[str, of.OutputDatasetFacet]:
    """What was written to a dataset in this run."""
    if not _counted(dataset):
        return {}
    statistics = of.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=dataset.rows, size=dataset.size, fileCount=dataset.files
    )
    return _ours({"outputStatistics": statistics})


def assertion_facets(dataset: Dataset) -> dict[str, of.InputDatasetFacet]:
    """The results of quality rules.

    The schema calls this facet one of inputs (OpenLineage #1876, #4504: a slip); of an output it
    stands among the facets of the dataset.
    """
    if not dataset.assertions:
        return {}
    quality = of.data_quality_assertions_dataset
    told = [
        quality.Assertion(a.assertion, a.success, column=a.column, severity=a.severity)
        for a in dataset.assertions
    ]
    return _ours({"dataQualityAssertions": quality.DataQualityAssertionsDatasetFacet(told)})


def job_facets(job: JobInfo) -> dict[str, of.JobFacet]:
    """What holds for a job in every run of it."""
    found: dict[str, of.JobFacet] = {
        "jobType": of.job_type_job.JobTypeJobFacet("BATCH", SOURCE, jobType=job.kind.upper())
    }
    if job.sql:
        found["sql"] = of.sql_job.SQLJobFacet(query=job.sql, dialect="duckdb")
    if job.description:
        found["documentation"] = of.documentation_job.DocumentationJobFacet(
            job.description, contentType="text/plain"
        )
    if job.department:
        owner = of.ownership_job.Owner(name=f"department:{job.department}", type="OWNER")
        found["ownership"] = of.ownership_job.OwnershipJobFacet([owner])
    return _ours(found)


def run_facets(run: RunInfo, problem: str | None = None) -> dict[str, of.RunFacet]:
    """What holds for a run: its engine, the run it is a part of, how it ended and why it failed."""
    found: dict[str, of.RunFacet] = {}
    if run.engine_version:
        found["processing_engine"] = of.processing_engine_run.ProcessingEngineRunFacet(
            version=run.engine_version,
            name=run.engine,
            openlineageAdapterVersion=our_version(),
        )
    if run.outcome:
        tag = of.tags_run.TagsRunFacetFields("outcome", run.outcome, source=SOURCE)
        found["tags"] = of.tags_run.TagsRunFacet([tag])
    if run.step is not None:
        found["parent"] = _parent(run)
    if problem is not None:
        found["errorMessage"] = of.error_message_run.ErrorMessageRunFacet(problem, "SQL")
    return _ours(found)


def _parent(run: RunInfo) -> of.RunFacet:
    parent = of.parent_run
    namespace, uuid = namespace_of(run.workspace), str(run_uuid(run.workspace, run.run_id))
    return parent.ParentRunFacet(
        run=parent.Run(runId=uuid),
        job=parent.Job(namespace=namespace, name=RUN_JOB),
        root=parent.Root(
            run=parent.RootRun(runId=uuid), job=parent.RootJob(namespace=namespace, name=RUN_JOB)
        ),
    )


def _schema(dataset: Dataset) -> of.DatasetFacet:
    schema = of.schema_dataset
    columns = [
        schema.SchemaDatasetFacetFields(
            name=field.name,
            type=field.type or None,
            description=field.description or None,
            ordinal_position=position,
        )
        for position, field in enumerate(dataset.fields, 1)
    ]
    return schema.SchemaDatasetFacet(fields=columns)


def _tags(dataset: Dataset) -> of.DatasetFacet:
    """Each field's level, and the highest of them as the dataset's own."""
    tag = of.tags_dataset.TagsDatasetFacetFields
    graded = [field for field in dataset.fields if field.level]
    tags = [tag("level", max(f.level for f in graded), source=SOURCE)] if graded else []
    tags += [tag("level", field.level, source=SOURCE, field=field.name) for field in graded]
    return of.tags_dataset.TagsDatasetFacet(tags=tags)


def _lake(catalog: str) -> dict[str, of.DatasetFacet]:
    return {
        "storage": of.storage_dataset.StorageDatasetFacet("iceberg", fileFormat="parquet"),
        "catalog": of.catalog_dataset.CatalogDatasetFacet(
            framework="iceberg", type=catalog, name="citybrain", source="citybrain"
        ),
    }


def _counted(dataset: Dataset) -> bool:
    return not (dataset.rows is dataset.size is dataset.files is None)


def _ours(facets: dict[str, _Facet]) -> dict[str, _Facet]:
    """The facets, with us as their producer instead of the client."""
    for facet in facets.values():
        facet._producer = producer()
    return facets
