"""Small steps between measures and printed numbers: periods chosen, money in currency units, plain records."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from data import measures
from data.calendar import Period, parse
from data.measures.observed import PREFIX
from data.policies import Policies
from kpis.kpi import Kpi
from kpis.table import MISSING

MILLION = 1_000_000
HEALTH = ("health_points", "health_accounts", "health_mrr_points", "health_mrr")
HEALTH_MONEY = frozenset({"health_mrr_points", "health_mrr"})


def needed(kpis: Iterable[Kpi]) -> set[str]:
    """Measures that the values, intervals and reasons of KPIs are told from."""
    found = {witness for _, witness in MISSING.values()}
    for one in kpis:
        found |= {*one.measures, *(zero for zero, _ in one.zeros), *filter(None, (one.n, one.mature))}
    return found


def chosen_periods(periods: tuple[Period, ...], start: str | None, end: str | None) -> tuple[Period, ...]:
    """The periods that overlap the span from the start of one period id to the end of another (of any grain)."""
    first = parse(start)[1] if start else date.min
    last = parse(end)[2] if end else date.max
    return tuple(one for one in periods if one.end > first and one.start < last)


def stated(policies: Policies) -> dict[str, Any]:
    """The policies as printed beside numbers."""
    return {name: getattr(policies, name) for name in Policies.names()}


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain dicts for JSON: missing values are None, NumPy scalars plain numbers."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): _plain(value) for name, value in row.items()} for row in plain.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def in_currency(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with money measures as currency units instead of millionths, all measures as floats."""
    declared = measures.all_measures()
    columns: dict[str, Any] = {}
    for name in frame.columns:
        if name in declared or name in HEALTH or name.startswith(PREFIX):
            values = frame[name].to_numpy(dtype=float, na_value=np.nan)
            money = name in HEALTH_MONEY or (name in declared and declared[name].unit == "money")
            columns[name] = values / MILLION if money else values
        else:
            columns[name] = frame[name]
    return pd.DataFrame(columns, index=frame.index)
