"""The page of what is stored: tables, history, backup, retention and erasure; and the way out when a file is lost."""

from typing import Any

import pandas as pd
import streamlit as st
from babel.dates import format_date, format_datetime

from ui import draw, link, notices
from ui.here import Here
from ui.importing import wording
from ui.reference import data_backup, data_history, data_keeping, head
from ui.reference.data_saying import outcome, tried, zone
from ui.text import escaped
from workspace import keeping

SECTIONS = {
    "history": data_history.show,
    "backup": data_backup.show,
    "retention": data_keeping.show,
}


def show(here: Here) -> None:
    """Draw the page."""
    tell = here.tell
    with notices.caught():
        head.plain(here, tell.t("shell.stored"), tell.t("data.says", name=escaped(here.loaded.name)))
        outcome(here)
        trouble(here)
        tabs = st.tabs([tell.t(f"data.tab_{name}") for name in ("tables", *SECTIONS)], key="data_tabs")
        with tabs[0]:
            _tables(here)
        for tab, section in zip(tabs[1:], SECTIONS.values(), strict=True):
            with tab:
                section(here)


def trouble(here: Here) -> None:
    """A stored file that is gone or damaged: what that means, and the ways out, which are on this page."""
    problem = here.loaded.space.trouble
    if problem is None:
        return
    tell = here.tell
    with st.container(border=True, key="data_trouble", gap="xsmall"):
        st.markdown(f"##### :red[:material/error:] {tell.t('data.trouble')}", anchors=False)
        table = escaped(wording.table(str(problem.params.get("table", "")), tell))
        st.markdown(tell.t("data.trouble_says", table=table))
        st.markdown(tell.t("data.trouble_ways"))


def _tables(here: Here) -> None:
    tell, space = here.tell, here.loaded.space
    if space.trouble is not None:
        counts = space.store.rows(space.id)
        shown: dict[str, list[Any]] = {
            tell.t("data.table"): [wording.table(name, tell) for name in counts],
            tell.t("data.rows"): list(counts.values()),
        }
    else:
        held = keeping.overview(space)
        if not held:
            st.markdown(tell.t("data.empty"))
            if st.button(tell.t("data.empty_step"), type="primary", icon=":material/upload_file:", key="data_bring"):
                st.switch_page(notices.IMPORT, query_params=link.query(here.link))
            return
        place = zone(here)
        shown = {
            tell.t("data.table"): [wording.table(one.table, tell) for one in held],
            tell.t("data.rows"): [one.rows for one in held],
            tell.t("data.first"): [_day(here, one.first) for one in held],
            tell.t("data.last"): [_day(here, one.last) for one in held],
            tell.t("data.imported"): [
                format_datetime(one.imported.created_at.astimezone(place), "medium", locale=here.locale)
                if one.imported
                else "–"
                for one in held
            ],
            tell.t("data.source"): [one.source for one in held],
        }
    st.caption(tell.t("data.tables_says"))
    frame = pd.DataFrame(shown)
    st.dataframe(frame, hide_index=True, width="stretch", column_config=draw.localized(frame))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            tell.t("data.check"),
            icon=":material/verified:",
            key="data_check",
            help=tell.t("data.check_says"),
            on_click=tried(lambda: _checked(here)),
        )


def _day(here: Here, day: Any) -> str:
    return format_date(day, "medium", locale=here.locale) if day is not None else "–"


def _checked(here: Here) -> str:
    space = here.loaded.space
    damaged = space.store.damaged(space.id)
    if not damaged:
        return here.tell.t("data.checked")
    return here.tell.t("data.damaged", tables=escaped(wording.listed(damaged, here.tell)))
