"""Throughput of every masking function in DuckDB, beside what else could be used.

    python -m bench.masking [--rows 5000000] [--peers PYTHON] [--json FILE]

Synthetic values, two threads, best of three runs of an aggregate over the masked column, by the clock
and by processor time: on a machine that does other work too only the second says what the code costs.
Ratios and targets are of processor time, times the threads. `--peers` is a Python that has `ff3`,
`presidio-analyzer` and `presidio-anonymizer`, measured in a process of their own. Presidio runs with
regular expressions only, on a blank spaCy pipeline: its language models are a download, and find names
that no expression does. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

THREADS, REPEAT = 2, 3
Speed = tuple[float, float]  # million values a second: by the clock, by processor time
TARGET_PSEUDONYM, TARGET_PARTIAL = 3.0, 20.0
WHO = ("joining", "bank_a")
TEXT = (
    "'路'||(h%900)||'巷'||(h%90)||'號 許先生 09'||(10000000+h%89999999)"
    "||' 車牌ABC-'||(1000+h%9000)||' 違規停車'"
)
# Columns of the synthetic table: name, expression over the hash `h` of the row.
COLUMNS = {
    "id": "'A'||(100000000+h%900000000)",
    "phone": "'13'||(100000000+h%900000000)",
    "resident": "(110000+h%500000)||'19900101'||(1000+h%9000)",
    "name": "'王'||chr(CAST(19968+h%9000 AS INTEGER))||chr(CAST(20000+h%8000 AS INTEGER))",
    "address": "'臺南市東區中華路'||(h%900)||'號'",
    "plate": "'ABC-'||(1000+h%9000)",
    "email": "'user'||(h%900000)||'@example.com'",
    "digits": "CAST(10000000+h%89999999 AS VARCHAR)",
    "text": TEXT,
    "age": "CAST(h%100 AS BIGINT)",
    "day": "DATE '1950-01-01' + CAST(h%25000 AS INTEGER)",
    "amount": "CAST(h%100000000 AS DOUBLE)/100",
    "code": "(110000+h%500000)||'001'",
    "lon": "120+CAST(h%100000 AS DOUBLE)/100000",
    "lat": "22+CAST((h//7)%100000 AS DOUBLE)/100000",
    "n": "CAST(h%40 AS BIGINT)",
}
CALLS = {
    "mask_phone": "mask_phone(phone)",
    "mask_id": "mask_id(resident)",
    "mask_name": "mask_name(name)",
    "mask_plate": "mask_plate(plate)",
    "mask_email": "mask_email(email)",
    "mask_address": "mask_address(address)",
    "mask_text": "mask_text(text)",
    "mask_age": "mask_age(age, 5)",
    "mask_date": "mask_date(day, 'month')",
    "mask_amount": "mask_amount(amount, 10000)",
    "mask_division": "mask_division(code, 'city')",
    "mask_round": "mask_round(amount, 100)",
    "mask_coordinate": "mask_coordinate(lon, 2)",
    "mask_grid": "mask_grid(lon, lat, 500)",
    "mask_suppress": "mask_suppress(n, 5)",
    "mask_pseudonym": "mask_pseudonym(id, 'joining', 'bank_a')",
    "mask_noise": "mask_noise(amount, 100, 'joining', 'bank_a')",
    "mask_pseudonym_sm3": "mask_pseudonym_sm3(id, 'joining', 'bank_a')",
    "mask_token": "mask_token(digits, 'digits', 'joining', 'bank_a')",
    "mask_sm4": "mask_sm4(id, 'joining', 'bank_a')",
}
PARTIAL = ("mask_phone", "mask_id", "mask_name", "mask_plate", "mask_email", "mask_address")
# What is slow is measured on a part of the rows.
SLOW = {
    "mask_text": 20,
    "mask_pseudonym_sm3": 10,
    "mask_token": 10,
    "mask_sm4": 10,
}
PEER_ROWS = {"ff3": 20_000, "presidio": 2_000}


def engine(rows: int) -> dict[str, Speed]:
    """The speed of every function, and of what it is compared with."""
    import duckdb

    from pipelines.masking import MASKS, KeyRing, KeyUse, install_duckdb

    assert set(CALLS) == set(MASKS), "a masking function is not measured"
    found = {}
    with duckdb.connect() as con:
        con.execute(f"SET threads = {THREADS}")
        uses = [KeyUse(*WHO, item.scheme) for item in MASKS.values() if item.scheme]
        install_duckdb(con, KeyRing.of({1: bytes(range(32))}), uses)
        columns = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS.items())
        con.execute(
            f"CREATE TABLE t AS SELECT {columns} FROM (SELECT hash(i) AS h FROM range({rows}) r(i))"
        )
        for label, call in {**CALLS, "sha256, no key": "sha256(id)", "scan": "id"}.items():
            part = rows // SLOW.get(label, 1)
            source = "t" if part == rows else _part(con, part)
            # Python functions hold the interpreter's lock: there is never more than one at work.
            threads = 1 if label in MASKS and MASKS[label].body is None else THREADS
            sql = f"SELECT max({call}) FROM {source}"
            found[label] = _speed(part, threads, partial(_ask, con, sql))
        found["python hmac loop"] = _hmac_loop(con)
    return found


def _part(con: Any, rows: int) -> str:
    """A table of some of the rows; reading with LIMIT would use one thread."""
    con.execute(f"CREATE OR REPLACE TABLE part AS SELECT * FROM t LIMIT {rows}")
    return "part"


def _ask(con: Any, sql: str) -> None:
    con.execute(sql).fetchall()


def _hmac_loop(con: Any) -> Speed:
    import hashlib
    import hmac

    values = [row[0].encode() for row in con.execute("SELECT id FROM t LIMIT 200000").fetchall()]
    key = bytes(range(32))

    def loop() -> None:
        for value in values:
            hmac.new(key, value, hashlib.sha256).hexdigest()

    return _speed(len(values), 1, loop)


def _speed(count: int, threads: int, work: Callable[[], Any]) -> Speed:
    """The best of some runs, in million values a second."""
    wall, cpu = [], []
    for _ in range(REPEAT):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    return count / min(wall) / 1e6, threads * count / min(cpu) / 1e6


# -- others, in their own process -------------------------------------------------------------------


def peer(name: str) -> float:
    """Million values a second of another library, one thread."""
    return {"ff3": _ff3, "presidio": _presidio}[name]()


def _ff3() -> float:
    from ff3 import FF3Cipher

    cipher = FF3Cipher(bytes(range(32)).hex(), "D8E7920AFA330A")
    values = [str(10_000_000 + i * 7919 % 89_999_999) for i in range(PEER_ROWS["ff3"])]
    return _speed(len(values), 1, lambda: [cipher.encrypt(value) for value in values])[1]


def _presidio() -> float:
    import spacy
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_anonymizer import AnonymizerEngine

    class Blank(SpacyNlpEngine):  # type: ignore[misc]  # no types without it
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "zh", "model_name": "none"}])
            self.nlp = {"zh": spacy.blank("zh")}

        def load(self) -> None:
            """Nothing to load: a blank pipeline."""

    registry = RecognizerRegistry(supported_languages=["zh"])
    shapes = {
        "PHONE": r"09[0-9]{2}-?[0-9]{3}-?[0-9]{3}",
        "PLATE": r"[A-Z]{2,3}-[0-9]{3,4}",
        "PERSON": r"[許陳林黃張李王][\u4e00-\u9fff]{0,2}(?=先生|小姐)",
        "HOUSE": r"[0-9]+(?:巷|弄|號|樓)",
    }
    for entity, regex in shapes.items():
        patterns = [Pattern(entity, regex, 0.9)]
        registry.add_recognizer(
            PatternRecognizer(entity, patterns=patterns, supported_language="zh")
        )
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["zh"])
    anonymizer: Any = AnonymizerEngine()
    texts = [
        f"路{i % 900}巷{i % 90}號 許先生 09{10_000_000 + i} 車牌ABC-{1000 + i % 9000} 違規停車"
        for i in range(PEER_ROWS["presidio"])
    ]

    def work() -> None:
        for text in texts:
            anonymizer.anonymize(text=text, analyzer_results=analyzer.analyze(text, language="zh"))

    return _speed(len(texts), 1, work)[1]


def peers(python: str) -> dict[str, float | str]:
    """Both peers, or why one could not be measured."""
    found: dict[str, float | str] = {}
    for name in PEER_ROWS:
        done = subprocess.run(
            [python, str(Path(__file__)), "--peer", name], capture_output=True, text=True
        )
        if done.returncode:
            found[name] = done.stderr.strip().splitlines()[-1]
        else:
            found[name] = float(done.stdout.strip().splitlines()[-1])
    return found


# -- report -----------------------------------------------------------------------------------------


def _print(rows: int, speeds: dict[str, Speed], others: dict[str, float | str]) -> None:
    print(
        f"\n{rows:,} synthetic rows, {THREADS} threads; million values a second, best of {REPEAT}"
    )
    print(f"  {'':<24}{'clock':>10}{'processor':>12}")
    for label, (wall, cpu) in speeds.items():
        print(f"  {label:<24}{wall:>10.2f}{cpu:>12.2f}{_target(label, cpu)}")
    plain, keyed = speeds["sha256, no key"][1], speeds["mask_pseudonym"][1]
    loop = speeds["python hmac loop"][1]
    print(
        f"HMAC takes four blocks of SHA-256, a plain hash one: {plain / keyed:.1f} times the time"
    )
    print(
        f"mask_pseudonym is {keyed / loop:.1f} times as fast as a Python loop, which has one thread"
    )
    for name, mine in (("ff3", "mask_token"), ("presidio", "mask_text")):
        other = others.get(name)
        if isinstance(other, float):
            # Per thread on both sides.
            own = speeds[mine][1] / (1 if mine == "mask_token" else THREADS)
            print(
                f"{name}: {other:.4f}; {mine} is {own / other:.0f} times as fast, thread by thread"
            )
        elif other:
            print(f"{name}: not measured: {other}")


def _target(label: str, speed: float) -> str:
    target = TARGET_PARTIAL if label in PARTIAL else None
    if label == "mask_pseudonym":
        target = TARGET_PSEUDONYM
    return f"   target >= {target:g}: {'met' if speed >= target else 'missed'}" if target else ""


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--peers", help="a Python with ff3 and Presidio")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(peer(options.peer))
        return
    speeds = engine(options.rows)
    others = peers(options.peers or sys.executable)
    _print(options.rows, speeds, others)
    if options.json:
        report = {"rows": options.rows, "million_a_second": speeds, "peers": others}
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
