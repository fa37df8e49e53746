"""Put the masking functions into an engine's session.

Keys reach an engine as bound parameters or inside Python objects: no SQL text, plan or error
message has one in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.masking.dialect import KEYS, SPARK_KEYS
from pipelines.masking.function import MaskFunction, Parameter
from pipelines.masking.functions import MASKS
from pipelines.masking.keys import KeyRing, KeyUse, hmac_pads
from pipelines.masking.udf import SCHEMES, DerivedKeys, PythonMask

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ANY = ("VARCHAR", "BIGINT", "DATE")
_SPARK_TYPES = {"VARCHAR": "STRING", "ANY": "STRING"}


def install_duckdb(
    con: duckdb.DuckDBPyConnection,
    ring: KeyRing | None,
    uses: Iterable[KeyUse],
    version: int | None = None,
) -> None:
    """Create the macros `mask_...`, and the table of keys in a database in memory.

    May be called again: the keys are replaced. A mask whose key was not announced in `uses` fails
    when a row is masked with it.

    Args:
        ring: None: for type checking; everything binds, no key is there.
        uses: the keys that the models need (`calls.key_uses`).
        version: an older key version, to make old pseudonyms again.

    Raises:
        PipelineError: `mask_key_version`.
    """
    native, derived = _keys(ring, uses, version)
    con.execute("ATTACH IF NOT EXISTS ':memory:' AS citybrain_mask")
    con.execute(f"CREATE OR REPLACE TABLE {KEYS} (id VARCHAR, inner_pad BLOB, outer_pad BLOB)")
    for row in native:
        con.execute(f"INSERT INTO {KEYS} VALUES (?, ?, ?)", list(row))
    inner = [function for function in MASKS.values() if function.body is None]
    there = _registered(con, inner)
    for function in inner:
        _register_duckdb(con, function, derived, there)
    con.execute(_macros())


def install_spark(
    session: SparkSession, ring: KeyRing | None, uses: Iterable[KeyUse], version: int | None = None
) -> None:
    """Create the temporary functions `mask_...` and the view of keys; as `install_duckdb`.

    Spark allows an SQL function in SELECT, WHERE, GROUP BY, HAVING and PARTITION BY. In ORDER BY,
    and the keyed ones in a join's ON, it refuses them: mask in a CTE first.
    """
    native, derived = _keys(ring, uses, version)
    rows = [(name, bytearray(inner), bytearray(outer)) for name, inner, outer in native]
    schema = "id STRING, inner_pad BINARY, outer_pad BINARY"
    session.createDataFrame(rows, schema).createOrReplaceTempView(SPARK_KEYS)
    for function in MASKS.values():
        if function.body is None:
            _register_spark(session, function, derived)
            continue
        names = [
            f"{item.name} {_SPARK_TYPES.get(item.type, item.type)}" for item in function.parameters
        ]
        result = _SPARK_TYPES.get(function.result_type, function.result_type)
        session.sql(
            f"CREATE OR REPLACE TEMPORARY FUNCTION {function.name}({', '.join(names)}) "
            f"RETURNS {result} RETURN {function.spark}"
        )


def _keys(
    ring: KeyRing | None, uses: Iterable[KeyUse], version: int | None
) -> tuple[list[tuple[str, bytes, bytes]], DerivedKeys]:
    """Rows of the table of keys, and the keys of the Python functions."""
    if ring is None:
        return [], DerivedKeys({})
    wanted = sorted(set(uses))
    native = [
        (use.id, *hmac_pads(ring.derive(use, version)))
        for use in wanted
        if use.scheme not in SCHEMES
    ]
    derived = {
        use: ring.derive(use, version, SCHEMES[use.scheme])
        for use in wanted
        if use.scheme in SCHEMES
    }
    return native, DerivedKeys(derived)


def _overloads(function: MaskFunction) -> str:
    """The macro's typed bodies: an argument of another type does not bind."""
    first, *others = function.parameters
    body = function.duckdb or _call(function)
    kinds = ANY if first.type == "ANY" else (first.type,)
    return ", ".join(
        f"({', '.join(_typed(item) for item in (Parameter(first.name, kind), *others))}) AS {body}"
        for kind in kinds
    )


def _typed(item: Parameter) -> str:
    return f"{item.name} {item.type}"


def _inner(function: MaskFunction) -> str:
    return f"citybrain_{function.name}"


def _call(function: MaskFunction) -> str:
    first, *others = (item.name for item in function.parameters)
    return f"{_inner(function)}({', '.join([f'CAST({first} AS VARCHAR)', *others])})"


@cache
def _macros() -> str:
    """All of them in one script: every step that masks has a connection of its own."""
    return ";\n".join(
        f"CREATE OR REPLACE MACRO {function.name}{_overloads(function)}"
        for function in MASKS.values()
    )


def _registered(con: duckdb.DuckDBPyConnection, functions: list[MaskFunction]) -> set[str]:
    """Which of these a connection has; asked once, since DuckDB goes through all its own."""
    names = [_inner(function) for function in functions]
    sql = (
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE function_name IN (SELECT unnest(?))"
    )
    return {str(name) for (name,) in con.execute(sql, [names]).fetchall()}


def _register_duckdb(
    con: duckdb.DuckDBPyConnection, function: MaskFunction, derived: DerivedKeys, there: set[str]
) -> None:
    name = _inner(function)
    if name in there:
        con.remove_function(name)
    mask: Any = _python(function, derived)
    kinds: Any = ["VARCHAR"] * len(function.parameters)
    kind: Any = "arrow"
    special: Any = "special"
    con.create_function(name, mask, kinds, "VARCHAR", type=kind, null_handling=special)


def _register_spark(session: SparkSession, function: MaskFunction, derived: DerivedKeys) -> None:
    from pyspark.sql.pandas.functions import arrow_udf

    wrap: Any = arrow_udf  # its overloads ask for an enumeration that is the default
    session.udf.register(function.name, wrap(_python(function, derived), "string"))


def _python(function: MaskFunction, derived: DerivedKeys) -> Callable[..., Any]:
    """The function with as many parameters as its mask has: both engines count them."""
    mask = PythonMask(function.scheme or "", derived)
    if len(function.parameters) == 3:
        return lambda values, purpose, recipient: mask(values, purpose, recipient)
    return lambda values, choice, purpose, recipient: mask(values, choice, purpose, recipient)
