"""The file of events: whole lines whoever is killed when, and nothing lost that was said to be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.openlineage import FileSink, abort_event, hand_in, prune, unfinished
from catalog.openlineage.eventfile import EventFile
from catalog.openlineage.sinks import OUTBOX
from tests.catalog.openlineage.representative import AT, representative
from tests.support.openlineage import validate_event

ROOT = Path(__file__).parents[3]
WRITER = "tests.catalog.openlineage.writer"


def lines(path: Path) -> list[dict[str, object]]:
    """The file's events; fails on any line that is none."""
    content = path.read_bytes()
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.slow
def test_two_processes_killed_while_they_write_leave_whole_events(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    said: dict[str, int] = {}
    for turn in range(5):
        names = (f"a{turn}", f"b{turn}")
        writers = {
            name: subprocess.Popen(
                [sys.executable, "-m", WRITER, str(path), name],
                stdout=subprocess.PIPE,
                cwd=ROOT,
                text=True,
            )
            for name in names
        }
        for process in writers.values():
            assert process.stdout is not None
            process.stdout.readline()
        time.sleep(0.03 + turn * 0.017)
        for name, process in writers.items():
            process.kill()
            assert process.stdout is not None
            said[name] = len(process.stdout.readlines())
            process.wait(30)
    EventFile(path).append({"writer": "last", "number": 0})
    found = lines(path)
    for name, last in said.items():  # said after the first, number 0
        numbers = [event["number"] for event in found if event["writer"] == name]
        assert numbers == list(range(len(numbers)))
        # One more than was said may be there: killed between writing and saying so.
        assert last + 1 <= len(numbers) <= last + 2
    assert found[-1]["writer"] == "last"
    path.unlink()


def test_every_torn_end_is_removed_by_the_next_event(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    file = EventFile(path)
    first = {"name": "区", "filling": "x" * 70_000}
    file.append(first)
    whole = path.read_bytes()
    second = json.dumps({"torn": "线" * 50_000}, ensure_ascii=False).encode() + b"\n"
    for cut in (1, 2, 10, 65_535, 65_536, 65_537, len(second) - 1):
        path.write_bytes(whole + second[:cut])
        assert [event for event, _ in file.read()] == [first]
        assert file.count() == 1
        file.append({"number": cut})
        assert lines(path) == [first, {"number": cut}]


def test_a_file_that_is_one_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"{" * 200_000)
    EventFile(path).append({"a": 1})
    assert lines(path) == [{"a": 1}]


def test_threads_share_a_file(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "a" / "b" / "events.ndjson")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sink.emit, [{"number": n} for n in range(100)]))
    assert sink.close() == ()
    found = lines(tmp_path / "a" / "b" / "events.ndjson")
    assert sorted(e["number"] for e in found) == list(range(100))  # type: ignore[type-var]


def test_reading_in_parts_and_dropping_what_was_read(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "events.ndjson")
    assert (file.read(), file.count()) == ([], 0)
    for number in range(7):
        file.append({"number": number})
    part = file.read(limit=3)
    assert [event["number"] for event, _ in part] == [0, 1, 2]
    offset = part[-1][1]
    assert [event["number"] for event, _ in file.read(offset)] == [3, 4, 5, 6]
    file.drop(offset)
    assert [event["number"] for event, _ in file.read()] == [3, 4, 5, 6]
    file.drop(file.read()[-1][1])
    assert file.count() == 0
    file.append({"number": 7})
    assert file.count() == 1


def test_a_full_disk_is_a_warning_and_leaves_no_half_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.ndjson"
    sink = FileSink(path)
    sink.emit({"number": 0})
    real = os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) > 1000:
            return real(descriptor, data[:1000])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", half)
        sink.emit({"filling": "x" * 1500})
    assert lines(path) == [{"number": 0}]
    (warning,) = sink.close()
    assert warning.code == "lineage_not_written"
    assert warning.fields["problem"] == "No space left on device"


def test_a_folder_that_cannot_be_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sink = FileSink(tmp_path / "file" / "events.ndjson")
    sink.emit({"a": 1})
    assert [warning.code for warning in sink.close()] == ["lineage_not_written"]


def test_what_is_unfinished_is_found_and_ended(tmp_path: Path) -> None:
    events = representative()
    sink = FileSink(tmp_path / "r.ndjson")
    for event in (events[0], events[1], events[2], events[3]):
        sink.emit(event)
    open_ones = unfinished(tmp_path, "r")
    assert open_ones == [events[3], events[0]]  # the newest first: the parent ends last
    aborted = [abort_event(event, at=AT) for event in open_ones]
    assert [e["run"] for e in aborted] == [e["run"] for e in open_ones]
    assert {e["eventType"] for e in aborted} == {"ABORT"}
    validate_event(aborted[0])
    hand_in(tmp_path, "r", aborted)
    assert unfinished(tmp_path, "r") == []
    assert unfinished(tmp_path, "never") == []
    assert not (tmp_path / OUTBOX).exists()  # nobody is there to receive it


def test_many_events_are_read_to_the_end(tmp_path: Path) -> None:
    start, complete = representative()[:3:2]
    sink = FileSink(tmp_path / "r.ndjson")
    for number in range(250):
        sink.emit({**start, "run": {**start["run"], "runId": str(number)}})
    for number in range(249):
        sink.emit({**complete, "run": {**complete["run"], "runId": str(number)}})
    assert [event["run"]["runId"] for event in unfinished(tmp_path, "r")] == ["249"]


def test_pruning_keeps_the_newest_and_the_outbox(tmp_path: Path) -> None:
    names = [f"2025010{day}T000000-aa" for day in range(1, 6)]
    for name in (*names, "outbox", "outbox-refused"):
        FileSink(tmp_path / f"{name}.ndjson").emit({"number": 1})
    size = (tmp_path / f"{names[0]}.ndjson").stat().st_size
    assert prune(tmp_path, 2) == (3, 3 * size)
    assert {p.name.split(".")[0] for p in tmp_path.glob("*.ndjson*")} == {
        *names[3:],
        "outbox",
        "outbox-refused",
    }
    assert prune(tmp_path, 2) == (0, 0)
    assert prune(tmp_path / "absent", 2) == (0, 0)
