"""Attacks by what is written: each is refused at the desk, in the same words whether the firm exists or not."""

from __future__ import annotations

import duckdb
import pytest

from tests.portal.twins import PLANTED, Twins

pytestmark = pytest.mark.slow
HIM = f"owner = '{PLANTED}'"
FROM = "FROM sandbox.firm"

ERROR_ON_MATCH = [
    f"SELECT SUM(CASE WHEN {HIM} THEN error('x') ELSE 1 END) {FROM}",
    f"SELECT COUNT(*) {FROM} WHERE CASE WHEN {HIM} THEN error('x') = 1 ELSE TRUE END",
    f"SELECT SUM(CASE WHEN {HIM} THEN CAST(owner AS INTEGER) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN owner::INTEGER ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN TRY_CAST(owner AS INTEGER) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN 1 // 0 ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN 1 % 0 ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN CAST(1e300 AS TINYINT) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN 9223372036854775807 * 2 ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN 1e29 * 1e29 ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN exp(10000) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN sqrt(-1) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN ln(0) ELSE 1 END) {FROM}",
    f"SELECT SUM(CASE WHEN {HIM} THEN (SELECT 1 UNION ALL SELECT 2) ELSE 1 END) {FROM}",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND owner = opened",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND opened BETWEEN owner AND owner",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND opened = 'no day'",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND regexp_matches(owner, '(')",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND owner LIKE 'a' ESCAPE 'ab'",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND substring(owner, -1, -1) = ''",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND DATE '2001-02-30' = opened",
    f"SELECT SUM(paid / (paid - 100)) {FROM} WHERE {HIM}",
]
TIME_ON_MATCH = [
    f"SELECT SUM(CASE WHEN {HIM} THEN (SELECT COUNT(*) FROM range(1000000000)) ELSE 1 END) {FROM}",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND (SELECT COUNT(*) FROM sandbox.firm a, sandbox.firm b, sandbox.firm c) > 0",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND owner LIKE '%a%a%a%a%a%a%a%b'",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND regexp_matches(owner, '(a+)+$')",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND repeat(owner, 1000000) = 'x'",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND sleep_ms(1000) = 1",
    f"SELECT COUNT(*) {FROM} WHERE {HIM} AND pg_sleep(5) IS NULL",
    f"SELECT SUM(CASE WHEN {HIM} THEN {'(paid * ' * 200}1{')' * 200} ELSE 1 END) {FROM}",
]
LARGE = [
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t",
    f"SELECT COUNT(*) {FROM} a, sandbox.visit b",
    f"SELECT COUNT(*) {FROM} a CROSS JOIN sandbox.visit b",
    f"SELECT COUNT(*) {FROM} a JOIN sandbox.visit b ON 1 = 1",
    f"SELECT COUNT(*) {FROM} a JOIN sandbox.visit b ON a.code >= b.code",
    f"SELECT COUNT(*) {FROM} a JOIN sandbox.visit b ON a.paid = b.score",
    f"SELECT COUNT(*) {FROM} a JOIN sandbox.firm b USING (code)",
    f"SELECT COUNT(*) {FROM} a, LATERAL (SELECT * FROM sandbox.visit) b",
    f"SELECT COUNT(*) {FROM} {'JOIN sandbox.visit ' * 100}",
    f"SELECT COUNT(*) {FROM} WHERE owner IN ({', '.join(['1'] * 3_000)})",
    f"SELECT COUNT(*) {FROM} WHERE owner = '{'x' * 9_000}'",
    f"SELECT COUNT(*) {FROM} WHERE paid < {'9' * 9_000}",
    f"SELECT COUNT(*) {FROM} WHERE paid < 1e{'9' * 20}",
    f"SELECT COUNT(*) {FROM} WHERE {'NOT ' * 2_000}active",
    f"SELECT COUNT(*) {FROM} WHERE {'(' * 4_000}active{')' * 4_000}",
    f"SELECT {'DATE(' * 40}1{')' * 40} {FROM}",
    f"SELECT COUNT({'WIDTH_BUCKET(' * 30}paid{', 0, 1, 2)' * 30}) {FROM}",
    f"SELECT WIDTH_BUCKET(paid, 0, 1, 999) a, WIDTH_BUCKET(paid, 0, 2, 999) b, COUNT(*) {FROM} GROUP BY a, b",
    "SELECT SUM(CLAMP(x, 0, 1)) FROM " + "(SELECT x + x + x AS x FROM " * 10
    + "(SELECT paid AS x FROM sandbox.firm) AS t" + ") AS t" * 10,
]  # fmt: skip
ROWS = [
    f"SELECT * {FROM}",
    f"SELECT owner {FROM}",
    f"SELECT DISTINCT owner {FROM}",
    f"SELECT code, COUNT(*) {FROM} GROUP BY code",
    f"SELECT COUNT(*) {FROM} WHERE code = 'planted'",
    f"SELECT COUNT(DISTINCT owner) {FROM}",
    f"SELECT COUNT(*) {FROM} HAVING MIN(owner) = '{PLANTED}'",
    f"SELECT COUNT(*) {FROM} ORDER BY MAX(owner)",
    f"SELECT COUNT(*) {FROM} LIMIT (SELECT paid {FROM} WHERE {HIM})",
    f"SELECT MAX(owner) {FROM}",
    f"SELECT row_number() OVER () {FROM}",
    f"SELECT SUM(paid) OVER (PARTITION BY owner) {FROM}",
    f"SELECT COUNT(*) FILTER (WHERE {HIM}) {FROM}",
    f"SELECT COUNT(*) {FROM} GROUP BY GROUPING SETS ((owner), ())",
    *(
        f"SELECT {call} {FROM} WHERE {HIM}"
        for call in (
            "list(owner)", "array_agg(owner)", "string_agg(owner, ',')", "group_concat(owner)", "first(owner)",
            "last(owner)", "any_value(owner)", "arg_max(owner, paid)", "arg_min(owner, paid)", "max_by(owner, paid)",
            "histogram(paid)", "mode(owner)", "approx_quantile(paid, 0.5)", "quantile_disc(paid, 0.5)", "bit_xor(paid)",
            "product(paid)", "bool_or(active)", "entropy(owner)", "approx_count_distinct(owner)", "max(owner, 3)",
            "approx_top_k(owner, 3)", "kurtosis(paid)", "favg(paid)", "fsum(paid)", "sum(DISTINCT paid)", "count_if(active)",
            "reservoir_quantile(paid, 0.5)", "json_group_array(owner)", "corr(paid, paid)", "minmax(paid)",
        )
    ),
]  # fmt: skip
STATEMENTS = [
    f"SELECT COUNT(*) {FROM}; SELECT COUNT(*) {FROM}",
    f"SELECT COUNT(*) {FROM}; DROP TABLE x",
    f"SELECT COUNT(*) {FROM} -- {PLANTED}",
    f"SELECT /* {PLANTED} */ COUNT(*) {FROM}",
    f"SELECT COUNT(*) /*+ hint */ {FROM}",
    f"WITH t AS (SELECT * {FROM}) SELECT COUNT(*) FROM t",
    f"SELECT COUNT(*) {FROM} UNION ALL SELECT COUNT(*) {FROM}",
    f"SELECT COUNT(*) {FROM} EXCEPT SELECT 1",
    "FROM sandbox.firm SELECT COUNT(*)",
    "CREATE MACRO f(x) AS x",
    "CREATE TEMP TABLE t AS SELECT 1",
    f"CREATE VIEW v AS SELECT * {FROM}",
    "SET VARIABLE x = 1",
    f"SELECT getvariable('x'), COUNT(*) {FROM}",
    f"SELECT COUNT(*) {FROM} WHERE paid = $1",
    f"SELECT COUNT(*) {FROM} WHERE paid = ?",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "INSERT INTO sandbox.firm VALUES (1)",
    "DELETE FROM sandbox.firm",
    "UPDATE sandbox.firm SET paid = 0",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    f"EXPLAIN SELECT COUNT(*) {FROM}",
    f"EXPLAIN ANALYZE SELECT COUNT(*) {FROM}",
    f"EXPLAIN PRIVACY EXPLAIN PRIVACY SELECT COUNT(*) {FROM}",
    "EXPLAIN PRIVACY PRAGMA version",
    f"SELECT COUNT(*) INTO x {FROM}",
    f"SELECT COUNT(*) {FROM} FOR UPDATE",
    f"SELECT f(x := 1) {FROM}",
    f"\ufeffSELECT COUNT(*) {FROM}",
    f"SELECT COUNT(*) {FROM} WHERE owner = '\ud800'",
    f"SELECT COUNT(*) {FROM} WHERE owner = '\x00'",
    "",
    " ",
    ";",
]  # fmt: skip
FILES = [
    *(
        f"SELECT COUNT(*) FROM {source}"
        for source in (
            "'/etc/passwd'", '"/etc/passwd"', "'s3://x/y.parquet'", "read_csv('/etc/passwd')", "read_text('/etc/passwd')",
            "read_blob('/etc/*')", "glob('/*')", "parquet_scan('x')", "sqlite_scan('x', 'y')", "query('SELECT 1')",
            "query_table('sandbox.firm')", "information_schema.tables", "information_schema.columns", "pg_catalog.pg_class",
            "duckdb_tables()", "duckdb_settings()", "duckdb_secrets()", "pragma_table_info('sandbox.firm')", "sqlite_master",
            "raw.tax__firm", "quarantine.x", "main.firm", "memory.sandbox.firm", "sandbox.firm AT (VERSION => 1)", "sandbox.firm$snapshots",
            "(VALUES (1)) t(x)", "unnest([1, 2])", "range(10)", "generate_series(1, 10)", "firm",
        )
    ),
    "COPY (SELECT 1) TO '/tmp/x'", "COPY sandbox.firm FROM '/etc/passwd'", "ATTACH '/tmp/x.db'", "DETACH x",
    "INSTALL httpfs", "LOAD httpfs", "EXPORT DATABASE '/tmp/x'", "IMPORT DATABASE '/tmp/x'", "SUMMARIZE sandbox.firm",
    "DESCRIBE sandbox.firm", "SHOW TABLES", "SHOW ALL TABLES", "USE memory", "CALL pragma_version()", "SET memory_limit = '1GB'",
    "RESET ALL", "VACUUM", "ANALYZE", "FORCE CHECKPOINT", "PIVOT sandbox.firm ON area USING COUNT(*)",
    f"SELECT getenv('HOME'), COUNT(*) {FROM}", f"SELECT current_setting('home_directory'), COUNT(*) {FROM}",
    f"SELECT version(), COUNT(*) {FROM}", f"SELECT current_user, COUNT(*) {FROM}", f"SELECT rowid, COUNT(*) {FROM} GROUP BY rowid",
    f"SELECT filename, COUNT(*) {FROM} GROUP BY filename", f"SELECT file_row_number, COUNT(*) {FROM} GROUP BY file_row_number",
    f"SELECT COUNT(*) {FROM} WHERE secret = 9", f"SELECT COUNT(*) {FROM} WHERE nothing = 9",
]  # fmt: skip
WORDS = (
    "duckdb",
    "sqlglot",
    "binder",
    "catalog error",
    "parser",
    "conversion",
    "traceback",
    "/etc/",
    "/tmp/",
)


@pytest.mark.parametrize(
    "attacks",
    [ERROR_ON_MATCH, TIME_ON_MATCH, LARGE, ROWS, STATEMENTS, FILES],
    ids=["error on match", "time on match", "too large", "rows", "statements", "files"],
)
def test_refused_in_the_same_words(twins: Twins, attacks: list[str]) -> None:
    for sql in attacks:
        response = twins.same(sql)
        assert response.status_code == 422, (sql, response.text)
        told = response.json()
        # The place of a source's name may be quoted, but nothing that an engine said.
        said = response.text.lower()
        quoted = [word for word in WORDS if word in said and word not in sql.lower()]
        assert not quoted, (sql, told)
    # A field outside the grant and one that never was are told in the same words.
    hidden, never = (
        twins.there.ask(f"SELECT COUNT(*) {FROM} WHERE {name} = 9") for name in ("secret", "nought")
    )
    assert hidden.json()["code"] == never.json()["code"] == "unknown_name"
    assert hidden.text.replace("secret", "?") == never.text.replace("nought", "?")


def test_everything_that_the_engine_can_be_asked_for(twins: Twins) -> None:
    """All table functions, pragmas and scalar functions without arguments, as it lists them itself."""
    with duckdb.connect() as con:
        listed = con.execute(
            "SELECT DISTINCT function_name, function_type FROM duckdb_functions() "
            "WHERE function_type IN ('table', 'pragma', 'table_macro') ORDER BY ALL"
        ).fetchall()
    assert len(listed) > 60
    attacker = twins.there
    before = attacker.balance()
    for name, kind in listed:
        shapes = [f"SELECT COUNT(*) FROM {name}()", f"SELECT COUNT(*) FROM {name}('sandbox.firm')"]
        if kind == "pragma":
            shapes = [
                f"PRAGMA {name}",
                f"PRAGMA {name}('sandbox.firm')",
                f"SELECT COUNT(*) FROM pragma_{name}()",
            ]
        for sql in shapes:
            response = attacker.ask(sql)
            assert response.status_code == 422, (sql, response.text)
    assert attacker.balance() == before
