"""Masking functions that no SQL can say: Arrow batches in, Arrow batches out, on both engines.

Every function works on the distinct values of a batch. Its keys stand in the object, never in an
argument: an argument would be part of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import PipelineError
from pipelines.masking.functions import PSEUDONYM_SM3, SM4, TOKEN, token_alphabet
from pipelines.masking.keys import KeyUse
from pipelines.masking.national import SM4_KEY_BYTES, encrypt, pseudonyms

SCHEMES = {PSEUDONYM_SM3: 32, TOKEN: 32, SM4: SM4_KEY_BYTES}


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """Derived keys by use. They travel to Spark's workers, so they may be pickled, never shown."""

    keys: Mapping[KeyUse, bytes] = field(repr=False)

    def of(self, use: KeyUse) -> bytes:
        """The key of a use.

        Raises:
            PipelineError: `mask_key_use`: the model was not announced with this use.
        """
        key = self.keys.get(use)
        if key is None:
            raise PipelineError("mask_key_use", use=use.id)
        return key


@dataclass(frozen=True, slots=True)
class PythonMask:
    """One function over Arrow arrays: values, then the literals repeated for every row."""

    scheme: str
    keys: DerivedKeys

    def __call__(self, values: Any, *literals: Any) -> Any:
        """The masked values; NULL stays NULL."""
        import pyarrow as pa

        if not len(values):
            return pa.array([], pa.string())
        written = tuple(str(column[0].as_py()) for column in literals)
        if any(column.null_count for column in literals):
            raise PipelineError("mask_key_use", use=self.scheme)
        use = KeyUse(written[-2], written[-1], self.scheme)
        coded = _one_chunk(values).dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        masked = pa.array(_MASKS[self.scheme](self.keys.of(use), distinct, written), pa.string())
        return masked.take(coded.indices)


def _one_chunk(values: Any) -> Any:
    import pyarrow as pa

    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return array.cast(pa.string())


def _token(key: bytes, texts: Sequence[str], literals: tuple[str, ...]) -> list[str | None]:
    from pipelines.masking.ff1 import Cipher

    return Cipher(key, token_alphabet(literals[0])).encrypt(texts)


def _sm3(key: bytes, texts: Sequence[str], literals: tuple[str, ...]) -> list[str]:
    return pseudonyms(key, texts)


def _sm4(key: bytes, texts: Sequence[str], literals: tuple[str, ...]) -> list[str]:
    return encrypt(key, texts)


_MASKS: dict[str, Callable[[bytes, Sequence[str], tuple[str, ...]], Sequence[str | None]]] = {
    TOKEN: _token,
    PSEUDONYM_SM3: _sm3,
    SM4: _sm4,
}
