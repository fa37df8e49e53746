"""Answers of other libraries to the statements of `bench.sandbox_accuracy`; runs in their environments.

    PYTHON bench/sandbox_peers.py smartnoise|diffprivlib < job.json > answers.json

A job has `folder` (CSV files of synthetic rows), `tables` (registered metadata), `statements`, `runs`,
and the budget. An answer is a list of `[key, values]` for each run, or a text: why there is none.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

Rows = list[list[Any]]


def smartnoise(job: dict[str, Any]) -> dict[str, Any]:
    """SmartNoise SQL; every mechanism gets the epsilon with which its odometer says the whole."""
    pandas, snsql = importlib.import_module("pandas"), importlib.import_module("snsql")
    _remember_scales()
    found: dict[str, Any] = {}
    reads = {name: {"k": str} for name in job["tables"]}
    frames = {n: pandas.read_csv(f"{job['folder']}/{n}.csv", dtype=reads[n]) for n in job["tables"]}

    def reader(statement: dict[str, Any], epsilon: float) -> Any:
        name = statement["table"]
        described = {"": {"open": {name: dict(job["tables"][name])}}}
        described[""]["open"][name]["censor_dims"] = not statement["public"]
        privacy = snsql.Privacy(epsilon=epsilon, delta=job["delta"])
        return snsql.from_connection(frames[name], privacy=privacy, metadata=described)

    lawful = []
    for statement in job["statements"]:
        try:
            reader(statement, 1.0).get_privacy_cost(statement["sql"])
            lawful.append(statement)
        except Exception as error:
            found[statement["sql"]] = f"{type(error).__name__}"
    together = _epsilon(snsql, reader, lawful, job) if job["times"] else 0.0
    for statement in lawful:
        epsilon = together or _epsilon(snsql, reader, [statement], job)
        answers: Any = []
        try:
            for _ in range(job["runs"]):
                head, *rows = reader(statement, epsilon).execute(statement["sql"])
                keys = len(head) - statement["values"]
                answers.append([[r[0] if keys else "", [*map(float, r[keys:])]] for r in rows])
        except ValueError as error:
            # It refuses noise that it finds too large.
            answers = type(error).__name__
        found[statement["sql"]] = answers
    return found


def _remember_scales() -> None:
    """SmartNoise searches the scale of its noise for every answer anew; what it found is kept."""
    mechanism = importlib.import_module("snsql.sql._mechanisms.laplace").Laplace
    search, known = mechanism._compute_noise_scale, {}

    def remembered(self: Any) -> None:
        key = (self.epsilon, self.lower, self.upper, self.max_contrib)
        self.scale = known.get(key, self.scale)
        search(self)
        known[key] = self.scale

    mechanism._compute_noise_scale = remembered


def _epsilon(
    snsql: Any, reader: Any, statements: list[dict[str, Any]], job: dict[str, Any]
) -> float:
    """The epsilon of each mechanism with which all statements together lose no more than the whole."""
    odometer = importlib.import_module("snsql.sql.odometer").OdometerHeterogeneous

    def whole(epsilon: float) -> float:
        spent = odometer(snsql.Privacy(epsilon=epsilon, delta=job["delta"]))
        for _ in range(job["times"] or 1):
            for count in counts:
                for _ in range(count):
                    spent.spend(snsql.Privacy(epsilon=epsilon, delta=0.0))
        return float(spent.spent[0])

    counts = [
        sum(1 for cost in reader(one, 1.0)._get_mechanism_costs(one["sql"]) if cost)
        for one in statements
    ]
    low, high = 0.0, job["epsilon"]
    if whole(high) <= high:
        return float(high)
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if whole(middle) <= job["epsilon"] else (low, middle)
    return low


def diffprivlib(job: dict[str, Any]) -> dict[str, Any]:
    """IBM's diffprivlib: one call a statistic and group; groups of single rows share no budget."""
    numpy, tools = importlib.import_module("numpy"), importlib.import_module("diffprivlib.tools")
    accountant = importlib.import_module("diffprivlib").BudgetAccountant
    found: dict[str, Any] = {}
    calls = sum(s["values"] for s in job["statements"] if s["dpl"]) * (job["times"] or 1)
    columns = {n: _columns(numpy, f"{job['folder']}/{n}.csv") for n in job["tables"]}
    # With some of delta as slack more may be spent in each of many calls.
    together = accountant(job["epsilon"], job["delta"]).remaining(calls)[0]
    for statement in job["statements"]:
        if not statement["dpl"]:
            found[statement["sql"]] = "no function"
            continue
        table = columns[statement["table"]]
        spec = statement["dpl"]
        epsilon = together if job["times"] else job["epsilon"] / statement["values"]
        answers = []
        for _ in range(job["runs"]):
            rows: Rows = []
            for key in spec["keys"] or [""]:
                kept = table["k" if spec["key"] is None else spec["key"]] == key
                if not spec["keys"]:
                    kept = numpy.ones(len(kept), dtype=bool)
                if spec["above"]:
                    kept &= table[spec["above"][0]].astype(float) > spec["above"][1]
                rows.append(
                    [
                        key,
                        [
                            _statistic(numpy, tools, table, kept, one, epsilon)
                            for one in spec["calls"]
                        ],
                    ]
                )
            answers.append(rows)
        found[statement["sql"]] = answers
    return found


def _columns(numpy: Any, path: str) -> dict[str, Any]:
    with Path(path).open() as lines:
        head = lines.readline().strip().split(",")
        cells = numpy.array([line.strip().split(",") for line in lines])
    return {name: cells[:, place] for place, name in enumerate(head)}


def _statistic(
    numpy: Any, tools: Any, table: Any, kept: Any, call: list[Any], epsilon: float
) -> float:
    name, column, *rest = call
    if name == "count_nonzero":
        return float(tools.count_nonzero(kept, epsilon=epsilon))
    values = table[column][kept].astype(float)
    bounds = tuple(rest[0])
    if name == "quantile":
        return float(tools.quantile(values, rest[1], epsilon=epsilon, bounds=bounds))
    return float(getattr(tools, name)(values, epsilon=epsilon, bounds=bounds))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    peer = {"smartnoise": smartnoise, "diffprivlib": diffprivlib}[sys.argv[1]]
    answered = peer(json.load(sys.stdin))
    json.dump(answered, sys.stdout)
