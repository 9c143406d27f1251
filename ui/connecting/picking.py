"""Choosing tables: what there is, what each seems to be, what the checks say of a sample, and one button."""

from typing import Any

import pandas as pd
import streamlit as st

from data.connections import Relation
from data.importing import Prepared
from data.problems import DataProblem
from data.store import ConnectionInfo
from ui.connecting import cards, live, state
from ui.connecting.state import Said
from ui.here import Here
from ui.importing import problems_panel, wording
from ui.text import escaped
from workspace import connecting
from workspace.connecting import Peeked

WHOLE = ""


def show(here: Here, info: ConnectionInfo) -> None:
    """The panel of the connection that is open."""
    tell, space = here.tell, here.loaded.space
    with st.container(border=True, key="connection_pick", gap="small"):
        st.markdown(f"##### {tell.t('connections.pick', name=escaped(info.name))}", anchors=False)
        wanted = [""] if info.kind == "link" else _choose(here, info)
        if not wanted:
            return
        key = (space.id, info.name, tuple(wanted), str(space.facts.key))

        def look() -> tuple[list[Peeked], Any]:
            found = connecting.peek(space, info.name, wanted, state.shared())
            return found, connecting.try_out(space, found)

        with st.spinner(tell.t("connections.looking")):
            peeked, tried = state.peeked(key, look)
        cursors = {}
        for number, (one, rows) in enumerate(zip(peeked, tried, strict=True)):
            cursors[_name(one)] = _table(here, number, one, rows)
        ready = [one for one in peeked if one.mapping]
        if not info.options.get("live"):
            st.button(
                tell.t("connections.bring_in", n=len(ready)),
                type="primary",
                icon=":material/download:",
                disabled=not ready,
                key="connection_bring_in",
                on_click=lambda: state.attempt(lambda: _bring_in(here, info.name, ready, cursors)),
            )
            st.caption(tell.t("connections.bring_in_says"))
        if info.kind == "postgresql" and ready:
            with st.popover(tell.t("connections.live_pick"), icon=":material/sensors:", key="connection_live"):
                live.explain(here)
                minutes = live.interval(here, "connection_live_minutes")
                st.button(
                    tell.t("connections.live_on"),
                    type="primary",
                    key="connection_live_sure",
                    on_click=lambda: state.attempt(lambda: _use_live(here, info.name, ready, minutes)),
                )


def _choose(here: Here, info: ConnectionInfo) -> list[str]:
    tell, space = here.tell, here.loaded.space
    with st.spinner(tell.t("connections.looking")):
        offered: list[Relation] = state.offered(info.name, lambda: connecting.offered(space, info.name, state.shared()))
    if not offered:
        st.markdown(f":orange[:material/help:] {tell.t('connections.nothing_offered')}")
        return []
    by_name = {one.shown: one for one in offered}
    picked = [one.shown for one in space.store.picked(space.id, info.name) if one.shown in by_name]

    def said(name: str) -> str:
        one = by_name[name]
        rows = "" if one.rows is None else f" · {tell.t('connections.about_rows', n=one.rows)}"
        return f"{name}{' · ' + tell.t('connections.view') if one.is_view else ''}{rows}"

    return st.multiselect(
        tell.t("connections.which"),
        list(by_name),
        default=picked,
        format_func=said,
        key=f"connection_which_{info.name}",
        placeholder=tell.t("connections.which_none"),
    )


def _table(here: Here, number: int, one: Peeked, rows: list[Prepared]) -> str:
    """One table: what it seems to be, a sample, the columns found, the problems. Returns the cursor chosen."""
    tell, cursor = here.tell, WHOLE
    with st.container(border=True, key=f"connection_table_{number}", gap="xsmall"):
        feeds = wording.listed(one.tables, tell)
        st.markdown(f"**{escaped(_name(one))}** → {escaped(feeds) if feeds else tell.t('connections.feeds_nothing')}")
        total = "" if one.rows is None else tell.t("connections.rows", n=one.rows)
        st.caption(f"{total} · {tell.t('connections.sampled', n=one.sampled)}".strip(" ·"))
        st.dataframe(
            one.frame.astype(object).where(one.frame.notna(), ""), hide_index=True, width="stretch", height=180
        )
        if not one.mapping:
            st.markdown(f":orange[:material/help:] {tell.t('connections.feeds_nothing_says')}")
            return cursor
        st.dataframe(columns(here, rows), hide_index=True, width="stretch")
        problems = [problem for each in rows for problem in each.checked.problems]
        if problems:
            st.markdown(f":orange[:material/warning:] {tell.t('connections.problems', n=len(problems))}")
            st.dataframe(problems_panel.table(problems, here), hide_index=True, width="stretch")
        if one.relation is not None:
            grows = [WHOLE, *(column.name for column in one.relation.columns if column.grows)]
            suggested = one.relation.suggested_cursor
            cursor = st.selectbox(
                tell.t("connections.cursor"),
                grows,
                index=grows.index(suggested),
                format_func=lambda name: name or tell.t("connections.cursor_none"),
                help=tell.t("connections.cursor_says"),
                key=f"connection_cursor_{_name(one)}",
            )
    return cursor


def columns(here: Here, rows: list[Prepared]) -> pd.DataFrame:
    """Which column of theirs feeds which of ours."""
    tell = here.tell
    found = [
        {
            tell.t("connections.ours"): f"{wording.table(one.table, tell)} · {ours}",
            tell.t("connections.theirs"): theirs if isinstance(theirs, str) else ", ".join(theirs),
        }
        for one in rows
        for ours, theirs in one.checked.mapping.items()
    ]
    return pd.DataFrame(found, columns=[tell.t("connections.ours"), tell.t("connections.theirs")])


def _name(one: Peeked) -> str:
    return one.relation.shown if one.relation else one.upload.name


def _picked_only(here: Here, name: str, peeked: list[Peeked], cursors: dict[str, str]) -> None:
    """These tables and no others are picked."""
    chosen = {_name(one) for one in peeked}
    for one in here.loaded.space.store.picked(here.loaded.space.id, name):
        if one.shown not in chosen:
            connecting.unpick(here.loaded.space, name, one.shown)
    connecting.pick(here.loaded.space, name, peeked, lambda relation: cursors.get(relation.shown, WHOLE))


def _use_live(here: Here, name: str, peeked: list[Peeked], minutes: int) -> Said:
    store, id = here.loaded.space.store, here.loaded.space.id
    before = store.picked(id, name)
    try:
        _picked_only(here, name, peeked, {})
        said = live.on(here, name, minutes)
    except DataProblem:
        store.save_picked(id, name, before)  # refused: all stays as it was
        raise
    state.open_one("")
    return said


def _bring_in(here: Here, name: str, peeked: list[Peeked], cursors: dict[str, str]) -> Said:
    _picked_only(here, name, peeked, cursors)
    said = cards.refreshed(here, name)
    if said.problem is None:
        state.open_one("")
    return said
