"""Would the health score have told: the score as it was known then, against who left afterwards."""

from math import isfinite

import pandas as pd
import streamlit as st

import workspace
from kpis.evidence.backtest import Backtest, Share
from kpis.evidence.result import Lead
from ui import draw, frames, header, notices
from ui.charts import evidence as charts
from ui.here import Here
from ui.signals import score_moved, score_weights
from ui.telling import Teller
from words import formats
from words.formats import period_in_sentence


def show(here: Here) -> None:
    """Draw the page."""
    with notices.caught():
        tell = here.tell
        if here.loaded.empty:
            header.head(here, tell.t("backtest.title"), tell.t("backtest.question"), controls=False)
            notices.nothing_yet(here)
            return
        with st.spinner(tell.t("shell.reading")):
            found = workspace.score_tested(here.loaded.space, dict(here.link.where))
        filters = header.filter_words(here)
        caption = tell.t("backtest.caption")
        header.head(here, tell.t("backtest.title"), f"{caption} · {filters}" if filters else caption, periods=False)
        tried = found.backtest
        if tried is None or tried.refusal is not None:
            n, needed = (
                (tried.departures, tried.refusal.params.get("needed", 10)) if tried and tried.refusal else (0, 10)
            )
            st.markdown(tell.t("backtest.refused", n=n, needed=needed))
        else:
            months = [found.months[place].id for place in (tried.first_month, len(found.months) - 1)]
            _tried(here, tried, months)
        score_weights.show(here, found.suggestion)
        score_moved.show(here, found.months)


def _tried(here: Here, tried: Backtest, months: list[str]) -> None:
    tell = here.tell
    three = next((one for one in tried.auc if one.months == 3), tried.auc[0])
    first, last = (period_in_sentence(one, tell.locale, year=True) for one in months)
    with st.container(key="verdict", gap="xxsmall"):
        if isfinite(three.estimate):
            share = formats.decimal(100 * three.estimate, 0, tell.locale)
            st.markdown(f"## {tell.t('backtest.verdict', value=share)}", anchors=False)
            ends = [formats.decimal(100 * end, 0, tell.locale) for end in (three.low, three.high)]
            low, high = ends
            said = tell.t("backtest.sure", n=tried.departures, low=low, high=high, first=first, last=last)
            st.markdown(said + (f" {tell.t('backtest.could_be_luck')}" if three.low <= 0.5 else ""))
    grid = st.grid(columns=3, min_column_width=260, gap="small", border=True)
    with grid.cell(), st.container(key="score_auc", gap="xsmall"):
        _titled(tell, "auc")
        frame = _auc(tried.auc, tell)
        spec = charts.by_lead(here.look, 50.0, (tell.t("backtest.months_ahead"), ""))
        draw.chart(spec, charts.DATA, frames.arrow(frame), " · ".join(frame["tip"]))
    bands = [tell.t(f"backtest.band_{name}") for name in ("risk", "watch", "healthy")]
    _shares(here, grid, "bands", tried.bands, bands)
    _shares(here, grid, "worst", tried.worst, [tell.t("backtest.worst_share", n=n) for n in (10, 20)])
    fifths = [formats.decimal(place + 1, 0, tell.locale) for place in range(len(tried.bins))]
    _shares(here, grid, "bins", tried.bins, fifths)
    _shares(here, grid, "lead_curve", tried.lead, [formats.decimal(one.low_end, 0, tell.locale) for one in tried.lead])
    with grid.cell(), st.container(key="score_minds", gap="xsmall"):
        st.markdown(f"##### {tell.t('backtest.minds')}", anchors=False)
        st.markdown("\n".join(f"- {tell.t(f'backtest.warn_{one.id}')}" for one in tried.warnings))
        st.caption(tell.t("backtest.not_said"))


def _titled(tell: Teller, id: str) -> None:
    st.markdown(f"##### {tell.t(f'backtest.{id}')}", anchors=False)
    st.caption(tell.t(f"backtest.{id}_says"))


def _auc(leads: tuple[Lead, ...], tell: Teller) -> pd.DataFrame:
    rows = []
    for one in leads:
        if not isfinite(one.estimate):
            continue
        value, low, high = (100 * number for number in (one.estimate, one.low, one.high))
        text = formats.decimal(value, 0, tell.locale)
        ends = f"{formats.decimal(low, 0, tell.locale)}–{formats.decimal(high, 0, tell.locale)}"
        tip = tell.t("backtest.auc_tip", months=one.months, value=text, range=ends, n=one.n)
        rows.append((one.months, value, low, high, one.months == 3, False, text, tip))
    return pd.DataFrame(rows, columns=list(charts.LEAD_COLUMNS))


def _shares(here: Here, grid: object, id: str, parts: tuple[Share, ...], labels: list[str]) -> None:
    tell = here.tell
    with grid.cell(), st.container(key=f"score_{id}", gap="xsmall"):  # type: ignore[attr-defined]
        _titled(tell, id)
        rows = []
        for order, (one, label) in enumerate(zip(parts, labels, strict=True)):
            if not one.of:
                continue
            text = formats.percent(one.share, tell.locale, 0 if one.share >= 0.1 else 1)
            ends = f"{formats.percent(one.low, tell.locale, 0)}–{formats.percent(one.high, tell.locale, 0)}"
            tip = tell.t("backtest.share_tip", label=label, count=one.count, of=one.of, share=text, range=ends)
            rows.append((order, label, one.share, one.low, one.high, text, tip))
        frame = pd.DataFrame(rows, columns=list(charts.SHARE_COLUMNS))
        if frame.empty:
            st.caption(tell.t("reasons.no_data"))
            return
        spec = charts.shares(here.look, tell.t(f"backtest.{id}_axis"))
        draw.chart(spec, charts.DATA, frames.arrow(frame), " · ".join(frame["tip"]))
