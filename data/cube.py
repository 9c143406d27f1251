"""The cube: the panel summed over dimensions and periods, which is what screens read.

Its size depends on the dimensions in play and not on the number of accounts. A sum of missing values
only is missing. The company row (rows without an account) keeps to itself, with None in every
dimension; accounts without a value in a dimension have "".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.measures.measure import COMPANY
from data.problems import DataProblem, did_you_mean

_KEYS = ("account_id", "period")
UNKNOWN = ""


def build_cube(panel_frame: pd.DataFrame, attributes: pd.DataFrame, dims: tuple[str, ...]) -> pd.DataFrame:
    """Sum a panel over accounts that share attributes.

    Args:
        panel_frame: account_id, period and measures, as `build_panel` gives.
        attributes: account_id (unique) and one column per dimension.
        dims: names of the dimensions; none gives totals and the company row.

    Returns:
        One row per combination that occurs: dims …, company (True for rows without an account),
        period and measures, in order of dims and period.

    Raises:
        DataProblem: a dimension is not an attribute.
    """
    _check(dims, attributes.columns)
    accounts, account_codes = _codes(panel_frame["account_id"])
    known = attributes.drop_duplicates("account_id").set_index("account_id").reindex(accounts)
    keys = pd.DataFrame({"company": accounts == COMPANY})
    for dim in dims:
        texts = known[dim].astype(object).where(known[dim].notna(), UNKNOWN).map(str).to_numpy(dtype=object)
        keys[dim] = pd.Series(texts, dtype=object).mask(keys["company"], None)
    combinations, of_account = _number(keys[["company", *dims]])
    periods, period_codes = _codes(panel_frame["period"])
    cells = of_account[account_codes] * max(len(periods), 1) + period_codes
    order = np.argsort(cells, kind="stable")
    found, starts = np.unique(cells[order], return_index=True)
    measures = [name for name in panel_frame.columns if name not in _KEYS]
    sums = {name: _sum(panel_frame[name], order, starts) for name in measures}
    rows = combinations.iloc[found // max(len(periods), 1)].reset_index(drop=True)
    period = pd.Categorical.from_codes(found % max(len(periods), 1), periods, ordered=True)
    return pd.DataFrame({**{dim: rows[dim] for dim in dims}, "company": rows["company"], "period": period, **sums})


def query_cube(
    cube: pd.DataFrame,
    by: Sequence[str] = (),
    where: Mapping[str, str | Iterable[str]] | None = None,
    periods: Iterable[str] | None = None,
    measures: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Sum a cube for some dimensions, values and periods.

    Args:
        by: dimensions to keep.
        where: values kept, by dimension; an account filter leaves the company row out.
        periods: ids of the periods kept; None = all.
        measures: measures wanted; None = all.

    Returns:
        by …, period and measures, one row per combination, in order. Without a filter the company
        row is part of the total, and a row of its own (None in every dimension) under `by`.
        `attrs["left_out"]` has the sums of the company row that a filter left out, by measure (0 is not told).
    """
    where = {dim: [values] if isinstance(values, str) else list(values) for dim, values in (where or {}).items()}
    columns = list(cube.columns)
    dims = columns[: columns.index("company")]
    _check([*by, *where], dims)
    names = list(measures) if measures is not None else columns[columns.index("period") + 1 :]
    _check(names, columns)
    kept = np.ones(len(cube), bool)
    if periods is not None:
        kept &= cube["period"].isin(list(periods)).to_numpy()
    left_out: dict[str, float] = {}
    if where:
        company = cube["company"].to_numpy(bool)
        left_out = _told(cube[names][kept & company]) if company.any() else {}
        kept &= ~company
        for dim, values in where.items():
            kept &= cube[dim].isin(values).to_numpy()
    at = np.flatnonzero(kept)
    group_names = [*by, *(["company"] if by else [])]
    period_ids, period_codes = _codes(cube["period"])
    groups, codes = _number(cube[group_names].iloc[at].reset_index(drop=True))
    cells = codes * max(len(period_ids), 1) + period_codes[at]
    order = np.argsort(cells, kind="stable")
    found, starts = np.unique(cells[order], return_index=True)
    sums = {name: _sum(cube[name], at[order], starts) for name in names}
    rows = groups.iloc[found // max(len(period_ids), 1)].reset_index(drop=True)
    period = pd.Categorical.from_codes(found % max(len(period_ids), 1), period_ids, ordered=True)
    result = pd.DataFrame({**{dim: rows[dim].to_numpy() for dim in by}, "period": period, **sums})
    result.attrs["left_out"] = left_out
    return result


def _check(names: Iterable[str], known: Iterable[str]) -> None:
    listed = [str(name) for name in known]
    for name in names:
        if name not in listed:
            hint = did_you_mean(name, listed)
            raise DataProblem("dimension_unknown", "There is no dimension {name!r}.{hint}", name=name, hint=hint)


def _codes(column: pd.Series) -> tuple[Any, NDArray[np.int64]]:
    """Distinct values and the number of each row's."""
    categories = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    return categories.cat.categories, np.asarray(categories.cat.codes, dtype=np.int64)


def _number(keys: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Distinct rows in order (None last), and the number of each row's."""
    if not len(keys.columns):
        return pd.DataFrame(index=range(1)), np.zeros(len(keys), np.int64)
    codes = np.zeros(len(keys), np.int64)
    for name in keys.columns:
        numbers, values = pd.factorize(keys[name], sort=True, use_na_sentinel=True)
        codes = codes * (len(values) + 1) + np.where(numbers < 0, len(values), numbers)
    _, first, numbered = np.unique(codes, return_index=True, return_inverse=True)
    return keys.iloc[first].reset_index(drop=True), numbered.astype(np.int64)


def _sum(column: pd.Series, order: NDArray[np.int64], starts: NDArray[np.int64]) -> Any:
    """Sums of runs of ordered rows; missing where every value is."""
    whole = pd.api.types.is_integer_dtype(column.dtype)
    missing = column.isna().to_numpy()
    values = column.to_numpy(np.int64 if whole else np.float64, na_value=0)
    array = pd.arrays.IntegerArray if whole else pd.arrays.FloatingArray
    if not len(starts):
        return array(values[:0].copy(), np.zeros(0, bool))
    sums = np.add.reduceat(values[order], starts)
    none_known = np.zeros(len(starts), bool)
    if missing.any():
        none_known = np.logical_and.reduceat(missing[order], starts)
    return array(sums, none_known)


def _told(rows: pd.DataFrame) -> dict[str, float]:
    sums = rows.sum(min_count=1).dropna()
    return {str(name): value for name, value in sums.items() if value != 0}
