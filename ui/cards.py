"""KPI cards: value, target, status, change, sparkline; and cards of KPIs that have no data yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui import draw, frames, link
from ui.charts import series
from ui.here import Here
from ui.link import Link
from ui.reading import Reading
from ui.telling import Teller
from ui.text import escaped
from words import formats

NBSP = formats.NBSP
PAGES = {
    "retention": "pages/objectives/retention.py",
    "quality": "pages/objectives/quality.py",
    "expansion": "pages/objectives/expansion.py",
    "financial": "pages/objectives/financial.py",
}


@dataclass(frozen=True)
class Card:
    """What a card shows, ready to be drawn."""

    key: str
    title: str
    words: str
    spark: bytes | None
    says: str
    sure: str = ""


def card(reading: Reading, tell: Teller, span: str) -> Card:
    """The words and the sparkline of one reading."""
    if not reading.known:
        words = f"{tell.t('objective.no_value')}\n\n:gray[{tell.reason(reading)}]"
        return Card(reading.key, tell.short(reading.key), words, None, "")
    value, goal = tell.value(reading.value, reading.kpi.unit), tell.value(reading.target, reading.kpi.unit)
    target = f" :small[:gray[/ {goal}]]" if reading.status else ""
    facts = [tell.status(reading), tell.short_of(reading), tell.change(reading)]
    notes = [
        tell.variation(reading),
        tell.badge(reading),
        "" if reading.complete else tell.t("objective.unfinished"),
        tell.t("objective.few_cases", n=reading.few) if reading.few and not tell.sure(reading) else "",
    ]
    lines = [" · ".join(f for f in facts if f), f":gray[{' · '.join(n for n in notes if n)}]" if any(notes) else ""]
    words = f"{value}{target}\n\n" + ("  \n".join(line for line in lines if line) or NBSP)
    data, _ = frames.points(reading, tell, span)
    return Card(
        reading.key, tell.short(reading.key), words, data, frames.described(reading, tell, span), tell.sure(reading)
    )


def row(here: Here, objective: str, cards: Sequence[Card]) -> None:
    """Cards side by side, two on a phone's width."""
    grid = st.grid(columns=4, min_column_width=158, gap="small", border=True, key="cards")
    for one in cards:
        with grid.cell(), st.container(key=f"card_{one.key}", gap="xxsmall", height="stretch"):
            opener(here.link, objective, one.key, one.title)
            st.markdown(one.words)
            if one.sure:
                st.caption(one.sure)
            if one.spark is not None:
                draw.chart(series.sparkline(here.look), series.DATA, one.spark, one.says)


def opener(state: Link, objective: str, key: str, title: str) -> None:
    """A link that opens one KPI large, keeping everything else in the link."""
    st.page_link(PAGES[objective], label=escaped(title), icon="", query_params=link.query(link.opened(state, key)))


def text_value(reading: Reading, tell: Teller) -> str:
    """A value or a dash."""
    return tell.value(reading.value, reading.kpi.unit)
