"""One KPI by an account attribute: small charts on one scale, the whole company in grey."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
import streamlit as st

from ui import draw, frames, header, link, loading, panels
from ui.charts import series
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.reading import Reading
from ui.telling import Teller
from ui.text import escaped
from words import formats
from workspace.ranges import with_ranges

MOST = 8
NONE = ""  # accounts without the attribute, and rows without an account: charts of their own, at the end
NOBODY = "\x00"


@dataclass(frozen=True)
class Segment:
    """One small chart: name (data), what it rests on, the data and the chart in words."""

    name: str
    size: str
    data: bytes
    says: str


@dataclass(frozen=True)
class Split:
    """The charts of one attribute, their common scale and unit, the table, and how many values are left out."""

    segments: list[Segment]
    extent: tuple[float, float]
    unit: str
    table: pd.DataFrame
    left_out: int


def chosen(here: Here, key: str) -> str:
    """The dimension of the link, else segment, plan or the first the KPI can be cut by; "" when there is none."""
    found = loading.cuts(here.loaded, key)
    values = loading.dimensions(here.loaded)
    wanted = [here.link.by, "segment", "plan", *found]
    return next((name for name in wanted if name in found and len(values.get(name, "ab")) > 1), "")


def show(here: Here, objective: str, reading: Reading) -> None:
    """The section; says why when the KPI cannot be cut."""
    tell, by = here.tell, chosen(here, reading.key)
    if not by:
        if reading.kpi.company_only:
            st.caption(tell.t("reasons.company_only"))
        return
    found = loading.cuts(here.loaded, reading.key)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            st.markdown(f"### {tell.t('objective.by', dimension=escaped(header.dimension(here, by)))}", anchors=False)
            st.caption(tell.t("objective.by_says"))
        key = link.seed("w_by_large", by)
        st.selectbox(
            tell.t("shell.by"),
            found,
            key=key,
            width=220,
            format_func=lambda d: header.dimension(here, d),
            on_change=link.written("by", key),
            label_visibility="collapsed",
        )
    said = header.dimension(here, by)
    split = _split(here.loaded.scope, here.loaded, objective, reading, by, said, here.link, tell)
    if split is None or not split.segments:
        st.caption(tell.t("reasons.no_data"))
        return
    titles = panels.titles(tell)[:2]
    spec = series.segment(here.look, split.unit, reading.role, here.link.grain, split.extent, titles=titles)
    grid = st.grid(columns=4, min_column_width=158, gap="small", border=True)
    for number, one in enumerate(split.segments):
        with grid.cell(), st.container(key=f"segment_{number}", gap=None):
            st.markdown(f"**{escaped(one.name)}**  \n:small[:gray[{one.size}]]")
            draw.chart(spec, series.DATA, one.data, one.says)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(tell.t("objective.left_out", n=split.left_out) if split.left_out else tell.t("objective.by_note"))
        draw.behind(tell, "by", lambda: split.table, f"{reading.key}_{by}.csv")


@kept
def _split(
    scope: Scope, _loaded: Loaded, objective: str, _reading: Reading, by: str, said: str, state: Link, tell: Teller
) -> Split | None:
    key, unit = _reading.key, _reading.kpi.unit
    table = loading.table(_loaded, (key,), state.grain, by=by, where=state.where)
    whole = frames.windowed(_reading.history, _reading.period, state.span)
    table = with_ranges(_loaded.space, table, state.grain, by, dict(state.where), tuple(whole["period"]))
    table = table[table["complete"].astype(bool)].assign(**{by: lambda f: f[by].fillna(NOBODY).astype(str)})
    order = dict(zip(whole["period"], whole["order"], strict=True))
    starts = dict(zip(whole["period"], whole["start"], strict=True))
    table = table[table["period"].isin(order)]
    if table.empty or table["value"].isna().all():
        return None
    table = table.assign(order=table["period"].map(order), start=table["period"].map(starts)).sort_values("order")
    axis, scale = frames.chart_unit(_reading, whole)
    now = table[table["period"] == _reading.period].assign(size=lambda f: f["n"].fillna(f["numerator"]).fillna(0))
    ranked = list(now.sort_values("size", ascending=False)[by])
    ranked += [v for v in dict.fromkeys(table[by]) if v not in ranked]
    names = {NONE: tell.t("objective.by_none", dimension=said), NOBODY: tell.t("objective.no_account")}
    without = [name for name in names if table.loc[table[by] == name, "value"].fillna(0.0).astype(bool).any()]
    ranked = [name for name in ranked if name not in names]
    drawn = [*ranked[:MOST], *without]
    company = whole.set_index("period")["value"].astype(float)
    segments = []
    for name in drawn:
        block = table[table[by] == name]
        data = frames.texts(_reading, block, tell).assign(other=block["period"].map(company), target=np.nan)
        data = series.points(data, scale=scale)
        here = now[now[by] == name]
        shown = names.get(name, name)
        segments.append(
            Segment(shown, _size(here, _reading, tell), frames.arrow(data), _says(shown, here, _reading, tell))
        )
    values = table[table[by].isin(drawn)]["value"].dropna().astype(float)
    named = table[table[by].isin([*ranked, *without])].assign(**{by: lambda f: f[by].replace(names)})
    return Split(
        segments, extent(values, company, scale), axis, _table(named, by, unit, tell), max(len(ranked) - MOST, 0)
    )


def extent(values: pd.Series, company: pd.Series, scale: float) -> tuple[float, float]:
    """The scale all segments share: every value drawn and the whole company's, so that no line is cut unsaid."""
    shown = pd.concat([values, company])
    shown = shown[np.isfinite(shown)]
    low, high = (shown.min(), shown.max()) if len(shown) else (0.0, 1.0)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    bottom = low - room if low < 0 or low - room > 0 else 0.0
    return float(bottom / scale), float((high + room) / scale)


def _size(row: pd.DataFrame, reading: Reading, tell: Teller) -> str:
    if row.empty:
        return formats.DASH
    if not isfinite(float(row["value"].iloc[0])):
        return tell.t("objective.no_value")
    low, high, n, accounts = (float(row[name].iloc[0]) for name in ("low", "high", "n", "accounts"))
    said = [tell.rests_on(reading.kpi, n, accounts)]
    if isfinite(low) and isfinite(high):
        said.append(tell.range(low, high, reading.kpi.unit))
    return " · ".join(one for one in said if one)


def _says(name: str, row: pd.DataFrame, reading: Reading, tell: Teller) -> str:
    value = float(row["value"].iloc[0]) if len(row) else float("nan")
    return f"{name}: {tell.name(reading.key)} {tell.value(value, reading.kpi.unit)}"


def _table(table: pd.DataFrame, by: str, unit: str, tell: Teller) -> pd.DataFrame:
    table = table.assign(**{by: table[by].astype(str)})
    wide = {name: table.pivot(index="period", columns=by, values=name).iloc[::-1] for name in ("value", "low", "high")}
    columns = {}
    for name in table[by].drop_duplicates():
        columns[name] = [tell.full(v, unit) for v in wide["value"][name]]
        ends = list(zip(wide["low"][name], wide["high"][name], strict=True))
        if any(isfinite(low) for low, _ in ends):
            ranges = [tell.range(*pair, unit) if all(map(isfinite, pair)) else formats.DASH for pair in ends]
            columns[f"{name} · {tell.t('objective.likely_range')}"] = ranges
    shown = pd.DataFrame(columns, index=wide["value"].index)
    shown.insert(0, tell.t("shell.period"), [formats.period(p, tell.locale, short=True) for p in shown.index])
    shown.columns = [str(c) for c in shown.columns]
    return shown
