"""The catalogue as CKAN's Action API tells it: packages, resources, organisations, groups, tags."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalog.exports.dataset import FORMATS, Addresses, Dataset, Party, Terms, text_in

Record = dict[str, Any]
_SPACE = uuid.NAMESPACE_URL


def package_name(key: str) -> str:
    """A resource's name as CKAN allows it: a dot is none of its signs, and a database has no `-`."""
    return key.replace(".", "-", 1)


def package(dataset: Dataset, terms: Terms, at: Addresses, lang: str) -> Record:
    """A dataset as `package_show` gives it."""
    moment = _moment(dataset.modified)
    made = f"{dataset.issued.isoformat()}T00:00:00" if dataset.issued else moment
    publisher = dataset.publisher or terms.publisher
    resources = resources_of(dataset, at)
    tags = [_tag(one) for one in dataset.entry.tags]
    groups = [group(code) for code in dataset.themes]
    contact = terms.contact
    return {
        "id": dataset.id,
        "name": package_name(dataset.key),
        "title": text_in(dataset.title, lang) or dataset.key,
        "notes": text_in(dataset.description, lang),
        "type": "dataset",
        "state": "active",
        "private": False,
        "url": at.page(dataset.key),
        "version": dataset.version or None,
        "author": publisher.name(lang),
        "author_email": None,
        "maintainer": contact.name if contact else None,
        "maintainer_email": contact.email if contact else None,
        "license_id": terms.license_id,
        "license_title": terms.license_title,
        "license_url": terms.license,
        "metadata_created": made,
        "metadata_modified": moment or made,
        "organization": organization(publisher, at, lang),
        "owner_org": organization(publisher, at, lang)["id"],
        "groups": groups,
        "tags": tags,
        "num_tags": len(tags),
        "resources": resources,
        "num_resources": len(resources),
        "extras": [{"key": key, "value": value} for key, value in _extras(dataset, terms, lang)],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def resources_of(dataset: Dataset, at: Addresses) -> list[Record]:
    """The downloads of a dataset, as CKAN's resources."""
    if not dataset.downloads:
        return []
    moment = _moment(dataset.modified)
    return [
        {
            "id": str(uuid.uuid5(_SPACE, f"{dataset.id}.{form.suffix}")),
            "package_id": dataset.id,
            "name": f"{dataset.key}.{form.suffix}",
            "description": "",
            "format": form.suffix.upper(),
            "mimetype": form.media,
            "url": at.download(dataset.key, form.suffix),
            "url_type": None,
            "resource_type": "file",
            "state": "active",
            "position": place,
            "created": moment,
            "last_modified": moment,
            "size": None,
            "hash": "",
            "datastore_active": False,
        }
        for place, form in enumerate(FORMATS)
    ]


def organization(party: Party, at: Addresses, lang: str) -> Record:
    """Who publishes."""
    return {
        "id": str(uuid.uuid5(_SPACE, f"{at.catalogue()}#agent-{party.id}")),
        "name": party.id,
        "title": party.name(lang) or party.id,
        "type": "organization",
        "description": "",
        "image_url": "",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def group(code: str) -> Record:
    """A theme of the EU's list, as a group."""
    name = code.lower()
    return {
        "id": str(uuid.uuid5(_SPACE, f"data-theme/{code}")),
        "name": name,
        "title": code,
        "display_name": code,
        "description": "",
        "image_display_url": "",
    }


def licenses(terms: Terms) -> list[Record]:
    """The one licence that is declared; none, if none is."""
    if terms.license is None:
        return []
    return [
        {
            "id": terms.license_id or terms.license,
            "title": terms.license_title or terms.license,
            "url": terms.license,
            "status": "active",
        }
    ]


def organizations(
    datasets: Sequence[Dataset], terms: Terms, at: Addresses, lang: str
) -> list[Record]:
    """Who publishes the datasets, each with how many."""
    found: dict[str, Record] = {}
    for one in datasets:
        made = organization(one.publisher or terms.publisher, at, lang)
        known = found.setdefault(made["name"], made | {"package_count": 0})
        known["package_count"] += 1
    return [found[name] for name in sorted(found)]


def _tag(name: str) -> Record:
    return {
        "id": str(uuid.uuid5(_SPACE, f"tag/{name}")),
        "name": name,
        "display_name": name,
        "state": "active",
        "vocabulary_id": None,
    }


def _extras(dataset: Dataset, terms: Terms, lang: str) -> list[tuple[str, str]]:
    """What CKAN has no key for; only what is known."""
    found = {
        "identifier": f"urn:citybrain:{dataset.entry.city}:{dataset.key}",
        "resource_name": dataset.key,
        "access": dataset.access,
        "update_cycle": dataset.entry.update_cycle,
        "snapshot": str(dataset.snapshot) if dataset.snapshot is not None else None,
        "rows": str(dataset.rows) if dataset.rows is not None else None,
        "fields": ", ".join(item.name for item in dataset.entry.fields),
        "limitations": text_in(dataset.limitations, lang),
        "attribution": text_in(terms.attribution, lang),
        "spatial_uri": terms.spatial,
        **{f"quality_{name}": f"{value:.4f}" for name, value in dataset.measures.items()},
    }
    return [(key, value) for key, value in found.items() if value]


def _moment(moment: datetime | None) -> str | None:
    """As CKAN writes times: in UTC, without saying so."""
    return (
        None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    )
