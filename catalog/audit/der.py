"""As much of DER as timestamps need: values taken apart and put together (X.690, chapters 8 and 10)."""

from __future__ import annotations

SEQUENCE = 0x30
CERTIFICATES = 0xA0  # in SignedData (RFC 5652, section 5.1): [0]


def wrapped(tag: int, content: bytes) -> bytes:
    """A value of a tag of one byte."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def parts(value: bytes) -> tuple[int, list[bytes]]:
    """The tag of a constructed value, and the values within it, each as a whole.

    Raises:
        ValueError: it is none, or has more behind it.
    """
    start, end = _bounds(value, 0)
    if end != len(value) or not value[0] & 0x20:
        raise ValueError("no constructed value of DER")
    found = []
    while start < end:
        after = _bounds(value, start)[1]
        found.append(value[start:after])
        start = after
    return value[0], found


def _bounds(value: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at a place begins and ends."""
    if at + 2 > len(value) or value[at] & 0x1F == 0x1F:
        raise ValueError("no value of DER")
    start, size = at + 2, value[at + 1]
    if size >= 0x80:
        start += size & 0x7F
        size = int.from_bytes(value[at + 2 : start], "big") if size > 0x80 else len(value)
    if start + size > len(value):
        raise ValueError("a value of DER that ends too late")
    return start, start + size


def with_sorted_certificates(token: bytes) -> bytes:
    """A token of RFC 3161 with its certificates in the order that DER asks for.

    OpenSSL's authorities send them in another one, which strict readers refuse. No signature covers
    the order.

    Raises:
        ValueError: it is no SignedData.
    """
    outer, (kind, explicit) = parts(token)
    tag, (signed,) = parts(explicit)
    inner, values = parts(signed)
    values = [_sorted(one) if one[0] == CERTIFICATES else one for one in values]
    return wrapped(outer, kind + wrapped(tag, wrapped(inner, b"".join(values))))


def _sorted(certificates: bytes) -> bytes:
    tag, found = parts(certificates)
    return wrapped(tag, b"".join(sorted(found)))
