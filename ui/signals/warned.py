"""Who shows the warning now: the fifth of comparable accounts that stands where those with the event stood."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

import workspace
from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui import draw
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.signals.segmented import holding
from ui.text import escaped
from ui.verdict import listed
from words import evidence as words
from words import formats

FIFTH = 0.2
MOST = 200


@dataclass(frozen=True)
class Warned:
    """The accounts, worst first, how many were compared, and the money they pay by month."""

    frame: pd.DataFrame
    compared: int
    mrr: float


def show(here: Here, verdict: Verdict, segments: dict[str, Evidence]) -> None:
    """The list; only where accounts showed a sign that comes early.

    Where the link holds in some segments only, the list keeps to those unless asked otherwise.
    """
    one, tell = verdict.shown, here.tell
    leads = one.level == "account" and one.grade in ("strong", "likely", "weak") and one.tag != "already_leaving"
    if not leads or not one.sign:
        return
    found = _warned(here.loaded.scope, here.loaded, one.leading, one.sign, here.link)
    if found.frame.empty:
        return
    with st.container(border=True, key="leads_warned", gap="xsmall"):
        head = st.container(gap="xsmall")
        found, outside = _kept_to(here, found, holding(segments, one.sign), len(segments))
        with head:
            _head(here, one, found)
        if outside:
            st.caption(tell.t("evidence.warned_outside", n=outside))
        if found.frame.empty:
            return
        shown = _shown(here, found.frame, here.loaded.catalogue.kpi(one.leading).unit)
        st.dataframe(
            shown.head(MOST),
            hide_index=True,
            width="stretch",
            height=min(420, 38 + 35 * len(shown)),
            column_config={
                tell.t("evidence.place"): st.column_config.ProgressColumn(
                    tell.t("evidence.place"), min_value=0, max_value=100, format="%d"
                )
            },
        )
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(tell.t("evidence.warned_note"))
            st.download_button(
                tell.t("objective.download_n", n=len(shown)),
                lambda: draw.csv(shown),
                file_name=f"{one.leading}_{one.lagging}.csv",
                mime="text/csv",
                icon=":material/download:",
                key="download_warned",
                on_click="ignore",
            )


def _head(here: Here, one: Evidence, found: Warned) -> None:
    tell, total = here.tell, sum(one.tenths)
    money = tell.value(found.mrr, "money")
    st.markdown(f"##### {tell.t('evidence.warned', n=len(found.frame), money=money)}", anchors=False)
    inside = sum(one.tenths[:2] if one.sign < 0 else one.tenths[-2:])
    st.caption(
        tell.t(
            "evidence.warned_low" if one.sign < 0 else "evidence.warned_high",
            compared=found.compared,
            share=formats.percent(inside / total, tell.locale, 0) if total else formats.DASH,
            events=words.events(one.lagging, total, tell.locale)
            if total == one.n
            else tell.t("evidence.n_cases", n=total),
        )
    )


def _kept_to(here: Here, found: Warned, names: list[str], of: int) -> tuple[Warned, int]:
    """The list within the segments in which the link holds, and how many accounts that leaves out."""
    if not names or len(names) == of or "segment" not in found.frame:
        return found, 0
    said = listed(names, here.tell)
    if not st.toggle(escaped(here.tell.t("evidence.warned_only", segments=said)), value=True, key="leads_only"):
        return found, 0
    inside = found.frame[found.frame["segment"].isin(names)].reset_index(drop=True)
    return Warned(inside, found.compared, float(inside["mrr"].sum())), len(found.frame) - len(inside)


@kept
def _warned(scope: Scope, _loaded: Loaded, leading: str, sign: int, state: Link) -> Warned:
    frame = workspace.standing_now(_loaded.space, leading, dict(state.where))
    near = frame["place"] <= FIFTH if sign < 0 else frame["place"] >= 1 - FIFTH
    worst = frame[near].assign(mrr=lambda f: f["mrr"].fillna(0.0))
    worst = worst.sort_values(["mrr", "account_id"], ascending=[False, True], kind="stable").reset_index(drop=True)
    return Warned(worst, len(frame), float(worst["mrr"].sum()))


def _shown(here: Here, frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    tell = here.tell
    names = frame["name"].fillna(frame["account_id"]).astype(str)
    columns: dict[str, Any] = {tell.t("objective.column_account"): names}
    if "segment" in frame:
        columns[tell.t("evidence.segment")] = frame["segment"].astype(object)
    columns |= {
        tell.t("evidence.money"): [tell.full(v, "money") for v in frame["mrr"]],
        tell.t("evidence.value_now"): [tell.value(v, unit) for v in frame["value"]],
        tell.t("evidence.place"): (frame["place"] * 100).round(),
        tell.t("evidence.moved"): [
            formats.DASH
            if pd.isna(v)
            else tell.t(
                "evidence.moved_down" if v <= FIFTH else "evidence.moved_up" if v >= 1 - FIFTH else "evidence.moved_not"
            )
            for v in frame["moved"]
        ],
        tell.t("objective.column_account_id"): frame["account_id"],
    }
    return pd.DataFrame(columns)
