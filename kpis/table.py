"""From measures to the tidy KPI table: every value with its parts, its interval or its reason.

The whole frame goes through each formula at once, so the cost hardly depends on how many periods
and groups there are.
"""

from collections.abc import Collection, Iterable, Sequence
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpis.catalogue import BUILT_IN, Catalogue
from kpis.intervals import nps_interval, wilson
from kpis.kpi import Kpi

COLUMNS = ("value", "numerator", "denominator", "n", "low", "high", "complete", "reason", "badge")

OPTIONAL = frozenset({"gross_margin"})  # measures a formula can do without
CONSTANT = frozenset({"gross_margin"})  # measures that are the same for every account

# Measures that never roll up: they are right only at the grain they were computed at.
NEVER_ROLL_UP = frozenset(
    {
        "lifetime_median",
        "survival_12m",
        "survival_24m",
        "first_response_seconds_median",
        "first_response_seconds_p90",
        "time_to_resolution_seconds_median",
        "time_to_resolution_seconds_p90",
    }
)

# What a missing value means although its table is there: (reason, a measure that is known whenever the table is).
MISSING = {
    **{f"mrr_{what}_{k}m": ("no_history", "closing_accounts") for what in ("then", "now", "kept") for k in (1, 3, 12)},
    "lost_accounts_6m": ("no_history", "closing_accounts"),
    "opening_accounts_6m": ("no_history", "closing_accounts"),
    "activity_opening_accounts": ("no_history", "invoice_count"),
    "activity_lost_accounts": ("no_history", "invoice_count"),
    **{f"health_{what}": ("no_scores", "closing_accounts") for what in ("points", "accounts", "mrr_points", "mrr")},
    "lifetime_median": ("median_not_reached", "survival_accounts"),
    "survival_12m": ("curve_too_short", "survival_accounts"),
    "survival_24m": ("curve_too_short", "survival_accounts"),
}

Floats = NDArray[np.float64]


def kpi_table(
    cube: pd.DataFrame,
    keys: Iterable[str] | None = None,
    by: Sequence[str] = (),
    *,
    filtered: Collection[str] = (),
    carried: Collection[str] = (),
    catalogue: Catalogue = BUILT_IN,
) -> pd.DataFrame:
    """Compute KPIs for every group and period of a cube.

    Args:
        cube: one row per dimensions and period, columns `period`, `complete`, dimensions and measures
            (money in currency units). Missing measures may be NULL or absent. Finer rows than asked for
            are summed. Optional: `solve_mature` (bool), `<measure>_low` and `<measure>_high`.
        keys: the KPIs, in the order wanted; None takes the whole catalogue.
        by: dimensions to break down by.
        filtered: dimensions that an account filter has already been applied to.
        carried: dimensions that company-wide measures (costs, employee surveys) carry themselves.
        catalogue: where the keys are looked up.

    Returns:
        One row per KPI, group and period: kpi, period, *by, value, numerator, denominator, n, low, high,
        complete, reason, badge. `value` is NaN exactly where `reason` (an id of `reasons.REASONS`) is not None;
        `denominator` is NaN for plain sums; `low` and `high` are NaN where there is no interval. `badge` is
        "without_margin" (profit stands for revenue), "over_capacity" (more than 100 % used), "proxy" or None.

    Raises:
        UnknownKpi: for a key that names no KPI.
        ValueError: for an unknown dimension, or when values that never roll up would have to be summed.
    """
    chosen = catalogue.kpis if keys is None else tuple(catalogue.kpi(key) for key in keys)
    unknown = [name for name in by if name not in cube.columns]
    if unknown:
        raise ValueError(f"The data carry no dimension {', '.join(unknown)}.")
    rows = _rolled_up(cube, chosen, list(by))
    columns = _Columns(rows)
    foreign = bool({*by, *filtered} - {*carried})
    with np.errstate(divide="ignore", invalid="ignore"):
        blocks = [_block(one, columns, one.company_only and foreign) for one in chosen]
    return _assembled(rows, chosen, blocks, list(by))


class _Columns:
    """The measures of a frame as arrays of floats, NaN throughout where a measure is absent."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows
        self.length = len(rows)
        self.weekly = rows["period"].astype(str).str.contains("-W", regex=False).to_numpy(dtype=bool)
        self.complete = rows["complete"].to_numpy(dtype=bool)
        self._cache: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._cache:
            known = name in self.rows.columns
            missing = np.full(self.length, nan)
            self._cache[name] = self.rows[name].to_numpy(dtype=float, na_value=nan) if known else missing
        return self._cache[name]

    def flags(self, name: str) -> NDArray[np.bool_]:
        """A column of flags; true where it is absent or unknown."""
        return self[name] != 0


def _rolled_up(cube: pd.DataFrame, chosen: tuple[Kpi, ...], by: list[str]) -> pd.DataFrame:
    """The cube with one row per group and period: as it is when it already has one, else summed."""
    keys = [*by, "period"]
    if not cube.duplicated(keys).any():
        return cube
    needed = {name for one in chosen for name in (*one.measures, one.n, *(zero for zero, _ in one.zeros))}
    present = [name for name in cube.columns if name in needed | {witness for _, witness in MISSING.values()}]
    fixed = NEVER_ROLL_UP.intersection(present)
    if fixed:
        raise ValueError(f"{', '.join(sorted(fixed))} cannot be summed: compute at the grain asked for.")
    groups = cube.groupby(keys, dropna=False, sort=False, observed=True)
    summed = groups[[name for name in present if name not in CONSTANT]].sum(min_count=1)
    kept = [name for name in cube.columns if name in CONSTANT or name in {"complete", "solve_mature"}]
    return summed.join(groups[kept].min()).reset_index()


def _block(one: Kpi, columns: _Columns, foreign: bool) -> dict[str, NDArray[np.generic]]:
    """All output columns of one KPI."""
    parts = one.parts(columns)  # type: ignore[arg-type]  # _Columns reads like a mapping
    numerator = np.asarray(parts.numerator, dtype=float)
    denominator = np.full(columns.length, nan) if parts.denominator is None else np.asarray(parts.denominator, float)
    value = np.asarray(parts.value, dtype=float)
    n = columns[one.n] if one.n else denominator
    low, high = _interval(one, columns, parts.numerator, parts.denominator)
    reason = _reasons(one, columns, value, n, foreign)
    blank = np.array([why is not None for why in reason], dtype=bool)
    hidden = blank & ((n < one.minimum) | foreign)
    return {
        "value": np.where(blank, nan, value),
        "numerator": np.where(hidden, nan, numerator),
        "denominator": np.where(foreign, nan, denominator),
        "n": np.where(foreign, nan, n),
        "low": np.where(blank, nan, low),
        "high": np.where(blank, nan, high),
        "complete": columns.complete & columns.flags(one.mature) if one.mature else columns.complete,
        "reason": reason,
        "badge": _badges(one, columns, value, blank),
    }


def _interval(one: Kpi, columns: _Columns, numerator: Floats, denominator: Floats | None) -> tuple[Floats, Floats]:
    """Lower and upper ends, NaN where the KPI has no interval."""
    if one.interval == "wilson" and denominator is not None:
        return wilson(numerator, denominator)
    if one.interval == "nps":
        promoters, detractors, answers = (columns[name] for name in one.measures)
        return nps_interval(promoters, detractors, answers)
    if one.interval == "given":
        return columns[f"{one.measures[0]}_low"], columns[f"{one.measures[0]}_high"]
    return np.full(columns.length, nan), np.full(columns.length, nan)


def _reasons(one: Kpi, columns: _Columns, value: Floats, n: Floats, foreign: bool) -> NDArray[np.object_]:
    """Why there is no value, None where there is one. The first reason that holds is given."""
    reason = np.full(columns.length, None, dtype=object)

    def give(why: str, where: NDArray[np.bool_]) -> None:
        reason[where & (reason == None)] = why  # noqa: E711  element by element

    empty = ~np.isfinite(value)
    if foreign:
        give("company_only", np.full(columns.length, True))
    if not one.by_week:
        give("not_by_week", columns.weekly)
    if empty.any():
        for measure, why in one.zeros:
            give(why, empty & (columns[measure] == 0))
        gaps = [(name, np.isnan(columns[name])) for name in one.measures if name not in OPTIONAL]
        for name, gap in gaps:
            witness = columns[MISSING[name][1]] if name in MISSING else np.full(columns.length, nan)
            if gap.all() and np.isnan(witness).all():
                give("not_loaded", gap)
        for name, gap in gaps:
            if name in MISSING:
                give(MISSING[name][0], gap & ~np.isnan(columns[MISSING[name][1]]))
            give("no_data", gap)
        give(one.empty, empty)
    if one.minimum:
        give("too_few_answers", n < one.minimum)
    return reason


def _badges(one: Kpi, columns: _Columns, value: Floats, blank: NDArray[np.bool_]) -> NDArray[np.object_]:
    """What must be said beside the value, None where nothing must."""
    badge = np.full(columns.length, "proxy" if one.proxy_for else None, dtype=object)
    if "gross_margin" in one.measures:
        badge[np.isnan(columns["gross_margin"])] = "without_margin"
    if one.key == "adoption":
        badge[value > 1] = "over_capacity"
    badge[blank] = None
    return badge


def _assembled(
    rows: pd.DataFrame, chosen: tuple[Kpi, ...], blocks: list[dict[str, NDArray[np.generic]]], by: list[str]
) -> pd.DataFrame:
    """The blocks of all KPIs below each other, with their keys."""
    positions = np.tile(np.arange(len(rows)), len(chosen))
    keys = np.repeat(np.array([one.key for one in chosen], dtype=object), len(rows))
    table = rows[["period", *by]].take(positions).reset_index(drop=True)
    table.insert(0, "kpi", keys)
    for name in COLUMNS:
        parts = [block[name] for block in blocks]
        column = np.concatenate(parts) if parts else np.array([])
        table[name] = pd.Series(column, dtype=column.dtype)
    return table
