"""How long things are kept, and erasing an account, on the page of stored data."""

from functools import partial

import pandas as pd
import streamlit as st

from ui import draw
from ui.here import Here
from ui.importing import wording
from ui.reference.data_saying import tried
from ui.reference.saving import outcome, saved, seeded
from workspace import keeping

FOR_EVER = -1  # a select box takes None for nothing chosen
DAYS = (7, 30, 90, 180, 365, 730, 1825)


def show(here: Here) -> None:
    """Both cards."""
    grid = st.grid(columns=2, min_column_width=300, gap="small")
    with grid.cell(), st.container(border=True, key="data_retention_card", gap="small", height="stretch"):
        _retention(here)
    with grid.cell(), st.container(border=True, key="data_erase_card", gap="small", height="stretch"):
        _erase(here)


def _retention(here: Here) -> None:
    tell, space = here.tell, here.loaded.space
    st.markdown(f"##### {tell.t('data.retention_title')}", anchors=False)
    st.caption(tell.t("data.retention_says", command="`python cli.py sweep`"))
    settings = space.store.settings(space.id)
    for name in keeping.RETENTION:
        never = (0,) if name == "keep_originals_days" else ()
        now = FOR_EVER if settings[name] is None else settings[name]
        key = seeded(f"data_{name}_{space.id}", now)
        options = sorted({FOR_EVER, *never, *DAYS, now})
        st.selectbox(
            tell.t(f"data.{name}"),
            options,
            key=key,
            format_func=partial(_days, here),
            on_change=saved(partial(_save, here, name, key)),
            help=tell.t(f"data.{name}_says"),
        )
    outcome(here)


def _days(here: Here, days: int) -> str:
    if days == FOR_EVER:
        return here.tell.t("data.for_ever")
    return here.tell.t("data.days", n=days) if days else here.tell.t("data.never")


def _save(here: Here, name: str, key: str) -> None:
    space = here.loaded.space
    days = st.session_state[key]
    space.store.save_settings(space.id, {name: None if days == FOR_EVER else days})


def _erase(here: Here) -> None:
    """Look first, then type the id again: what goes cannot come back."""
    tell, space = here.tell, here.loaded.space
    st.markdown(f"##### {tell.t('data.erase_title')}", anchors=False)
    st.caption(tell.t("data.erase_says"))
    planned = f"data_erase_plan_{space.id}"
    asked = st.text_input(tell.t("data.erase_id"), key="data_erase_id", max_chars=200).strip()

    def look() -> str:
        st.session_state[planned] = None
        st.session_state[planned] = (asked, keeping.erase(space.store, space.id, asked, dry_run=True))
        return ""

    st.button(
        tell.t("data.erase_look"),
        icon=":material/search:",
        key="data_erase_look",
        disabled=not asked,
        on_click=tried(look),
    )
    of, plan = st.session_state.get(planned) or ("", None)
    if plan is None or of != asked:
        return
    rows = {
        tell.t("data.table"): [wording.table(name, tell) for name in plan.rows_in_history],
        tell.t("data.erase_rows"): [plan.rows.get(name, 0) for name in plan.rows_in_history],
        tell.t("data.erase_rows_ever"): list(plan.rows_in_history.values()),
    }
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, width="stretch", column_config=draw.localized(frame))
    said = [tell.t("data.erase_files", originals=plan.originals, rejected=plan.rejected)]
    said = [tell.t("data.erase_also", n=plan.mentions), *said] if plan.mentions else said
    st.caption(" ".join(said))
    typed = st.text_input(tell.t("data.erase_confirm"), key="data_erase_confirm", max_chars=200).strip()

    def go() -> str:
        done = keeping.erase(space.store, space.id, asked)
        st.session_state[planned] = None
        for key in ("data_erase_id", "data_erase_confirm"):
            st.session_state[key] = ""
        return tell.t("data.erased", version=done.version)

    st.button(
        tell.t("data.erase"),
        icon=":material/delete_forever:",
        type="primary",
        key="data_erase",
        disabled=typed != asked,
        on_click=tried(go),
    )
