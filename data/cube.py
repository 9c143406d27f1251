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
    sums = _sums(panel_frame, measures, order, starts)
    rows = combinations.iloc[found // max(len(periods), 1)].reset_index(drop=True)
    period = pd.Categorical.from_codes(found % max(len(periods), 1), periods, ordered=True)
    labels = {dim: rows[dim].astype("category") for dim in dims}
    return pd.DataFrame({**labels, "company": rows["company"], "period": period, **sums})


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
    sums = _sums(cube, names, at[order], starts)
    rows = groups.iloc[found // max(len(period_ids), 1)].reset_index(drop=True)
    period = pd.Categorical.from_codes(found % max(len(period_ids), 1), period_ids, ordered=True)
    labels = {dim: rows[dim].astype(object).where(rows[dim].notna(), None) for dim in by}
    result = pd.DataFrame({**labels, "period": period, **sums})
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
        column = keys[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            numbers, size = np.asarray(column.cat.codes, dtype=np.int64), len(column.cat.categories)
        else:
            numbers, values = pd.factorize(column, sort=True, use_na_sentinel=True)
            size = len(values)
        codes = codes * (size + 1) + np.where(numbers < 0, size, numbers)
    _, first, numbered = np.unique(codes, return_index=True, return_inverse=True)
    return keys.iloc[first].reset_index(drop=True), numbered.astype(np.int64)


def _sums(
    frame: pd.DataFrame, names: Sequence[str], order: NDArray[np.int64], starts: NDArray[np.int64]
) -> dict[str, Any]:
    """Sums of runs of ordered rows by measure; missing where every value is."""
    found: dict[str, Any] = {}
    for name in names:
        column = frame[name].array
        whole = column.dtype.kind in "iub"
        array = pd.arrays.IntegerArray if whole else pd.arrays.FloatingArray
        values = column.to_numpy(np.int64 if whole else np.float64, na_value=0)
        missing = column.isna()
        none_known = np.zeros(len(starts), bool)
        if not len(starts):
            found[name] = array(values[:0].copy(), none_known)
            continue
        if missing.any():
            none_known = np.logical_and.reduceat(missing[order], starts)
        found[name] = array(np.add.reduceat(values[order], starts), none_known)
    return found


def _told(rows: pd.DataFrame) -> dict[str, float]:
    sums = rows.sum(min_count=1).dropna()
    return {str(name): value for name, value in sums.items() if value != 0}
