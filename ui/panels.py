"""Panels of charts: leading beside lagging, each chart with the value at the end of its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd
import streamlit as st

from ui import cards, draw, frames
from ui.charts import series
from ui.here import Here
from ui.reading import Reading
from ui.telling import Teller
from words import formats

HEIGHTS = {1: 300, 2: 200, 3: 150}
ICONS = {"leading": ":material/visibility:", "lagging": ":material/history:"}


@dataclass(frozen=True)
class Panel:
    """One chart of a panel, ready to be drawn."""

    key: str
    title: str
    caption: str
    data: bytes
    unit: str
    role: str
    says: str


def panel(reading: Reading, role: str, tell: Teller, span: str) -> Panel:
    """The chart of one reading."""
    data, unit = frames.points(reading, tell, span)
    words = [tell.unit(reading) if unit == reading.kpi.unit else tell.t(f"objective.unit_{unit}")]
    if isfinite(reading.target):
        words.append(tell.t("objective.dashed_target"))
    words.append(frames.unfinished_words(reading, tell, span))
    return Panel(
        reading.key,
        tell.short(reading.key),
        " · ".join(w for w in words if w),
        data,
        unit,
        role,
        frames.described(reading, tell, span),
    )


def titles(tell: Teller) -> tuple[str, str, str, str]:
    """Words of a chart's tooltip."""
    return tuple(tell.t(f"objective.tip_{name}") for name in ("period", "value", "range", "target"))  # type: ignore[return-value]


def column(here: Here, objective: str, role: str, panels: Sequence[Panel], readings: dict[str, Reading]) -> None:
    """One role's panel: heading, charts, and the table behind them."""
    tell = here.tell
    with st.container(key=f"panel_{role}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {ICONS[role]} {tell.t(f'objective.{role}')}", width="content", anchors=False)
            if panels:
                shown = {p.key: readings[p.key] for p in panels}
                draw.behind(tell, role, lambda: history_table(shown, tell), f"{objective}_{role}.csv")
        st.caption(tell.t(f"objective.{role}_says") if panels else tell.t(f"objective.{role}_none"))
        for one in panels:
            with st.container(gap=None):
                cards.opener(here.link, objective, one.key, one.title)
                st.caption(one.caption)
            height = HEIGHTS.get(len(panels), HEIGHTS[3])
            spec = series.line(here.look, one.unit, role, here.link.grain, height=height, titles=titles(tell))
            draw.chart(spec, series.DATA, one.data, one.says)


def history_table(readings: dict[str, Reading], tell: Teller) -> pd.DataFrame:
    """Periods down, KPIs across, as written."""
    columns = {}
    for r in readings.values():
        values = r.history.set_index("period")["value"].astype(float)
        columns[tell.short(r.key)] = {p: tell.full(v, r.kpi.unit) for p, v in values.items()}
    frame = pd.DataFrame(columns).iloc[::-1]
    frame.insert(0, tell.t("shell.period"), [formats.period(p, tell.locale, short=True) for p in frame.index])
    return frame
