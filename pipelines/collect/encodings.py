"""From published bytes to UTF-8, as a stream, with the line of whatever cannot be decoded."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipelines.collect.landing import Landed
from pipelines.collect.lines import count_breaks
from pipelines.collect.streams import ByteStream, at
from pipelines.errors import PipelineError

CHUNK = 8 << 20
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Departments that say Big5 or GBK mean what Windows writes: the superset.
SUPERSETS = {
    "ascii": "utf-8",
    "big5": "cp950",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-8-sig": "utf-8",
}
CANDIDATES = ("cp950", "gb18030")
UNDECIDED = "ascii"
SAMPLE = 64 << 10
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\xfe]")


def codec_name(encoding: str) -> str | None:
    """The codec we use for a declared encoding; None when there is no such encoding."""
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError):
        return None
    return SUPERSETS.get(name, name)


def detect(sample: bytes, final: bool) -> str:
    """The encoding of a sample that starts at a character: a codec's name.

    Pure ASCII gives `ascii`: undecided, because Big5, GB18030 and UTF-8 all agree on it. When
    nothing decodes, the answer is `utf-8`, and decoding then names the first bad byte.
    """
    if sample.isascii():
        return UNDECIDED
    if _decodes(sample, "utf-8", final):
        return "utf-8"
    able = [name for name in CANDIDATES if _decodes(sample, name, final)]
    if len(able) < 2:
        return able[0] if able else "utf-8"
    return _likelier(sample)


def _likelier(sample: bytes) -> str:
    """Big5 or GB18030, where both decode: most Big5 text is GB18030 too, and much the reverse.

    Both standards put their frequent characters first: Big5 at lead bytes A4-C6, GB2312 at
    B0-D7 with a trail byte from A1. Real text consists of them almost entirely. (On single rows
    of city tables this was never wrong; charset-normalizer was, for every second GBK row.)
    """
    start = _BEYOND_ASCII.search(sample)
    begin = start.start() if start else 0
    pairs = _PAIRS.findall(sample[begin : begin + SAMPLE])
    big5 = sum(0xA4 <= pair[0] <= 0xC6 for pair in pairs)
    gb = sum(0xB0 <= pair[0] <= 0xD7 and pair[1] >= 0xA1 for pair in pairs)
    return "cp950" if big5 > gb else "gb18030"


def _decodes(sample: bytes, encoding: str, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample, final)
    except UnicodeDecodeError:
        return False
    return True


def utf8_chunks(
    stream: ByteStream, landed: Landed, declared: str | None, size: int = CHUNK
) -> Iterator[bytes]:
    """The stream as valid UTF-8 without a byte order mark, in chunks of about `size` bytes.

    The encoding is the declared one, else that of a byte order mark, else it is chosen at the
    first chunk with a byte beyond ASCII (until then all candidates mean the same).

    Raises:
        PipelineError: `encoding_unknown`; while reading: `wrong_encoding` with the line of the
            first byte that cannot be decoded.
    """
    decoder = _Decoder(landed, declared)
    while chunk := stream.read(size):
        if text := decoder.feed(chunk, final=False):
            yield text
    if text := decoder.feed(b"", final=True):
        yield text


class _Decoder:
    """Bytes in, valid UTF-8 out; remembers the line and the bytes of a character cut in two."""

    def __init__(self, landed: Landed, declared: str | None) -> None:
        self._landed = landed
        self._declared = declared
        self._encoding: str | None = None
        if declared is not None:
            self._encoding = codec_name(declared)
            if self._encoding is None:
                raise PipelineError("encoding_unknown", where=at(landed), encoding=declared)
        self._started = False
        self._line = 1
        self._rest = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, chunk: bytes, final: bool) -> bytes:
        chunk = self._rest + chunk if self._rest else chunk
        self._rest = b""
        if not self._started:
            chunk = self._start(chunk)
        encoding = self._encoding or self._decide(chunk, final)
        text = self._utf8(chunk, final) if encoding in ("utf-8", UNDECIDED) else None
        if text is None:
            text = self._transcode(chunk, final, encoding)
        self._line += count_breaks(text)
        return text

    def _start(self, chunk: bytes) -> bytes:
        self._started = True
        for mark, encoding in BOMS:
            if chunk.startswith(mark):
                # A mark is proof; a declared UTF-16 without byte order is what it completes.
                self._encoding = encoding
                return chunk[len(mark) :]
        return chunk

    def _decide(self, chunk: bytes, final: bool) -> str:
        found = detect(chunk, final)
        if found != UNDECIDED:
            self._encoding = found
        return found

    def _utf8(self, chunk: bytes, final: bool) -> bytes:
        """The fast way: check, do not decode."""
        if chunk.isascii():
            return chunk
        cut = len(chunk) if final else _whole_characters(chunk)
        head, self._rest = chunk[:cut], chunk[cut:]
        if not _is_utf8(head):
            try:
                head.decode("utf-8")
            except UnicodeDecodeError as error:
                raise self._wrong(chunk, error.start) from error
        return head

    def _transcode(self, chunk: bytes, final: bool, encoding: str) -> bytes:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(encoding)()
        pending = len(self._decoder.getstate()[0])
        try:
            return self._decoder.decode(chunk, final).encode("utf-8")
        except UnicodeDecodeError as error:
            # The offset counts from the bytes that the decoder still held.
            raise self._wrong(chunk, max(error.start - pending, 0)) from error
        except UnicodeEncodeError as error:
            raise self._wrong(chunk, 0) from error

    def _wrong(self, chunk: bytes, position: int) -> PipelineError:
        line = self._line + count_breaks(chunk[:position])
        return PipelineError(
            "wrong_encoding",
            where=at(self._landed, line),
            encoding=self._declared or self._encoding,
            byte=f"0x{chunk[position]:02X}" if position < len(chunk) else "",
            declared=self._declared is not None,
        )


def _whole_characters(chunk: bytes) -> int:
    """How many leading bytes hold whole UTF-8 characters: the end of a chunk may cut one."""
    for back in range(1, min(4, len(chunk)) + 1):
        byte = chunk[-back]
        if byte < 0x80:
            return len(chunk)
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(chunk) - back if needed > back else len(chunk)
    return len(chunk)


def _is_utf8(data: bytes) -> bool:
    """Arrow's check is several times as fast as decoding."""
    offsets = np.array([0, len(data)], dtype=np.int32)
    array = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(data))
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def decode_text(content: bytes, landed: Landed, declared: str | None) -> str:
    """A whole small document (JSON) as text.

    Raises:
        PipelineError: `encoding_unknown`, `wrong_encoding`.
    """
    decoder = _Decoder(landed, declared)
    return decoder.feed(content, final=True).decode("utf-8")
