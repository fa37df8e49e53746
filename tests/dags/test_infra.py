"""What production is made of: units that systemd reads, a compose file that Compose reads, settings."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.dags.airflow import ROOT, AirflowHome, tiny_city
from tests.servers import PostgresServer
from tests.support.city import City

INFRA = ROOT / "infra/airflow"
PARTS = ("api-server", "dag-processor", "scheduler", "triggerer")
UNITS = sorted((INFRA / "systemd").iterdir())
# True of a machine where it is not installed, and nothing about the unit.
NOT_INSTALLED = re.compile(
    r"Command /opt/citybrain/\S+ is not executable: No such file or directory"
)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_every_unit() -> None:
    command = ["systemd-analyze", "verify", *map(str, UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert [line for line in said if not NOT_INSTALLED.search(line)] == []


def test_there_is_a_unit_and_a_service_for_each_process() -> None:
    names = {path.name for path in UNITS}
    assert {f"citybrain-airflow-{part}.service" for part in PARTS} <= names
    target = (INFRA / "systemd/citybrain-airflow.target").read_text()
    services = yaml.safe_load((INFRA / "compose.yaml").read_text())["services"]
    assert set(services) == {"postgres", "prepare", *PARTS}
    for part in PARTS:
        unit = (INFRA / f"systemd/citybrain-airflow-{part}.service").read_text()
        assert f"ExecStart=/opt/citybrain/.venv/bin/airflow {part}\n" in unit
        assert f"citybrain-airflow-{part}.service" in target
        assert services[part]["command"] == ["airflow", part]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here")
def test_compose_takes_the_file(tmp_path: Path) -> None:
    for name in ("compose.yaml", "airflow.env", "databases.sql"):
        shutil.copy(INFRA / name, tmp_path / name)
    shutil.copy(INFRA / "secrets.env.example", tmp_path / "secrets.env")
    command = ["docker-compose", "-f", "compose.yaml", "config"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)["services"]
    for part in PARTS:
        environment = found[part]["environment"]
        assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
        assert environment["CITYBRAIN_DATABASE"].startswith("postgresql://")
        assert "prepare" in found[part]["depends_on"]


def test_the_settings_are_ones_that_airflow_knows() -> None:
    """Every AIRFLOW__SECTION__KEY of the files is in the configuration of Airflow or its providers.

    The Helm values name settings under `config`, too.
    """
    import airflow

    described = yaml.safe_load(
        (Path(airflow.__file__).parent / "config_templates/config.yml").read_text()
    )
    from airflow.providers.openlineage.get_provider_info import get_provider_info

    described |= get_provider_info()["config"]
    files = [INFRA / name for name in ("airflow.env", "secrets.env.example", "standalone")]
    files += [INFRA / "compose.yaml", INFRA / "values.yaml"]
    named = {
        pair
        for path in files
        for pair in re.findall(r"\bAIRFLOW__([A-Z_]+?)__([A-Z_]+[A-Z])\b", path.read_text())
    }
    config = yaml.safe_load((INFRA / "values.yaml").read_text())["config"]
    named |= {(section, key) for section, keys in config.items() for key in keys}
    assert len(named) > 10
    unknown = [
        f"{section}.{key}"
        for section, key in sorted(named)
        if key.lower() not in described.get(section.lower(), {}).get("options", {})
    ]
    assert unknown == []


def test_no_secret_stands_in_the_repository() -> None:
    text = (INFRA / "secrets.env.example").read_text()
    values = re.findall(r"^([A-Z_]+)=(.*)$", text, flags=re.MULTILINE)
    assert [name for name, value in values if value and "PASSWORD" not in value] == []
    assert "infra/airflow/secrets.env" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.slow
def test_airflow_s_own_database_on_postgres(postgres: PostgresServer, tmp_path: Path) -> None:
    """With the drivers that the lock file brings, and `prepare` as production calls it."""
    url = postgres.url("airflow").replace("postgresql://", "postgresql+psycopg2://")
    home = AirflowHome(tmp_path / "airflow", {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url})
    city = tiny_city(City(tmp_path / "city"))
    city.settings()
    done = subprocess.run(
        [str(INFRA / "prepare"), str(city.root)],
        env={**home.environment, "CITYBRAIN_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    pools = postgres.execute("airflow", "SELECT pool, slots FROM slot_pool ORDER BY pool")
    assert ("citybrain_testville", 1) in pools
    assert (tmp_path / "home/schedules/testville.json").is_file()
