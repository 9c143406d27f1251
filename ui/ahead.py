"""The look ahead of one KPI: rows for its chart, what is said about them, or why there are none."""

from dataclasses import dataclass
from math import expm1

import pandas as pd

from data.calendar import next_id, parse
from kpis.evidence.forecast import Forecast
from ui.reading import Reading
from ui.telling import Teller
from words import formats
from workspace.forecasting import look_ahead

_FEWEST_TRIED = 10  # earlier months needed to say how often the band held
_CLEARLY_LESS = 0.1  # how far under its nominal share a band may have held without a warning


@dataclass(frozen=True)
class Ahead:
    """Months ahead and the sentence about them; no rows and the reason instead when there is no forecast.

    `rows` has period, start, value, low and high in the KPI's unit.
    """

    rows: pd.DataFrame
    says: str = ""
    why: str = ""


def ahead(reading: Reading, tell: Teller, grain: str) -> Ahead:
    """The look ahead of a reading: by month, from the last whole month, only where that or a later one is shown."""
    nothing = pd.DataFrame(columns=["period", "start", "value", "low", "high"])
    rows = reading.history
    whole = rows[rows["complete"].astype(bool)]
    if grain != "month" or whole.empty:
        return Ahead(nothing, why=tell.t("objective.no_ahead_grain") if grain != "month" else "")
    last = whole.iloc[-1]
    if reading.period < str(last["period"]):
        return Ahead(nothing, why=tell.t("objective.no_ahead_earlier"))
    by_month = whole.set_index("order")["value"].astype(float)
    found = look_ahead(reading.kpi, by_month.reindex(range(int(by_month.index[0]), int(last["order"]) + 1)).to_list())
    if found.refusal is not None:
        return Ahead(nothing, why=tell.t(f"objective.no_ahead_{found.refusal.id}", **found.refusal.params))
    periods = [next_id(str(last["period"]))]
    while len(periods) < len(found.points):
        periods.append(next_id(periods[-1]))
    frame = pd.DataFrame(
        {
            "period": periods,
            "start": [parse(one)[1] for one in periods],
            "value": found.points,
            "low": found.low,
            "high": found.high,
        }
    )
    return Ahead(frame, _says(found, reading, tell))


def _says(found: Forecast, reading: Reading, tell: Teller) -> str:
    """Which method, which range, from how many months, and how it did on this KPI's own past."""
    said = [
        tell.t(
            "objective.ahead_says",
            method=tell.t(f"objective.ahead_{found.method}"),
            share=formats.percent(found.coverage, tell.locale, 0),
            n=found.months,
        )
    ]
    if found.relative:
        off = formats.percent(expm1(found.error), tell.locale, 1)
    else:
        off = tell.signed(found.error, reading.kpi.unit).lstrip("+")
    if found.tried < _FEWEST_TRIED:
        return " ".join([*said, tell.t("objective.ahead_untried")])
    held = found.held / found.tried
    shares = {"held": found.held, "n": found.tried, "share": formats.percent(held, tell.locale, 0)}
    said.append(tell.t("objective.ahead_record", off=off, **shares))
    if held < found.coverage - _CLEARLY_LESS:
        said.append(tell.t("objective.ahead_narrow"))
    return " ".join(said)
