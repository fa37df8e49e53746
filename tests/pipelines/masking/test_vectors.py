"""Published vectors, and what the ciphers must be able to undo."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from pipelines.masking import reference as second
from pipelines.masking.ff1 import Cipher as Ff1
from pipelines.masking.functions import ALPHABETS
from pipelines.masking.keys import hmac_pads
from pipelines.masking.national import HmacSm3, decrypt, encrypt

DATA = Path(__file__).parent / "data"
FF1 = json.loads((DATA / "fpe_vectors.json").read_text())
SM = json.loads((DATA / "sm_vectors.json").read_text())
KEY = bytes(range(48))


@pytest.mark.parametrize("case", FF1, ids=lambda case: f"sample {case['sample']}")
def test_ff1_samples(case: dict[str, Any]) -> None:
    cipher = Ff1(bytes.fromhex(case["key"]), case["alphabet"], bytes.fromhex(case["tweak"]))
    assert cipher.encrypt([case["plaintext"]]) == [case["ciphertext"]]
    assert cipher.decrypt([case["ciphertext"]]) == [case["plaintext"]]


@pytest.mark.parametrize("alphabet", list(ALPHABETS))
@given(data=st.data())
def test_ff1_is_a_permutation_of_its_format(alphabet: str, data: st.DataObject) -> None:
    letters = ALPHABETS[alphabet]
    cipher = Ff1(KEY[:32], letters)
    texts = data.draw(
        st.lists(st.text(letters, min_size=cipher.shortest, max_size=64), min_size=1, unique=True)
    )
    tokens = cipher.encrypt(texts)
    assert cipher.decrypt(tokens) == texts
    assert len(set(tokens)) == len(texts)
    assert [len(token or "") for token in tokens] == [len(text) for text in texts]
    assert all(set(token or "") <= set(letters) for token in tokens)


def test_ff1_refuses_small_domains_and_foreign_characters() -> None:
    cipher = Ff1(KEY[:32], ALPHABETS["digits"])
    assert cipher.shortest == 6
    assert Ff1(KEY[:32], ALPHABETS["letters"]).shortest == 5
    assert Ff1(KEY[:32], ALPHABETS["alphanumeric"]).shortest == 4
    assert cipher.encrypt(["12345", "12 456", "１２３４５６", "1" * 65, "", None]) == [None] * 6


@pytest.mark.parametrize("case", SM["sm3"], ids=lambda case: case["hex_in"][:8])
def test_sm3(case: dict[str, str]) -> None:
    state = hashes.Hash(hashes.SM3())
    state.update(bytes.fromhex(case["hex_in"]))
    assert state.finalize().hex() == case["hex_out"]


def test_sm4() -> None:
    case = SM["sm4_ecb_single_block"][0]
    cipher = Cipher(algorithms.SM4(bytes.fromhex(case["key"])), modes.ECB()).encryptor()
    assert cipher.update(bytes.fromhex(case["plaintext"])).hex() == case["ciphertext"]


@given(message=st.binary())
def test_hmac_sm3_by_its_definition(message: bytes) -> None:
    assert HmacSm3(KEY[:32]).digest(message) == second._sm3_mac(KEY[:32], message)


@given(key=st.binary(max_size=64), message=st.binary())
def test_padded_keys_are_hmac(key: bytes, message: bytes) -> None:
    inner, outer = hmac_pads(key)
    inside = hashlib.sha256(inner + message).digest()
    assert hashlib.sha256(outer + inside).digest() == hmac.digest(key, message, "sha256")


@given(texts=st.lists(st.text(), min_size=1))
def test_sm4_encryption_can_be_undone(texts: list[str]) -> None:
    tokens = encrypt(KEY, texts)
    assert [decrypt(KEY, token) for token in tokens] == texts
    assert len(set(tokens)) == len(set(texts))


def test_sm4_refuses_what_was_changed() -> None:
    (token,) = encrypt(KEY, ["王小明"])
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    with pytest.raises(ValueError, match="not encrypted"):
        decrypt(KEY, changed)
    with pytest.raises(ValueError, match="not encrypted"):
        decrypt(bytes(48), token)
