"""What came into the workspace, newest first; the last import can be taken back and brought back."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from babel.dates import format_datetime

from data.problems import DataProblem
from ui import draw
from ui.here import Here
from ui.importing import state, wording


def show(here: Here) -> None:
    """The section; nothing in a workspace that never got rows."""
    space, tell = here.loaded.space, here.tell
    entries = space.store.history(space.id)
    if not entries:
        return
    with st.container(border=True, key="import_history", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {tell.t('import.history')}", width="content", anchors=False)
            with st.container(horizontal=True, width="content", gap="xsmall"):
                if any(entry.in_force for entry in entries):
                    _button(here, "undo", ":material/undo:", space.store.undo)
                if entries[0].action != "import":
                    _button(here, "redo", ":material/redo:", space.store.redo)
        st.caption(tell.t("import.history_says"))
        frame = table(here, entries)
        st.dataframe(frame, hide_index=True, width="stretch", placeholder="", column_config=draw.localized(frame))


def _button(here: Here, name: str, icon: str, act: Callable[[str], Any]) -> None:
    def press() -> None:
        try:
            act(here.loaded.space.id)
            state.start_over()
        except DataProblem as problem:
            state.set_trouble(problem)

    st.button(here.tell.t(f"import.{name}"), icon=icon, type="tertiary", on_click=press, key=f"import_{name}")


def table(here: Here, entries: list[Any]) -> pd.DataFrame:
    """One row for each table of each version."""
    tell = here.tell
    zone = ZoneInfo(here.loaded.space.settings["timezone"])
    rows = []
    for entry in entries:
        when = format_datetime(entry.created_at.astimezone(zone), "medium", locale=here.locale)
        action = tell.t(f"import.action_{entry.action}")
        state_now = tell.t("import.in_force") if entry.in_force else ""
        for one in entry.imports or (None,):
            rows.append(
                {
                    tell.t("import.when"): when,
                    tell.t("import.what"): action,
                    tell.t("import.source"): one.source_name if one else tell.t("import.version", n=entry.content),
                    tell.t("import.table"): wording.table(one.table, tell) if one else "",
                    tell.t("import.rows"): one.rows_accepted if one else None,
                    tell.t("import.rows_aside"): one.rows_rejected if one else None,
                    tell.t("import.now"): state_now,
                }
            )
    return pd.DataFrame(rows)
