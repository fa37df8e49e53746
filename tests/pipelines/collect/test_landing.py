"""Finding files, and keeping them unchanged."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.contract import FileSource
from pipelines.collect import Landing, SourceFile, find_files
from pipelines.collect import landing as landing_module
from pipelines.collect.hashes import SETTLED_NS
from pipelines.collect.landing import HASHES
from pipelines.errors import PipelineError


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a\n1\n")


def find(root: Path, pattern: str) -> list[str]:
    return [file.name for file in find_files(FileSource(pattern, "csv"), root)]


def refused(root: Path, pattern: str) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        find(root, pattern)
    return caught.value


def test_files_are_found_by_glob_and_sorted_by_name(tmp_path: Path) -> None:
    make(tmp_path, "labour/b.csv", "labour/a.csv", "labour/c.txt", "other.csv")
    assert find(tmp_path, "labour/*.csv") == ["labour/a.csv", "labour/b.csv"]


def test_compressed_files_keep_their_plain_name(tmp_path: Path) -> None:
    make(tmp_path, "d/a.csv.gz", "d/b.csv.zst", "d/c.csv")
    assert find(tmp_path, "d/*.csv") == ["d/a.csv", "d/b.csv", "d/c.csv"]
    assert find(tmp_path, "d/a.csv.gz") == ["d/a.csv"]


def test_hidden_files_and_office_locks_are_no_data(tmp_path: Path) -> None:
    make(tmp_path, "._a.csv", "~$a.csv", "a.csv")
    assert find(tmp_path, "*.csv") == ["a.csv"]


def test_one_name_twice_is_ambiguous(tmp_path: Path) -> None:
    make(tmp_path, "x.csv", "x.csv.gz")
    error = refused(tmp_path, "x.csv")
    assert error.code == "source_ambiguous"
    assert error.fields["name"] == "x.csv"


def test_a_missing_file_names_pattern_and_folder(tmp_path: Path) -> None:
    error = refused(tmp_path, "nothing/*.csv")
    assert error.code == "source_missing"
    assert error.fields == {"pattern": "nothing/*.csv", "root": tmp_path}


@pytest.mark.parametrize("pattern", ["../x.csv", "/etc/passwd", "a/../../x.csv"])
def test_a_pattern_cannot_leave_the_source_folder(tmp_path: Path, pattern: str) -> None:
    assert refused(tmp_path, pattern).code == "source_outside"


def test_a_file_is_kept_unchanged_under_its_hash(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "big.tar.csv.gz").write_bytes(content)
    file = SourceFile("big.tar.csv", tmp_path / "big.tar.csv.gz")
    landing = Landing(tmp_path / "landing")
    landed = landing.keep(file)
    digest = hashlib.sha256(content).hexdigest()
    assert (landed.name, landed.sha256, landed.size) == (
        "big.tar.csv",
        digest,
        3_000_000,
    )
    assert landed.path == tmp_path / "landing" / digest[:2] / f"{digest}.csv.gz"
    assert landed.path.read_bytes() == content
    assert not landed.path.stat().st_mode & 0o222
    assert landing.fingerprints([file]) == {"big.tar.csv": digest}


def test_keeping_twice_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    landing = Landing(tmp_path / "landing")
    first = landing.keep(SourceFile("a.csv", tmp_path / "a.csv"))
    before = first.path.stat()
    second = landing.keep(SourceFile("a.csv", tmp_path / "a.csv"))
    assert second == first
    assert second.path.stat().st_mtime_ns == before.st_mtime_ns
    assert everything(tmp_path / "landing") == [first.path]


def test_a_vanished_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        Landing(tmp_path / "landing").keep(SourceFile("a.csv", tmp_path / "a.csv"))
    assert caught.value.code == "source_unreadable"
    assert everything(tmp_path / "landing") == []


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_leaves_no_debris(tmp_path: Path, small_disk: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b"x" * 2_000_000)
    landing = Landing(small_disk / "landing")
    with pytest.raises(PipelineError) as caught:
        landing.keep(SourceFile("big.csv", tmp_path / "big.csv"))
    assert caught.value.code == "disk_full"
    assert everything(small_disk) == []
    (tmp_path / "small.csv").write_bytes(b"x" * 200_000)
    assert landing.keep(SourceFile("small.csv", tmp_path / "small.csv")).path.is_file()


def test_a_limit_on_file_sizes_counts_as_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b"x" * 2_000_000)
    script = f"""
import resource, signal
from pathlib import Path
from pipelines.collect import Landing, SourceFile
from pipelines.errors import PipelineError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, {resource.RLIM_INFINITY}))
root = Path({str(tmp_path)!r})
try:
    Landing(root / "landing").keep(SourceFile("big.csv", root / "big.csv"))
except PipelineError as error:
    print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "disk_full"
    assert everything(tmp_path / "landing") == []


def aged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes on, so that the file was written long before it is hashed."""
    later = path.stat().st_ctime_ns + 10 * SETTLED_NS
    monkeypatch.setattr("pipelines.collect.landing.now", lambda: later)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    found: list[Path] = []
    read = landing_module._read

    def noted(path: Path, use: Any) -> None:
        found.append(path)
        read(path, use)

    monkeypatch.setattr(landing_module, "_read", noted)
    return found


def test_a_file_is_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    make(tmp_path, "a.csv", "b.csv")
    files = [SourceFile(name, tmp_path / name) for name in ("a.csv", "b.csv")]
    aged(files[1].path, monkeypatch)
    landing = Landing(tmp_path / "landing")
    first = landing.fingerprints(files)
    assert landing.fingerprints(files) == first
    assert len(reads) == 2
    assert landing.fingerprints(files, again=True) == first
    assert len(reads) == 4


def test_a_change_of_the_same_length_is_seen_though_the_time_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    file, landing = SourceFile("a.csv", path), Landing(tmp_path / "landing")
    aged(path, monkeypatch)
    first = landing.fingerprints([file])
    times = path.stat()
    for text in ("a\n2\n", "a\n3\n"):
        path.write_text(text)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert landing.fingerprints([file])["a.csv"] == hashlib.sha256(text.encode()).hexdigest()
    assert landing.fingerprints([file]) != first
    # Another file of the same name, size and times is another file.
    other = tmp_path / "other"
    other.write_text("a\n4\n")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(other, path)
    assert landing.fingerprints([file])["a.csv"] == hashlib.sha256(b"a\n4\n").hexdigest()


def test_a_file_that_has_just_been_written_is_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    make(tmp_path, "a.csv")
    file, landing = SourceFile("a.csv", tmp_path / "a.csv"), Landing(tmp_path / "landing")
    soon = file.path.stat().st_ctime_ns + SETTLED_NS
    for moment in (soon - SETTLED_NS * 5, soon, soon + 1):  # a clock may be wrong, too
        monkeypatch.setattr("pipelines.collect.landing.now", lambda moment=moment: moment)
        landing.fingerprints([file])
    assert len(reads) == 3
    landing.fingerprints([file])
    assert len(reads) == 3


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_a_broken_memory_of_hashes_costs_reading_only(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    make(tmp_path, "a.csv")
    file, landing = SourceFile("a.csv", tmp_path / "a.csv"), Landing(tmp_path / "landing")
    aged(file.path, monkeypatch)
    first = landing.fingerprints([file])
    (landing.root / HASHES).write_bytes(content)
    for _ in range(3):
        assert landing.fingerprints([file]) == first
    assert len(reads) <= 3


def test_a_hash_is_remembered_by_no_folder_that_cannot_be_made(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    (tmp_path / "landing").write_text("a file")
    file = SourceFile("a.csv", tmp_path / "a.csv")
    assert set(Landing(tmp_path / "landing").fingerprints([file])) == {"a.csv"}


def test_what_is_landed_is_not_copied_again(tmp_path: Path, reads: list[Path]) -> None:
    make(tmp_path, "a.csv")
    file, landing = SourceFile("a.csv", tmp_path / "a.csv"), Landing(tmp_path / "landing")
    digest = landing.fingerprints([file])["a.csv"]
    landed = landing.take(file, digest)
    assert len(reads) == 2
    assert landing.take(file, digest) == landed
    assert len(reads) == 2
    landed.path.unlink()
    assert landing.take(file, digest) == landed
    assert landed.path.is_file()
