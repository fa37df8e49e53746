"""Parts of a model's table that are made in Spark.

DuckDB says which parts have changed, reads the inputs' rows of those, and copies what stays of the
table: all of that costs what has changed. Spark runs the model over these rows. That a part needs
only its part of the inputs is proven of the model's SQL, which means the same on both engines.
"""

from __future__ import annotations

from datetime import date

from pipelines.errors import PipelineError
from pipelines.incremental.build import MADE, Base, Parts
from pipelines.incremental.parts import Content, NewFile
from pipelines.spark.stage import SparkStage
from pipelines.stage import Stage
from quality.predicates import quoted
from quality.split import FILTER_COLUMN

# The parts stand in the model's query; with more of them, making the whole table is quicker.
MOST_PARTS = 1000


class SparkParts(Parts):
    """The parts of a model's table that are made anew in Spark, and those that stay."""

    on_spark = True

    def fill(self, stage: Stage) -> None:
        """Stage the rows of the parts that are to be made; of all, where parts cannot be told."""
        assert isinstance(stage, SparkStage)
        if self.base is None or not self._fill_parts(stage, self.base):
            self.base = None
            stage.fill_model(self._sql, self.inputs, self.ring)

    def _fill_parts(self, stage: SparkStage, base: Base) -> bool:
        if base.period is not None and self._grain is None:
            # Which keys a period touches is asked of all of the model's rows.
            return False
        self._choose(stage, base)
        chosen = self._chosen(stage)
        if chosen is None:
            return False
        views = {
            name: self._restricted(stage, name, sql) if name in self.local.inputs else sql
            for name, sql in self.inputs.items()
        }
        fields = ", ".join(f"m.{quoted(item.name)}" for item in self.step.contract.fields)
        sql = f"SELECT {fields} FROM (\n{self._sql}\n) AS m WHERE {chosen}"
        try:
            stage.fill_model(sql, views, self.ring)
        except PipelineError as error:
            if error.code != "sql_not_portable":
                raise
            return False  # the model is portable, but not as a query in another one
        return not self._shared(stage, base)

    def _chosen(self, stage: Stage) -> str | None:
        """The condition that a row is of a part that is made; None when there are too many."""
        parts = stage.con.execute(f"SELECT * FROM {MADE} LIMIT {MOST_PARTS + 1}").fetchall()
        if len(parts) > MOST_PARTS:
            return None
        made, types = self._made("m"), {type(value) for part in parts for value in part}
        if not types <= {type(None), str, int, date}:
            return None  # of other types a literal may not be the value
        if len(made) > 1:
            listed = [
                " AND ".join(_is(*pair) for pair in zip(made, part, strict=True)) for part in parts
            ]
            return " OR ".join(f"({part})" for part in listed) or "FALSE"
        given = ", ".join(_literal(value) for (value,) in parts if value is not None)
        listed = [f"{made[0]} IN ({given})"] if given else []
        if any(value is None for (value,) in parts):
            listed.append(f"{made[0]} IS NULL")
        return " OR ".join(listed) or "FALSE"

    def _shared(self, stage: SparkStage, base: Base) -> bool:
        """Whether rows of different parts have the same key; DuckDB looks at the keys made now."""
        keys = {name for rule in self.step.rules if rule.kind == "unique" for name in rule.fields}
        columns = [*self.step.masks.columns, FILTER_COLUMN, *sorted(keys)]
        stage.hand_over("staged", columns)
        shared = self._across(Stage(stage.con, self.step, stage.as_of), base)
        stage.con.execute("DROP TABLE staged")
        return shared

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        """Rows of the parts that were made replace the old ones."""
        stage.write_good(new_file())
        return self._beside(stage, tuple(stage.good_files), new_file)


def _is(column: str, value: str | int | date | None) -> str:
    return f"{column} IS NULL" if value is None else f"{column} = {_literal(value)}"


def _literal(value: str | int | date) -> str:
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("'", "''")
    return f"DATE '{text}'" if isinstance(value, date) else f"'{text}'"
