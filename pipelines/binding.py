"""Type checking with the engine itself: models and rules are bound against empty tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from catalog.contract import DATABASES, Contract, ContractField
from catalog.errors import CityBrainError, Location
from pipelines.duck import table_columns
from pipelines.errors import PipelineError
from pipelines.levels.rules import line_in
from pipelines.masking.calls import PREFIX
from pipelines.masking.install import install_duckdb
from pipelines.models import refused_functions
from pipelines.reading import cleaned, typed
from pipelines.workspace import Model, Workspace
from quality.predicates import quoted, violation
from quality.rules import Rule

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_UNSIGNED = {"UTINYINT": 1, "USMALLINT": 2, "UINTEGER": 3}
_ANY_DAY = date(2000, 1, 1)


class Binder:
    """An in-memory DuckDB with empty tables of the contracts' columns, made as they are needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._contracts = workspace.contracts
        self._made: set[str] = set()
        self._masks = False
        self._opened: duckdb.DuckDBPyConnection | None = None
        self.outputs: dict[str, list[str]] = {}
        """Column names of every model that binds, as the engine gives them."""

    def __enter__(self) -> Binder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            self._opened.close()

    def check(
        self,
        contract: Contract,
        rules: Sequence[Rule],
        model: Model | None,
        reads: Iterable[str] = (),
    ) -> list[CityBrainError]:
        """Everything that does not bind in one resource.

        Args:
            reads: the tables that the model names.
        """
        self._make(*reads, contract.name)
        if model is not None and PREFIX in model.sql.lower():
            self._install()
        found = self._faults(contract, rules, model)
        if found:
            # The engine's words name what else there is; they must not depend on what was asked
            # before. And a rule may call a masking function, when some model does.
            self._make(*self._contracts)
            if any(PREFIX in other.sql.lower() for other in self._workspace.models.values()):
                self._install()
            found = self._faults(contract, rules, model)
        return found

    def _faults(
        self, contract: Contract, rules: Sequence[Rule], model: Model | None
    ) -> list[CityBrainError]:
        found: list[CityBrainError] = []
        if model is not None:
            found += self._model(model)
        else:
            found += self._filters(contract)
            found += self._readings(contract)
        for rule in rules:
            found += self._rule(contract, rule)
        return found

    @property
    def _con(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            self._opened = duckdb.connect(":memory:")
            # An engine that cannot reach files or the network: a model has no business with either.
            self._opened.execute("SET enable_external_access = false")
            for database in DATABASES:
                self._opened.execute(f"CREATE SCHEMA {quoted(database)}")
        return self._opened

    def _install(self) -> None:
        if not self._masks:
            install_duckdb(self._con, None, ())
            self._masks = True

    def _make(self, *names: str) -> None:
        for name in names:
            contract = self._contracts.get(name)
            if contract is None or name in self._made:
                continue
            columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in table_columns(contract))
            table = f"{quoted(contract.database)}.{quoted(contract.table)}"
            self._con.execute(f"CREATE TABLE {table} ({columns})")
            self._made.add(name)

    # -- models ---------------------------------------------------------------------------------

    def _model(self, model: Model) -> list[CityBrainError]:
        try:
            statements = self._con.extract_statements(f"DESCRIBE {model.sql}")
            if len(statements) != 1:
                return []  # has been refused; what stands in the others must not be done
            rows = self._con.execute(statements[0]).fetchall()
        except duckdb.Error as error:
            return [_sql_fault(error, model)]
        produced = [(str(row[0]), str(row[1])) for row in rows]
        self.outputs[model.name] = [name for name, _ in produced]
        found: list[CityBrainError] = []
        names = [name for name, _ in produced]
        for name in sorted({n for n in names if names.count(n) > 1}):
            where = Location(model.path, 1)
            found.append(PipelineError("column_repeated", where=where, column=name))
        for name, kind in produced:
            item = model.contract.field_named(name)
            if item is None:
                where = Location(model.path, _line_of(model.sql, name))
                found.append(
                    PipelineError(
                        "column_undeclared",
                        where=where,
                        column=name,
                        contract=model.contract.path.name,
                    )
                )
            elif not assignable(kind, item.physical_type):
                found.append(_type_fault(item, kind, model))
        for item in model.contract.fields:
            if item.name not in names:
                found.append(
                    PipelineError(
                        "column_not_produced",
                        where=item.where,
                        column=item.name,
                        model=model.path.name,
                    )
                )
        return found

    def _readings(self, contract: Contract) -> list[CityBrainError]:
        """How each field is read: a pattern or format that the engine cannot do is found here."""
        values = {item.name: typed(item, cleaned(item, "t")) for item in contract.fields}
        if self._refused(values.values()) is None:
            return []
        found: list[CityBrainError] = []
        for item in contract.fields:
            error = self._refused([values[item.name]])
            if error is not None:
                found.append(_rule_fault(error, item.where, f"read:{item.name}"))
        return found

    def _refused(self, values: Iterable[str]) -> duckdb.Error | None:
        """What the engine says against expressions over the text `t`; None when it can do all."""
        try:
            self._con.execute(f"SELECT {', '.join(values)} FROM (SELECT '1' AS t)").fetchall()
        except duckdb.Error as error:
            return error
        return None

    # -- filters and rules ----------------------------------------------------------------------

    def _filters(self, contract: Contract) -> list[CityBrainError]:
        found: list[CityBrainError] = []
        text = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(f.name)}" for f in contract.fields)
        for declared in contract.filters:
            if declared.when is not None:
                where = Location(contract.path, line_in(contract, declared.when))
                found += self._predicate(
                    declared.when, f"(SELECT {text})", where, f"filters.{declared.name}"
                )
        return found

    def _rule(self, contract: Contract, rule: Rule) -> list[CityBrainError]:
        table = f"{quoted(contract.database)}.{quoted(contract.table)}"
        if rule.kind == "row":
            return self._predicate(rule.params["holds"], table, rule.where, rule.id)
        if rule.kind == "sql":
            return self._sql_rule(contract, rule)
        if rule.scope != "row" or rule.kind == "unreadable":
            return []
        types = {item.name: item.physical_type for item in contract.fields}
        try:
            # One all-NULL row makes the engine evaluate the literals (a bound that is no number).
            broken = violation(rule, types, _ANY_DAY)
            self._con.execute(
                f"SELECT {broken} FROM (SELECT 1) LEFT JOIN {table} ON TRUE"
            ).fetchall()
        except duckdb.Error as error:
            return [_rule_fault(error, rule.where, rule.id)]
        return []

    def _predicate(self, text: str, table: str, where: Location, name: str) -> list[CityBrainError]:
        """A condition written in a contract: one expression over the row, nothing else."""
        try:
            statements = sqlglot.parse(f"SELECT {text}", read="duckdb")
            tree = statements[0] if len(statements) == 1 else None
        except (ParseError, TokenError) as error:
            problem = str(error).split("\n")[0]
            return [PipelineError("rule_expression", where=where, rule=name, problem=problem)]
        inside = list(tree.walk()) if tree else []
        subquery = isinstance(tree, exp.Select) and any(
            isinstance(node, exp.Query) for node in inside[1:]
        )
        many = (
            not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or tree.args.get("from_")
        )
        more = any(isinstance(node, exp.AggFunc | exp.Window) for node in inside)
        forbidden = tree is not None and refused_functions(tree, deterministic=True)
        if subquery or many or more or forbidden:
            problem = "one condition over the row's own fields was expected"
            return [PipelineError("rule_expression", where=where, rule=name, problem=problem)]
        try:
            kind = self._con.execute(f"DESCRIBE SELECT ({text}) AS x FROM {table}").fetchall()
            if kind[0][1] not in ("BOOLEAN", '"NULL"'):
                problem = f"a condition was expected, this is {kind[0][1]}"
                return [PipelineError("rule_expression", where=where, rule=name, problem=problem)]
        except duckdb.Error as error:
            return [_rule_fault(error, where, name)]
        return []

    def _sql_rule(self, contract: Contract, rule: Rule) -> list[CityBrainError]:
        try:
            tree = sqlglot.parse_one(rule.params["query"], read="duckdb")
            named = {cte.alias for cte in tree.find_all(exp.CTE)}
            own = {("", name) for name in (contract.table, *named)}
            tables = {(t.db, t.name) for t in tree.find_all(exp.Table)}
            if not isinstance(tree, exp.Query) or tables - own:
                problem = f"a SELECT over {contract.table} alone was expected"
                return [
                    PipelineError(
                        "rule_expression", where=rule.where, rule=rule.id, problem=problem
                    )
                ]
            self._con.execute(f"USE {quoted(contract.database)}")
            self._con.execute(rule.params["query"]).fetchall()
        except (ParseError, TokenError) as error:
            problem = str(error).split("\n")[0]
            return [
                PipelineError("rule_expression", where=rule.where, rule=rule.id, problem=problem)
            ]
        except duckdb.Error as error:
            return [_rule_fault(error, rule.where, rule.id)]
        finally:
            self._con.execute("USE memory.main")
        return []


def assignable(produced: str, declared: str) -> bool:
    """Whether a produced type becomes the declared one without any loss."""
    produced = produced.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace(" ", "")
    if produced in (declared, '"NULL"', "NULL"):
        return True
    if declared in _INTEGERS:
        width = _INTEGERS.index(declared)
        if produced in _INTEGERS:
            return _INTEGERS.index(produced) <= width
        return _UNSIGNED.get(produced, 9) <= width
    if declared == "DOUBLE":
        return produced == "FLOAT"
    have, want = _decimal(produced), _decimal(declared)
    if have and want:
        return want[1] >= have[1] and want[0] - want[1] >= have[0] - have[1]
    if declared.endswith("[]") and produced.endswith("[]"):
        return assignable(produced[:-2], declared[:-2])
    return False


def _decimal(kind: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    return (int(found[1]), int(found[2])) if found else None


def _type_fault(item: ContractField, kind: str, model: Model) -> PipelineError:
    return PipelineError(
        "column_type",
        where=item.where,
        column=item.name,
        declared=item.physical_type,
        produced=kind,
        model=model.path.name,
    )


def _sql_fault(error: duckdb.Error, model: Model) -> PipelineError:
    text = str(error)
    found = re.search(r"LINE (\d+):", text)
    line = int(found[1]) if found else 1
    problem = text.split("\n\n")[0].replace("\n", " ")
    return PipelineError("sql_binding", where=Location(model.path, line), problem=problem)


def _rule_fault(error: duckdb.Error, where: Location, name: str) -> PipelineError:
    problem = str(error).split("\n\n")[0].replace("\n", " ")
    return PipelineError("rule_expression", where=where, rule=name, problem=problem)


def _line_of(sql: str, name: str) -> int:
    """The line of the last mention of a column in a model, which is near its definition."""
    lines = sql.splitlines()
    matching = [i for i, line in enumerate(lines, 1) if re.search(rf"\b{re.escape(name)}\b", line)]
    return matching[-1] if matching else 1
