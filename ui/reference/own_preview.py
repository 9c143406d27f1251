"""What a KPI of one's own would show, before it is saved: the last twelve months, and the formula with its numbers."""

import streamlit as st

from kpis.own import Definition
from ui import draw, frames, loading, panels
from ui.charts import series
from ui.here import Here
from ui.measure_names import formula_words
from ui.reading import judged_period, read
from ui.reference import inputs
from ui.text import escaped
from words import catalogue


def show(here: Here, one: Definition) -> None:
    """The formula in words, the last whole month with its numbers, and a small chart."""
    tell, space = here.tell, here.loaded.space.trying(one)
    catalogue.call_own(here.loaded.space.own.names() | space.own.names())
    kpi = space.own.kpis[0]
    st.caption(tell.t("own.in_words", formula=escaped(formula_words(kpi, tell))))
    if here.loaded.empty:
        return
    periods = space.periods("month")
    period = judged_period(periods, "")
    table = space.table((kpi.key,)).astype({"period": str})
    reading = read(table, periods, period, {kpi: kpi.role}, {})[kpi.key]
    if not table["value"].notna().any():
        st.markdown(f":material/lightbulb_2: {tell.t('own.no_value', reason=tell.reason(reading))}")
        return
    found = loading.measures_of(space, kpi.measures, period, "month", ())
    for line in inputs.today(kpi, tell, period, (reading.value, reading.numerator), found):
        st.markdown(line)
    if not reading.known:
        st.markdown(f":gray[{tell.title_period(period)}: {tell.reason(reading)}]")
    data, unit = frames.points(reading, tell, "12")
    spec = series.line(here.look, unit, kpi.role, "month", height=150, titles=panels.titles(tell))
    st.caption(tell.t("own.preview"))
    draw.chart(spec, series.DATA, data, frames.described(reading, tell, "12"), key="own_preview")
