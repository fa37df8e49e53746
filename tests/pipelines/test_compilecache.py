"""The file of the compile cache: whatever happens to it costs time and nothing else."""

from __future__ import annotations

import os
import pickle
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.odcs import read_contract
from citybrain import app
from pipelines import compilecache
from pipelines.compilecache import CompileCache, Unpickled, pickled
from pipelines.home import Home
from tests.support.city import NAME, City

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(small: City) -> Path:
    """The cache of the small city, with everything in it."""
    small.warm()
    return Home.of(NAME).compiled


def reads_nothing(file: Path, root: Path) -> bool:
    """Whether a cache finds nothing in its file."""
    return CompileCache(file, root.resolve()).proof("base.shop") is None


# -- what it is ---------------------------------------------------------------------------------------


def test_only_its_user_may_read_it(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_cache_is_found_again(file: Path, small: City) -> None:
    assert not reads_nothing(file, small.root)


def test_nothing_new_writes_nothing(file: Path, small: City) -> None:
    before = file.stat()
    small.warm()
    assert file.stat().st_ino == before.st_ino and file.stat().st_mtime_ns == before.st_mtime_ns


def test_what_has_left_the_workspace_is_forgotten(file: Path, small: City) -> None:
    size = file.stat().st_size
    for suffix in (".sql", ".yaml"):
        (small.root / f"models/fusion/district_profile{suffix}").unlink()
    small.warm()
    assert file.stat().st_size < size
    assert CompileCache(file, small.root.resolve()).proof("fusion.district_profile") is None


def test_the_workspace_itself_gets_no_file(small: City) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.root.rglob("*")}
    small.warm()
    assert {path: path.stat().st_mtime_ns for path in small.root.rglob("*")} == before


def test_a_library_call_keeps_nothing(small: City) -> None:
    small.plan()
    assert not Home.of(NAME).root.exists()


@pytest.mark.parametrize(
    "words", [("check",), ("plan",), ("lineage", "base.shop"), ("explain", "base.shop.name")]
)
def test_commands_use_it(small: City, words: tuple[str, ...]) -> None:
    command, *more = words
    for _ in range(2):
        said = CliRunner().invoke(app, [command, str(small.root), *more])
        assert said.exit_code == 0, said.output
        assert not reads_nothing(Home.of(NAME).compiled, small.root)


def test_a_workspace_with_faults_keeps_the_rest(small: City) -> None:
    small.model(
        "base.bad", "SELECT nothing FROM raw.trade__shop", "- {name: x, logicalType: string}"
    )
    assert CliRunner().invoke(app, ["check", str(small.root)]).exit_code == 1
    cache = CompileCache(Home.of(NAME).compiled, small.root.resolve())
    assert cache.proof("base.shop") is not None
    assert cache.proof("base.bad") is None


# -- what can happen to it ------------------------------------------------------------------------------


def _cut(share: float) -> Callable[[Path], object]:
    def spoil(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])

    return spoil


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _link(file: Path) -> None:
    real = file.rename(file.with_suffix(".real"))
    file.symlink_to(real)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _signed(content: bytes) -> bytes:
    return compilecache._MAGIC + compilecache._digest(content) + content


SPOILS: dict[str, Callable[[Path], object]] = {
    "empty": _cut(0),
    "cut in its head": _cut(0.001),
    "cut": _cut(0.5),
    "a byte short": _cut(0.9999),
    "a bit": _flip,
    "garbage": lambda file: file.write_bytes(os.urandom(5000)),
    "text": lambda file: file.write_text("compiled"),
    "no pickle": lambda file: file.write_bytes(_signed(b"\x80\x05nothing")),
    "another value": lambda file: file.write_bytes(_signed(pickle.dumps([1, 2]))),
    "another version": lambda file: file.write_bytes(_signed(pickle.dumps(("old", {}, {})))),
    "writable by others": lambda file: file.chmod(0o622),
    "writable by a group": lambda file: file.chmod(0o660),
    "a folder": _folder,
    "a link": _link,
    "a pipe": _pipe,
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_file_is_no_cache(file: Path, small: City, spoil: str) -> None:
    expected = small.plan()
    SPOILS[spoil](file)
    assert reads_nothing(file, small.root)
    assert small.warm() == expected
    assert small.warm() == expected
    assert reads_nothing(file, small.root) == (spoil == "a folder")


def test_a_file_of_another_user_is_never_unpickled(
    file: Path, small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (file.with_suffix(".evil"),)

    file.write_bytes(_signed(pickle.dumps(Evil())))
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert reads_nothing(file, small.root)
    assert not file.with_suffix(".evil").exists()
    monkeypatch.undo()
    # The same bytes in a file of his own are read: this shows that the test can fail.
    CompileCache(file, small.root)
    assert file.with_suffix(".evil").exists()


def test_another_compiler_starts_anew(
    file: Path, small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = small.plan()
    monkeypatch.setattr(compilecache, "_code_stamp", lambda: "another")
    assert reads_nothing(file, small.root)
    assert small.warm() == expected


def test_a_home_that_is_no_folder_costs_the_cache(
    small: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "taken"))
    assert small.warm() == small.plan()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written_costs_the_cache(file: Path, small: City) -> None:
    file.unlink()
    file.parent.chmod(0o500)
    try:
        assert small.warm() == small.plan()
    finally:
        file.parent.chmod(0o700)
    assert not file.exists()


def test_a_full_disk_costs_the_cache(small: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compilecache.os, "replace", full)
    assert small.warm() == small.plan()
    assert list(Home.of(NAME).root.iterdir()) == []


def test_what_a_killed_process_left_is_swept_by_the_next_run(file: Path) -> None:
    left = file.with_name(compilecache.PARTIAL_NAMES.replace("*", "left"))
    left.write_bytes(b"half")
    with Home.of(NAME).lock(NAME):
        assert not left.exists()
    assert file.exists()


def test_a_contract_that_changes_while_it_is_read_is_not_kept(
    small: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small.root / "models/base/shop.yaml"
    cache = CompileCache(Home.of(NAME).compiled, small.root)

    def changing(*arguments: str) -> object:
        path.write_text(path.read_text("utf-8") + "# more\n", "utf-8")
        return read_contract(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(compilecache, "read_contract", changing)
    first = cache.contract(path, "base", "shop")
    assert cache.contract(path, "base", "shop").fingerprint != first.fingerprint


@pytest.mark.slow
def test_processes_at_once_do_not_disturb_each_other(small: City, program: list[str]) -> None:
    command = [*program, "check", str(small.root)]
    for _ in range(3):
        running = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(4)]
        assert [process.wait(timeout=120) for process in running] == [0] * 4
        assert not reads_nothing(Home.of(NAME).compiled, small.root)
        assert not list(Home.of(NAME).root.glob(compilecache.PARTIAL_NAMES))
        small.write(
            "models/base/shop.sql",
            "SELECT id, lower(name) AS name, district FROM raw.trade__shop\n",
        )


# -- what it is made of ---------------------------------------------------------------------------------


@pytest.mark.parametrize("city_name", ["tainan", "chicago"])
def test_contracts_are_the_same_after_pickling(city_name: str) -> None:
    paths = sorted((REPOSITORY / "workspaces" / city_name / "contracts").glob("*/*.yaml"))
    assert paths
    for path in paths:
        contract = read_contract(path, "raw", f"{path.parent.name}__{path.stem}")
        again = pickle.loads(pickled(contract))
        assert again == contract
        assert repr(again) == repr(contract)


def test_an_unpickled_mapping_is_a_mapping() -> None:
    mapping: Unpickled[list[int]] = Unpickled()
    mapping.put("a", [1])
    mapping.put_bytes("b", pickled([2]))
    assert mapping == {"a": [1], "b": [2]}
    assert mapping == {"a": [1], "b": [2]}
    assert mapping["b"] is mapping["b"]
    assert "b" in mapping and "c" not in mapping and len(mapping) == 2
    assert pickle.loads(mapping.bytes_of("a")) == [1]
    with pytest.raises(KeyError):
        mapping["c"]
