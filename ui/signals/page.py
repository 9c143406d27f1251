"""What warns, and how early: the map, one pair opened, and who shows the warning now."""

from typing import Any

import pandas as pd
import streamlit as st

import workspace
from kpis.kpi import OBJECTIVES
from ui import draw, frames, header, link, notices
from ui.charts import evidence as charts
from ui.here import Here
from ui.signals import behind, board, story, warned
from workspace import LeadMap

_OBJECTIVE = "leads_objective"
_MAP = "leads_map"


def show(here: Here) -> None:
    """Draw the page."""
    with notices.caught():
        tell = here.tell
        if here.loaded.empty:
            header.head(here, tell.t("evidence.title"), tell.t("evidence.question"), controls=False)
            notices.nothing_yet(here)
            return
        found = tested(here)
        first, last = (tell.period(one) if one else "" for one in (found.first, found.last))
        indicators = len({v.shown.leading for v in found.verdicts})
        caption = tell.t("evidence.caption", n=indicators, months=found.months, first=first, last=last)
        words = header.filter_words(here)
        header.head(here, tell.t("evidence.title"), f"{caption} · {words}" if words else caption)
        if not found.verdicts:
            st.caption(tell.t("evidence.nothing_tried"))
            return
        _body(here, found)


def tested(here: Here) -> LeadMap:
    """The map of the workspace under the filters in force, with progress where it is not there yet."""
    place = st.empty()
    tell = here.tell

    def progress(share: float, what: str) -> None:
        outcome = tell.short(what) if what else tell.t("evidence.company_months")
        place.progress(min(share, 1.0), text=tell.t("evidence.testing", what=outcome))

    found = workspace.lead_map(here.loaded.space, dict(here.link.where), progress)
    place.empty()
    return found


def _body(here: Here, found: LeadMap) -> None:
    objective = board.objective_of(here.link.pair) or st.session_state.get(_OBJECTIVE) or "retention"
    pair = here.link.pair if board.objective_of(here.link.pair) == objective else ""
    if pair and found.pair(*pair.split(board.BY, 1)) is None:
        pair = ""
    shown = board.board(found.verdicts, objective, pair, here.tell, dict(found.events))
    pair = pair or shown.best
    shown = board.board(found.verdicts, objective, pair, here.tell, dict(found.events))
    _objectives(here, objective)
    grid = st.grid(columns=5, min_column_width=150, gap="small")
    with grid.cell(column_span=3), st.container(border=True, key="leads_board", gap="xsmall", height="stretch"):
        _map(here, found, shown, objective, pair)
    if not pair:
        return
    verdict = found.pair(*pair.split(board.BY, 1))
    if verdict is None:
        return
    with grid.cell(column_span=2), st.container(border=True, key="leads_story", gap="xsmall", height="stretch"):
        story.show(here, verdict, found)
    behind.show(here, verdict)
    warned.show(here, verdict)


def _objectives(here: Here, objective: str) -> None:
    key = link.seed("w_leads_objective", objective)

    def write() -> None:
        st.session_state[_OBJECTIVE] = st.session_state[key]
        link.change(pair="")

    st.segmented_control(
        here.tell.t("shell.objectives"),
        OBJECTIVES,
        key=key,
        required=True,
        format_func=lambda name: here.tell.t(f"shell.{name}"),
        on_change=write,
        label_visibility="collapsed",
    )


def _map(here: Here, found: LeadMap, shown: board.Board, objective: str, pair: str) -> None:
    tell = here.tell
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"##### {tell.t('evidence.map')}", anchors=False, width="content")
        draw.behind(tell, "leads", lambda: board.table(found.verdicts, objective, tell), f"evidence_{objective}.csv")
    st.caption(tell.t("evidence.map_says"))
    if shown.frame.empty:
        st.caption(tell.t("evidence.nothing_tried"))
        return
    spec = charts.lead_map(here.look, shown.rows, shown.columns)
    st.vega_lite_chart(
        {**spec, "datasets": {charts.DATA: frames.arrow(shown.frame)}},
        theme=None,
        width="stretch",
        key=f"{_MAP}_{objective}",
        on_select=_picked(f"{_MAP}_{objective}"),
        selection_mode=[charts.PICK],
        alt=tell.t("evidence.map_alt", n=shown.rows),
    )
    if shown.left_out:
        st.caption(tell.t("evidence.map_more", n=shown.left_out))
    st.caption(tell.t("evidence.legend"))
    _choose(here, shown.frame, pair)


def _picked(key: str) -> Any:
    def write() -> None:
        chosen = (st.session_state.get(key) or {}).get("selection", {}).get(charts.PICK) or []
        if chosen and chosen[0].get("pair"):
            link.change(pair=str(chosen[0]["pair"]))

    return write


def _choose(here: Here, frame: pd.DataFrame, pair: str) -> None:
    """The same choice for the keyboard and the phone."""
    names = {row.pair: f"{row.row} → {row.column}" for row in frame.itertuples()}
    key = link.seed("w_leads_pair", pair if pair in names else None)
    st.selectbox(
        here.tell.t("evidence.open"),
        list(names),
        key=key,
        format_func=lambda one: names.get(one, one),
        on_change=lambda: link.change(pair=st.session_state[key] or ""),
    )
