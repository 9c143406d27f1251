"""The evidence behind a pair: strength by lead, where those with the event stood, segments, the company's months."""

from math import isfinite
from typing import Any

import pandas as pd
import streamlit as st

from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui import draw, frames
from ui.charts import evidence as charts
from ui.here import Here
from ui.signals import overlay
from ui.telling import Teller
from words import evidence as words
from words import formats


def show(here: Here, verdict: Verdict) -> None:
    """The charts of one pair; nothing for a pair that could not be tested."""
    tell, one = here.tell, verdict.shown
    if one.refusal is not None:
        return
    st.markdown(f"### {tell.t('evidence.behind')}", anchors=False)
    grid = st.grid(columns=3, min_column_width=260, gap="small", border=True)
    with grid.cell(), st.container(key="leads_strength", gap="xsmall"):
        _strength(here, one)
    with grid.cell(), st.container(key="leads_overlay", gap="xsmall"):
        overlay.show(here, one)
    if one.tenths and sum(one.tenths):
        with grid.cell(), st.container(key="leads_places", gap="xsmall"):
            _places(here, one)


def _strength(here: Here, one: Evidence) -> None:
    tell = here.tell
    account = one.level == "account"
    st.markdown(f"##### {tell.t('evidence.strength')}", anchors=False)
    low = one.estimate < 0.5
    says = ("evidence.strength_low" if low else "evidence.strength_high") if account else "evidence.strength_series"
    st.caption(f"{tell.t(says)} {tell.t('evidence.strength_click')}")
    shift = overlay.shift_of(here, one)
    frame = leads(one, shift, tell)
    spec = charts.by_lead(here.look, 50.0 if account else 0.0, (tell.t("evidence.months_before"), ""), pick=True)
    # A key of its own for each shift: a chart keeps its last click, and the same click again would not be heard.
    key = f"leads_bars_{one.leading}_{one.lagging}_{shift}"
    st.vega_lite_chart(
        {**spec, "datasets": {charts.DATA: frames.arrow(frame)}},
        theme=None,
        width="stretch",
        key=key,
        on_select=_picked(key, one),
        selection_mode=[charts.PICK],
        alt=" · ".join(frame["tip"]),
    )


def _picked(key: str, one: Evidence) -> Any:
    def write() -> None:
        chosen = (st.session_state.get(key) or {}).get("selection", {}).get(charts.PICK) or []
        if chosen and chosen[0].get("lead") in overlay.SHIFTS:
            overlay.move(one, int(chosen[0]["lead"]))

    return write


def leads(one: Evidence, shift: int, tell: Teller) -> pd.DataFrame:
    """Strength by lead as chart rows: for accounts, of 100 pairs how many go the way of the finding."""
    account, flip = one.level == "account", one.level == "account" and one.estimate < 0.5
    rows = []
    for lead in one.by_lead:
        if not isfinite(lead.estimate):
            continue
        value, low, high = lead.estimate, lead.low, lead.high
        if flip:
            value, low, high = 1 - value, 1 - high, 1 - low
        if account:
            value, low, high = value * 100, low * 100, high * 100
        digits = 0 if account else 2
        text = formats.decimal(value, digits, tell.locale)
        known = isfinite(low) and isfinite(high)
        ends = (
            f"{formats.decimal(low, digits, tell.locale)}–{formats.decimal(high, digits, tell.locale)}" if known else ""
        )
        tip = tell.t("evidence.lead_tip", n=lead.months, value=text, range=ends or formats.DASH)
        rows.append(
            {
                "lead": lead.months,
                "value": value,
                "low": low if known else value,
                "high": high if known else value,
                "best": lead.months == one.lead_months,
                "chosen": lead.months == shift,
                "text": text,
                "tip": tip,
            }
        )
    return pd.DataFrame(rows, columns=list(charts.LEAD_COLUMNS))


def placed(one: Evidence, tell: Teller) -> str:
    """How many events were placed, and where some accounts had several, how many accounts had them."""
    total = sum(one.tenths)
    if total == one.n:
        return words.events(one.lagging, total, tell.locale)
    return f"{tell.t('evidence.n_events', n=total)} ({tell.t('objective.n_accounts', n=one.n)})"


def _places(here: Here, one: Evidence) -> None:
    tell, total = here.tell, sum(one.tenths)
    st.markdown(f"##### {tell.t('evidence.places')}", anchors=False)
    st.caption(tell.t("evidence.places_says", events=placed(one, tell), n=one.lead_months or 1))
    frame = pd.DataFrame(
        {
            "tenth": range(1, 11),
            "share": [count / total for count in one.tenths],
            "tip": [
                tell.t(
                    "evidence.place_tip", n=count, share=formats.percent(count / total, tell.locale, 0), tenth=number
                )
                for number, count in enumerate(one.tenths, 1)
            ],
        }
    )
    spec = charts.tenths(here.look, (tell.t("evidence.places_axis"), ""))
    draw.chart(spec, charts.DATA, frames.arrow(frame), " · ".join(frame["tip"]))
