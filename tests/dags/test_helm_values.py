"""The values for Airflow's Helm chart, held to the part of its schema that they use, and to the other forms."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from tests.dags.airflow import ROOT

INFRA = ROOT / "infra/airflow"
TEXT = (INFRA / "values.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load(TEXT)
SCHEMA: dict[str, Any] = json.loads((INFRA / "values.schema.json").read_text())
Trail = tuple[str | int, ...]


def found(values: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in Draft7Validator(SCHEMA).iter_errors(values)]


def trails(node: object, so_far: Trail = ()) -> Iterator[Trail]:
    """Of every key and item under the node, down to the leaves."""
    steps: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        steps = list(node.items())
    elif isinstance(node, list):
        steps = list(enumerate(node))
    for step, below in steps:
        yield (*so_far, step)
        yield from trails(below, (*so_far, step))


def changed(trail: Trail, value: object, name: str | None = None) -> dict[str, Any]:
    """The values with another value at the end of the trail, under another name if one is given."""
    values = copy.deepcopy(VALUES)
    node: Any = values
    for step in trail[:-1]:
        node = node[step]
    if name is not None:
        del node[trail[-1]]
    node[trail[-1] if name is None else name] = value
    return values


def at(trail: Trail) -> object:
    node: Any = VALUES
    for step in trail:
        node = node[step]
    return node


def dotted(trail: Trail) -> str:
    return ".".join(map(str, trail))


ALL = list(trails(VALUES))
KEYS = [trail for trail in ALL if isinstance(trail[-1], str)]


def test_the_values_are_ones_that_the_chart_takes() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert found(VALUES) == []


def test_the_schema_is_closed_and_has_no_key_that_the_values_lack() -> None:
    """So it stays the part that is used, and nothing passes for want of a word about it."""
    used = {tuple(step for step in trail if isinstance(step, str)) for trail in KEYS}
    named: set[Trail] = set()

    def walk(node: dict[str, Any], trail: Trail) -> None:
        while "$ref" in node:
            node = SCHEMA["definitions"][node["$ref"].rpartition("/")[2]]
        if node["type"] == "object":
            assert node["additionalProperties"] is False, dotted(trail)
            for key, below in node["properties"].items():
                named.add((*trail, key))
                walk(below, (*trail, key))
        elif node["type"] == "array":
            walk(node["items"], trail)

    walk(SCHEMA, ())
    assert named == used


@pytest.mark.parametrize("trail", KEYS, ids=dotted)
def test_a_misspelt_key_is_found(trail: Trail) -> None:
    misspelt = f"{trail[-1]}s"
    errors = found(changed(trail, at(trail), misspelt))
    assert any(f"'{misspelt}' was unexpected" in error for error in errors), errors


@pytest.mark.parametrize("trail", ALL, ids=dotted)
def test_a_value_of_another_type_is_found(trail: Trail) -> None:
    """A list that holds nothing but null is none of the types in use."""
    errors = found(changed(trail, [None]))
    assert any(error.startswith("$") for error in errors)


@pytest.mark.parametrize(
    ("trail", "value"),
    [
        (("executor",), "CeleryExecutor"),
        (("executor",), "KubernetesExecutor"),
        (("executor",), "LocalExecutor,KubernetesExecutor"),
        (("executor",), "localexecutor"),
        (("airflowVersion",), 3.3),
        (("images", "airflow", "tag"), 1.0),
        (("scheduler", "replicas"), "1"),
        (("scheduler", "livenessProbe", "command"), "airflow jobs check"),
        (("postgresql", "enabled"), "false"),
        (("env", 0, "value"), 8),
        (("env", 0), {"name": "CITYBRAIN_HOME"}),
        (("volumes", 0, "persistentVolumeClaim"), {}),
        (("extraEnvFrom",), [{"secretRef": {"name": "citybrain-airflow"}}]),
        (("webserver",), {"replicas": 1}),
        (("workers",), {"persistence": {"enabled": False}}),
    ],
    ids=lambda value: dotted(value) if isinstance(value, tuple) else str(value),
)
def test_a_likely_slip_is_found(trail: Trail, value: object) -> None:
    """Among them keys that the chart deprecates, and numbers for want of quotation marks."""
    assert len(found(changed(trail, value))) == 1


def test_the_text_inside_the_values_is_yaml_of_kubernetes() -> None:
    assert yaml.safe_load(VALUES["extraEnvFrom"]) == [{"secretRef": {"name": "citybrain-airflow"}}]


def test_every_mount_has_its_volume() -> None:
    mounts, volumes = VALUES["volumeMounts"], VALUES["volumes"]
    assert {item["name"] for item in mounts} == {item["name"] for item in volumes}


def test_one_version_of_the_chart_is_named() -> None:
    texts = [TEXT, SCHEMA["$comment"], (ROOT / "docs/airflow.md").read_text()]
    named = [set(re.findall(r"(?:chart|--version) (\d+\.\d+\.\d+)", text)) for text in texts]
    assert len(named[0]) == 1
    assert named == [named[0]] * 3


def test_airflow_s_version_is_the_one_of_the_image() -> None:
    """The image has what the lock file says; the chart decides by this word what to start."""
    assert VALUES["airflowVersion"] == version("apache-airflow")


def test_the_chart_sets_no_key_that_is_a_secret_of_ours() -> None:
    """What it sets itself wins over `extraEnvFrom`; the connection it sets from our other secret."""
    text = (INFRA / "secrets.env.example").read_text()
    ours = set(re.findall(r"^(AIRFLOW__[A-Z_]+)=", text, flags=re.MULTILINE))
    ours -= {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"}
    assert VALUES["enableBuiltInSecretEnvVars"] == dict.fromkeys(ours, False)


def test_no_process_is_asked_for_files_of_airflow_s_own_image() -> None:
    """The chart's probes call /entrypoint and its sidecars /clean-logs, unless they are told otherwise."""
    jobs = {
        "scheduler": "SchedulerJob",
        "dagProcessor": "DagProcessorJob",
        "triggerer": "TriggererJob",
    }
    for part, job in jobs.items():
        check = ["airflow", "jobs", "check", "--job-type", job, "--local"]
        assert VALUES[part]["livenessProbe"]["command"] == check
        assert VALUES[part]["logGroomerSidecar"] == {"enabled": False}
    assert VALUES["scheduler"]["startupProbe"] == VALUES["scheduler"]["livenessProbe"]
