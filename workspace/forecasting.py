"""A few months ahead of a KPI, from its own whole months; worked out once per series and kept."""

from collections.abc import Sequence

import numpy as np

from kpis.ends import natural_ends
from kpis.evidence.forecast import Forecast, Kind, forecast
from kpis.evidence.result import Remark
from kpis.kpi import Kpi
from workspace.kept import Kept

# They gather all history up to the month: what they add is foreseen better by other KPIs.
GATHERED = frozenset({"lifetime_median", "survival_12m", "survival_24m", "ltv_realised", "tcv_billed"})
_DRIFTING = frozenset({"mrr", "arr", "arpa", "tcv_contract"})  # stocks of money: they go on from where they are
_FORECASTS = Kept(400)


def look_ahead(one: Kpi, values: Sequence[float]) -> Forecast:
    """The months after the last of `values`, which are whole months in time order, NaN where there is no value.

    There is none (see its `refusal`) with fewer than twelve months, where the last month has no value, and for KPIs
    that gather all history.
    """
    series = np.asarray(values, dtype=float)
    key = (one.key, one.unit, one.interval, series.tobytes())
    found: Forecast = _FORECASTS.get(key, lambda: _look_ahead(one, series))
    return found


def _look_ahead(one: Kpi, series: np.ndarray) -> Forecast:
    empty = np.empty(0)
    if one.key in GATHERED:
        return Forecast(empty, empty, empty, refusal=Remark("gathered", {}))
    if len(series) and not np.isfinite(series[-1]):
        return Forecast(empty, empty, empty, refusal=Remark("last_missing", {}))
    kind: Kind = "money" if one.key in _DRIFTING and (series[np.isfinite(series)] > 0).all() else "level"
    return forecast(series, kind, natural_ends(one, series.tolist()))
