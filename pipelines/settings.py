"""The settings of a workspace: the content of `workspace.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from catalog.cadence import known_zone
from catalog.contract import Gate
from catalog.errors import CatalogError, Location, Problems
from catalog.people import Role
from catalog.sharing.working_days import WorkingDays
from catalog.yamlsource import read_text
from pipelines.exchange.networks import networks_of
from pipelines.levels.channels import Channels
from pipelines.masking.settings import MaskingSettings
from pipelines.schedule.settings import CalendarSettings, ScheduleSettings
from pipelines.sharing.settings import SharingSettings
from quality.risk.policy import RiskSettings

_WEB = r"^https?://[^\s<>\"{}|\\^`]+$"


class Strict(BaseModel):
    """Values of a file in which unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EngineSettings(Strict):
    """What one run may use of the machine."""

    memory: str = Field(default="3GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int | None = Field(default=None, ge=1)
    workers: int = Field(default=2, ge=1, le=16)
    kind: Literal["duckdb", "spark"] = "duckdb"
    portable: bool = True
    master: str = Field(default="local[*]", pattern=r"^(local(\[(\*|\d+)\])?|spark://.+)$")
    remote: str | None = Field(default=None, pattern=r"^sc://.+$")


class LakeSettings(Strict):
    """How long old snapshots stay readable."""

    keep_snapshots: int = Field(default=10, ge=1)


class LineageSettings(Strict):
    """How many runs' lineage events stay on disk."""

    keep_runs: int = Field(default=100, ge=1)


class SandboxSettings(Strict):
    """What all partners together may learn of one kind of unit in a period."""

    epsilon: float = Field(default=10.0, gt=0, le=1_000, allow_inf_nan=False)
    delta: float = Field(default=1e-6, gt=0, lt=1)
    renewal: Literal["none", "month", "quarter", "year"] = "year"
    version: int = Field(default=1, ge=1)
    envelope: int = Field(default=50, ge=0, le=10_000)
    seconds: int = Field(default=300, ge=1, le=86_400)


class ServiceSettings(Strict):
    """How the sandbox's service answers partners' programs."""

    token_seconds: int = Field(default=600, ge=10, le=86_400)
    requests_per_minute: int = Field(default=600, ge=1)
    failures_per_minute: int = Field(default=10, ge=1)
    workers: int = Field(default=2, ge=1, le=64)
    waiting: int = Field(default=64, ge=1)


class OidcSettings(Strict):
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


class PortalSettings(Strict):
    """How people sign in to the portal.

    Attributes:
        account_failures, address_failures: after how many failures in a row an account, or an
            address, has to wait for `lockout_minutes`.
        idle_minutes, session_hours: after how long without a request, and after how long at most,
            a session is over.
        quarantine_ceiling: up to which level values of rejected rows are shown to whoever may look
            at the quarantine.
        incident_days: for how long an auditor's confirmation of the register of incidents holds.
    """

    account_failures: int = Field(default=5, ge=1)
    address_failures: int = Field(default=20, ge=1)
    lockout_minutes: int = Field(default=15, ge=1, le=1_440)
    idle_minutes: int = Field(default=30, ge=1, le=1_440)
    session_hours: int = Field(default=12, ge=1, le=168)
    quarantine_ceiling: Literal["L1", "L2", "L3", "L4"] = "L2"
    incident_days: int = Field(default=92, ge=1, le=366)
    oidc: OidcSettings | None = None


class ExchangeSettings(Strict):
    """What departments may read of each other, and how they are told of it."""

    requests_per_minute: int = Field(default=6_000, ge=1)
    rows_per_day: int = Field(default=100_000_000, ge=1)
    exports: int = Field(default=4, ge=1, le=64)
    stall_seconds: float = Field(default=60.0, gt=0, le=3_600)
    memory: str = Field(default="1GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    files: int = Field(default=32, ge=1)
    prepare_days: int = Field(default=7, ge=0, le=366)
    prepare_seconds: float = Field(default=2.0, gt=0, le=3_600)
    cursor_seconds: int = Field(default=86_400, ge=60)
    public_url: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    subscriptions: int = Field(default=5, ge=1)
    webhook_hosts: tuple[str, ...] = ()
    webhook_networks: tuple[str, ...] = ()
    webhook_ca_file: str | None = Field(default=None, min_length=1)
    webhook_insecure: bool = False
    webhook_attempts: int = Field(default=10, ge=1, le=100)
    webhook_seconds: float = Field(default=10.0, gt=0, le=3_600)

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks_of(value)
        return value


class AgreementSettings(Strict):
    """When a data use agreement holds.

    Attributes:
        countersigned: only with its partner's signature, too.
    """

    countersigned: Annotated[bool, Field(strict=True)] = False


class AuditSettings(Strict):
    """How often the audit log is anchored, how late that may be, and the key that signs it.

    Attributes:
        timestamp_certificates: the file with the roots that are trusted, relative to the workspace.
        timestamp_url: of the authority that is asked for timestamps; empty: nobody is.
        timestamp_seconds: how often it is asked, if there is a new checkpoint.
        timestamp_overdue_seconds: how old a record may be that no timestamp covers, before nobody is
            given anything any more; None: timestamps are no condition.
    """

    checkpoint_seconds: int = Field(default=300, ge=1, le=86_400)
    checkpoint_records: int = Field(default=1_000, ge=1)
    overdue_seconds: int = Field(default=3_600, ge=30, le=604_800)
    key_file: str | None = None
    timestamp_certificates: Annotated[str, Field(min_length=1)] | None = None
    timestamp_url: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    timestamp_seconds: int = Field(default=3_600, ge=1, le=86_400)
    timestamp_overdue_seconds: Annotated[int, Field(ge=30, le=2_592_000)] | None = None

    @field_validator("timestamp_overdue_seconds")
    @classmethod
    def _in_time(cls, value: int | None, info: ValidationInfo) -> int | None:
        # Wrong ones are not in `data`, and are told of by themselves.
        if value is None:
            return value
        if info.data.get("timestamp_url") == "":
            raise ValueError("timestamp_url is missing: who is asked for timestamps")
        least = 4 * info.data.get("checkpoint_seconds", 0)
        if value < least:
            raise ValueError(f"less than four times checkpoint_seconds ({least})")
        return value

    @field_validator("timestamp_url")
    @classmethod
    def _with_certificates(cls, value: str, info: ValidationInfo) -> str:
        # A wrong one is not in `data`, and is told of by itself.
        if value and info.data.get("timestamp_certificates", value) is None:
            raise ValueError("timestamp_certificates is missing: whose timestamps are trusted")
        return value


class CatalogueSettings(Strict):
    """What the codes of the resource catalogue are made from.

    Attributes:
        subjects: the digits of item and detail (项, 目, 细目) by table, by department as
            `raw.<department>`, or by database; the first of these that is there counts.
    """

    subjects: dict[str, Annotated[str, Field(pattern=r"^\d{5}\d*$")]] = {}


class OpenSettings(Strict):
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


class Settings(Strict):
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
    agreements: AgreementSettings = AgreementSettings()
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


def read_settings(path: Path) -> Settings:
    """Read `workspace.toml`.

    Raises:
        CatalogError: it cannot be read, or is not TOML.
        Problems: values that it must not have; all of them.
    """
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
        dotted = ".".join(map(str, item["loc"]))
        yield value_fault(item, Location(path, line_of(text, key)), dotted)


def line_of(text: str, key: str) -> int:
    """The line where a key of `workspace.toml` stands; the first, where it does not."""
    lines = enumerate(text.splitlines(), 1)
    return next((i for i, row in lines if re.match(rf"\s*\[?{re.escape(key)}\b", row)), 1)


def value_fault(item: Any, where: Location, dotted: str) -> CatalogError:
    """What pydantic says of one value, at its place; `dotted` is its key."""
    if item["type"] == "extra_forbidden":
        return CatalogError("unknown_key", where=where, key=dotted, expected="docs/contracts.md")
    if item["type"] == "missing":
        return CatalogError("key_missing", where=where, key=dotted)
    problem = str(item["msg"]).removeprefix("Value error, ")
    return CatalogError("value_invalid", where=where, key=dotted, problem=problem)
