"""Readings → rows of chart data with their texts, as the bytes a chart takes."""

from math import isfinite

import pandas as pd
import pyarrow as pa

from ui.charts import series
from ui.reading import Reading
from ui.telling import Teller
from words import formats


def arrow(frame: pd.DataFrame) -> bytes:
    """A frame as an Arrow stream, the form in which chart data travel to the browser."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def windowed(history: pd.DataFrame, period: str, span: str) -> pd.DataFrame:
    """The last periods up to the one judged, and an unfinished one right after it."""
    upto = history.index[history["period"] == period]
    here = int(history.loc[upto[0], "order"]) if len(upto) else int(history["order"].max())
    block = history[(history["order"] <= here) | ((history["order"] == here + 1) & ~history["complete"].astype(bool))]
    size = _SPANS.get(span, 10_000)
    block = block[block["order"] > here - size]
    first = block["value"].first_valid_index()
    return block if first is None else block.loc[first:]


_SPANS = {"12": 12, "24": 24}


def unfinished_words(reading: Reading, tell: Teller, span: str) -> str:
    """What the dotted end of a chart means; empty where every value is final."""
    block = windowed(reading.history, reading.period, span)
    if not (block["value"].notna() & ~block["complete"].astype(bool)).any():
        return ""
    return tell.t("objective.dotted_running" if reading.builds_up else "objective.dotted_unfinished")


def chart_unit(reading: Reading, block: pd.DataFrame) -> tuple[str, float]:
    """The unit of a chart's axis and what values are divided by: hours for seconds of that size."""
    if reading.kpi.unit != "seconds":
        return reading.kpi.unit, 1.0
    known = block["value"].dropna().astype(float)
    unit = formats.span_unit(float(known.median())) if len(known) else "s"
    return unit, float(dict(formats.SPANS)[unit])


def texts(reading: Reading, block: pd.DataFrame, tell: Teller) -> pd.DataFrame:
    """The block with label, tooltip texts and target, ready for `series.points`."""
    unit = reading.kpi.unit
    out = block.copy()
    out["target"] = reading.target
    out["label"] = [tell.value(v, unit) for v in out["value"]]
    out["t_period"] = [
        formats.period(p, tell.locale) + ("" if c else f" · {tell.t('objective.unfinished')}")
        for p, c in zip(out["period"], out["complete"], strict=True)
    ]
    out["t_value"] = [
        tell.value(v, unit) if isfinite(v) else tell.t(f"reasons.{r}" if isinstance(r, str) else "reasons.no_data")
        for v, r in zip(out["value"].astype(float), out["reason"], strict=True)
    ]
    accounts = out["accounts"] if "accounts" in out else pd.Series(float("nan"), index=out.index)
    out["t_range"] = [
        " · ".join(
            said
            for said in (
                tell.range(a, b, unit) if isfinite(a) and isfinite(b) else formats.DASH,
                tell.rests_on(reading.kpi, n, behind),
            )
            if said
        )
        for a, b, n, behind in zip(
            *(part.astype(float) for part in (out["low"], out["high"], out["n"], accounts)), strict=True
        )
    ]
    out["t_target"] = tell.value(reading.target, unit) if isfinite(reading.target) else formats.DASH
    return out


def points(reading: Reading, tell: Teller, span: str, look: pd.DataFrame | None = None) -> tuple[bytes, str]:
    """The data of a line chart of one reading, months ahead after it (`ui.ahead`), and the unit of its axis."""
    block = windowed(reading.history, reading.period, span)
    unit, scale = chart_unit(reading, block)
    rows = texts(reading, block, tell)
    if look is not None and len(look):
        rows = pd.concat([rows.assign(forecast=False), _foreseen(reading, look, tell)], ignore_index=True)
    return arrow(series.points(rows, scale=scale, joined=not reading.builds_up)), unit


def _foreseen(reading: Reading, look: pd.DataFrame, tell: Teller) -> pd.DataFrame:
    """Months ahead with their texts, ready for `series.points`."""
    unit = reading.kpi.unit
    ends = zip(look["low"], look["high"], strict=True)
    return look.assign(
        forecast=True,
        complete=False,
        target=reading.target,
        label=[tell.value(v, unit) for v in look["value"]],
        t_period=[tell.t("objective.forecast_of", period=formats.period(p, tell.locale)) for p in look["period"]],
        t_value=[tell.value(v, unit) for v in look["value"]],
        t_range=[tell.range(a, b, unit) for a, b in ends],
        t_target=tell.value(reading.target, unit) if isfinite(reading.target) else formats.DASH,
    )


def described(reading: Reading, tell: Teller, span: str) -> str:
    """A chart in one sentence, for readers who hear it."""
    block = windowed(reading.history, reading.period, span)
    known = block[block["value"].notna() & block["complete"].astype(bool)]
    if known.empty:
        return tell.t("objective.chart_empty", kpi=tell.name(reading.key))
    first, last, unit = known.iloc[0], known.iloc[-1], reading.kpi.unit
    return tell.t(
        "objective.chart_says",
        kpi=tell.name(reading.key),
        first=tell.value(first["value"], unit),
        since=formats.period_in_sentence(first["period"], tell.locale, year=True),
        last=tell.value(last["value"], unit),
        until=formats.period_in_sentence(last["period"], tell.locale, year=True),
    )
