"""Pseudonyms: the same as a second implementation's, of no use to another recipient, no key shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.masking import MASKS, KeyRing, KeyUse, install_duckdb
from pipelines.masking.keys import hmac_pads
from pipelines.masking.udf import SCHEMES, DerivedKeys
from tests.pipelines.masking.nasty import RING, USES, WHO, written

MASTER = b"A-KEY-THAT-CAN-BE-READ-IN-A-TEXT"
READABLE = KeyRing.of({1: MASTER})
KEYED = [name for name, item in MASKS.items() if item.keyed]
EXTRA = {"mask_token": ("alphanumeric",), "mask_noise": (10,)}


def call_of(name: str, who: tuple[str, str] = WHO) -> str:
    column = "n" if name == "mask_noise" else "x"
    return written(name, [column], (*EXTRA.get(name, ()), *who))


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        install_duckdb(connection, READABLE, USES)
        connection.execute(
            "CREATE TABLE t AS SELECT CAST(1000000 + i AS VARCHAR) AS x, i AS n FROM range(1000) r(i)"
        )
        yield connection


def test_100_000_pseudonyms_twice() -> None:
    ring = RING
    with duckdb.connect() as con:
        install_duckdb(con, ring, USES)
        rows = con.execute(
            "SELECT x, mask_pseudonym(x, 'joining', 'bank_a') FROM ("
            "SELECT concat('人', CAST(hash(i) AS VARCHAR), repeat('é', CAST(i % 70 AS INT))) AS x "
            "FROM range(100000) r(i))"
        ).fetchall()
    key = ring.derive(KeyUse("joining", "bank_a", "hmac-sha256"))
    assert len(rows) == 100_000 == len({pseudonym for _, pseudonym in rows})
    for value, pseudonym in rows:
        assert hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32] == pseudonym


@pytest.mark.parametrize("name", KEYED)
def test_recipients_do_not_join(name: str) -> None:
    scheme = MASKS[name].scheme
    assert scheme is not None
    given = [("joining", "bank_a"), ("joining", "bank_b"), ("research", "bank_a")]
    with duckdb.connect() as con:
        install_duckdb(con, READABLE, [KeyUse(*who, scheme) for who in given])
        con.execute(
            "CREATE TABLE t AS SELECT CAST(i + 100000 AS VARCHAR) AS x, i AS n FROM range(2000) r(i)"
        )
        parts = " UNION ALL ".join(
            f"SELECT {number} AS who, x, {call_of(name, who)} AS m FROM t"
            for number, who in enumerate(given)
        )
        con.execute(f"CREATE TABLE masked AS {parts}")
        same_person = con.execute(
            "SELECT count(*) FROM masked a JOIN masked b ON a.m = b.m AND a.x = b.x AND a.who < b.who"
        ).fetchall()[0][0]
        # A token of six digits meets another by chance, of another person: at most a few of 12 million pairs.
        chance = {"mask_token": 3}.get(name, 0)
        assert same_person <= chance
        values = con.execute("SELECT count(DISTINCT m) FROM masked WHERE who = 0").fetchall()[0][0]
        assert values == 2000


def test_an_old_version_makes_old_pseudonyms() -> None:
    def pseudonym(version: int | None, ring: KeyRing = RING) -> Any:
        with duckdb.connect() as con:
            install_duckdb(con, ring, USES, version)
            return con.execute("SELECT " + ", ".join(
                written(name, ["'12345678'" if name != "mask_noise" else "8"], (*EXTRA.get(name, ()), *WHO))
                for name in KEYED
            )).fetchall()[0]  # fmt: skip

    assert pseudonym(1) == pseudonym(None)
    assert not set(pseudonym(2)) & set(pseudonym(1))


def test_where_a_keyed_mask_may_stand(con: duckdb.DuckDBPyConnection) -> None:
    m = call_of("mask_pseudonym")
    for sql in (
        f"WITH a AS (SELECT {m} AS m, n FROM t) SELECT m, count(*) FROM a GROUP BY m",
        f"SELECT {m}, count(*) FROM t GROUP BY {m}",
        f"SELECT {m} AS m, count(*) FROM t GROUP BY ALL",
        f"SELECT count(*) FROM t a JOIN t b ON {m.replace('(x', '(a.x')} = {m.replace('(x', '(b.x')}",
        f"SELECT count(*) FROM t a LEFT JOIN t b ON {m.replace('(x', '(a.x')} = {m.replace('(x', '(b.x')}",
        f"SELECT row_number() OVER (PARTITION BY {m} ORDER BY {m}) FROM t",
        f"SELECT x FROM t QUALIFY row_number() OVER (PARTITION BY {m}) = 1",
        f"SELECT x FROM t ORDER BY {m}",
        f"SELECT n % 2 FROM t GROUP BY 1 HAVING max({m}) > '0'",
        f"SELECT (SELECT max({m.replace('(x', '(b.x')}) FROM t b WHERE b.n = t.n) FROM t",
    ):
        assert con.execute(sql).fetchall()


@pytest.mark.parametrize("name", KEYED)
def test_a_key_that_was_not_announced_is_an_error(
    con: duckdb.DuckDBPyConnection, name: str
) -> None:
    with pytest.raises(duckdb.Error, match="mask_key"):
        con.execute(f"SELECT {call_of(name, ('joining', 'bank_z'))} FROM t").fetchall()
    with pytest.raises(duckdb.Error, match="mask_key"):
        con.execute(f"SELECT max({call_of(name, ('joining', 'bank_z'))}) FROM t").fetchall()
    with duckdb.connect() as checking:
        install_duckdb(checking, None, [])
        checking.execute("CREATE TABLE t (x VARCHAR, n BIGINT)")
        assert checking.execute(f"DESCRIBE SELECT {call_of(name)} FROM t").fetchall()[0][1] == (
            MASKS[name].result_type
        )
        checking.execute("INSERT INTO t VALUES ('12345678', 1)")
        with pytest.raises(duckdb.Error, match="mask_key"):
            checking.execute(f"SELECT {call_of(name)} FROM t").fetchall()


@pytest.mark.parametrize(
    "call",
    [
        "mask_pseudonym(1.5, 'p', 'r')",
        "mask_pseudonym(1.5::DOUBLE, 'p', 'r')",
        "mask_pseudonym(now(), 'p', 'r')",
        "mask_pseudonym(true, 'p', 'r')",
        "mask_phone(13812345678)",
        "mask_date(now(), 'month')",
        "mask_age(33.5, 5)",
        "mask_suppress(1.5, 5)",
        "mask_round('12', 10)",
    ],
)
def test_other_types_do_not_bind(con: duckdb.DuckDBPyConnection, call: str) -> None:
    with pytest.raises(duckdb.BinderException):
        con.execute(f"SELECT {call}")


# -- nothing shows a key ------------------------------------------------------------------------


def forms() -> list[str]:
    """Every secret behind the uses, in the ways in which bytes come to be written."""
    secrets = [MASTER]
    for use in USES:
        key = READABLE.derive(use, length=SCHEMES.get(use.scheme, 32))
        secrets += [key, key[:16], key[32:] or key, *hmac_pads(key[:32])]
    found: list[str] = []
    for secret in secrets:
        part = secret[:32]
        found += [
            part.hex(),
            part.hex().upper(),
            repr(part)[2:-1],
            base64.b64encode(part).decode()[:40],
            "".join(rf"\x{byte:02X}" for byte in part),
            ", ".join(map(str, part)),
            part.decode("latin-1"),
        ]
    return found


def clean(said: str) -> None:
    for form in forms():
        assert form not in said


def test_the_forms_would_be_found() -> None:
    key = READABLE.derive(USES[0])
    for said in (f"SELECT '{key.hex()}'", f"Key({key!r})", base64.b64encode(key).decode()):
        with pytest.raises(AssertionError):
            clean(said)


def test_plans_show_no_key(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    calls = ", ".join(map(call_of, KEYED))
    profile = tmp_path / "profile.json"
    said = ""
    for kind in ("EXPLAIN", "EXPLAIN ANALYZE", "EXPLAIN (FORMAT json)"):
        said += str(con.execute(f"{kind} SELECT {calls} FROM t").fetchall())
    con.execute("PRAGMA explain_output = 'all'")
    said += str(con.execute(f"EXPLAIN SELECT {calls} FROM t").fetchall())
    con.execute("PRAGMA enable_profiling = 'json'")
    con.execute("PRAGMA profiling_mode = 'detailed'")
    con.execute(f"PRAGMA profiling_output = '{profile}'")
    con.execute(f"SELECT {calls} FROM t").fetchall()
    con.execute("PRAGMA disable_profiling")
    told = profile.read_text()
    assert json.loads(told)
    assert "citybrain_mask" in said or "keys" in said
    clean(said + told)


def test_logged_sql_shows_no_key() -> None:
    with duckdb.connect() as con:
        con.execute("CALL enable_logging(level = 'trace')")
        install_duckdb(con, READABLE, USES)
        con.execute("CREATE TABLE t AS SELECT '12345678' AS x, 5 AS n")
        con.execute(f"SELECT {', '.join(map(call_of, KEYED))} FROM t").fetchall()
        con.execute("CALL disable_logging()")
        said = str(con.execute("SELECT message FROM duckdb_logs").fetchall())
        said += str(con.execute("SELECT macro_definition FROM duckdb_functions()").fetchall())
        said += str(con.execute("SELECT sql FROM duckdb_tables()").fetchall())
    assert "INSERT INTO citybrain_mask.keys" in said and "mask_pseudonym" in said
    clean(said)


def test_no_key_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "stage.duckdb"
    with duckdb.connect(str(path)) as con:
        install_duckdb(con, READABLE, USES)
        con.execute("CREATE TABLE t AS SELECT '12345678' AS x, 5 AS n")
        con.execute(f"CREATE TABLE m AS SELECT {', '.join(map(call_of, KEYED))} FROM t")
        con.execute("CHECKPOINT")
    data = path.read_bytes()
    assert data
    for use in USES:
        key = READABLE.derive(use)
        assert all(secret not in data for secret in (MASTER, key, *hmac_pads(key)))


def test_errors_show_no_key(con: duckdb.DuckDBPyConnection) -> None:
    said = repr(DerivedKeys({use: READABLE.derive(use) for use in USES})) + repr(READABLE)
    for sql in (
        "SELECT mask_pseudonym(x, 'p', 'r') FROM t",
        "SELECT mask_sm4(x, 'p', 'r') FROM t",
        "SELECT mask_token(x, 'none', 'joining', 'bank_a') FROM t",
        "SELECT mask_token(x, NULL, 'joining', 'bank_a') FROM t",
        "SELECT CAST(mask_pseudonym(x, 'joining', 'bank_a') AS INTEGER) FROM t",
        "SELECT mask_pseudonym(x, 'joining', 'bank_a') + 1 FROM t",
        "SELECT error(mask_sm4(x, 'joining', 'bank_a')) FROM t",
        "INSERT INTO citybrain_mask.keys SELECT * FROM citybrain_mask.keys",
    ):
        try:
            con.execute(sql).fetchall()
        except duckdb.Error as error:
            said += f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    assert said.count("mask_key") >= 2
    clean(said)
