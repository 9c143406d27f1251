"""Who shows the warning now: the fifth of comparable accounts that stands where those with the event stood."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

import workspace
from kpis.evidence.result import Evidence
from ui import draw
from ui.here import Here
from ui.loading import Loaded, Scope, Where, kept
from ui.signals.behind import placed
from ui.signals.board import warns
from ui.signals.segmented import holding
from ui.telling import Teller
from ui.text import escaped
from ui.verdict import listed
from words import formats

FIFTH = 0.2
FEWER = 0.9  # of a fifth: fewer accounts than this show that many share one value
MOST = 200
ANCHOR = "leads-now"  # where the list stands on the page
_ONLY = "leads_only"


@dataclass(frozen=True)
class Warned:
    """Who shows it, whom to call first at the top.

    Attributes:
        frame: One row for each account, as `workspace.standing_now`, in the order of the list.
        shown: The same in words.
        first: The name of the first account; "" without any.
        moved: Whether it moved against its own past as those with the event did (early warnings only).
        compared: Accounts compared.
        mrr: What the accounts pay a month.
        segments: The segments the list can be kept to because the link shows in these only.
        outside: Accounts that are left out because the list is kept to them.
    """

    frame: pd.DataFrame
    shown: pd.DataFrame
    first: str
    moved: bool
    compared: int
    mrr: float
    segments: tuple[str, ...]
    outside: int


def found(here: Here, one: Evidence, segments: dict[str, Evidence]) -> Warned | None:
    """Who shows the warning now; None where no account can show it.

    Where the link holds in some segments only, the list keeps to those unless asked otherwise.
    """
    if one.level != "account" or not warns(one) or not one.sign:
        return None
    names = tuple(holding(segments, one.sign))
    some = names if 0 < len(names) < len(segments) else ()
    only = bool(some) and bool(st.session_state.get(_ONLY, True))
    early = one.tag == "early_warning"
    return _found(here.loaded.scope, here.loaded, one.leading, one.sign, early, some, only, here.link.where, here.tell)


@kept
def _found(
    scope: Scope,
    _loaded: Loaded,
    leading: str,
    sign: int,
    early: bool,
    segments: tuple[str, ...],
    only: bool,
    where: Where,
    tell: Teller,
) -> Warned:
    standing = workspace.standing_now(_loaded.space, leading, dict(where))
    compared = len(standing)
    frame = standing[_beyond(standing["place"], sign)]
    frame = frame.assign(mrr=frame["mrr"].fillna(0.0), with_it=early & _beyond(frame["moved"], sign))
    every = len(frame)
    segments = segments if "segment" in frame else ()
    if only and segments:
        frame = frame[frame["segment"].isin(segments)]
    frame = frame.sort_values(["with_it", "mrr", "account_id"], ascending=[False, False, True], kind="stable")
    frame = frame.assign(name=frame["name"].fillna(frame["account_id"]).astype(str)).reset_index(drop=True)
    first = frame.iloc[0] if len(frame) else None
    moved = first is not None and bool(first["with_it"])
    shown = _shown(frame, _loaded.catalogue.kpi(leading).unit, tell)
    name = "" if first is None else str(first["name"])
    return Warned(frame, shown, name, moved, compared, float(frame["mrr"].sum()), segments, every - len(frame))


def _beyond(place: pd.Series, sign: int) -> pd.Series:
    """Whether a place lies in the fifth in which those with the event stood."""
    return place <= FIFTH if sign < 0 else place >= 1 - FIFTH


def show(here: Here, one: Evidence, listing: Warned | None) -> None:
    """The list of accounts; nothing where there is none."""
    if listing is None or (listing.frame.empty and not listing.outside):
        return
    tell = here.tell
    with st.container(border=True, key="leads_warned", gap="xsmall"):
        _head(here, one, listing)
        if listing.segments:
            said = tell.t("evidence.warned_only", segments=listed(listing.segments, tell))
            st.toggle(escaped(said), value=True, key=_ONLY)
        if listing.outside:
            st.caption(tell.t("evidence.warned_outside", n=listing.outside))
        if listing.frame.empty:
            return
        place = tell.t("evidence.place")
        st.dataframe(
            listing.shown.head(MOST),
            hide_index=True,
            width="stretch",
            height=min(420, 38 + 35 * len(listing.shown)),
            column_config={place: st.column_config.ProgressColumn(place, min_value=0, max_value=100, format="%d")},
        )
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            early = one.tag == "early_warning"
            st.caption(tell.t("evidence.warned_note_moved" if early else "evidence.warned_note"))
            st.download_button(
                tell.t("objective.download_n", n=len(listing.shown)),
                lambda: draw.csv(listing.shown),
                file_name=f"{one.leading}_{one.lagging}.csv",
                mime="text/csv",
                icon=":material/download:",
                key="download_warned",
                on_click="ignore",
            )


def _head(here: Here, one: Evidence, listing: Warned) -> None:
    tell, total = here.tell, sum(one.tenths)
    money = tell.value(listing.mrr, "money")
    st.subheader(tell.t("evidence.warned", n=len(listing.frame), money=money), anchor=ANCHOR)
    inside = sum(one.tenths[:2] if one.sign < 0 else one.tenths[-2:])
    st.caption(
        tell.t(
            "evidence.warned_low" if one.sign < 0 else "evidence.warned_high",
            compared=listing.compared,
            share=formats.percent(inside / total, tell.locale, 0) if total else formats.DASH,
            events=placed(one, tell),
        )
    )
    if len(listing.frame) + listing.outside < FEWER * FIFTH * listing.compared:
        st.caption(tell.t("evidence.warned_tied"))


def _shown(frame: pd.DataFrame, unit: str, tell: Teller) -> pd.DataFrame:
    """The list in words; what matters for a call stands first, where a phone shows it."""
    columns: dict[str, Any] = {
        tell.t("objective.column_account"): frame["name"],
        tell.t("evidence.money"): [tell.full(v, "money") for v in frame["mrr"]],
        tell.t("evidence.moved"): [_moved(v, tell) for v in frame["moved"]],
        tell.t("evidence.place"): (frame["place"] * 100).round(),
        tell.t("evidence.value_now"): [tell.value(v, unit) for v in frame["value"]],
    }
    if "segment" in frame:
        columns[tell.t("evidence.segment")] = frame["segment"].astype(object)
    return pd.DataFrame(columns | {tell.t("objective.column_account_id"): frame["account_id"]})


def _moved(place: float, tell: Teller) -> str:
    """How an account moved against its own past; a dash with too little of it."""
    if pd.isna(place):
        return formats.DASH
    down, up = place <= FIFTH, place >= 1 - FIFTH
    return tell.t("evidence.moved_down" if down else "evidence.moved_up" if up else "evidence.moved_not")
