"""Finding personal data: levels and masks proposed per field, with counted evidence.

`classify_resource` looks at what a contract collects, `classify_file` at any file. Both sample the
source, count signs in DuckDB and hand on counts only: no value leaves.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from catalog.lazy import lazy_names
from pipelines.classify.result import Classification, Evidence, FieldFinding

if TYPE_CHECKING:
    from pipelines.classify.present import classification_json, classification_text, proposal_yaml
    from pipelines.classify.sample import Sample
    from pipelines.workspace import Workspace

__all__ = [
    "Classification",
    "Evidence",
    "FieldFinding",
    "classification_json",
    "classification_text",
    "classify_file",
    "classify_resource",
    "proposal_yaml",
]

_HOMES = {
    "classification_json": "pipelines.classify.present",
    "classification_text": "pipelines.classify.present",
    "proposal_yaml": "pipelines.classify.present",
}

__getattr__ = lazy_names(__name__, _HOMES)


def classify_resource(
    workspace: Workspace, name: str, source_dir: Path | str | None = None
) -> Classification:
    """Classify the fields of a collected resource and compare them with its contract.

    Args:
        name: the table's full name, such as `raw.hotline__tickets`.
        source_dir: the folder of department files; None takes the workspace's own.

    Raises:
        PipelineError: `classify_resource` for a name that no contract collects, and what reading
            the source raises.
    """
    from pipelines.classify.sample import resource_sample

    root = Path(source_dir) if source_dir is not None else workspace.source_dir
    with resource_sample(workspace, name, root) as sample:
        return _classify(sample)


def classify_file(path: Path | str) -> Classification:
    """Classify the columns of a file that has no contract.

    Raises:
        PipelineError: `classify_file` when there is no such file, and what reading it raises.
    """
    from pipelines.classify.sample import file_sample

    with file_sample(Path(path)) as sample:
        return _classify(sample)


def _classify(sample: Sample) -> Classification:
    from pipelines.classify.decide import findings
    from pipelines.classify.detector import column_counts

    counted = [(column, column_counts(sample.con, column)) for column in sample.columns]
    return Classification(sample.resource, sample.rows, findings(counted))
