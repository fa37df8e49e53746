"""A workspace: the folder of departments, contracts, models and tests that describes a city.

`load_workspace` reads it all and reports every fault at once; it touches no data.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from catalog.cadence import known_zone
from catalog.contract import DATABASES, Contract, Gate
from catalog.errors import CatalogError, CityBrainError, Location, Problems
from catalog.odcs import ContractFaults, read_contract
from catalog.people import Role
from catalog.sharing.working_days import WorkingDays
from catalog.yamlsource import load_yaml, read_text
from pipelines.compilecache import CompileCache
from pipelines.home import Home
from pipelines.levels.channels import Channels
from pipelines.masking.settings import MaskingSettings
from pipelines.schedule.settings import CalendarSettings, ScheduleSettings
from pipelines.sharing.settings import SharingSettings
from quality.predicates import quoted
from quality.risk.policy import RiskSettings

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_WEB = r"^https?://[^\s<>\"{}|\\^`]+$"
_Reader = Callable[[Path, str, str], Contract]
MODEL_DATABASES = tuple(name for name in DATABASES if name != "raw")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EngineSettings(_Strict):
    """What one run may use of the machine."""

    memory: str = Field(default="3GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int | None = Field(default=None, ge=1)
    workers: int = Field(default=2, ge=1, le=16)
    kind: Literal["duckdb", "spark"] = "duckdb"
    portable: bool = True
    master: str = Field(default="local[*]", pattern=r"^(local(\[(\*|\d+)\])?|spark://.+)$")
    remote: str | None = Field(default=None, pattern=r"^sc://.+$")


class LakeSettings(_Strict):
    """How long old snapshots stay readable."""

    keep_snapshots: int = Field(default=10, ge=1)


class LineageSettings(_Strict):
    """How many runs' lineage events stay on disk."""

    keep_runs: int = Field(default=100, ge=1)


class SandboxSettings(_Strict):
    """What all partners together may learn of one kind of unit in a period."""

    epsilon: float = Field(default=10.0, gt=0, le=1_000, allow_inf_nan=False)
    delta: float = Field(default=1e-6, gt=0, lt=1)
    renewal: Literal["none", "month", "quarter", "year"] = "year"
    version: int = Field(default=1, ge=1)
    envelope: int = Field(default=50, ge=0, le=10_000)
    seconds: int = Field(default=300, ge=1, le=86_400)


class ServiceSettings(_Strict):
    """How the sandbox's service answers partners' programs."""

    token_seconds: int = Field(default=600, ge=10, le=86_400)
    requests_per_minute: int = Field(default=600, ge=1)
    failures_per_minute: int = Field(default=10, ge=1)
    workers: int = Field(default=2, ge=1, le=64)
    waiting: int = Field(default=64, ge=1)


class OidcSettings(_Strict):
    """A provider of OpenID Connect, and what its claims mean here.

    Attributes:
        address: of this city as browsers know it; the provider hands them back to
            `<address>/sign-in/provider/return`.
        roles: the role here by what stands in `role_claim`; the first that somebody has counts.
        departments: the department here by what stands in `department_claim`, where they differ.
    """

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$")
    client_id: str = Field(min_length=1)
    address: str = Field(pattern=r"^https?://[^\s?#]+$")
    scope: str = Field(default="openid profile", pattern=r"^(.* )?openid( .*)?$")
    name_claim: str = "preferred_username"
    title_claim: str = "name"
    role_claim: str = "roles"
    roles: dict[str, Role] = {}
    department_claim: str = "department"
    departments: dict[str, str] = {}
    partner_claim: str = "partner"

    @field_validator("issuer", "address")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        local = re.match(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)", value)
        if not value.startswith("https://") and not local:
            raise ValueError(f"'{value}' is not https; only an address of this machine may be http")
        return value


class PortalSettings(_Strict):
    """How people sign in to the portal.

    Attributes:
        account_failures, address_failures: after how many failures in a row an account, or an
            address, has to wait for `lockout_minutes`.
        idle_minutes, session_hours: after how long without a request, and after how long at most,
            a session is over.
        quarantine_ceiling: up to which level values of rejected rows are shown to whoever may look
            at the quarantine.
    """

    account_failures: int = Field(default=5, ge=1)
    address_failures: int = Field(default=20, ge=1)
    lockout_minutes: int = Field(default=15, ge=1, le=1_440)
    idle_minutes: int = Field(default=30, ge=1, le=1_440)
    session_hours: int = Field(default=12, ge=1, le=168)
    quarantine_ceiling: Literal["L1", "L2", "L3", "L4"] = "L2"
    oidc: OidcSettings | None = None


class ExchangeSettings(_Strict):
    """What departments may read of each other, and how they are told of it."""

    requests_per_minute: int = Field(default=6_000, ge=1)
    rows_per_day: int = Field(default=100_000_000, ge=1)
    exports: int = Field(default=4, ge=1, le=64)
    memory: str = Field(default="1GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    files: int = Field(default=32, ge=1)
    cursor_seconds: int = Field(default=86_400, ge=60)
    public_url: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    subscriptions: int = Field(default=5, ge=1)
    webhook_hosts: tuple[str, ...] = ()
    webhook_insecure: bool = False
    webhook_attempts: int = Field(default=10, ge=1, le=100)
    webhook_seconds: float = Field(default=10.0, gt=0, le=3_600)


class AuditSettings(_Strict):
    """How often the audit log is anchored, how late that may be, and the key that signs it."""

    checkpoint_seconds: int = Field(default=300, ge=1, le=86_400)
    overdue_seconds: int = Field(default=3_600, ge=30, le=604_800)
    key_file: str | None = None


class CatalogueSettings(_Strict):
    """What the codes of the resource catalogue are made from.

    Attributes:
        subjects: the digits of item and detail (项, 目, 细目) by table, by department as
            `raw.<department>`, or by database; the first of these that is there counts.
    """

    subjects: dict[str, Annotated[str, Field(pattern=r"^\d{5}\d*$")]] = {}


class OpenSettings(_Strict):
    """On what terms the city opens data to everybody.

    Attributes:
        url: the portal's public address; unset: the one that was asked.
        publisher: of the catalogue; unset: the department whose role is `operator`, else the city.
        license: the licence's address; `license_id`: its short name with SPDX.
        attribution: where the data come from, and what else must be respected.
        spatial: the address of the place that the data are about.
        themes: codes of the EU's data themes by table, such as `ENVI`.
        downloads_per_minute: of one address.
    """

    url: Annotated[str, Field(pattern=_WEB)] | None = None
    publisher: dict[str, str] | str | None = None
    license: Annotated[str, Field(pattern=_WEB)] | None = None
    license_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+-]+$")] | None = None
    license_title: str | None = None
    attribution: dict[str, str] | str = ""
    contact_name: str | None = None
    contact_email: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] | None = None
    contact_url: Annotated[str, Field(pattern=_WEB)] | None = None
    spatial: Annotated[str, Field(pattern=_WEB)] | None = None
    themes: dict[str, tuple[Annotated[str, Field(pattern=r"^[A-Z_]{4,12}$")], ...]] = {}
    downloads_per_minute: int = Field(default=60, ge=1)


class Settings(_Strict):
    """The content of `workspace.toml`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: dict[str, str] | str = ""
    timezone: str = "UTC"
    source: str = "source"
    gate: Gate = Gate()
    engine: EngineSettings = EngineSettings()
    lake: LakeSettings = LakeSettings()
    lineage: LineageSettings = LineageSettings()
    channels: Channels = Channels()
    masking: MaskingSettings = MaskingSettings()
    risk: RiskSettings = RiskSettings()
    sandbox: SandboxSettings = SandboxSettings()
    service: ServiceSettings = ServiceSettings()
    portal: PortalSettings = PortalSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    audit: AuditSettings = AuditSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    calendar: CalendarSettings = CalendarSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    open: OpenSettings = OpenSettings()
    sharing: SharingSettings = SharingSettings()

    @property
    def working_days(self) -> WorkingDays:
        """The days by which deadlines count."""
        return self.calendar.official(self.timezone)

    def day_of(self, moment: datetime) -> date:
        """The city's calendar day at a moment."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def today(self) -> date:
        """The city's calendar day now."""
        return self.day_of(datetime.now(UTC))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)


class Department(_Strict):
    """A department of the city, from `departments.yaml`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: dict[str, str] | str
    code: str | None = None
    role: Literal["provider", "operator"] = "provider"

    @field_validator("code")
    @classmethod
    def _social_credit_code(cls, value: str | None) -> str | None:
        if value is not None and not valid_social_credit_code(value):
            raise ValueError(
                f"'{value}' is not a unified social credit code (GB 32100 check digit)"
            )
        return value


def valid_social_credit_code(code: str) -> bool:
    """Whether the outer check digit of a unified social credit code holds (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(letter not in alphabet for letter in code):
        return False
    total = sum(alphabet.index(letter) * pow(3, i, 31) for i, letter in enumerate(code[:17]))
    return alphabet[(31 - total % 31) % 31] == code[17]


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
        settings = _settings(root / "workspace.toml")
        departments = _departments(root / "departments.yaml")
    except CatalogError as error:
        raise error if isinstance(error, Problems) else Problems([error]) from None
    problems: list[CityBrainError] = list(_misplaced(root, departments))
    problems += _escalation(root, settings, departments)
    cache = CompileCache(Home.of(settings.name).compiled, root) if cached else None
    read = cache.contract if cache else read_contract
    collected = _collected(root, departments, read, problems)
    models = _models(root, read, problems)
    tests = tuple(sorted((root / "tests").glob("*.yaml")))
    return Workspace(root, settings, departments, collected, models, tests, tuple(problems), cache)


def _settings(path: Path) -> Settings:
    text = read_text(path)
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        where = Location(path, int(found[1]), int(found[2])) if found else Location(path)
        raise CatalogError("toml_syntax", where=where, problem=str(error)) from error
    except ValidationError as error:
        raise Problems(list(_toml_faults(error, text, path))) from error


def _toml_faults(error: ValidationError, text: str, path: Path) -> Iterator[CatalogError]:
    for item in error.errors():
        key = str(item["loc"][-1]) if item["loc"] else ""
        lines = text.splitlines()
        line = next(
            (i for i, row in enumerate(lines, 1) if re.match(rf"\s*\[?{re.escape(key)}\b", row)), 1
        )
        dotted = ".".join(map(str, item["loc"]))
        yield _fault(item, Location(path, line), dotted)


def _fault(item: Any, where: Location, dotted: str) -> CatalogError:
    if item["type"] == "extra_forbidden":
        return CatalogError("unknown_key", where=where, key=dotted, expected="docs/contracts.md")
    if item["type"] == "missing":
        return CatalogError("key_missing", where=where, key=dotted)
    problem = str(item["msg"]).removeprefix("Value error, ")
    return CatalogError("value_invalid", where=where, key=dotted, problem=problem)


def _departments(path: Path) -> dict[str, Department]:
    document = load_yaml(path)
    entries = document.data.get("departments") if isinstance(document.data, dict) else None
    if not isinstance(entries, list):
        raise CatalogError("departments_list", where=document.where())
    faults: list[CityBrainError] = []
    found: dict[str, Department] = {}
    for index, entry in enumerate(entries):
        try:
            department = Department.model_validate(entry)
        except ValidationError as error:
            for item in error.errors():
                where = document.where("departments", index, *item["loc"])
                faults.append(_fault(item, where, ".".join(map(str, item["loc"]))))
            continue
        if department.id in found:
            where = document.where("departments", index)
            faults.append(CatalogError("yaml_duplicate_key", where=where, key=department.id))
        found[department.id] = department
    if faults:
        raise Problems(faults)
    return found


def _escalation(
    root: Path, settings: Settings, departments: Mapping[str, Department]
) -> list[CityBrainError]:
    """What is late must not be passed on to nobody."""
    to = settings.sharing.escalate_to
    if to is None or to in departments:
        return []
    where, known = Location(root / "workspace.toml"), ", ".join(departments)
    return [CatalogError("share_escalate_to", where=where, department=to, known=known)]


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
