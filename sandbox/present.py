"""What the commands of the sandbox print: tables for people, plain values for machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from catalog.database.budget_records import Balance, Fault
from catalog.database.instrument_records import Instrument
from catalog.database.openings import Opening
from catalog.text import text
from pipelines.present import make_table, print_line, print_table
from sandbox.accounting import rho_of
from sandbox.answers import Given, Offer
from sandbox.pricing import DELTA_UNITS

if TYPE_CHECKING:
    from rich.table import Table as Printed


def instrument_table(found: Iterable[tuple[Instrument, str]]) -> Printed:
    """Documents, and whether they hold now."""
    table = make_table("sandbox_kind", "sandbox_document", "sandbox_version", "sandbox_state",
                       "sandbox_from", "sandbox_until", right=("sandbox_version",))  # fmt: skip
    for one, told in found:
        state = text("sandbox_replaced" if told == "replaced" else f"sandbox_state_{told}")
        days = one.document.valid_from.isoformat(), one.document.valid_to.isoformat()
        table.add_row(one.kind, one.id, str(one.version), state, *days)
    return table


def instrument_json(one: Instrument, told: str) -> dict[str, Any]:
    """A document for machines; `told`: whether it holds now."""
    return {
        "kind": one.kind,
        "id": one.id,
        "version": one.version,
        "state": told,
        "valid_from": one.document.valid_from.isoformat(),
        "valid_to": one.document.valid_to.isoformat(),
        "fingerprint": one.fingerprint,
        "signers": [signature.signer for signature in one.signatures],
    }


def print_offer(offer: Offer) -> None:
    """The price, the error to be expected and what is left."""
    price = offer.price
    if offer.known:
        print_line(text("sandbox_known"))
    print_line(
        text("sandbox_price", epsilon=_short(price.epsilon), rho=_short(rho_of(price.rho_units)))
    )
    print_line(text("sandbox_counts", rows=price.max_rows, groups=price.max_groups))
    if price.cells is None:
        print_line(text("sandbox_threshold", threshold=price.threshold))
    else:
        print_line(text("sandbox_cells", cells=price.cells))
    table = make_table("sandbox_statistic", "sandbox_error", "sandbox_relative",
                       right=("sandbox_error", "sandbox_relative"))  # fmt: skip
    for one in price.expected:
        error = "-" if one.error is None else f"± {_short(one.error)}"
        table.add_row(one.aggregate.kind, error, f"± {100 * one.relative:.3g} %")
    print_table(table)
    _print_left(offer.balance)


def offer_json(offer: Offer) -> dict[str, Any]:
    """A price for machines."""
    price = offer.price
    return {
        "epsilon": price.epsilon,
        "rho": rho_of(price.rho_units),
        "delta": price.delta,
        "cells": price.cells,
        "threshold": price.threshold,
        "known": offer.known,
        "expected": [
            {"statistic": e.aggregate.kind, "error": e.error, "relative": e.relative}
            for e in price.expected
        ],
        "balance": balance_json(offer.balance),
    }


def print_given(given: Given) -> None:
    """The answer with its error bars, what it cost and what is left."""
    from rich.table import Table as Printed

    table = Printed(box=None, pad_edge=False, header_style="bold")
    for name in given.table.columns:
        table.add_column(name, overflow="fold")
    for row, errors in zip(given.table.rows, given.table.errors, strict=True):
        table.add_row(*map(_cell, row, errors))
    print_table(table)
    if given.hidden:
        print_line(text("sandbox_hidden"))
    if given.spent:
        print_line(text("sandbox_spent", epsilon=_short(given.epsilon)))
    else:
        print_line(text("sandbox_free"))
    _print_left(given.balance)
    snapshots = ", ".join(f"{view} {number}" for view, number in given.snapshots.items())
    print_line(text("sandbox_answer", id=given.id, snapshots=snapshots))


def given_json(given: Given) -> dict[str, Any]:
    """An answer for machines."""
    return {
        "id": given.id,
        "columns": list(given.table.columns),
        "rows": [list(row) for row in given.table.rows],
        "errors": [list(row) for row in given.table.errors],
        "snapshots": {view: str(number) for view, number in given.snapshots.items()},
        "instruments": list(given.instruments),
        "epsilon": given.epsilon,
        "hidden_groups": given.hidden,
        "balance": balance_json(given.balance),
    }


def _cell(value: Any, error: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return _short(value) if error is None else f"{_short(value)} ± {_short(error)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def balance_table(found: Mapping[str, Balance]) -> Printed:
    """What is granted, spent and left, by kind of unit: rho, or epsilon in the mode `pure`."""
    numbers_of = ("sandbox_granted", "sandbox_used", "sandbox_left")
    table = make_table("sandbox_unit", "sandbox_measure", *numbers_of, right=numbers_of)
    for unit, one in found.items():
        measure, numbers = _measured(one)
        table.add_row(unit, measure, *map(_short, numbers))
    return table


def _measured(one: Balance) -> tuple[str, list[float]]:
    """By what a budget is counted, and how much is granted, spent and left."""
    amounts = (one.granted, one.spent, one.left)
    if one.granted.epsilon_units:
        return "epsilon", [rho_of(amount.epsilon_units) for amount in amounts]
    return "rho", [rho_of(amount.rho_units) for amount in amounts]


def balance_json(one: Balance) -> dict[str, Any]:
    """A balance for machines; in the mode `pure` it is epsilon that bounds."""
    return {
        name: {
            "rho": rho_of(amount.rho_units),
            "delta": amount.delta_units / DELTA_UNITS,
            "epsilon": rho_of(amount.epsilon_units),
        }
        for name, amount in (("granted", one.granted), ("spent", one.spent), ("left", one.left))
    }


def _print_left(balance: Balance) -> None:
    measure, (granted, _, left) = _measured(balance)
    share = 100 * left / granted if granted else 0
    print_line(text("sandbox_budget", measure=measure, left=_short(left), share=f"{share:.3g}"))


def call_table(found: Iterable[Opening]) -> Printed:
    """Calls of partners."""
    table = make_table("sandbox_at", "sandbox_partner", "sandbox_user", "sandbox_action",
                       "sandbox_outcome", "sandbox_subject")  # fmt: skip
    for one in found:
        at = one.at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, one.partner, one.user, one.action, one.outcome, one.subject)
    return table


def call_json(one: Opening) -> dict[str, Any]:
    """A call for machines."""
    return asdict(one) | {"at": one.at.isoformat()}


def audit_json(found: Mapping[str, tuple[int, list[Fault]]]) -> dict[str, Any]:
    """The outcome of an audit for machines."""
    return {
        unit: {
            "charges": charges,
            "faults": [{"kind": f.kind, "number": f.number, "bound": f.bound} for f in faults],
        }
        for unit, (charges, faults) in found.items()
    }
