"""The documents by which a question is allowed, and their signatures.

A department's letter authorises the data centre; an agreement is between the centre and a partner;
by a consent an enterprise lets a partner look at its own records. All are YAML files in a workspace's
folder `agreements/`. What is signed is one way to write the document (`canonical`), with Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from catalog.canonical import canonical_json
from catalog.errors import CatalogError, Location
from catalog.yamlsource import load_yaml

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

Kind = Literal["letter", "agreement", "consent"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_EPSILON = 100  # beyond it nothing is hidden from anybody
CENTRE = "centre"  # how the data centre is called as a signer


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _no_double(values: tuple[Any, ...]) -> tuple[Any, ...]:
    names = [getattr(value, "name", value) for value in values]
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    return values


def _written(value: object) -> object:
    """YAML reads 0.1 as a binary fraction; the digits that were written are meant."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_normal)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1), AfterValidator(_no_double)]
# A year of margin on each side, for the day after and for time zones.
Day = Annotated[date, Field(ge=date(2, 1, 1), lt=date(9999, 1, 1))]
Number = Annotated[Decimal, BeforeValidator(_written), Field(allow_inf_nan=False)]


class Part(BaseModel):
    """Base of everything in a document: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fields(Part):
    """Fields of a resource or of a view."""

    name: Text
    fields: Texts


class View(Fields):
    """Fields of a view, and how its records are shown; answers about it are never masked.

    Attributes:
        masks: by field, a call of a masking function on it, such as `mask_amount(capital, 10000)`.
    """

    masks: Mapping[Text, Text] | None = None

    @model_validator(mode="after")
    def _of_fields(self) -> View:
        if set(self.masks or ()) - set(self.fields):
            raise ValueError("'masks' names a field that is not in 'fields'")
        return self


class Name(Part):
    """A name for people, in both languages."""

    zh: Text
    en: Text


class Partner(Part):
    """Who asks."""

    id: Text
    name: Name


class Budget(Part):
    """What a partner may learn in a period.

    Attributes:
        epsilon, delta: of differential privacy.
        most_per_question: the largest epsilon of one question; None: all that is left.
    """

    epsilon: Number = Field(gt=0, le=MOST_EPSILON)
    delta: Number = Field(ge=0, lt=1)
    renewal: Literal["none", "month", "quarter", "year"]
    most_per_question: Number | None = Field(default=None, gt=0)


class _Document(Part):
    """What every document says.

    Attributes:
        version: a greater one takes the place of the earlier ones when it is imported.
        valid_from, valid_to: its first and its last day, in the city.
    """

    id: Text
    version: int = Field(ge=1, lt=2**31)
    valid_from: Day
    valid_to: Day

    @model_validator(mode="after")
    def _some_day(self) -> _Document:
        if self.valid_to < self.valid_from:
            raise ValueError("'valid_to' is before 'valid_from'")
        return self


class Letter(_Document):
    """A department authorises the data centre to let its data be used."""

    kind: Literal["letter"]
    department: Text
    resources: Annotated[tuple[Fields, ...], Field(min_length=1), AfterValidator(_no_double)]
    purposes: Texts


class Agreement(_Document):
    """What a partner may ask, for what, by whom and how much.

    Attributes:
        letters: ids of the letters on which it rests.
        users: who may ask for the partner.
    """

    kind: Literal["agreement"]
    partner: Partner
    letters: Texts
    purposes: Texts
    views: Annotated[tuple[View, ...], Field(min_length=1), AfterValidator(_no_double)]
    mode: Literal["zcdp", "pure"]
    budget: Budget
    users: Texts

    @model_validator(mode="after")
    def _delta_fits(self) -> Agreement:
        if self.mode == "zcdp" and self.budget.delta == 0:
            raise ValueError("the mode 'zcdp' needs a 'delta' above 0")
        return self


class Consent(_Document):
    """An enterprise lets a partner look at its own records.

    Attributes:
        enterprise: its code.
        partner: the partner's id.
        use: `once`: for one request; `periodic`: as often as the partner needs while it holds.
    """

    kind: Literal["consent"]
    enterprise: Text
    partner: Text
    purpose: Text
    fields: Texts
    use: Literal["once", "periodic"]


Document = Letter | Agreement | Consent
_DOCUMENTS: TypeAdapter[Document] = TypeAdapter(Annotated[Document, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class Signature:
    """That somebody signed.

    Attributes:
        signer: a department, a partner, an enterprise or `CENTRE`.
        key: the fingerprint of his public key.
        value: the signature, in base64.
    """

    signer: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A document with the signatures that it bears; none makes it a draft."""

    document: Document
    signatures: tuple[Signature, ...] = ()


PublicKeys = Mapping[str, Collection["Ed25519PublicKey"]]  # by signer


# Reading


def document_of(data: Any, where: Location | None = None) -> Document:
    """A document from what YAML or JSON says.

    Raises:
        CatalogError: `instrument_syntax`.
    """
    try:
        return _DOCUMENTS.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        raise CatalogError("instrument_syntax", where=where, problem=problem) from error


def read_signed(path: Path) -> SignedDocument:
    """Read a file: `document` and `signatures`, or a document alone, which is a draft.

    Raises:
        CatalogError: `instrument_syntax`, and those of `catalog.yamlsource.load_yaml`.
    """
    return signed_of(load_yaml(path).data, Location(path))


def signed_of(data: Any, where: Location | None = None) -> SignedDocument:
    """The opposite of `signed_plain`; also takes a document alone.

    Raises:
        CatalogError: `instrument_syntax`.
    """
    if not isinstance(data, dict) or "document" not in data:
        return SignedDocument(document_of(data, where))
    if set(data) - {"document", "signatures"}:
        problem = "beside 'document' and 'signatures' nothing is known"
        raise CatalogError("instrument_syntax", where=where, problem=problem)
    try:
        signatures = tuple(
            Signature(**{name: _text(value) for name, value in one.items()})
            for one in data.get("signatures", ())
        )
    except (TypeError, AttributeError) as error:
        problem = "a signature is 'signer', 'key' and 'value'"
        raise CatalogError("instrument_syntax", where=where, problem=problem) from error
    return SignedDocument(document_of(data["document"], where), signatures)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def document_plain(document: Document) -> dict[str, Any]:
    """The document as dicts, lists, whole numbers and texts."""
    return document.model_dump(mode="json", exclude_none=True)


def signed_plain(signed: SignedDocument) -> dict[str, Any]:
    """The signed document as it stands in a file."""
    signatures = [
        {"signer": one.signer, "key": one.key, "value": one.value} for one in signed.signatures
    ]
    return {"document": document_plain(signed.document), "signatures": signatures}


def instants(document: Document, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when (inclusive) to when (exclusive) a document is valid, in UTC."""
    first = datetime.combine(document.valid_from, time(), zone)
    after = datetime.combine(document.valid_to + timedelta(days=1), time(), zone)
    return first.astimezone(UTC), after.astimezone(UTC)


# Signatures


def canonical(document: Document) -> bytes:
    """What is signed: the document as JSON, with sorted keys and no white space, in UTF-8 and NFC."""
    return canonical_json(document_plain(document))


def fingerprint(document: Document) -> str:
    """A SHA-256 of the document, in hexadecimal digits."""
    return hashlib.sha256(canonical(document)).hexdigest()


def key_fingerprint(key: Ed25519PublicKey) -> str:
    """A SHA-256 of the public key, in hexadecimal digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def sign(
    document: Document | SignedDocument, private_key: Ed25519PrivateKey, signer: str
) -> SignedDocument:
    """The document with one more signature; an earlier one of the same signer is replaced."""
    signed = document if isinstance(document, SignedDocument) else SignedDocument(document)
    value = base64.b64encode(private_key.sign(canonical(signed.document))).decode("ascii")
    mine = Signature(signer, key_fingerprint(private_key.public_key()), value)
    others = tuple(one for one in signed.signatures if one.signer != signer)
    return SignedDocument(signed.document, (*others, mine))


def givers(document: Document) -> tuple[str, ...]:
    """Who gives what the document grants: one of these must have signed.

    An enterprise that signed on paper is signed for by the centre.
    """
    if isinstance(document, Letter):
        return (document.department,)
    if isinstance(document, Consent):
        return (document.enterprise, CENTRE)
    return (CENTRE,)


def verify(signed: SignedDocument, public_keys: PublicKeys) -> None:
    """Check that every signature is right, and that who gives has signed.

    Raises:
        CatalogError: `signature_unknown`, `signature_invalid`, `signature_missing`.
    """
    document = signed.document
    named: dict[str, Any] = {"kind": document.kind, "id": document.id}
    content = canonical(document)
    for one in signed.signatures:
        known = {key_fingerprint(key): key for key in public_keys.get(one.signer, ())}
        if one.key not in known:
            raise CatalogError("signature_unknown", signer=one.signer, **named)
        if not _signed_by(known[one.key], one.value, content):
            raise CatalogError("signature_invalid", signer=one.signer, **named)
    needed = givers(document)
    if not any(one.signer in needed for one in signed.signatures):
        raise CatalogError("signature_missing", signers=" / ".join(needed), **named)


def bears(document: Document, signature: Signature, public_keys: PublicKeys) -> bool:
    """Whether a signature is of this very document, by a key that its signer has now."""
    return any(
        key_fingerprint(key) == signature.key
        and _signed_by(key, signature.value, canonical(document))
        for key in public_keys.get(signature.signer, ())
    )


def _signed_by(key: Ed25519PublicKey, value: str, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(value, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
