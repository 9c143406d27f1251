"""The best-graded sentence for an objective, at the top of its page, with the pair it comes from; or nothing."""

from typing import Any

import streamlit as st

import workspace
from kpis.catalogue import Catalogue
from kpis.evidence.result import Evidence
from ui import link
from ui.here import Here
from ui.signals.board import BY, DOTS, order_of, outcomes, warns
from ui.text import escaped
from words import evidence as words
from workspace import LeadMap

SURE = ("likely", "strong")


def known(here: Here) -> LeadMap | None:
    """The map under the filters in force if it has been tested already."""
    return workspace.lead_map_at_hand(here.loaded.space, dict(here.link.where))


def afterwards(here: Here) -> LeadMap | None:
    """The map for a page that is drawn already: tested now where no filters are in force, else only if at hand.

    Filters are many, and testing takes seconds: under them the question is put on the evidence page.
    """
    if here.link.where:
        return known(here)
    return workspace.lead_map(here.loaded.space)


def best(found: LeadMap, objective: str, catalogue: Catalogue) -> Evidence | None:
    """The best evidence that something comes before an outcome of the objective; None below likely."""
    among = outcomes(objective, catalogue)
    shown = [verdict.shown for verdict in found.verdicts if verdict.shown.lagging in among]
    sure = [one for one in shown if one.grade in SURE and warns(one)]
    return max(sure, key=lambda one: order_of(one, among), default=None)


def place() -> Any:
    """Where the sentence goes; it may be filled once the page is drawn."""
    return st.empty()


def fill(here: Here, objective: str, where: Any, found: LeadMap | None) -> None:
    """Write the sentence, or leave the place empty."""
    one = best(found, objective, here.loaded.catalogue) if found is not None else None
    if one is None:
        return
    tell = here.tell
    with where.container(border=True, key="best_evidence", gap="xxsmall"):
        said = words.params(one)
        st.markdown(f":material/visibility: **{escaped(words.headline(said, tell.locale))}**")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            sure = escaped(words.how_sure(said, tell.locale))
            st.markdown(f":gray[{DOTS[one.grade]} {sure}]", width="content")
            pair = link.query(link.Link(**{**here.link.__dict__, "pair": f"{one.leading}{BY}{one.lagging}", "kpi": ""}))
            label = tell.t("evidence.see_pair")
            st.page_link("pages/signals/lead_lag.py", label=label, icon=":material/arrow_forward:", query_params=pair)
