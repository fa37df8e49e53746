"""The document about the whole API is OpenAPI 3.1."""

from __future__ import annotations

import jsonschema
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.portal.inside import Inside


def test_the_document_is_valid_and_has_every_public_route(portal: Inside) -> None:
    document = portal.http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    validator = jsonschema.Draft202012Validator(OPENAPI_31)
    assert [error.message for error in validator.iter_errors(document)] == []
    for path in ("/catalog", "/open/{resource}.{suffix}", "/api/3/action/{action}", "/queries"):
        assert path in document["paths"]
    operations = [o["operationId"] for of in document["paths"].values() for o in of.values()]
    assert len(operations) == len(set(operations))


def test_the_schema_finds_a_planted_fault(portal: Inside) -> None:
    document = portal.http.get("/openapi.json").json()
    del document["paths"]["/catalog"]["get"]["responses"]["304"]["description"]
    validator = jsonschema.Draft202012Validator(OPENAPI_31)
    assert list(validator.iter_errors(document))
