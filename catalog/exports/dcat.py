"""The catalogue as DCAT-AP 3: <https://semiceu.github.io/DCAT-AP/releases/3.0.1/>.

What a contract does not declare is not in it. Where the profile demands a property that has no
source, `undeclared` names it; only a dataset's description is then filled, by a text that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rdflib import DCTERMS, FOAF, PROV, RDF, RDFS, SKOS, XSD, BNode, Graph, Namespace, URIRef
from rdflib import Literal as Value
from rdflib.term import Node

from catalog.exports.dataset import FORMATS, Addresses, Dataset, Format, Party, Terms, Texts
from catalog.text import LANGUAGES, text

Form = Literal["json-ld", "turtle", "xml"]
MEDIA: Mapping[Form, str] = {
    "json-ld": "application/ld+json",
    "turtle": "text/turtle",
    "xml": "application/rdf+xml",
}
SUFFIXES: Mapping[str, Form] = {"jsonld": "json-ld", "ttl": "turtle", "rdf": "xml"}
PROFILE = "https://semiceu.github.io/DCAT-AP/releases/3.0.1"
CONTRACTS = "https://bitol-io.github.io/open-data-contract-standard/v3.1.0/"
DCAT = Namespace("http://www.w3.org/ns/dcat#")  # rdflib's own has no terms of DCAT 3
DQV = Namespace("http://www.w3.org/ns/dqv#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
_PREFIXES = {
    "dcat": str(DCAT), "dct": str(DCTERMS), "foaf": str(FOAF), "prov": str(PROV),
    "skos": str(SKOS), "dqv": str(DQV), "vcard": str(VCARD), "xsd": str(XSD),
}  # fmt: skip
_FREQUENCY = {
    "realtime": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY",
    "quarterly": "QUARTERLY", "half-yearly": "ANNUAL_2", "yearly": "ANNUAL",
    "irregular": "IRREG", "never": "NEVER",
}  # fmt: skip
_ACCESS = {"public": "PUBLIC", "restricted": "RESTRICTED", "closed": "NON_PUBLIC"}
_LANGUAGE = {"zh": "ZHO", "en": "ENG"}


def graph(datasets: Iterable[Dataset], terms: Terms, at: Addresses) -> Graph:
    """The catalogue with some datasets."""
    return _Writer(terms, at).catalogue(tuple(datasets))


def dataset_graph(dataset: Dataset, terms: Terms, at: Addresses) -> Graph:
    """One dataset alone, without the catalogue."""
    writer = _Writer(terms, at)
    writer.services((dataset,))
    writer.dataset(dataset)
    return writer.made


def written(made: Graph, form: Form) -> bytes:
    """A graph as a document."""
    if form == "json-ld":
        return made.serialize(format=form, context=_PREFIXES, encoding="utf-8")
    return made.serialize(format=form, encoding="utf-8")


def undeclared(datasets: Iterable[Dataset], terms: Terms) -> tuple[tuple[str, str], ...]:
    """What the profile demands or recommends and nothing declares: pairs of a resource (or
    `catalogue`) and a property."""
    of_city = {
        "dct:license": terms.license,
        "dcat:contactPoint": terms.contact,
        "dct:spatial": terms.spatial,
    }
    found = [("catalogue", name) for name, value in of_city.items() if not value]
    for one in datasets:
        needed = {
            "dct:description": one.description,
            "dct:publisher": one.publisher,
            "dct:accrualPeriodicity": one.entry.update_cycle,
            "dcat:theme": one.themes,
            "dct:issued": one.issued,
        }
        found += [(one.key, name) for name, value in needed.items() if not value]
    return tuple(found)


class _Writer:
    """Writes one graph. Every class is stated: the shapes judge the document alone."""

    def __init__(self, terms: Terms, at: Addresses) -> None:
        self.made = Graph(bind_namespaces="none")
        for prefix, name in _PREFIXES.items():
            self.made.bind(prefix, name)
        self._terms = terms
        self._at = at

    def catalogue(self, datasets: Sequence[Dataset]) -> Graph:
        """The catalogue and everything in it."""
        here = URIRef(self._at.catalogue())
        self._is(here, DCAT.Catalog)
        titles = {lang: text("dcat_title", lang, city=self._city(lang)) for lang in LANGUAGES}
        self._texts(here, DCTERMS.title, titles)
        said = {lang: text("dcat_description", lang, city=self._city(lang)) for lang in LANGUAGES}
        self._texts(here, DCTERMS.description, said)
        self._add(here, DCTERMS.publisher, self._party(self._terms.publisher))
        self._add(here, FOAF.homepage, self._typed(self._at.base + "/", FOAF.Document))
        self._add(here, DCTERMS.conformsTo, self._typed(PROFILE, DCTERMS.Standard))
        self._common(here)
        for lang in LANGUAGES:
            self._add(here, DCTERMS.language, self._language(lang))
        moments = [one.modified for one in datasets if one.modified is not None]
        if moments:
            self._value(here, DCTERMS.modified, max(moments).isoformat(), XSD.dateTime)
        for service in self.services(datasets):
            self._add(here, DCAT.service, service)
        for one in datasets:
            self._add(here, DCAT.dataset, self.dataset(one))
        return self.made

    def services(self, datasets: Sequence[Dataset]) -> list[URIRef]:
        """The services by which these datasets can be read."""
        served = {
            "ckan": [one for one in datasets if one.downloads],
            "exchange": [one for one in datasets if "exchange" in one.services],
            "sandbox": [one for one in datasets if "sandbox" in one.services],
        }
        endpoints = {"ckan": "/api/3", "exchange": "/exchange", "sandbox": "/queries"}
        made = []
        for name, members in served.items():
            if not members:
                continue
            here = self._typed(self._at.service(name), DCAT.DataService)
            titles = {lang: text(f"dcat_service_{name}", lang) for lang in LANGUAGES}
            self._texts(here, DCTERMS.title, titles)
            endpoint, described = self._at.base + endpoints[name], f"{self._at.base}/openapi.json"
            self._add(here, DCAT.endpointURL, self._typed(endpoint, RDFS.Resource))
            self._add(here, DCAT.endpointDescription, self._typed(described, RDFS.Resource))
            rights = "public" if name == "ckan" else "restricted"
            self._add(here, DCTERMS.accessRights, self._rights(rights))
            for one in members:
                self._add(here, DCAT.servesDataset, URIRef(self._at.dataset(one.key)))
            made.append(here)
        return made

    def dataset(self, one: Dataset) -> URIRef:
        """A dataset with its distributions and measurements."""
        here = self._typed(self._at.dataset(one.key), DCAT.Dataset)
        self._texts(here, DCTERMS.title, one.title or {"": one.key})
        nothing = {lang: text("dcat_no_description", lang) for lang in LANGUAGES}
        self._texts(here, DCTERMS.description, one.description or nothing)
        self._value(here, DCTERMS.identifier, f"urn:citybrain:{one.entry.city}:{one.key}")
        if one.publisher is not None:
            self._add(here, DCTERMS.publisher, self._party(one.publisher))
        if one.version:
            self._value(here, DCAT.version, one.version)
        for tag in one.entry.tags:
            self._value(here, DCAT.keyword, tag)
        for code in one.themes:
            self._add(here, DCAT.theme, self._theme(code))
        self._when(here, one)
        self._common(here, licence=False)
        self._add(here, DCTERMS.accessRights, self._rights(one.access))
        self._add(here, DCTERMS.conformsTo, self._typed(CONTRACTS, DCTERMS.Standard))
        self._measures(here, one)
        if one.limitations:
            provenance = BNode()
            self._is(provenance, DCTERMS.ProvenanceStatement)
            self._texts(provenance, DCTERMS.description, one.limitations)
            self._add(here, DCTERMS.provenance, provenance)
        if one.downloads:
            page = self._typed(self._at.page(one.key), FOAF.Document)
            self._add(here, DCAT.landingPage, page)
            for form in FORMATS:
                self._add(here, DCAT.distribution, self._download(one, form))
        for name in one.services:
            self._add(here, DCAT.distribution, self._served(one, name))
        return here

    def _when(self, here: Node, one: Dataset) -> None:
        if one.entry.update_cycle in _FREQUENCY:
            code = f"{EU}frequency/{_FREQUENCY[one.entry.update_cycle]}"
            self._add(here, DCTERMS.accrualPeriodicity, self._typed(code, DCTERMS.Frequency))
        if one.issued is not None:
            self._value(here, DCTERMS.issued, one.issued.isoformat(), XSD.date)
        if one.modified is not None:
            self._value(here, DCTERMS.modified, one.modified.isoformat(), XSD.dateTime)

    def _common(self, here: Node, licence: bool = True) -> None:
        """What is declared for the whole city."""
        if licence and self._terms.license is not None:
            self._add(here, DCTERMS.license, self._license())
        if licence and self._terms.attribution:
            self._add(here, DCTERMS.rights, self._attribution())
        contact = self._terms.contact
        if contact is not None and not licence:
            kind = URIRef(f"{self._at.catalogue()}#contact")
            self._is(kind, VCARD.Kind)
            self._value(kind, VCARD.fn, contact.name)
            if contact.email is not None:
                self._add(kind, VCARD.hasEmail, URIRef(f"mailto:{contact.email}"))
            if contact.url is not None:
                self._add(kind, VCARD.hasURL, URIRef(contact.url))
            self._add(here, DCAT.contactPoint, kind)
        if self._terms.spatial is not None:
            place = self._typed(self._terms.spatial, DCTERMS.Location)
            self._add(here, DCTERMS.spatial, place)

    def _download(self, one: Dataset, form: Format) -> URIRef:
        address = self._at.download(one.key, form.suffix)
        here = self._typed(f"{self._at.dataset(one.key)}#{form.suffix}", DCAT.Distribution)
        self._value(here, DCTERMS.title, f"{one.key}.{form.suffix}")
        self._add(here, DCAT.accessURL, URIRef(self._at.page(one.key)))
        self._add(here, DCAT.downloadURL, URIRef(address))
        self._add(here, DCAT.mediaType, self._typed(IANA + form.media, DCTERMS.MediaType))
        if form.eu is not None:
            kind = self._typed(f"{EU}file-type/{form.eu}", DCTERMS.MediaTypeOrExtent)
            self._add(here, DCTERMS.format, kind)
        if one.modified is not None:
            self._value(here, DCTERMS.modified, one.modified.isoformat(), XSD.dateTime)
        if self._terms.license is not None:
            self._add(here, DCTERMS.license, self._license())
        if self._terms.attribution:
            self._add(here, DCTERMS.rights, self._attribution())
        return here

    def _served(self, one: Dataset, service: str) -> URIRef:
        here = self._typed(f"{self._at.dataset(one.key)}#{service}", DCAT.Distribution)
        titles = {lang: text(f"dcat_service_{service}", lang) for lang in LANGUAGES}
        self._texts(here, DCTERMS.title, titles)
        self._add(here, DCAT.accessURL, URIRef(self._at.dataset(one.key)))
        self._add(here, DCAT.accessService, URIRef(self._at.service(service)))
        return here

    def _measures(self, here: Node, one: Dataset) -> None:
        for dimension, value in one.measures.items():
            metric = URIRef(f"{self._at.catalogue()}#metric-{dimension}")
            self._is(metric, DQV.Metric)
            names = {lang: text(f"dcat_dimension_{dimension}", lang) for lang in LANGUAGES}
            self._texts(metric, SKOS.prefLabel, names)
            said = {lang: text("dcat_metric", lang) for lang in LANGUAGES}
            self._texts(metric, SKOS.definition, said)
            self._add(metric, DQV.expectedDataType, XSD.double)
            family = URIRef(f"{self._at.catalogue()}#dimension-{dimension}")
            self._is(family, DQV.Dimension)
            self._texts(family, SKOS.prefLabel, names)
            self._add(metric, DQV.inDimension, family)
            measure = BNode()
            self._is(measure, DQV.QualityMeasurement)
            self._add(measure, DQV.isMeasurementOf, metric)
            self._add(measure, DQV.computedOn, here)
            self._add(measure, DQV.value, Value(value, datatype=XSD.double))
            if one.measured_at is not None:
                self._value(
                    measure, PROV.generatedAtTime, one.measured_at.isoformat(), XSD.dateTime
                )
            self._add(here, DQV.hasQualityMeasurement, measure)

    def _party(self, party: Party) -> URIRef:
        here = self._typed(f"{self._at.catalogue()}#agent-{party.id}", FOAF.Agent)
        self._texts(here, FOAF.name, party.names or {"": party.id})
        if party.code is not None:
            self._value(here, DCTERMS.identifier, party.code)
        return here

    def _license(self) -> URIRef:
        assert self._terms.license is not None
        here = self._typed(self._terms.license, DCTERMS.LicenseDocument)
        if self._terms.license_title is not None:
            self._value(here, DCTERMS.title, self._terms.license_title)
        return here

    def _attribution(self) -> URIRef:
        here = self._typed(f"{self._at.catalogue()}#rights", DCTERMS.RightsStatement)
        self._texts(here, DCTERMS.description, self._terms.attribution)
        return here

    def _rights(self, access: str) -> URIRef:
        return self._typed(f"{EU}access-right/{_ACCESS[access]}", DCTERMS.RightsStatement)

    def _theme(self, code: str) -> URIRef:
        here = self._typed(f"{EU}data-theme/{code}", SKOS.Concept)
        self._value(here, SKOS.prefLabel, code)
        return here

    def _language(self, lang: str) -> URIRef:
        return self._typed(f"{EU}language/{_LANGUAGE[lang]}", DCTERMS.LinguisticSystem)

    def _city(self, lang: str) -> str:
        titles = self._terms.title
        return titles.get(lang) or titles.get("") or self._terms.city

    # -- statements -----------------------------------------------------------------------------

    def _add(self, subject: Node, name: URIRef, value: Node) -> None:
        self.made.add((subject, name, value))

    def _is(self, subject: Node, kind: URIRef) -> None:
        self._add(subject, RDF.type, kind)

    def _typed(self, address: str, kind: URIRef) -> URIRef:
        here = URIRef(address)
        self._is(here, kind)
        return here

    def _texts(self, subject: Node, name: URIRef, texts: Texts) -> None:
        for lang, value in texts.items():
            self._add(subject, name, Value(value, lang=lang or None))

    def _value(self, subject: Node, name: URIRef, value: str, kind: URIRef | None = None) -> None:
        self._add(subject, name, Value(value, datatype=kind))
