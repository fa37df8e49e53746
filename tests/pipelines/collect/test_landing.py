"""Finding files, and keeping them unchanged."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.contract import FileSource
from pipelines.collect import Landing, SourceFile, find_files
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
    assert landing.fingerprint(file) == digest


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
