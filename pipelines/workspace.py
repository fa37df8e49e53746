"""A workspace: the folder of departments, contracts, models and tests that describes a city.

`load_workspace` reads it all and reports every fault at once; it touches no data.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalog.audit.timestamps import roots_in
from catalog.contract import DATABASES, Contract
from catalog.errors import CatalogError, CityBrainError, Location, Problems
from catalog.odcs import ContractFaults, read_contract
from catalog.yamlsource import read_text
from pipelines.compilecache import CompileCache
from pipelines.departments import Department, read_departments
from pipelines.home import Home
from pipelines.settings import Settings, line_of, read_settings
from quality.predicates import quoted

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_Reader = Callable[[Path, str, str], Contract]
MODEL_DATABASES = tuple(name for name in DATABASES if name != "raw")


@dataclass(frozen=True, slots=True)
class Model:
    """A derived resource: its contract and its one SELECT.

    Attributes:
        sql: what gives the table's columns; of a table of versions more than what is written.
        body: the SELECT as it is written.
    """

    contract: Contract
    path: Path
    sql: str
    body: str = ""

    @property
    def name(self) -> str:
        """The table's full name."""
        return self.contract.name

    @property
    def fingerprint(self) -> str:
        """Changes when the SQL or the contract does."""
        return hashlib.sha256(f"{self.sql}\0{self.contract.fingerprint}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A loaded workspace; every contract in it is valid by itself."""

    root: Path
    settings: Settings
    departments: Mapping[str, Department]
    collected: Mapping[str, Contract]
    models: Mapping[str, Model]
    test_files: tuple[Path, ...] = ()
    problems: tuple[CityBrainError, ...] = field(default=())
    cache: CompileCache | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The workspace's name, under which its state is kept."""
        return self.settings.name

    @property
    def source_dir(self) -> Path:
        """Where the departments' files stand unless `--source` says otherwise."""
        return (self.root / self.settings.source).resolve()

    @property
    def contracts(self) -> dict[str, Contract]:
        """Every contract by table name, collected resources first."""
        return {**self.collected, **{name: model.contract for name, model in self.models.items()}}


def load_workspace(root: Path, *, cached: bool = False) -> Workspace:
    """Read a workspace.

    Args:
        cached: read and prove anew only what has changed since it was last compiled with `cached`.
            What comes of it is the same; a file in the workspace's home makes it faster.

    Raises:
        Problems: `workspace.toml` or `departments.yaml` cannot be used. Faults of single contracts
            and models do not raise: they stand in `Workspace.problems`, so that the compiler can
            add its own and all are reported together.
    """
    root = root.resolve()
    try:
        settings = read_settings(root / "workspace.toml")
        departments = read_departments(root / "departments.yaml")
    except CatalogError as error:
        raise error if isinstance(error, Problems) else Problems([error]) from None
    problems: list[CityBrainError] = list(_misplaced(root, departments))
    problems += _escalation(root, settings, departments)
    problems += _timestamp_roots(root, settings)
    cache = CompileCache(Home.of(settings.name).compiled, root) if cached else None
    read = cache.contract if cache else read_contract
    collected = _collected(root, departments, read, problems)
    models = _models(root, read, problems)
    tests = tuple(sorted((root / "tests").glob("*.yaml")))
    return Workspace(root, settings, departments, collected, models, tests, tuple(problems), cache)


def _escalation(
    root: Path, settings: Settings, departments: Mapping[str, Department]
) -> list[CityBrainError]:
    """What is late must not be passed on to nobody."""
    to = settings.sharing.escalate_to
    if to is None or to in departments:
        return []
    where, known = Location(root / "workspace.toml"), ", ".join(departments)
    return [CatalogError("share_escalate_to", where=where, department=to, known=known)]


def _timestamp_roots(root: Path, settings: Settings) -> Iterator[CatalogError]:
    """Timestamps that nobody could check must not be asked for in vain."""
    named = settings.audit.timestamp_certificates
    if named is None:
        return
    try:
        roots_in(root / named)
    except (OSError, ValueError):
        path = root / "workspace.toml"
        where = Location(path, line_of(read_text(path), "timestamp_certificates"))
        yield CatalogError("timestamp_certificates", where=where, file=named)


def _misplaced(root: Path, departments: Mapping[str, Department]) -> Iterator[CatalogError]:
    """Files that the layout has no place for; they must not be silently without effect."""
    for path in sorted((root / "contracts").rglob("*.y*ml")):
        if len(path.relative_to(root).parts) != 3:
            known = ", ".join(departments)
            yield CatalogError(
                "contract_place", where=Location(path, 1), department=path.parent.name, known=known
            )
    for path in sorted((root / "models").rglob("*")):
        if path.suffix in (".sql", ".yaml", ".yml") and len(path.relative_to(root).parts) != 3:
            known = ", ".join(MODEL_DATABASES)
            yield CatalogError(
                "model_place", where=Location(path, 1), folder=path.parent.name, known=known
            )


def _collected(
    root: Path,
    departments: Mapping[str, Department],
    read: _Reader,
    problems: list[CityBrainError],
) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for path in sorted((root / "contracts").glob("*/*.y*ml")):
        department, resource = path.parent.name, path.stem
        if department not in departments or not _NAME.match(resource):
            known = ", ".join(departments)
            where = Location(path, 1)
            problems.append(
                CatalogError("contract_place", where=where, department=department, known=known)
            )
            continue
        contract = _contract(read, path, "raw", f"{department}__{resource}", problems)
        if contract is None:
            continue
        if contract.department != department:
            problems.append(
                CatalogError(
                    "contract_domain",
                    where=Location(path, 1),
                    domain=contract.department or "-",
                    expected=department,
                )
            )
        if contract.name in found:
            problems.append(
                CatalogError("yaml_duplicate_key", where=Location(path, 1), key=contract.name)
            )
        found[contract.name] = contract
    return found


def with_versions(contract: Contract, sql: str) -> str:
    """A model's SELECT with the columns that a table of versions has beside it.

    It is what the compiler looks at: when a version ends says something of the next one, and since
    when a state is seen depends on all that it is made of.
    """
    kept = contract.materialisation
    if kept.kind != "snapshot":
        return sql
    since, until = quoted(kept.valid_from), quoted(kept.valid_to)
    names = [
        item.name for item in contract.fields if item.name not in (kept.valid_from, kept.valid_to)
    ]
    key = ", ".join(quoted(name) for name in contract.primary_key if name != kept.valid_from)
    if kept.dated:
        added = f"lead({since}) OVER (PARTITION BY {key} ORDER BY {since}) AS {until}"
    else:
        state = ", ".join(map(quoted, names))
        seen = f"max(TIMESTAMP '1970-01-01') OVER (PARTITION BY {state})"
        added = f"{seen} AS {since}, {seen} AS {until}"
    body = sql.rstrip().rstrip(";")
    return f"SELECT versions.*, {added} FROM ({body}\n) AS versions"


def _contract(
    read: _Reader, path: Path, database: str, table: str, problems: list[CityBrainError]
) -> Contract | None:
    try:
        return read(path, database, table)
    except ContractFaults as error:
        problems.extend(error.faults)
    except CatalogError as error:
        problems.append(error)
    return None


def _models(root: Path, read: _Reader, problems: list[CityBrainError]) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for path in sorted((root / "models").glob("*/*")):
        database = path.parent.name
        if path.suffix not in (".sql", ".yaml", ".yml"):
            continue
        if database not in MODEL_DATABASES or not _NAME.match(path.stem):
            known = ", ".join(MODEL_DATABASES)
            problems.append(
                CatalogError("model_place", where=Location(path, 1), folder=database, known=known)
            )
            continue
        partner = path.with_suffix(".yaml" if path.suffix == ".sql" else ".sql")
        if not partner.exists():
            problems.append(
                CatalogError("model_pair", where=Location(path, 1), missing=partner.name)
            )
            continue
        if path.suffix == ".sql":
            contract = _contract(read, partner, database, path.stem, problems)
            try:
                sql = read_text(path)
            except CatalogError as error:
                problems.append(error)
                continue
            if contract is not None:
                found[contract.name] = Model(contract, path, with_versions(contract, sql), sql)
    return found
