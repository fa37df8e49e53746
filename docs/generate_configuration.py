"""Write the page of settings and environment variables; what they mean stands here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from docs.markdown import cell
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("catalog", "quality", "pipelines", "sandbox", "portal", "commands", "dags")

VARIABLES = {
    "CITYBRAIN_HOME": (
        "`var/` beside the code",
        "Folder of all state; each workspace has a folder of its name in it.",
    ),
    "CITYBRAIN_DATABASE": (
        "SQLite: `<home>/<workspace>/catalog.db`",
        "Catalogue database as a SQLAlchemy URL: `sqlite:///<file>` or "
        "`postgresql://<user>@<host>/<database>`. It may hold several workspaces.",
    ),
    "CITYBRAIN_LAKE_CATALOG": (
        "SQLite: `<home>/<workspace>/lake/iceberg.db`",
        "Iceberg catalogue as a SQLAlchemy URL. It keeps names and pointers; the data files stay "
        "under `<home>/<workspace>/lake`. One database a workspace: table names do not carry the "
        "workspace's name.",
    ),
    "CITYBRAIN_CONNECTION_<NAME>": (
        "-",
        "SQLAlchemy URL of the department database that contracts call `<name>`. A workspace holds "
        "no secrets; they stand here, or under Airflow in its connection `citybrain_<name>` "
        "([Airflow](airflow.md)).",
    ),
    "CITYBRAIN_PROGRAM": (
        "`citybrain` beside Airflow's Python, else on the path",
        "The command that tasks of Airflow call, with arguments if need be ([Airflow](airflow.md)).",
    ),
    "CITYBRAIN_AIRFLOW_DEADLINES": (
        "on; `make airflow` sets `off`",
        "`off`: DAGs of departments have no deadline alerts ([Airflow](airflow.md)).",
    ),
    "CITYBRAIN_LANG": (
        "the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`), else English",
        "Language of messages and tables: `en` or `zh`.",
    ),
    "CITYBRAIN_MASK_KEYS": (
        "`<home>/<workspace>/keys/mask.keys`, made at first use",
        "File with the keys of the masking functions ([masking](masking.md)); a file that is named "
        "must exist.",
    ),
    "CITYBRAIN_OIDC_SECRET": (
        "-",
        "The portal's secret at its provider of OpenID Connect ([portal](portal.md)); without it, it is "
        "a public client.",
    ),
    "OPENLINEAGE_URL": (
        "-",
        "Receiver of [lineage events](lineage-events.md), with `OPENLINEAGE_ENDPOINT` and "
        "`OPENLINEAGE_API_KEY` as the OpenLineage client documents them.",
    ),
    "OPENLINEAGE__TRANSPORT__<NAME>": (
        "-",
        "The same for any transport of the client, such as `OPENLINEAGE__TRANSPORT__TYPE`.",
    ),
    "OPENLINEAGE_CONFIG": (
        "`openlineage.yml` here, else `~/.openlineage/openlineage.yml`",
        "File that configures the OpenLineage client.",
    ),
    "OPENLINEAGE_DISABLED": (
        "-",
        "`true`: no lineage events, not even to the file.",
    ),
    "CITYBRAIN_DEBUG": (
        "-",
        "Any value: an unexpected fault shows its Python traceback instead of one line.",
    ),
}

RISK = {
    "tau": "Largest chance of picking the right row of a class ([disclosure risk](disclosure-risk.md)).",
    "k": "Fewest rows that agree in every quasi-identifier; unset: it follows from `tau`.",
    "l": "Fewest different sensitive values in a class; unset: not required.",
    "t": "Largest distance of a class's sensitive values from the table's; unset: not required.",
    "threshold": "Largest overall risk; unset: `risk.threshold`.",
    "measure": "The theta that is the data risk: the largest, or the mean over the rows.",
    "context": "Context risk CR: below 1 only with a recorded assessment of the recipient.",
}

SETTINGS = {
    "catalogue.subjects": "Digits of item and detail (at least five) from which the resource "
    'catalogue makes codes, by table (`"base.population"`), by department (`"raw.health"`) or by '
    'database (`"thematic"`); see [codes](catalogue.md#codes).',
    "agreements.countersigned": "Whether a data use agreement holds only from the moment on at which "
    "its partner has signed that very version, too ([agreements](agreements.md#countersign)).",
    "audit.checkpoint_seconds": "How often the service signs a checkpoint of the audit log, if there is "
    "anything new ([audit log](audit.md)).",
    "audit.checkpoint_records": "The service signs one at once when so many records are under none.",
    "audit.overdue_seconds": "How old the oldest record may be that no checkpoint covers; after that "
    "nobody is given anything until the log is anchored.",
    "audit.key_file": "The private key that signs checkpoints (Ed25519, PEM), if it is not "
    "`keys/audit.key` in the workspace's state; a relative path is relative to that.",
    "audit.timestamp_url": "The authority that is asked for timestamps of checkpoints (RFC 3161); "
    "empty: nobody is asked ([timestamps](audit.md#timestamps)).",
    "audit.timestamp_certificates": "The file with the root certificates (PEM) that its timestamps are "
    "checked by, relative to the workspace; `timestamp_url` needs it.",
    "audit.timestamp_seconds": "How often the service asks for a timestamp, if there is a new "
    "checkpoint.",
    "audit.timestamp_overdue_seconds": "How old the oldest record may be that no timestamp covers; "
    "after that nobody is given anything until there is one. At least four times `checkpoint_seconds`; "
    "unset: timestamps are no condition ([audit](audit.md#timestamps)).",
    "name": "The workspace's name; its state is kept under `CITYBRAIN_HOME/<name>`.",
    "sharing.check": "Working days for the platform's check of a request; none of these is law, see "
    "[sharing](sharing.md#clocks).",
    "sharing.unconditional": "Working days for the answer about fields that are shared unconditionally.",
    "sharing.answer_target": "Working days that the mean answer is to take at most, from the "
    "submission on; an indicator of the home page, not a deadline.",
    "portal.incident_days": "For how many days an auditor's confirmation of the register of incidents "
    "holds; after that the indicator is not assessed ([portal](portal.md#incidents)).",
    "sharing.conditional": "Working days for an owner's answer.",
    "sharing.supply": "Working days from approval to supply.",
    "sharing.dispute": "Working days for the data bureau's ruling on a refusal that is disputed.",
    "sharing.verify": "Working days for a source's answer to an objection.",
    "sharing.correct": "Working days from a source's confirming a fault to the published correction.",
    "sharing.remind_before": "So many working days before a deadline its department is reminded.",
    "sharing.escalate_after": "So many working days after it, what is open is escalated.",
    "sharing.escalate_to": "To which department; the operator if unset.",
    "sharing.longest_days": "The longest term of a grant, in days.",
    "sharing.unconditional_at_once": "Whether they are granted with the platform's check.",
    "sharing.mask_from": "From which level on a mask, or a stated legal basis, is needed.",
    "sharing.tick_seconds": "How often the service looks for what is due.",
    "title": "Name for people, as one text or by language: `{ en = ..., zh = ... }`.",
    "timezone": 'IANA time zone of the city: what "today" is for rules on dates.',
    "source": "Folder of the departments' files, relative to `workspace.toml`; "
    "`run --source` replaces it.",
    "gate.max_quarantined_percent": "More than this share of the rows that the rules looked at in "
    "quarantine: the publish is blocked. A contract may set its own.",
    "gate.warn_quarantined_percent": "More than this share in quarantine: the publish waits for a "
    "person ([manual gate](airflow.md#the-manual-gate)). Below `max_quarantined_percent`.",
    "gate.hold_on_warning": "A publish that breaks a rule of severity `warn` waits for a person, too.",
    "engine.memory": "Memory for the engine in one run, shared equally by the workers. Beyond its "
    "share a step spills to disk. The program itself takes about 1 GB more.",
    "engine.threads": "Engine threads per step; unset: one per core.",
    "engine.workers": "How many steps may run side by side.",
    "engine.kind": "Which engine computes a run; `run --engine` replaces it ([Spark](spark.md)).",
    "engine.portable": "Whether models are held to the [functions](functions.md) that mean the same on "
    "DuckDB and Spark. Without it the workspace runs on DuckDB alone.",
    "engine.master": "Where Spark runs: in this process, or a standalone master.",
    "engine.remote": "Address of a Spark Connect server; `engine.master` is then not used.",
    "channels.open": "Highest level that an open release may carry.",
    "channels.share": "Highest level that may be shared with a department; grants are narrower.",
    "channels.sandbox": "Highest level of a view in the sandbox.",
    "channels.extract": "Highest level of an extract under agreement.",
    "masking.key_file": "File with the keys of the masking functions, relative to "
    "`workspace.toml`; `CITYBRAIN_MASK_KEYS` goes before it.",
    "masking.key_hook": "`module:function` that gives the key of a version, from a key service.",
    "masking.key_version": "Which version of `key_hook` masks now.",
    "schedule.time": "Hour at which a delivery is collected whose contract says how often, but no "
    "cron ([when what runs](airflow.md)).",
    "schedule.default": "Cron of collected resources whose contract says nothing.",
    "schedule.deadline": "How long after its time a delivery may be missing before its department is "
    "late: `90m`, `12h`, `2d`.",
    "schedule.build": "When builds look for what no asset event told them.",
    "schedule.freshness": "When late departments are looked for.",
    "schedule.maintenance": "When snapshots expire, backups are made and indicators written.",
    "schedule.start": "The first day that a backfill may ask for.",
    "schedule.retries": "How often a task that failed is tried again.",
    "schedule.retry_delay": "How long before it is.",
    "schedule.wait": "How long a task waits while another run of the workspace is at work.",
    "schedule.approval": "How long a person may take to decide about a held publish; afterwards "
    "nothing is published.",
    "calendar.country": "Whose official calendar deadlines count by (ISO 3166); the time zone's "
    "country if unset, none if empty.",
    "calendar.weekend": "Days of the week off, Monday is 1.",
    "calendar.holidays": "Days off besides.",
    "calendar.workdays": "Days that are worked although they fall on a weekend or holiday.",
    "risk.threshold": "Largest overall risk R = DR x CR of a release of records (GB/T 42460) [r]; a "
    "channel may have its own.",
    "risk.minimum_count": "Smallest count that a release of statistics may show; a contract may ask "
    "for more.",
    "open.url": "The portal's public address, as it stands in exported catalogues; unset: the one that "
    "was asked ([open data](open-data.md)).",
    "open.publisher": "Who publishes the catalogue, as one text or by language; unset: the department "
    "whose role is `operator`, else the city.",
    "open.license": "Address of the licence under which open data may be used.",
    "open.license_id": "The licence's short name with SPDX, such as `CC-BY-4.0`.",
    "open.license_title": "The licence's name for people.",
    "open.attribution": "Where the data come from and what else must be respected, as one text or by "
    "language.",
    "open.contact_name": "Whom to ask about open data.",
    "open.contact_email": "His address for mail.",
    "open.contact_url": "His page.",
    "open.spatial": "Address of the place that the data are about.",
    "open.themes": "Codes of the EU's data themes by table: "
    '`"open.hotline_statistics" = ["GOVE"]`.',
    "open.downloads_per_minute": "Downloads that one address may begin in a minute.",
    **{
        f"risk.{channel}.{key}": meaning
        for channel in ("open", "share", "extract", "sandbox")
        for key, meaning in RISK.items()
    },
    "sandbox.epsilon": "What all partners together may learn of one kind of unit (enterprise, person) "
    "in a period ([sandbox](sandbox.md)).",
    "sandbox.delta": "The delta that goes with it; half of it is for groups that are not public.",
    "sandbox.renewal": "The period, by calendar in UTC; `none`: for ever.",
    "sandbox.version": "Raise it with every change of these.",
    "sandbox.seconds": "A question that is counted for longer is stopped; it stays charged.",
    "sandbox.envelope": "Answers and refusals leave the service at whole multiples of so many "
    "milliseconds after the question came, so that small differences in the work do not show.",
    "service.token_seconds": "How long a token of the [service](sandbox-service.md) holds.",
    "service.requests_per_minute": "How many requests one client may send.",
    "service.failures_per_minute": "How often signing in may fail, from one address and for one client.",
    "service.workers": "How many questions are counted side by side; each has `engine.memory` and "
    "`engine.threads`.",
    "service.waiting": "How many questions may wait for a worker; further ones are told to come later.",
    "portal.account_failures": "After how many failures in a row an account of the "
    "[portal](portal.md) has to wait.",
    "portal.address_failures": "After how many failures in a row an address has to wait.",
    "portal.lockout_minutes": "For how many minutes they wait.",
    "portal.idle_minutes": "After how many minutes without a request a session is over.",
    "portal.session_hours": "After how many hours a session is over at the latest.",
    "portal.oidc.issuer": "Provider of OpenID Connect for [signing in](portal.md); without this "
    "section there is none.",
    "portal.oidc.client_id": "The portal's name at the provider.",
    "portal.oidc.address": "Of this city as browsers know it; it is registered at the provider with "
    "`/sign-in/provider/return` behind it.",
    "portal.oidc.scope": "What the provider is asked for.",
    "portal.oidc.name_claim": "The claim with the name of the account; else `sub`.",
    "portal.oidc.title_claim": "The claim with what somebody is called on pages.",
    "portal.oidc.role_claim": "The claim, text or list, that tells the role.",
    "portal.oidc.roles": "The role here by what stands in it; the first that somebody has counts.",
    "portal.oidc.department_claim": "The claim with an officer's department.",
    "portal.oidc.departments": "The department here by what stands in it, where they differ.",
    "portal.oidc.partner_claim": "The claim with an analyst's partner.",
    "exchange.requests_per_minute": "How many requests the programs of one department may send to the "
    "[exchange](exchange.md), all processes together.",
    "exchange.rows_per_day": "How many rows one department may be given in a day (UTC).",
    "exchange.exports": "How many exports run at a time in one process.",
    "exchange.stall_seconds": "Whoever takes no byte of an answer for so long has his connection cut, "
    "and what the answer holds is given back: of exports, downloads and pages alike.",
    "exchange.memory": "What DuckDB may use for one export, or to make the pages of one snapshot.",
    "exchange.files": "For so many grants and snapshots pages are kept; what was not used for the "
    "longest time goes first, and is made again when it is asked for.",
    "exchange.prepare_days": "Pages of what was read within so many days are made as soon as a new "
    "snapshot is published; 0: when they are asked for.",
    "exchange.prepare_seconds": "How often it is looked whether there are new snapshots to prepare.",
    "exchange.cursor_seconds": "How long a cursor holds.",
    "exchange.public_url": "The address by which departments reach the service; notices name it.",
    "exchange.subscriptions": "How many subscriptions a department may have to one resource.",
    "exchange.webhook_hosts": "Only these hosts are sent notices; `.example` means all hosts below it. "
    "Empty: any host of the public network.",
    "exchange.webhook_networks": "Networks to which notices may be sent though they are not public, "
    "such as `10.20.0.0/16` or `fd12:3456::/32`. This machine, its link, multicast and clouds' own "
    "services are never called.",
    "exchange.webhook_ca_file": "A file of certificates (PEM) of authorities that are believed "
    "beside the public ones when notices are sent; relative to the workspace's folder.",
    "exchange.webhook_insecure": "Also plain HTTP and addresses that are not public: for tests only.",
    "exchange.webhook_attempts": "After so many attempts a notice is given up.",
    "exchange.webhook_seconds": "How often new snapshots are looked for.",
    "portal.quarantine_ceiling": "Up to which level pages show values of rejected rows.",
    "lineage.keep_runs": "Of how many runs `citybrain clean` keeps the lineage events' files; what "
    "waits to be sent stays.",
    "lake.keep_snapshots": "How many published snapshots of a table `citybrain clean` keeps.",
}


def configuration_page(notice: str) -> str:
    """`configuration.md`, which begins with `notice`."""
    lines = [notice, "", "# Configuration", ""]
    lines += [
        "What belongs to a city stands in its `workspace.toml`, under version control. What belongs to",
        "a machine stands in environment variables. There is no other configuration, but for the file",
        "of the OpenLineage client.",
        "",
        "## `workspace.toml`",
        "",
        "Keys with a dot stand in a section: `gate.max_quarantined_percent` under `[gate]`. Unknown",
        "keys are errors.",
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for key, kind, default in settings(Settings):
        lines.append(f"| `{key}` | {kind} | {default} | {SETTINGS[key]} |")
    lines += [
        "",
        "## Environment variables",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {default} | {text} |" for name, (default, text) in VARIABLES.items()]
    return "\n".join(lines) + "\n"


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, type and default of every setting, sections opened."""
    for name, item in model.model_fields.items():
        kind: Any = item.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings(kind, f"{prefix}{name}.")
            continue
        optional = [one for one in get_args(kind) if isinstance(one, type)]
        section = next((one for one in optional if issubclass(one, BaseModel)), None)
        if section is not None:
            yield from settings(section, f"{prefix}{name}.")
            continue
        default = "required" if item.is_required() else _default(item.default)
        limits = [_limit(rule) for rule in item.metadata]
        yield prefix + name, cell(", ".join([_type(kind), *filter(None, limits)])), default


def _default(value: Any) -> str:
    if isinstance(value, tuple | frozenset):
        value = ", ".join(map(str, value))
    return "-" if value is None or value == "" else f"`{value}`"


def _type(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    names |= {Fraction: "number or fraction", date: "date"}
    if kind in names:
        return names[kind]
    if get_origin(kind) is dict:
        return "text by language"
    if get_origin(kind) in (tuple, frozenset):
        return f"list of: {_type(get_args(kind)[0])}"
    parts = [part for part in getattr(kind, "__args__", ()) if part is not type(None)]
    return " or ".join(dict.fromkeys(_type(part) for part in parts)) or str(kind)


def _limit(rule: Any) -> str:
    words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
    for attribute, word in words.items():
        if hasattr(rule, attribute):
            return f"{word} {getattr(rule, attribute)}"
    pattern = getattr(rule, "pattern", None)
    return f"`{pattern}`" if pattern else ""


def variables_in_code() -> set[str]:
    """The names of environment variables, ours and OpenLineage's, that the code mentions."""
    files = [ROOT / "citybrain.py", *(f for room in SOURCES for f in (ROOT / room).rglob("*.py"))]
    found: set[str] = set()
    for file in files:
        pattern = r"\b(?:CITYBRAIN|OPENLINEAGE)_+[A-Z]+(?:_+[A-Z]+)*_*"
        found.update(re.findall(pattern, file.read_text("utf-8")))
    return {name + "<NAME>" if name.endswith("_") else name for name in found}
