"""A dataset for search engines: schema.org's `Dataset` as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from catalog.exports.dataset import FORMATS, Addresses, Dataset, Terms, text_in, texts_of


def structured(dataset: Dataset, terms: Terms, at: Addresses, lang: str) -> dict[str, Any]:
    """The dataset in a language; what is not known is not in it."""
    limitations = text_in(dataset.limitations, lang)
    found: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": at.dataset(dataset.key),
        "identifier": f"urn:citybrain:{dataset.entry.city}:{dataset.key}",
        "url": at.page(dataset.key),
        "name": text_in(dataset.title, lang) or dataset.key,
        "description": " ".join(filter(None, [text_in(dataset.description, lang), limitations])),
        "keywords": list(dataset.entry.tags),
        "version": dataset.version,
        "license": terms.license,
        "creditText": text_in(terms.attribution, lang),
        "spatialCoverage": terms.spatial,
        "isAccessibleForFree": True if dataset.downloads else None,
        "conditionsOfAccess": dataset.entry.open_condition,
        "datePublished": dataset.issued.isoformat() if dataset.issued else None,
        "dateModified": dataset.modified.isoformat() if dataset.modified else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "url": at.catalogue()},
        "variableMeasured": [_field(item.name, item.title, lang) for item in dataset.entry.fields],
    }
    if dataset.publisher is not None:
        name = dataset.publisher.name(lang)
        found["creator"] = {"@type": "GovernmentOrganization", "name": name}
    if dataset.downloads:
        found["distribution"] = [
            {
                "@type": "DataDownload",
                "encodingFormat": form.media,
                "contentUrl": at.download(dataset.key, form.suffix),
            }
            for form in FORMATS
        ]
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _field(name: str, title: str, lang: str) -> dict[str, str]:
    found = {"@type": "PropertyValue", "name": name}
    described = text_in(texts_of(title), lang)
    return found | ({"description": described} if described else {})


def script_text(document: Mapping[str, Any]) -> str:
    """The text of a `<script type="application/ld+json">`; nothing in it can end the element.

    Such a script is data: browsers do not run it, and `script-src` of a Content Security Policy does
    not forbid it.
    """
    text = json.dumps(document, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
