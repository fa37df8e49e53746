"""The hand-written script that the spine is compared with: plain DuckDB, no platform.

It is what a competent engineer would write for these two files: the received file kept under its
hash, one pass that types, judges and keeps the text of bad rows, a look for repeated keys, Parquet
files, one query over the written file that certifies what is to be published, one aggregate, one
masked table. It records nothing, publishes by overwriting files, and its casts are DuckDB's own
(1_000, nan and 1.5 as an integer would pass).

    python -m bench.spine_baseline SOURCE OUT
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time

import duckdb

MEMORY, THREADS = "2500MiB", 2
PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
COLUMNS = (
    "record_no, uscc, district_code, category, amount, score, opened_on, closed_on, phone, person"
)
MACROS = """
CREATE MACRO place(c, n, alphabet) AS strpos(alphabet, substr(c, n, 1)) - 1;
CREATE MACRO uscc_total(c) AS {total};
CREATE MACRO organisation_total(c) AS {organisation};
CREATE MACRO uscc_valid(c) AS CASE
  WHEN NOT regexp_matches(c, '^[0-9A-HJ-NP-RTUWXY]{{2}}[0-9]{{6}}[0-9A-HJ-NP-RTUWXY]{{10}}$') THEN false
  ELSE place(c, 18, '{alphabet}') = (31 - uscc_total(c) % 31) % 31
    AND substr(c, 17, 1) = substr('0X987654321', organisation_total(c) % 11 + 1, 1) END;
CREATE MACRO original(row_) AS CAST(to_json(row_) AS VARCHAR);
"""
JUDGE = """
CREATE TABLE judged AS
WITH raw AS (
  SELECT * FROM read_csv('{csv}', header = true, all_varchar = true, delim = ',', quote = '"',
    store_rejects = true)
), trimmed AS (
  SELECT raw,
    nullif(trim(record_no), '') AS t_record_no, nullif(trim(uscc), '') AS uscc,
    nullif(trim(district_code), '') AS district_code, nullif(trim(category), '') AS category,
    nullif(trim(amount), '') AS t_amount, nullif(trim(score), '') AS t_score,
    nullif(trim(opened_on), '') AS t_opened_on, nullif(trim(closed_on), '') AS t_closed_on,
    nullif(trim(phone), '') AS phone, nullif(trim(person), '') AS person
  FROM raw
), typed AS (
  SELECT *, TRY_CAST(t_record_no AS BIGINT) AS record_no,
    TRY_CAST(t_amount AS DECIMAL(12,2)) AS amount, TRY_CAST(t_score AS DOUBLE) AS score,
    TRY_CAST(t_opened_on AS DATE) AS opened_on, TRY_CAST(t_closed_on AS DATE) AS closed_on
  FROM trimmed
), ruled AS (
  SELECT *, concat_ws(';',
    CASE WHEN t_record_no IS NOT NULL AND record_no IS NULL THEN 'unreadable:record_no' END,
    CASE WHEN t_record_no IS NULL THEN 'required:record_no' END,
    CASE WHEN uscc IS NULL THEN 'required:uscc' END,
    CASE WHEN NOT uscc_valid(uscc) THEN 'checksum:uscc' END,
    CASE WHEN NOT regexp_full_match(category, 'A1|B2|C3|D4|E5|F6') THEN 'enumeration:category' END,
    CASE WHEN t_amount IS NOT NULL AND amount IS NULL THEN 'unreadable:amount' END,
    CASE WHEN amount < 0 THEN 'range:amount' END,
    CASE WHEN t_score IS NOT NULL AND score IS NULL THEN 'unreadable:score' END,
    CASE WHEN score NOT BETWEEN 0 AND 100 THEN 'range:score' END,
    CASE WHEN t_opened_on IS NOT NULL AND opened_on IS NULL THEN 'unreadable:opened_on' END,
    CASE WHEN opened_on > current_date THEN 'not_future:opened_on' END,
    CASE WHEN t_closed_on IS NOT NULL AND closed_on IS NULL THEN 'unreadable:closed_on' END,
    CASE WHEN opened_on > closed_on THEN 'row:closed_after_opened' END,
    CASE WHEN NOT regexp_full_match(phone, '1[3-9][0-9]{{9}}') THEN 'pattern:phone' END,
    CASE WHEN length(person) NOT BETWEEN 2 AND 20 THEN 'length:person' END) AS reasons
  FROM typed
)
SELECT {columns}, reasons, CASE WHEN reasons <> '' THEN original(raw) END AS original FROM ruled
"""
# A join in the first pass (DuckDB makes one of an IN with six values) would lose the order of the
# file, and with it which row came first.
LATE = """
CREATE TABLE late AS
SELECT rowid AS id, record_no, 'foreign_key:district_code' AS reason FROM judged
WHERE reasons = '' AND district_code NOT IN (SELECT district_code FROM district);
INSERT INTO late
SELECT rowid, record_no, 'unique:record_no' FROM judged
WHERE reasons = '' AND record_no IN (
  SELECT record_no FROM judged WHERE reasons = '' GROUP BY record_no HAVING count(*) > 1)
QUALIFY row_number() OVER (PARTITION BY record_no ORDER BY rowid) > 1
"""
# The text of these rows is read again: nobody knew in the first pass that they were bad. `judged`
# is in file order, so its row ids count the lines that could be split.
LATE_TEXT = """
CREATE TABLE again AS
SELECT id, original(raw) AS original
FROM (SELECT raw, row_number() OVER () - 1 AS id FROM read_csv('{csv}', header = true,
  all_varchar = true, delim = ',', quote = '"', ignore_errors = true) AS raw)
WHERE id IN (SELECT id FROM late)
"""
BAD = """
COPY (
  SELECT string_split(reasons, ';') AS reasons, original FROM judged WHERE reasons <> ''
  UNION ALL
  SELECT l.reasons, a.original
  FROM (SELECT id, list(reason) AS reasons FROM late GROUP BY id) AS l JOIN again AS a USING (id)
  UNION ALL
  SELECT ['malformed'], csv_line FROM reject_errors
) TO '{out}/bad.parquet' {parquet}
"""
GOOD = """
COPY (SELECT {columns} FROM judged WHERE reasons = '' AND rowid NOT IN (SELECT id FROM late))
TO '{out}/good.parquet' {parquet}
"""
THEMATIC = """
COPY (
  SELECT d.region, i.district_code, d.district_name, i.category,
    CAST(date_trunc('month', i.opened_on) AS DATE) AS month, count(*) AS inspections,
    count(i.closed_on) AS closed, count(DISTINCT i.uscc) AS enterprises,
    CAST(sum(i.amount) AS DECIMAL(18,2)) AS amount, max(i.score) AS best_score
  FROM '{out}/good.parquet' AS i JOIN district AS d ON d.district_code = i.district_code
  GROUP BY ALL
) TO '{out}/district_month.parquet' {parquet}
"""
OPEN = """
COPY (
  SELECT record_no, md5(uscc) AS enterprise, '*******' || right(phone, 4) AS phone, district_code,
    category, CAST(date_trunc('month', opened_on) AS DATE) AS month, amount
  FROM '{out}/good.parquet'
) TO '{out}/open.parquet' {parquet}
"""
# What certifies the written file: every rule again, in one scan and one aggregation.
VERIFY = """
SELECT count(*) FILTER (WHERE record_no IS NULL OR uscc IS NULL OR NOT uscc_valid(uscc)
    OR NOT regexp_full_match(category, 'A1|B2|C3|D4|E5|F6') OR amount < 0
    OR score NOT BETWEEN 0 AND 100 OR opened_on > current_date OR opened_on > closed_on
    OR NOT regexp_full_match(phone, '1[3-9][0-9]{{9}}') OR length(person) NOT BETWEEN 2 AND 20),
  (SELECT count(*) FROM (SELECT record_no FROM '{out}/good.parquet' GROUP BY record_no
    HAVING count(*) > 1))
FROM '{out}/good.parquet'
"""
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def macros() -> str:
    """The check of a unified social credit code, both of its check characters."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = _weighted(_ALPHABET, 1, [pow(3, n, 31) for n in range(17)])
    organisation = _weighted(letters, 9, [3, 7, 9, 10, 5, 8, 4, 2])
    return MACROS.format(alphabet=_ALPHABET, total=total, organisation=organisation)


def _weighted(alphabet: str, first: int, weights: list[int]) -> str:
    terms = (f"{w} * place(c, {first + n}, '{alphabet}')" for n, w in enumerate(weights))
    return "(" + " + ".join(terms) + ")"


def land(file: Path, folder: Path) -> None:
    """Keep the received file unchanged under its hash, safely on disk."""
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with file.open("rb") as received, (folder / "incoming").open("wb") as kept:
        while chunk := received.read(1 << 22):
            digest.update(chunk)
            kept.write(chunk)
        kept.flush()
        os.fsync(kept.fileno())
    (folder / "incoming").rename(folder / digest.hexdigest())


def run(source: Path, out: Path) -> dict[str, tuple[float, float]]:
    """Do it all; returns wall and processor seconds of each stage."""
    seconds: dict[str, tuple[float, float]] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        wall, cpu = perf_counter(), process_time()
        yield
        seconds[name] = perf_counter() - wall, process_time() - cpu

    out.mkdir(parents=True, exist_ok=True)
    csv, names = source / "inspection.csv", {"columns": COLUMNS, "out": out, "parquet": PARQUET}
    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}")
    con.execute(f"SET temp_directory = '{out / 'spill'}'; SET enable_progress_bar = false")
    con.execute(macros())
    with stage("land"):
        land(csv, out / "landing")
    with stage("read"):
        district = source / "district.csv"
        con.execute(f"CREATE TABLE district AS FROM read_csv('{district}', all_varchar = true)")
        con.execute(JUDGE.format(csv=csv, **names))
    with stage("sets"):
        con.execute(LATE)
    with stage("good"):
        con.execute(GOOD.format(**names))
    with stage("bad"):
        con.execute(LATE_TEXT.format(csv=csv))
        con.execute(BAD.format(**names))
    with stage("verify"):
        if con.execute(VERIFY.format(**names)).fetchone() != (0, 0):
            raise SystemExit("the written file breaks a rule")
    with stage("thematic"):
        con.execute(THEMATIC.format(**names))
    with stage("open"):
        con.execute(OPEN.format(**names))
    con.close()
    return seconds


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), Path(sys.argv[2]))))
