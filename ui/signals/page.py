"""What warns, and how early: the map, one pair opened, and who shows the warning now."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

import workspace
from kpis.catalogue import Catalogue
from kpis.kpi import OBJECTIVES
from ui import draw, frames, header, link, notices
from ui.charts import evidence as charts
from ui.here import Here
from ui.loading import Scope, Where, kept
from ui.reference import settings
from ui.signals import answer, behind, board, segmented, story, warned
from ui.telling import Teller
from words.formats import period_in_sentence
from workspace import LeadMap

_OBJECTIVE = "leads_objective"
_FIRST = "retention"  # stays out of the link
_MAP = "leads_map"


def show(here: Here) -> None:
    """Draw the page."""
    with notices.caught():
        tell = here.tell
        if here.loaded.empty:
            header.head(here, tell.t("evidence.title"), tell.t("evidence.question"), controls=False)
            notices.nothing_yet(here)
            return
        found = _tested(here)
        if not found.verdicts:
            header.head(here, tell.t("evidence.title"), tell.t("evidence.question"), periods=False)
            _nothing(here, found)
            return
        first, last = (period_in_sentence(one, tell.locale, year=True) for one in found.span)
        indicators = len({v.shown.leading for v in found.verdicts})
        caption = tell.t("evidence.caption", n=indicators, months=found.months, first=first, last=last)
        words = header.filter_words(here)
        header.head(here, tell.t("evidence.title"), f"{caption} · {words}" if words else caption, periods=False)
        _body(here, found)


def _tested(here: Here) -> LeadMap:
    """The map of the workspace under the filters in force; title and progress while it is not there yet."""
    space, where, tell = here.loaded.space, dict(here.link.where), here.tell
    at_hand = workspace.lead_map_at_hand(space, where)
    if at_hand is not None:
        return at_hand
    place = st.empty()
    with place.container():
        st.title(tell.t("evidence.title"), anchor=False)
        st.caption(tell.t("evidence.question"))
        bar = st.progress(0.0, text=tell.t("evidence.looking"))

    def progress(share: float, what: str) -> None:
        outcome = tell.short(what) if what else tell.t("evidence.company_months")
        bar.progress(min(share, 1.0), text=tell.t("evidence.testing", what=outcome))

    found = workspace.lead_map(space, where, progress)
    place.empty()
    return found


def _body(here: Here, found: LeadMap) -> None:
    loaded = here.loaded
    place = board.objective_of(here.link.pair, loaded.catalogue)
    chosen = here.link.objective if here.link.objective in OBJECTIVES else st.session_state.get(_OBJECTIVE)
    objective = place or chosen or _FIRST
    if not place and objective != (here.link.objective or _FIRST):
        link.change(objective="" if objective == _FIRST else objective)
    asked = here.link.pair if place == objective else ""
    shown = _drawn(loaded.scope, found, loaded.catalogue, objective, asked, here.link.where, here.tell)
    _objectives(here, objective)
    verdict = found.pair(*shown.pair.split(board.BY, 1)) if shown.pair else None
    if verdict is None:
        _nothing(here, found)
        return
    call = answer.show(here, verdict, found, objective, shown.best)
    grid = st.grid(columns=5, min_column_width=150, gap="small", border=True)
    with grid.cell(column_span=3), st.container(key="leads_board", gap="xsmall"):
        _map(here, found, shown, objective)
    with grid.cell(column_span=2), st.container(key="leads_story", gap="xsmall"):
        where_it_holds = story.show(here, verdict, found)
    behind.show(here, verdict)
    segments = segmented.found(here, verdict.shown)
    listing = warned.found(here, verdict.shown, segments)
    if call is not None:
        answer.fill(here, verdict.shown, call, listing)
    if segments:
        with where_it_holds:
            segmented.sentence(here, segments)
        segmented.show(here, segments)
    warned.show(here, verdict.shown, listing)


def _nothing(here: Here, found: LeadMap) -> None:
    """Nothing to test: what is missing, and what to bring in."""
    tell = here.tell
    if not found.first:
        missing, step = ("filtered" if here.link.where else "months"), ""
    elif found.verdicts or not any(found.events.values()):
        missing, step = "outcome", "step_outcome"
    else:
        missing, step = "indicator", "step"
    with st.container(border=True, key="leads_answer", gap="xsmall"):
        st.markdown(f"## {tell.t('evidence.answer_none')}", anchors=False)
        st.markdown(tell.t(f"evidence.nothing_{missing}"))
        if step:
            st.markdown(f"**{tell.t('evidence.settle')}** {tell.t(f'evidence.nothing_{step}')}")
            st.page_link(notices.IMPORT, label=tell.t("shell.empty_step"), icon=":material/upload_file:")


@dataclass(frozen=True)
class _Drawn:
    """The map as it goes to the browser: data, size, the open pair, the strongest one, and the names of all pairs."""

    data: bytes
    rows: int
    columns: int
    left_out: int
    pair: str
    best: str
    names: dict[str, str]


@kept
def _drawn(
    scope: Scope, _found: LeadMap, _catalogue: Catalogue, objective: str, asked: str, where: Where, tell: Teller
) -> _Drawn:
    pair = asked if asked and _found.pair(*asked.split(board.BY, 1)) is not None else ""
    events = dict(_found.events)
    shown = board.board(_found.verdicts, objective, pair, tell, events, _catalogue)
    if not pair:
        pair = shown.best
        shown = board.board(_found.verdicts, objective, pair, tell, events, _catalogue)
    cells = shown.frame[["pair", "row", "column"]].astype(str).itertuples(index=False, name=None)
    names = {pair_: f"{row} → {column.partition('|')[0]}" for pair_, row, column in cells}
    return _Drawn(frames.arrow(shown.frame), shown.rows, shown.columns, shown.left_out, pair, shown.best, names)


def _objectives(here: Here, objective: str) -> None:
    key = link.seed("w_leads_objective", objective)

    def write() -> None:
        st.session_state[_OBJECTIVE] = st.session_state[key]
        chosen = st.session_state[key]
        link.change(objective="" if chosen == _FIRST else chosen, pair="", shift="")

    st.segmented_control(
        here.tell.t("shell.objectives"),
        OBJECTIVES,
        key=key,
        required=True,
        format_func=lambda name: here.tell.t(f"shell.{name}"),
        on_change=write,
        label_visibility="collapsed",
    )


def _map(here: Here, found: LeadMap, shown: _Drawn, objective: str) -> None:
    tell = here.tell
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"##### {tell.t('evidence.map')}", anchors=False, width="content")
        catalogue = here.loaded.catalogue
        rows = partial(board.table, found.verdicts, objective, tell, catalogue)
        draw.behind(tell, "leads", rows, f"evidence_{objective}.csv")
    st.caption(tell.t("evidence.map_says"))
    # A key of its own for each open pair: a chart keeps its last click, and the same click again would not be heard.
    key = f"{_MAP}_{objective}_{shown.pair}"
    st.vega_lite_chart(
        {**charts.lead_map(here.look, shown.rows, shown.columns), "datasets": {charts.DATA: shown.data}},
        theme=None,
        width="stretch",
        key=key,
        on_select=_picked(key),
        selection_mode=[charts.PICK],
        alt=tell.t("evidence.map_alt", n=shown.rows),
    )
    if shown.left_out:
        st.caption(tell.t("evidence.map_more", n=shown.left_out))
    st.caption(tell.t("evidence.legend"))
    _choose(here, shown)
    label = f"{tell.t('pairs.n_on_map', n=len(catalogue.pairs))} · {tell.t('pairs.edit_map')}"
    if st.button(label, key="leads_edit_map", type="tertiary", icon=":material/edit:"):
        st.session_state[settings.ASKED] = "map"
        st.switch_page("pages/reference/settings.py")


def _picked(key: str) -> Any:
    def write() -> None:
        chosen = (st.session_state.get(key) or {}).get("selection", {}).get(charts.PICK) or []
        if chosen and chosen[0].get("pair"):
            link.change(pair=str(chosen[0]["pair"]), shift="")

    return write


def _choose(here: Here, shown: _Drawn) -> None:
    """The same choice for the keyboard and the phone."""
    key = link.seed("w_leads_pair", shown.pair if shown.pair in shown.names else None)
    st.selectbox(
        here.tell.t("evidence.open"),
        list(shown.names),
        key=key,
        format_func=lambda one: shown.names.get(one, one),
        on_change=lambda: link.change(pair=st.session_state[key] or "", shift=""),
    )
