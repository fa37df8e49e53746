"""Great Expectations' own test definitions, through our predicates and through our engine.

The definitions (data, arguments, expected success and unexpected values) are those of GX for its
other SQL databases; see `data/great_expectations/NOTICE`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from quality.gx_names import gx_class
from quality.predicates import quoted, violation
from quality.rules import Rule

MakeRule = Callable[..., Rule]
DEFINITIONS = Path(__file__).parent / "data" / "great_expectations"
RULE_KINDS = {
    "expect_column_values_to_not_be_null": "required",
    "expect_column_values_to_be_between": "range",
    "expect_column_values_to_be_in_set": "enumeration",
    "expect_column_values_to_match_regex": "pattern",
    "expect_column_value_lengths_to_be_between": "length",
}
