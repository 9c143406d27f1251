"""Behind a number: the accounts, contacts, answers or invoices that it is made of."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from data import drill, facts
from data.calendar import Period, parse
from data.panel import Panel
from data.problems import DataProblem
from kpis.kpi import Kpi
from workspace.numbers import NO_FILTER, Workspace, in_currency


def accounts(
    workspace: Workspace, key: str, period: str, where: Mapping[str, Sequence[str]] = NO_FILTER
) -> pd.DataFrame:
    """Who is behind a number: one row per account that has a part in it.

    Columns: account_id ('' = rows without an account), name, attributes, numerator, denominator and the
    measures of the formula (money in currency units). Where the formula is a ratio of sums, numerator and
    denominator sum to the number's; where it multiplies sums they are missing, and the measures sum.

    Raises:
        DataProblem: unknown KPI or period.
    """
    one = workspace.kpi(key)
    built, _ = _at(workspace, period)
    frame = in_currency(built.frame[built.frame["period"].astype(str) == period]).astype({"account_id": str})
    attributes = facts.attributes(workspace.facts, ("name", *workspace.dimensions))
    frame = frame.drop(columns="period").merge(attributes, on="account_id", how="left")
    for name, values in where.items():
        frame = frame[frame[name].isin(values)]
    margin = workspace.policies.gross_margin
    frame = frame.copy().assign(gross_margin=np.nan if margin is None else margin)
    measured = [name for name in one.measures if name in frame.columns and name != "gross_margin"]
    result = frame[["account_id", "name", *workspace.dimensions, *measured]].copy()
    result["numerator"] = result["denominator"] = np.nan
    if set(one.measures) <= set(frame.columns):
        whole = one.parts({name: _total(frame[name], name) for name in one.measures})
        for column, total in zip(("numerator", "denominator"), whole, strict=True):
            if total is not None:
                result[column] = _adding_up(one, frame, column, total)
    touched = (result[measured].fillna(0) != 0).any(axis=1) if measured else pd.Series(False, index=result.index)
    order = ["numerator", "denominator", *measured]
    return result[touched].sort_values(order, ascending=False, kind="stable").reset_index(drop=True)


def evidence(
    workspace: Workspace, measure: str, period: str, where: Mapping[str, Sequence[str]] = NO_FILTER
) -> pd.DataFrame:
    """The contacts, answers, invoices … behind a measure in a period, with a `contribution` that sums to it.

    Raises:
        DataProblem: unknown period, or a measure without rows of its own.
    """
    built, one = _at(workspace, period)
    with facts.connect(workspace.facts, built.as_of) as cursor:
        metrics = workspace.own.observed
        return drill.evidence_rows(cursor, measure, one, where, workspace.policies, built.as_of, metrics)


def _at(workspace: Workspace, period: str) -> tuple[Panel, Period]:
    built = workspace.panel(parse(period)[0])
    found = next((one for one in built.periods if one.id == period), None)
    if found is None:
        raise DataProblem("period_outside", "There are no data for {period}.", period=period)
    return built, found


def _adding_up(one: Kpi, frame: pd.DataFrame, column: str, total: float) -> pd.Series:
    """A part of the formula account by account where it sums to the number's, else missing throughout.

    A sum of measures that some accounts do not all have is, for them, made of those they have, as the whole is.
    """
    known = frame[list(one.measures)].astype(float)
    for given in (known, known.fillna(0.0)):
        parts = one.parts({name: given[name] for name in one.measures})
        each = parts.numerator if column == "numerator" else parts.denominator
        if np.isclose(each.sum(), total, rtol=1e-9, atol=1e-9):
            return each
    return pd.Series(np.nan, index=frame.index)


def _total(column: pd.Series, name: str) -> float:
    return column.iloc[0] if name == "gross_margin" and len(column) else column.sum(min_count=1)
