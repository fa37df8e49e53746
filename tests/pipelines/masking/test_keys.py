"""Key rings: files, hooks, rotation, derivation, and that nothing shows a key."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from pipelines.errors import PipelineError
from pipelines.masking import KeyRing, KeyUse, MaskingSettings, open_ring
from pipelines.masking.keyfile import read

USE = KeyUse("joining", "bank_a", "hmac-sha256")
OTHER = KeyUse("joining", "bank_b", "hmac-sha256")


def code_of(caught: pytest.ExceptionInfo[PipelineError]) -> str:
    return caught.value.code


def test_create_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "mask.keys"
    first = KeyRing.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeyRing.create(path).derive(USE) == first.derive(USE)
    assert len(read(path).keys[1]) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "mask.keys"
    KeyRing.create(path)
    path.chmod(mode)
    with pytest.raises(PipelineError) as caught:
        KeyRing.load(path)
    assert code_of(caught) == "mask_key_mode"
    assert caught.value.fields["mode"] == f"{mode:04o}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "current = 1",
        "current = 2\n[keys]\n1 = 'SECRET00'",
        "current = 1\n[keys]\n1 = 'zzSECRET'",
        "current = 1\n[keys]\n1 = 'abcd'",
        "current = 1\n[keys]\n1 = SECRET00",
        "current = 'x'\n[keys]\n1 = '" + "ab" * 32 + "'",
        "keys = 3\ncurrent = 3",
    ],
)
def test_a_broken_file_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mask.keys"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(PipelineError) as caught:
        KeyRing.load(path)
    assert code_of(caught) == "mask_key_file"
    told = f"{caught.value.fields} {caught.value.__context__ if not caught.value.__suppress_context__ else ''}"
    assert "SECRET" not in told and "abab" not in told


def test_rotation_keeps_old_versions(tmp_path: Path) -> None:
    path = tmp_path / "mask.keys"
    old = KeyRing.create(path)
    new = old.rotate()
    assert (old.current, new.current) == (1, 2)
    assert new.derive(USE) != old.derive(USE)
    assert new.derive(USE, version=1) == old.derive(USE)
    assert new.fingerprint([USE]) != old.fingerprint([USE])
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".mask")] == []


def test_many_rotate_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mask.keys"
    KeyRing.create(path)
    workers = [threading.Thread(target=lambda: KeyRing.load(path).rotate()) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    content = read(path)
    assert content.current == 9 and len(set(content.keys.values())) == 9


def test_a_rotation_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mask.keys"
    ring = KeyRing.create(path)
    before = path.read_bytes()

    def broken(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("pipelines.masking.keyfile.os.replace", broken)
    with pytest.raises(OSError, match="disk"):
        ring.rotate()
    assert path.read_bytes() == before
    assert sorted(item.name for item in tmp_path.iterdir()) == ["mask.keys", "mask.keys.lock"]


def test_keys_differ_by_everything() -> None:
    ring = KeyRing.of({1: bytes(32), 2: bytes(range(32))}, current=1)
    uses = [
        KeyUse(purpose, recipient, scheme)
        for purpose in ("a", "b")
        for recipient in ("x", "y")
        for scheme in ("hmac-sha256", "hmac-sm3")
    ]
    keys = {ring.derive(use, version) for use in uses for version in (1, 2)}
    assert len(keys) == 16 and all(len(key) == 32 for key in keys)
    assert len({ring.fingerprint([use]) for use in uses}) == 8
    assert ring.fingerprint([USE, OTHER]) == ring.fingerprint([OTHER, USE, USE])


def test_derivation_is_rfc_5869() -> None:
    """Against HKDF written out: extract with a zero salt, then one block of expand."""
    import hmac

    master = bytes(range(32))
    ring = KeyRing.of({7: master})
    extracted = hmac.digest(bytes(32), master, "sha256")
    info = b"7|hmac-sha256|joining|bank_a"
    assert ring.derive(USE) == hmac.digest(extracted, info + b"\x01", "sha256")


def test_unknown_version_and_short_keys() -> None:
    with pytest.raises(PipelineError) as caught:
        KeyRing.of({1: bytes(32)}).derive(USE, version=3)
    assert code_of(caught) == "mask_key_version"
    with pytest.raises(PipelineError) as caught:
        KeyRing.of({1: b"SECRET"}).derive(USE)
    assert code_of(caught) == "mask_key_version" and "SECRET" not in str(caught.value.fields)


def test_nothing_shows_a_key(tmp_path: Path) -> None:
    path = tmp_path / "mask.keys"
    ring = KeyRing.create(path)
    key = read(path).keys[1]
    ring.derive(USE)
    for told in (repr(ring), str(ring), f"{ring!r}", repr(read(path)), ring.fingerprint([USE])):
        assert key.hex() not in told and repr(key)[2:-1] not in told
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copied(ring)
    assert not hasattr(ring, "__dict__")  # which a debugger or logger would print


# -- where keys come from -----------------------------------------------------------------------


def test_the_embedded_file_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITYBRAIN_MASK_KEYS", raising=False)
    ring = open_ring(MaskingSettings(), tmp_path / "state", tmp_path)
    assert (tmp_path / "state" / "keys" / "mask.keys").exists()
    assert open_ring(MaskingSettings(), tmp_path / "state", tmp_path).derive(USE) == ring.derive(
        USE
    )


def test_a_named_file_is_never_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITYBRAIN_MASK_KEYS", raising=False)
    with pytest.raises(PipelineError) as caught:
        open_ring(MaskingSettings(key_file="mine.keys"), tmp_path / "state", tmp_path)
    assert code_of(caught) == "mask_key_missing"
    monkeypatch.setenv("CITYBRAIN_MASK_KEYS", str(tmp_path / "env.keys"))
    with pytest.raises(PipelineError) as caught:
        open_ring(MaskingSettings(), tmp_path / "state", tmp_path)
    assert code_of(caught) == "mask_key_missing"
    assert list(tmp_path.rglob("*.keys")) == []


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = KeyRing.create(tmp_path / "env.keys")
    KeyRing.create(tmp_path / "mine.keys")
    monkeypatch.setenv("CITYBRAIN_MASK_KEYS", str(tmp_path / "env.keys"))
    found = open_ring(MaskingSettings(key_file="mine.keys"), tmp_path / "state", tmp_path)
    assert found.derive(USE) == named.derive(USE)


def test_a_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITYBRAIN_MASK_KEYS", raising=False)
    module = ModuleType("kms_for_test")
    asked: list[int] = []

    def fetch(version: int) -> bytes:
        asked.append(version)
        if version == 9:
            raise RuntimeError("SECRET")
        return bytes([version]) * 32

    module.fetch = fetch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kms_for_test", module)
    settings = MaskingSettings(key_hook="kms_for_test:fetch", key_version=3)
    ring = open_ring(settings, tmp_path, tmp_path)
    assert ring.derive(USE) == KeyRing.of({3: bytes([3]) * 32}).derive(USE)
    ring.derive(OTHER)
    assert asked == [3]
    with pytest.raises(PipelineError) as caught:
        ring.derive(USE, version=9)
    assert code_of(caught) == "mask_key_version" and "SECRET" not in str(caught.value.fields)
    assert caught.value.__suppress_context__
    with pytest.raises(PipelineError) as caught:
        ring.rotate()
    assert code_of(caught) == "mask_key_rotate"


@pytest.mark.parametrize("hook", ["kms_absent:fetch", "os:absent", "os:sep"])
def test_a_hook_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    monkeypatch.delenv("CITYBRAIN_MASK_KEYS", raising=False)
    with pytest.raises(PipelineError) as caught:
        open_ring(MaskingSettings(key_hook=hook, key_version=1), tmp_path, tmp_path)
    assert code_of(caught) == "mask_key_hook"


@pytest.mark.parametrize(
    "content",
    [
        {"key": "ab"},
        {"key_file": "a", "key_hook": "m:f", "key_version": 1},
        {"key_hook": "m:f"},
        {"key_version": 1},
        {"key_hook": "m.f", "key_version": 1},
    ],
)
def test_settings_are_strict(content: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MaskingSettings.model_validate(content)
