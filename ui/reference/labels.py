"""Settings of what leads and what lags, objective by objective."""

from functools import partial

import streamlit as st

from data.store.preferences import ROLES
from kpis.kpi import OBJECTIVES, Kpi, Objective
from ui.here import Here
from ui.reference.saving import saved, seeded


def show(here: Here) -> None:
    """The KPIs of one objective's page, each with its label."""
    tell = here.tell
    st.caption(tell.t("settings.labels_says"))
    objective = st.segmented_control(
        tell.t("settings.objective"),
        OBJECTIVES,
        default=OBJECTIVES[0],
        key="labels_objective",
        required=True,
        format_func=lambda name: tell.t(f"shell.{name}"),
    )
    shown = here.loaded.catalogue.page(objective)
    grid = st.grid(columns=3, min_column_width=280, gap="small")
    for one in shown:
        with grid.cell(), st.container(border=True, key=f"label_{one.key}", gap="xxsmall", height="stretch"):
            _label(here, one, objective)
    _more(here, objective, [one for one in here.loaded.catalogue.kpis if one not in shown])


def _label(here: Here, one: Kpi, objective: Objective) -> None:
    tell, catalogue = here.tell, here.loaded.catalogue
    usual, now = catalogue.usual_role(one, objective), catalogue.role(one, objective)
    key = seeded(f"label_role_{objective}_{one.key}_{here.loaded.space.id}", now)
    changed = f" :small[:orange[{tell.t('settings.changed')}]]" if now != usual else ""
    st.markdown(f"**{tell.short(one.key)}**{changed}")
    st.segmented_control(
        tell.short(one.key),
        ROLES,
        key=key,
        required=True,
        format_func=lambda name: tell.t(f"objective.{name}"),
        on_change=saved(partial(_save, here, one, objective, key)),
        label_visibility="collapsed",
    )


def _save(here: Here, one: Kpi, objective: Objective, key: str) -> None:
    """Record the label; the catalogue's own is recorded by taking ours away."""
    chosen, space, catalogue = st.session_state[key], here.loaded.space, here.loaded.catalogue
    own = one in catalogue.usual_page(objective)
    space.store.save_label(
        space.id, one.key, objective, None if own and chosen == catalogue.usual_role(one, objective) else chosen
    )


def _more(here: Here, objective: Objective, rest: list[Kpi]) -> None:
    """Bring a KPI of another objective onto the page, as one that leads here."""
    tell, key, space = here.tell, f"label_more_{objective}", here.loaded.space

    def add() -> None:
        chosen = st.session_state[key]
        if chosen:
            space.store.save_label(space.id, chosen, objective, "leading")
            st.session_state[key] = None

    st.selectbox(
        tell.t("settings.label_more"),
        [one.key for one in rest],
        index=None,
        key=key,
        format_func=tell.name,
        placeholder=tell.t("settings.label_more_says"),
        on_change=saved(add),
        width=420,
    )
