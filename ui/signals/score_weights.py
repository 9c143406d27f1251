"""Weights of the health score that the data would rather have: shown beside the current ones, never applied."""

from math import isfinite

import pandas as pd
import streamlit as st

from kpis.evidence.weights import Suggestion
from ui.here import Here
from words import formats


def show(here: Here, found: Suggestion | None) -> None:
    """The card; nothing without inputs."""
    if found is None:
        return
    tell = here.tell
    with st.container(border=True, key="score_weights", gap="xsmall"):
        st.markdown(f"##### {tell.t('backtest.weights')}", anchors=False)
        if found.refusal is not None:
            params = {name: found.refusal.params[name] for name in ("n", "needed") if name in found.refusal.params}
            st.markdown(tell.t(f"backtest.weights_{found.refusal.id}", **params))
        if isfinite(found.gain):
            gain, low, high = (
                formats.decimal(100 * one, 1, tell.locale) for one in (found.gain, found.low, found.high)
            )
            st.caption(tell.t("backtest.gain", gain=gain, low=low, high=high, n=found.departures))
        columns = {
            tell.t("backtest.input"): [tell.t(f"backtest.input_{key}") for key in found.current],
            tell.t("backtest.now"): [formats.percent(w / 100, tell.locale, 0) for w in found.current.values()],
        }
        if found.weights:
            suggested = [formats.percent(found.weights[key] / 100, tell.locale, 0) for key in found.current]
            columns[tell.t("backtest.suggested")] = suggested
        st.dataframe(pd.DataFrame(columns), hide_index=True, width="stretch")
        st.caption(tell.t("backtest.never_applied"))
