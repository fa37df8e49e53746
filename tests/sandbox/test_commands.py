"""The commands of the sandbox, from the first key to a revoked letter."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from catalog.errors import CityBrainError
from citybrain import app
from tests.sandbox.firms import published_firms
from tests.support.instruments import agreement, letter

ASK = ("--agreement", "agreement-a", "--user", "wang", "--purpose", "credit")
SQL = "SELECT area, COUNT(*) AS n FROM sandbox.firm GROUP BY area ORDER BY area"
TERM = {"valid_from": "2026-01-01", "valid_to": "2099-12-31"}


def said(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def answer(*arguments: object) -> Any:
    return json.loads(said(*arguments, "--json"))


def refused(*arguments: object) -> str:
    with pytest.raises(CityBrainError) as caught:
        said(*arguments)
    return caught.value.code


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published view, and keys of the centre and a department that the workspace trusts."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = published_firms(tmp_path / "city")
    for name in ("centre", "tax"):
        private, public = said("agreement", "key", name, "--folder", tmp_path).splitlines()
        assert stat.S_IMODE(Path(private).stat().st_mode) == 0o600
        city.write(f"agreements/keys/{name}.pub", Path(public).read_bytes())
    fields = ["area", "paid"]
    resources = [{"name": "raw.tax__firm", "fields": ["code", *fields]}]
    documents = {
        "tax": letter(resources=resources, **TERM),
        "centre": agreement(
            letters=["letter-tax"], views=[{"name": "sandbox.firm", "fields": fields}], **TERM
        ),
    }
    for name, document in documents.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document))
        said("agreement", "sign", path, "--key", tmp_path / f"{name}.key", "--signer", name)
    return city.root


def test_from_the_first_key_to_a_revoked_letter(city: Path, tmp_path: Path) -> None:
    assert refused("sandbox", "quote", city, SQL, *ASK) == "agreement_unknown"
    files = (tmp_path / "tax.yaml", tmp_path / "centre.yaml")
    names = said("agreement", "import", city, *files).splitlines()
    assert names == ["letter:letter-tax@1", "agreement:agreement-a@1"]
    assert said("agreement", "import", city, *files).splitlines() == names
    states = {one["id"]: one["state"] for one in answer("agreement", "list", city)}
    assert states == {"agreement-a": "in_force", "letter-tax": "in_force"}
    assert "in force" in said("agreement", "list", city)

    offer = answer("sandbox", "quote", city, SQL, *ASK)
    assert offer["cells"] == 2 and offer["epsilon"] <= 0.2 and not offer["known"]
    assert "All 2 group(s) are answered." in said("sandbox", "quote", city, SQL, *ASK)
    first = answer("sandbox", "query", city, SQL, *ASK, "--key", "1")
    assert first["columns"] == ["area", "n"] and [row[0] for row in first["rows"]] == [
        "east",
        "west",
    ]
    assert first["balance"]["spent"]["rho"] == pytest.approx(offer["rho"])
    again = said("sandbox", "query", city, f"{SQL} LIMIT 1", *ASK, "--key", "2")
    assert "Nothing was spent" in again and first["id"] in again
    spent = answer("sandbox", "budget", city, "--agreement", "agreement-a")["enterprise"]["spent"]
    assert spent["rho"] == pytest.approx(offer["rho"])
    assert "enterprise" in said("sandbox", "budget", city, "--agreement", "agreement-a")
    assert said("sandbox", "audit", city) == "enterprise: 1 charge(s) replayed.\n"
    assert answer("sandbox", "audit", city) == {"enterprise": {"charges": 1, "faults": []}}

    who = ("--who", "auditor")
    said("sandbox", "budget", city, "--agreement", "agreement-a", *who)
    said("sandbox", "log", city, "--agreement", "agreement-a", *who)
    said("sandbox", "log", city, *who)
    said("sandbox", "audit", city, *who)
    looks = answer("audit", "list", city, "--action", "audit", "--actor", "account:auditor")
    assert [(one["subject"], one["detail"]) for one in looks[::-1]] == [
        ("budget", {"agreement": "agreement-a"}),
        ("openings", {"agreement": "agreement-a"}),
        ("openings", {}),
        ("charges", {}),
    ]

    revoked = ("agreement", "revoke", city, "letter", "letter-tax", "--who", "tax", "--why", "over")
    assert said(*revoked) == "letter:letter-tax@1\n"
    assert refused("sandbox", "query", city, SQL, *ASK, "--key", "3") == "letter_revoked"


def test_what_is_not_signed_by_a_known_key_is_not_taken(city: Path, tmp_path: Path) -> None:
    said("agreement", "key", "tax", "--folder", tmp_path / "other")
    forged = tmp_path / "other" / "letter.yaml"
    key = tmp_path / "other" / "tax.key"
    said(
        "agreement",
        "sign",
        tmp_path / "tax.yaml",
        "--key",
        key,
        "--signer",
        "tax",
        "--output",
        forged,
    )
    assert refused("agreement", "import", city, forged) == "signature_unknown"
    changed = tmp_path / "changed.yaml"
    changed.write_text((tmp_path / "tax.yaml").read_text().replace("credit", "anything"))
    assert refused("agreement", "import", city, changed) == "signature_invalid"
    assert answer("agreement", "list", city) == []


def test_keys(tmp_path: Path) -> None:
    said("agreement", "key", "centre", "--folder", tmp_path)
    before = (tmp_path / "centre.key").read_bytes()
    assert refused("agreement", "key", "centre", "--folder", tmp_path) == "key_exists"
    assert (tmp_path / "centre.key").read_bytes() == before
    draft = tmp_path / "draft.yaml"
    draft.write_text(yaml.safe_dump(letter(**TERM)))
    sign = ("agreement", "sign", draft, "--signer", "tax", "--key")
    assert refused(*sign, tmp_path / "centre.pub") == "key_unreadable"
    assert refused(*sign, tmp_path / "missing.key") == "key_unreadable"
    assert refused(*sign, draft) == "key_unreadable"


@pytest.mark.slow
def test_on_spark_when_the_settings_say_so(city: Path, tmp_path: Path) -> None:
    said("agreement", "import", city, tmp_path / "tax.yaml", tmp_path / "centre.yaml")
    settings = (city / "workspace.toml").read_text()
    assert "portable = false" in settings
    (city / "workspace.toml").write_text(
        settings.replace("portable = false", 'kind = "spark"\nmaster = "local[1]"\nmemory = "1GB"')
    )
    found = answer("sandbox", "query", city, SQL, *ASK, "--key", "spark")
    assert [row[0] for row in found["rows"]] == ["east", "west"]
    for row, errors in zip(found["rows"], found["errors"], strict=True):
        assert abs(row[1] - (1500 if row[0] == "east" else 500)) < 4 * errors[1]


def test_the_state_of_a_view_says_how_it_is_told(city: Path) -> None:
    assert "as answers with noise" in said("status", city, "sandbox.firm")
