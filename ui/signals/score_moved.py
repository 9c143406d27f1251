"""Why an account's health score moved: what each input added between two closes, summing to the change."""

from collections.abc import Sequence
from math import isclose, isfinite
from typing import Any

import pandas as pd
import streamlit as st

import workspace
from ui import link
from ui.here import Here
from ui.loading import Loaded, Scope, kept
from ui.text import escaped
from words import formats

BACK = 3  # months between the two dates at first


def show(here: Here, months: Sequence[Any]) -> None:
    """The card; nothing with fewer than two months or no scores."""
    tell = here.tell
    names = _accounts(here.loaded.scope, here.loaded)
    if len(months) < 2 or not names:
        return
    ids = [one.id for one in months][::-1]
    with st.container(border=True, key="score_moved", gap="xsmall"):
        st.markdown(f"##### {tell.t('backtest.moved')}", anchors=False)
        st.caption(tell.t("backtest.moved_says"))
        with st.container(horizontal=True, gap="small"):
            account = st.selectbox(
                tell.t("objective.column_account"), list(names), format_func=names.__getitem__, key="score_account"
            )
            for key, place in (("score_before", min(BACK, len(ids) - 1)), ("score_after", 0)):
                if st.session_state.get(key) not in ids:
                    link.seed(key, ids[place])
                st.selectbox(
                    tell.t(f"backtest.{key}"), ids, key=key, format_func=lambda one: formats.period(one, tell.locale)
                )
        before, after = sorted((st.session_state["score_before"], st.session_state["score_after"]))
        _parts(here, str(account), before, after)


def _parts(here: Here, account: str, before: str, after: str) -> None:
    tell = here.tell
    first, last, parts = workspace.score_moved(here.loaded.space, account, before, after)
    if not (isfinite(first) and isfinite(last)):
        st.caption(tell.t("backtest.moved_unknown"))
        return
    told = {"first": formats.decimal(first, 1, tell.locale), "last": formats.decimal(last, 1, tell.locale)}
    total = formats.change(last - first, "score", tell.locale, here.loaded.currency)
    st.markdown(f"**{escaped(tell.t('backtest.moved_from_to', **told, change=total))}**")
    rows = {
        tell.t("backtest.input"): [tell.t(f"backtest.input_{key}") for key in parts],
        tell.t("backtest.added"): [
            formats.change(value, "score", tell.locale, here.loaded.currency) for value in parts.values()
        ],
    }
    if parts:
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    if isclose(sum(parts.values()), last - first, abs_tol=1e-6):
        st.caption(f":material/check: {tell.t('backtest.moved_closes', change=total)}")


@kept
def _accounts(scope: Scope, _loaded: Loaded) -> dict[str, str]:
    """Accounts that have a score, by id with their name, in the order of names."""
    frame = workspace.health_by_month(_loaded.space)
    ids = pd.DataFrame({"account_id": frame.loc[frame["health_score"].notna(), "account_id"].astype(str).unique()})
    named = ids.merge(_loaded.space.attributes(["name"]).astype({"account_id": str}), on="account_id", how="left")
    labels = named["name"].fillna(named["account_id"]).astype(str) + " · " + named["account_id"]
    order = labels.str.casefold().sort_values().index
    return {str(named["account_id"][place]): str(labels[place]) for place in order}
