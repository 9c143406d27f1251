"""The unit that a formula of one's own most likely has: a percentage only where its numbers are parts of wholes."""

import pandas as pd

from kpis.own import Definition, units
from kpis.own_formula import OwnProblem, parse
from workspace import own_kpis
from workspace.behind import accounts
from workspace.numbers import Workspace


def likely(workspace: Workspace, formula: str) -> str:
    """The unit to start with: that of the measures, else "ratio" for parts of wholes and "count" for all else.

    A numerator is taken for part of its denominator when both are of one kind and it is never the greater one: in no
    month, and for no account in the last month that has a value. Tickets per customer are none, though there may be
    fewer tickets than customers in all: some customer has several. "count" where the formula cannot stand or has no
    value.
    """
    known = own_kpis.built_in() | own_kpis.of_metrics(own_kpis.metrics(workspace))
    try:
        read = parse(formula, known)
        possible = units(read, known)
    except OwnProblem:
        return "count"
    if "ratio" not in possible or "count" not in possible:
        return possible[0]
    return "ratio" if read.denominator and _parts(workspace, formula) else "count"


def _parts(workspace: Workspace, formula: str) -> bool:
    """Whether the numbers of a formula are those of parts of wholes."""
    if workspace.empty:
        return False
    tried = workspace.trying(Definition("", "x", "retention", "neither", "ratio", "neither", formula))
    months = tried.table([own_kpis.TRIED]).dropna(subset=["numerator", "denominator"])
    if months.empty or not _within(months):
        return False
    return _within(accounts(tried, own_kpis.TRIED, str(months["period"].iloc[-1])))


def _within(frame: pd.DataFrame) -> bool:
    """Whether no numerator is below nothing or above its denominator; a missing one is nothing of its whole."""
    upper, lower = frame["numerator"].fillna(0.0).astype(float), frame["denominator"].fillna(0.0).astype(float)
    return bool(((upper >= 0) & (upper <= lower + 1e-9)).all())
