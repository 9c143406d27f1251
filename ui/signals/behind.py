"""The evidence behind a pair: strength by lead, where those with the event stood, segments, the company's months."""

from math import isfinite

import pandas as pd
import streamlit as st

from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui import draw, frames, link, loading
from ui.charts import evidence as charts
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.telling import Teller
from ui.text import escaped
from words import evidence as words
from words import formats

LEADS = tuple(range(7))
_LEAD = "leads_shift"


def show(here: Here, verdict: Verdict) -> None:
    """The charts of one pair; nothing for a pair that could not be tested."""
    tell, one = here.tell, verdict.shown
    if one.refusal is not None:
        return
    st.markdown(f"### {tell.t('evidence.behind')}", anchors=False)
    grid = st.grid(columns=3, min_column_width=260, gap="small", border=True)
    with grid.cell(), st.container(key="leads_strength", gap="xsmall"):
        _strength(here, one)
    if one.tenths and sum(one.tenths):
        with grid.cell(), st.container(key="leads_places", gap="xsmall"):
            _places(here, one)
    with grid.cell(), st.container(key="leads_overlay", gap="xsmall"):
        _overlay(here, one)


def _strength(here: Here, one: Evidence) -> None:
    tell = here.tell
    account = one.level == "account"
    st.markdown(f"##### {tell.t('evidence.strength')}", anchors=False)
    low = one.estimate < 0.5
    says = ("evidence.strength_low" if low else "evidence.strength_high") if account else "evidence.strength_series"
    st.caption(tell.t(says))
    frame = leads(one, tell)
    spec = charts.by_lead(here.look, 50.0 if account else 0.0, (tell.t("evidence.months_before"), ""))
    draw.chart(spec, charts.DATA, frames.arrow(frame), " · ".join(frame["tip"]))


def leads(one: Evidence, tell: Teller) -> pd.DataFrame:
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
                "text": text,
                "tip": tip,
            }
        )
    return pd.DataFrame(rows, columns=list(charts.LEAD_COLUMNS))


def _places(here: Here, one: Evidence) -> None:
    tell, total = here.tell, sum(one.tenths)
    st.markdown(f"##### {tell.t('evidence.places')}", anchors=False)
    n = words.events(one.lagging, total, tell.locale) if total == one.n else tell.t("evidence.n_cases", n=total)
    st.caption(tell.t("evidence.places_says", events=n, n=one.lead_months or 1))
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


def _overlay(here: Here, one: Evidence) -> None:
    tell = here.tell
    best = one.lead_months or 0
    st.markdown(f"##### {tell.t('evidence.overlay')}", anchors=False)
    key = f"{_LEAD}_{one.leading}_{one.lagging}"
    link.seed(key, st.session_state.get(key, best))
    shift = int(st.session_state[key])
    said = tell.t("evidence.overlay_says", leading=tell.short(one.leading), lagging=tell.short(one.lagging), n=shift)
    st.caption(escaped(said))
    data = _overlaid(here.loaded.scope, here.loaded, one.leading, one.lagging, shift, here.link, tell)
    if data is None:
        st.caption(tell.t("reasons.no_data"))
        return
    draw.chart(charts.overlay(here.look, ("", "")), charts.DATA, data, said)
    st.segmented_control(
        tell.t("evidence.shift"),
        LEADS,
        key=key,
        required=True,
        format_func=lambda n: tell.t("evidence.cell_months", n=n),
    )


@kept
def _overlaid(
    scope: Scope, _loaded: Loaded, leading: str, lagging: str, shift: int, state: Link, tell: Teller
) -> bytes | None:
    table = loading.table(_loaded, (leading, lagging), "month", where=state.where)
    table = table[table["complete"].astype(bool)]
    rows = []
    for kind, key, moved in (("lagging", lagging, 0), ("leading", leading, shift)):
        block = table[(table["kpi"] == key) & table["value"].notna()]
        unit = _loaded.catalogue.kpi(key).unit
        for period, value in zip(block["period"], block["value"].astype(float), strict=True):
            start = pd.Period(period, freq="M") + moved
            tip = f"{tell.short(key)} · {formats.period(period, tell.locale)}: {tell.value(value, unit)}"
            rows.append({"start": str(start.start_time.date()), "kind": kind, "value": value, "tip": tip})
    frame = pd.DataFrame(rows, columns=list(charts.OVERLAY_COLUMNS))
    return frames.arrow(frame) if frame["kind"].nunique() == 2 else None
