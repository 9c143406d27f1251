"""What is called leading, beside what the data say; a label is changed with one click, and the change is recorded."""

from functools import partial

import streamlit as st

from kpis.evidence.result import Evidence
from kpis.kpi import OBJECTIVES
from ui.here import Here
from ui.reading import Reading
from ui.reference.saving import saved
from ui.signals import headline
from ui.signals.board import MIRRORS, cell, order_of, outcomes
from ui.text import escaped
from words import evidence as words
from workspace import LeadMap


def show(here: Here, objective: str, readings: dict[str, Reading]) -> None:
    """A box that is filled when it is opened: one line for each leading or lagging KPI of the page."""
    tell = here.tell
    box = st.expander(tell.t("evidence.labels"), key=f"labels_{objective}", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(tell.t("evidence.labels_says"))
        found = headline.known(here)
        if found is None:
            with st.spinner(tell.t("shell.reading")):
                found = headline.afterwards(here)
        if found is None:
            st.caption(tell.t("evidence.labels_filtered"))
            return
        lines = [
            (reading, _best(here, found, reading.key, objective))
            for reading in readings.values()
            if reading.role in ("leading", "lagging")
        ]
        for reading, one in sorted(lines, key=lambda line: line[1] is None):
            _line(here, objective, reading, one)


def _best(here: Here, found: LeadMap, key: str, objective: str) -> Evidence | None:
    """The strongest evidence of a KPI as an indicator of the objective's outcomes; None where it was not tried."""
    among = outcomes(objective, here.loaded.catalogue)
    tried = [v.shown for v in found.verdicts if v.shown.leading == key and v.shown.lagging in among]
    return max(tried, key=lambda one: order_of(one, among), default=None)


def leads(one: Evidence) -> bool | None:
    """Whether the data call it leading; None where they do not say: no sign and a weak one argue for no label."""
    if one.refusal is not None or one.grade not in ("weak", *headline.SURE):
        return None
    if one.tag in MIRRORS:
        return False
    return True if one.grade in headline.SURE else None


def _line(here: Here, objective: str, reading: Reading, one: Evidence | None) -> None:
    tell, key = here.tell, reading.key
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"label_line_{key}"):
        st.markdown(f"**{escaped(tell.short(key))}**", width=210)
        st.markdown(tell.t(f"objective.{reading.role}"), width=110)
        if one is None:
            st.markdown(f":gray[{tell.t('evidence.labels_not_tried')}]", width="stretch")
        else:
            said = " ".join(part for part in cell(one, tell) if part)
            outcome = words.outcome_word(one.lagging, tell.locale)
            st.markdown(f"{said} · :gray[{escaped(outcome)}]", width="stretch")
        wanted = "lagging" if reading.role == "leading" else "leading"
        st.button(
            tell.t(f"evidence.call_{wanted}"),
            key=f"relabel_{objective}_{key}",
            type="secondary" if one is not None and leads(one) == (wanted == "leading") else "tertiary",
            on_click=saved(partial(_save, here, key, objective, wanted)),
        )


def _save(here: Here, key: str, name: str, wanted: str) -> None:
    """Record the label; the catalogue's own is recorded by taking ours away."""
    objective = next(one for one in OBJECTIVES if one == name)
    space, catalogue = here.loaded.space, here.loaded.catalogue
    kpi = catalogue.kpi(key)
    own = kpi in catalogue.usual_page(objective) and wanted == catalogue.usual_role(kpi, objective)
    space.store.save_label(space.id, key, objective, None if own else wanted)
